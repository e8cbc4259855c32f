"""The same work without a browser."""

import json
import subprocess
import sys

import pandas as pd
import pytest

from benchmarks.large_run import write
from recsys.cli.main import main
from recsys.data.sources.load import load
from recsys.data.splitting import hold_out
from recsys.data.ways import from_month
from recsys.evaluation.metrics import evaluate
from recsys.models import MODELS, make_model
from recsys.storage.model_file import load_run
from tests.conftest import ROOT

QUICK = ["--epochs", "2", "--factors", "4"]


@pytest.fixture(scope="module")
def small_table(small_sample, tmp_path_factory):
    """Write the small sample as a table."""
    known = small_sample.interactions
    path = tmp_path_factory.mktemp("table") / "plays.csv"
    users, items = known.users[known.user_codes], known.items[known.item_codes]
    pd.DataFrame({"user": users, "artist": items, "plays": known.values}).to_csv(path, index=False)
    return path


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def answer(capsys, *arguments):
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert list(document) == ["schema", "command", "version", "result"]
    assert document["command"] == arguments[0]
    return document["result"]


def test_describe_reads_files_of_ones_own(capsys, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("who;what;often\n1;Low;3\n2;Can;4\n2;Can;0\n")
    counts = answer(capsys, "describe", str(path), "--columns", "user=who,item=2,value=often")
    assert (counts["users"], counts["items"], counts["plays"]) == (2, 2, 7)
    assert "Rows that could not be used: 1 of 3 (plays: zero: 1)." in counts["data"]["origin"]
    code, _, error = run(capsys, "describe", str(path))
    assert code == 1
    assert "No column of mine.csv is known to say what a row is about, only 'who, what, often'" in error


def test_describe_calls_things_what_they_are(capsys, tmp_path):
    (tmp_path / "u.data").write_text("1\t7\t3\t881250949\n2\t8\t5\t891717742\n")
    (tmp_path / "u.item").write_text("7|Kolya (1996)|\n8|Toy Story (1995)|\n")
    _, out, _ = run(capsys, "describe", str(tmp_path))
    assert "2 users, 2 movies, 2 pairs, 8 rating points in all" in out
    assert "Toy Story (1995)" in out


def test_describe_counts(capsys):
    counts = answer(capsys, "describe", "sample")
    interactions = load("sample").interactions
    assert counts["users"] == interactions.n_users
    assert counts["items"] == interactions.n_items
    assert counts["interactions"] == len(interactions)
    assert counts["plays"] == interactions.values.sum(dtype=float)
    assert counts["density"] == pytest.approx(len(interactions) / interactions.n_users / interactions.n_items)
    assert counts["top"][0]["plays"] >= counts["top"][1]["plays"]


def test_train_recommend_and_evaluate_agree(capsys, tmp_path):
    path = tmp_path / "run"
    trained = answer(capsys, "train", "sample", "--model", "biased", *QUICK, "--seed", 3, "--out", path)
    assert [epoch["epoch"] for epoch in trained["history"]] == [1, 2]
    assert {"train_rmse", "validation_rmse", "seconds"} <= trained["history"][0].keys()
    assert trained["settings"]["factors"] == 4

    lists = answer(capsys, "recommend", "sample", "--run", path, "--user", 7, "-n", 5)
    assert lists["user"] == 7
    assert len(lists["recommended"]) == 5
    assert {"item", "artist", "plays"} <= lists["existing"][0].keys()
    assert {"item", "artist", "score"} <= lists["recommended"][0].keys()
    existing = {entry["item"] for entry in lists["existing"]}
    assert not existing & {entry["item"] for entry in lists["recommended"]}

    figures = answer(capsys, "evaluate", "sample", "--model", "biased", *QUICK, "--seed", 3)
    split = hold_out(load("sample").interactions, seed=3)
    model = make_model("biased", epochs=2, factors=4, seed=3).fit(split.train)
    for name, value in evaluate(model, split).items():
        measured = figures if name in ("users", "all_users") else figures["metrics"]
        assert measured[name] == pytest.approx(value)
    assert {"ndcg@10", "recall@10"} <= figures["metrics"].keys()


def test_a_blend_with_parts_and_a_half_life_is_trained_measured_and_recommends(capsys, tmp_path):
    path = tmp_path / "run"
    model = ("--model", "blend", "--parts", "item-knn*2,popular*1", "--half-life", 6)
    trained = answer(capsys, "train", "sample", *model, "--out", path)
    assert trained["settings"] == {"parts": "item-knn*2,popular*1", "half_life": 6.0, "seed": 0}
    assert len(answer(capsys, "recommend", "sample", "--run", path, "--user", 7)["recommended"]) == 10
    measured = [answer(capsys, "evaluate", "sample", *given)["metrics"] for given in (model, model[:4])]
    assert measured[0]["ndcg@10"] != measured[1]["ndcg@10"]
    code, _, said = run(capsys, "train", "sample", "--model", "blend", "--parts", "ease")
    assert code == 1
    assert "A blend has 2 to 5 parts, not 1" in said


def test_a_training_is_split_by_time(capsys, tmp_path):
    path = tmp_path / "run"
    by_time = ("--split", "date", "--month", "2024-09")
    trained = answer(capsys, "train", "sample", "--model", "item-knn", *by_time, "--out", path)
    assert trained["split"] == from_month(load("sample"), "2024-09", 0.33).settings
    assert answer(capsys, "recommend", "sample", "--run", path, "--user", 7)["recommended"]
    last = answer(capsys, "train", "sample", "--model", "item-knn", "--split", "last")
    assert last["split"]["way"] == "last"
    assert last["history"][0]["ndcg"] != trained["history"][0]["ndcg"]
    code, _, said = run(capsys, "train", "sample", "--split", "date")
    assert code == 1
    assert "needs --month" in said
    code, _, said = run(capsys, "train", "sample", *by_time, "--hidden", 5)
    assert code == 1
    assert "leave --minimum and --hidden out" in said
    code, _, said = run(capsys, "train", "sample", "--split", "date", "--month", "1999-01")
    assert code == 1
    assert "It begins in 20" in said
    with pytest.raises(SystemExit):
        run(capsys, "train", "sample", "--split", "new-users")


def test_several_hold_outs_give_their_mean_with_an_interval(capsys):
    arguments = ["evaluate", "sample", "--model", "popular"]
    first, second = (answer(capsys, *arguments, "--seed", seed) for seed in (3, 4))
    both = answer(capsys, *arguments, "--seed", 3, "--hold-outs", 2)
    each = [figures["metrics"]["ndcg@10"] for figures in (first, second)]
    assert both["by_split"]["ndcg@10"] == pytest.approx(each)
    assert both["metrics"]["ndcg@10"] == pytest.approx(sum(each) / 2)
    assert both["intervals"]["ndcg@10"] > 0
    code, out, _ = run(capsys, *arguments, "--hold-outs", 2)
    assert code == 0
    assert "and 2 hold-outs" in out
    assert " ± 0." in out


def test_the_same_seed_prints_the_same(capsys):
    first, second = (answer(capsys, "evaluate", "sample", "--model", "article", *QUICK) for _ in range(2))
    assert first == second


def test_early_stopping_is_told(capsys):
    trained = answer(
        capsys, "train", "sample", "--model", "article", *QUICK, "--watch", "rmse", "--patience", 1
    )
    assert trained["kept_epoch"] in (1, 2)


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if "epochs" not in model.defaults])
def test_a_model_that_only_ranks_has_no_errors(capsys, tmp_path, small_table, name):
    path = tmp_path / "run"
    trained = answer(capsys, "train", small_table, "--model", name, "--seed", 3, "--out", path)
    assert trained["history"][0]["train_rmse"] is None
    assert trained["history"][0]["ndcg"] > 0.05
    assert len(answer(capsys, "recommend", small_table, "--run", path, "--user", 7)["recommended"]) == 10
    _, out, _ = run(capsys, "train", small_table, "--model", name)
    assert "RMSE" not in out
    assert "NDCG@10" in out


def test_a_choice_is_taken_and_checked(capsys):
    arguments = ["evaluate", "sample", "--model", "item-knn", "--neighbours", "20"]
    plain, weighted = (answer(capsys, *arguments, "--weighting", how) for how in ("cosine", "bm25"))
    assert weighted["settings"]["weighting"] == "bm25"
    assert plain["metrics"]["ndcg@10"] != weighted["metrics"]["ndcg@10"]
    with pytest.raises(SystemExit):
        main([*arguments, "--weighting", "magic"])


@pytest.mark.parametrize("command", ["describe", "train", "evaluate"])
def test_text_for_people_has_no_braces(capsys, command):
    code, out, _ = run(capsys, command, "sample", *([] if command == "describe" else QUICK))
    assert code == 0
    assert out.strip()
    assert "{" not in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["describe", "nowhere"], "nowhere"),
        (["recommend", "sample", "--run", "nowhere", "--user", "1"], "There is no file nowhere"),
        (["recommend", "--run", "nowhere", "--user", "1"], "Say which data the run was trained on"),
        (["recommend", "--run", ".", "--user", "1"], "has no run.json"),
        (["recommend", "--run", ".", "--all"], "one --user at a time"),
        (["train", "sample", "--hidden", "40"], "cannot hide 40"),
        (["train", "sample", *QUICK, "--out", "/nowhere/at/all"], "cannot be written"),
        (["evaluate", "sample", "--model", "article", "--learning-rate", "10"], "Lower the learning rate"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_code_1(capsys, arguments, sentence):
    code, out, err = run(capsys, *arguments, "--json")
    assert code == 1
    assert out == ""
    assert err.startswith("error: ")
    assert sentence in err


@pytest.mark.parametrize("value", ["0", "many", "1.5", "999"])
def test_a_setting_out_of_range_is_explained(capsys, value):
    with pytest.raises(SystemExit) as stopped:
        main(["train", "sample", "--factors", value])
    assert stopped.value.code == 2
    assert "Latent features (factors) must be a whole number from 1 to 256" in capsys.readouterr().err


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "recsys", "describe", "sample", "--json"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["result"]["data"]["title"] == "Generated sample"


def test_a_run_trained_elsewhere_recommends_without_its_data(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    write(tmp_path / "spark", 100, 60, 1_000, 4)
    arguments = ("recommend", "--run", str(tmp_path / "spark"), "--user", "u00007919", "-n", "5")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    code, out, err = run(capsys, *arguments, "--json")
    assert code == 0
    assert "Reading artists" in err
    answer = json.loads(out)["result"]
    assert len(answer["recommended"]) == 5
    assert not {row["item"] for row in answer["existing"]} & {row["item"] for row in answer["recommended"]}
    code, out, err = run(capsys, *arguments)
    assert code == 0
    assert err == ""
    assert "Listener u00007919 plays" in out


def test_choose_says_what_it_chose_among_which_and_measures_it_once(tmp_path, capsys, monkeypatch):
    from recsys.experiments import candidates

    monkeypatch.setattr(candidates, "GRID", {"popular": [{}], "svd": [{"factors": 4}, {"factors": 8}]})
    assert main(["choose", "sample", "--json", "--seed", "3"]) == 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert {one["model"] for one in result["chosen"]} == {"svd"}
    assert len(result["candidates"]) == 3
    assert result["split"]["seed"] == 3
    assert "among 3 candidates" in result["sentence"]
    assert 0 < result["metrics"]["ndcg@10"] <= 1
    out = tmp_path / "chosen.safetensors"
    assert main(["choose", "sample", "--seed", "3", "--out", str(out)]) == 0
    assert load_run(out, load("sample")).model.settings == result["settings"]
    text = capsys.readouterr().out
    assert result["sentence"] in text
    assert f"{result['metrics']['ndcg@10']:.4f}" in text


def test_checks_end_with_3_if_one_fails(capsys):
    code, out, err = run(capsys, "check", "sample", "--model", "popular", "--json")
    assert (code, err) == (3, "")
    result = json.loads(out)["result"]
    states = {check["name"]: check["state"] for check in result["checks"]}
    assert states["top_20"] == "failed"
    assert states["leak"] == "passed"
    assert result["failed"] == sum(state == "failed" for state in states.values())
    code, out, _ = run(capsys, "check", "sample", "--model", "svd")
    assert code == 0
    assert "0 of 7 checks failed." in out


def test_data_is_split_by_time_by_users_and_by_files(capsys, tmp_path):
    from tests.data.test_ways import PLAYS

    path, test = tmp_path / "plays.csv", tmp_path / "test.csv"
    path.write_text(PLAYS)
    test.write_text("user,artist,time\nbob,Low,2011-01-01T00:00:00\neve,Can,2011-01-01T00:00:00\n")
    model = ["--model", "item-knn", "-n", 2]
    later = answer(capsys, "evaluate", path, *model, "--split", "date", "--month", "2010-03")
    assert later["users"] == 1
    assert later["split"]["way"] == "date"
    last = answer(capsys, "evaluate", path, *model, "--split", "last", "--minimum", 3, "--hidden", 1)
    assert last["users"] == 1
    given = answer(capsys, "evaluate", path, *model, "--test", test)
    assert given["users"] == 1
    assert "1 pairs of users that are not in training" in given["left_out"][-1]
    folds = answer(capsys, "evaluate", "sample", "--model", "svd", "--split", "new-users", "--hold-outs", 2)
    assert len(folds["by_split"]["ndcg@10"]) == 2
    code, _, err = run(capsys, "evaluate", path, "--split", "date")
    assert code == 1
    assert "--month 2010-03" in err


def test_a_model_card_is_written(capsys, tmp_path):
    path = tmp_path / "card.json"
    result = answer(capsys, "evaluate", "sample", "--model", "popular", "--card", path)
    made = json.loads(path.read_text())
    assert result["file"] == str(path)
    assert made["figures"]["ndcg"]["value"] == pytest.approx(result["metrics"]["ndcg@10"])
    assert {check["name"] for check in made["checks"]} >= {"top_20", "leak"}
    code, _, err = run(capsys, "evaluate", "sample", "--card", tmp_path / "card.pdf")
    assert code == 1
    assert "is .html or .json" in err
