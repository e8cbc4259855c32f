"""Training on Apache Spark; what needs Spark and Java is skipped where they are missing (`make test-spark`)."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.cli.main import main
from recsys.data.interactions import Interactions
from recsys.data.sources.load import load
from recsys.data.splitting import Split, hold_out
from recsys.errors import InputError
from recsys.evaluation.metrics import METRICS, ListMetric, evaluate
from recsys.models import make_model
from recsys.scale.spark import worker
from recsys.scale.spark.session import check_java, open_session
from tests.conftest import ROOT

# Said at each table that goes through Arrow; pandas has no part in it.
pytestmark = [
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.timeout(1200),  # Spark is slow to start, and slower on a busy machine
]

SPLIT = {"minimum": 10, "hidden": 3, "seed": 1}


def test_without_spark_it_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    for module in [name for name in sys.modules if name.startswith(("pyspark.", "py4j."))]:
        monkeypatch.setitem(sys.modules, module, None)
    assert main(["spark-train", "x.parquet", "--out", str(tmp_path / "run")]) == 1
    assert capsys.readouterr().err == (
        "error: Spark is not installed. Run: pip install -r requirements-spark.txt\n"
    )
    assert main(["spark-recommend", "run", "--out", str(tmp_path / "lists")]) == 1


def fake_java(folder, said):
    program = folder / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    program.chmod(0o755)


def test_without_java_it_says_so(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"Java 17 or newer, and there is none.*openjdk-17"):
        check_java()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="nowhere/bin/java does not run"):
        check_java()


@pytest.mark.parametrize(("said", "version"), [("1.8.0_392", "8"), ("11.0.2", "11"), ("16", "16")])
def test_an_old_java_is_named(monkeypatch, tmp_path, said, version):
    fake_java(tmp_path, f'openjdk version "{said}" 2019-01-15')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(InputError, match=f"is Java {version}\\. Install one"):
        check_java()


@pytest.mark.parametrize("said", ["17.0.15", "21", "25-ea"])
def test_a_java_that_will_do_is_taken(monkeypatch, tmp_path, said):
    fake_java(tmp_path, f'openjdk version "{said}" 2025-04-15')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    check_java()


def batches(interactions, size):
    starts = interactions.user_starts[interactions.user_codes]
    columns = [interactions.user_codes, interactions.item_codes, starts, interactions.values]
    table = pa.table(dict(zip(("user", "item", "start", "value"), columns, strict=True)))
    return table.to_batches(max_chunksize=size)


@pytest.mark.parametrize("size", [7, 100, 10_000])
def test_pieces_hide_exactly_what_the_whole_hides(checkerboard, checkerboard_split, size):
    parts = list(worker.hold_out(batches(checkerboard, size), **SPLIT, alpha=20.0))
    marked = pa.Table.from_batches(parts)
    assert marked["hidden"].to_pylist() == (~known_mask(checkerboard, checkerboard_split)).tolist()


def test_a_piece_from_the_middle_hides_the_same(checkerboard):
    second_half = checkerboard.user_codes >= checkerboard.n_users // 2
    whole = pa.Table.from_batches(list(worker.hold_out(batches(checkerboard, 50), **SPLIT, alpha=1.0)))
    rows = pa.Table.from_batches(batches(checkerboard, 50)).filter(pa.array(second_half))
    half = pa.Table.from_batches(list(worker.hold_out(rows.to_batches(50), **SPLIT, alpha=1.0)))
    assert half["hidden"].to_pylist() == whole["hidden"].filter(pa.array(second_half)).to_pylist()


def test_weights_are_those_of_als_less_one(checkerboard, checkerboard_split):
    from recsys.models.value_matrix import play_matrix

    parts = list(worker.hold_out(batches(checkerboard, 64), **SPLIT, alpha=20.0))
    weights = pa.Table.from_batches(parts)["weight"].to_numpy()
    expected = 20.0 * play_matrix(checkerboard_split.train).data - 1
    here = known_mask(checkerboard, checkerboard_split)
    np.testing.assert_allclose(weights[here], np.maximum(expected, worker.LEAST_WEIGHT), rtol=1e-5)


def known_mask(interactions, split):
    """Tell which of all pairs are in training."""
    known = split.train.user_codes.astype(np.int64) * interactions.n_items + split.train.item_codes
    return np.isin(
        interactions.user_codes.astype(np.int64) * interactions.n_items + interactions.item_codes, known
    )


@pytest.mark.parametrize("block", [3, 11, 100])
def test_blocks_recommend_what_the_model_does_ties_among_it(checkerboard_split, block):
    train = checkerboard_split.train
    model = make_model("als", factors=2)
    random = np.random.default_rng(0)
    # whole numbers: many scores are equal, and exact
    model.user_factors = random.integers(-1, 2, (train.n_users, 2)).astype(np.float32)
    model.item_factors = random.integers(-1, 2, (train.n_items, 2)).astype(np.float32)
    users = np.arange(train.n_users, dtype=np.int32)
    turns = np.empty(train.n_items, np.int32)
    turns[np.random.default_rng(5).permutation(train.n_items)] = np.arange(train.n_items)
    blocks = [
        worker.Block(first, model.item_factors[first : first + block], turns[first : first + block])
        for first in range(0, train.n_items, block)
    ]
    known = pa.array([train.item_codes[train.of_user(user)] for user in users], pa.list_(pa.int32()))
    for n in (5, 30):
        wanted, wanted_scores = model.recommend(train, users, n, seed=5)
        items, scores = worker.best(model.user_factors, known, blocks, n)
        np.testing.assert_array_equal(items, wanted)
        np.testing.assert_array_equal(scores, wanted_scores)


# From here on it needs Spark and Java.


@pytest.fixture(scope="module")
def spark():
    pytest.importorskip("pyspark", reason="requirements-spark.txt is not installed")
    try:
        check_java()
    except InputError as error:
        pytest.skip(str(error))
    with open_session(
        "local[2]", {"spark.driver.memory": "2g", "spark.sql.shuffle.partitions": "3"}
    ) as spark:
        yield spark


def train(spark, path, out, split=SPLIT, columns=None, **settings):
    from recsys.scale.spark import pipeline

    model = make_model("als", seed=split["seed"], **settings)
    return pipeline.train(
        spark, str(path), str(out), model, split, 10, 2, columns or {}, "Mine", lambda text: None
    )


def write(path, interactions):
    """Write pairs in any order."""
    shuffled = np.random.default_rng(0).permutation(len(interactions))
    items = interactions.item_codes[shuffled]
    columns = {
        "user": interactions.users[interactions.user_codes[shuffled]],
        "item": interactions.items[items],
        "plays": interactions.values[shuffled],
        "name": interactions.names[items],
    }
    pd.DataFrame(columns).to_parquet(path)
    return path


def part(run, name):
    """Read one of a run's tables, and check that its files hold one range of codes after another."""
    files = sorted((run / name).glob("part-*.parquet"))
    table = pa.concat_tables([pq.read_table(file) for file in files])
    code = table["code" if name in ("items", "users") else "user"].to_numpy()
    assert (np.diff(code) >= 0).all()
    return table


def read(run):
    """Return a run as the model and the split that the rest of the program has, in the codes of the run."""
    story = json.loads((run / "run.json").read_text())
    users, items = part(run, "users"), part(run, "items")
    assert users["code"].to_pylist() == list(range(story["users"]))
    assert items["code"].to_pylist() == list(range(story["items"]))
    labels = pd.Index(users["id"].to_pylist()), pd.Index(items["id"].to_pylist())
    names = np.array(items["name"].to_pylist(), object)
    tables = [part(run, name) for name in ("known", "hidden")]
    sides = [
        Interactions(
            *(table[name].to_numpy() for name in ("user", "item", "value")), *labels, names, (0.0, 1.0)
        )
        for table in tables
    ]
    model = make_model(story["model"], **story["settings"])
    model.user_factors, model.item_factors = (
        np.array(table["factors"].to_pylist(), np.float32) for table in (users, items)
    )
    return story, model, Split(*sides, sides[1], story["split"])


def same_pairs(found, expected):
    """Say that two halves of a split hold the same labels and values."""
    frames = [
        pd.DataFrame(
            {
                "user": half.users[half.user_codes].astype(str),
                "item": half.items[half.item_codes].astype(str),
                "value": half.values,
            }
        ).sort_values(["user", "item"], ignore_index=True)
        for half in (found, expected)
    ]
    pd.testing.assert_frame_equal(*frames)


@pytest.fixture(scope="module")
def trained(spark, checkerboard, tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark")
    path = write(folder / "pairs.parquet", checkerboard)
    answer = train(spark, path, folder / "run", factors=6, epochs=3)
    return folder / "run", answer


def test_the_same_pairs_are_hidden(trained, checkerboard, checkerboard_split):
    run, answer = trained
    _, _, split = read(run)
    same_pairs(split.train, checkerboard_split.train)
    same_pairs(split.validation, checkerboard_split.validation)
    assert (answer["users"], answer["items"], answer["pairs"]) == (40, 40, len(checkerboard))
    assert not (run / "_work").exists()


def test_items_are_told_with_listeners_and_plays(trained, checkerboard):
    items = part(trained[0], "items").to_pandas()
    assert (items["listeners"].diff().dropna() <= 0).all()
    codes = [checkerboard.item_code(label) for label in items["id"]]
    assert items["listeners"].tolist() == checkerboard.item_counts[codes].tolist()
    plays = np.bincount(checkerboard.item_codes, checkerboard.values)
    np.testing.assert_allclose(items["plays"], plays[codes])
    assert items["name"].tolist() == checkerboard.names[codes].tolist()


def test_figures_are_those_of_the_same_factors_here(trained):
    story, model, split = read(trained[0])
    for name, value in shared(evaluate(model, split)).items():
        assert story["figures"][name] == pytest.approx(value, abs=1e-6), name
    assert story["figures"]["ndcg@10"] > 0.5


def shared(figures):
    """Return the figures that Spark measures, too."""
    local = {name for name, metric in METRICS.items() if isinstance(metric, ListMetric)}
    return {name: value for name, value in figures.items() if name.partition("@")[0] not in local}


def test_users_are_drawn_alike_where_there_are_many(trained, spark, monkeypatch):
    from recsys.evaluation import metrics
    from recsys.scale.spark import pipeline

    run, _ = trained
    story, model, split = read(run)
    monkeypatch.setattr(metrics, "MOST_USERS", 7)
    figures = pipeline.evaluate(spark, str(run), story["users"], story["items"], story["split"], 5)
    expected = shared(evaluate(model, split, n=5, most_users=7))
    assert expected["users"] == 7
    assert figures == pytest.approx(expected, abs=1e-6)


def test_everybody_is_recommended_what_the_model_recommends(trained, spark, tmp_path):
    from recsys.scale.spark import pipeline

    run, _ = trained
    _, model, split = read(run)
    out = tmp_path / "lists"
    assert pipeline.recommend(spark, str(run), str(out), 4, lambda text: None)["users"] == 40
    lists = (
        pq.read_table(out).to_pandas().sort_values(["user", "rank"], key=lambda values: values.astype(int))
    )
    users = np.arange(40, dtype=np.int32)
    items, scores = model.recommend(split.train, users, 4, split.seed)
    lists["code"] = split.train.items.get_indexer(lists["item"])
    by_user = dict(list(lists.groupby("user")))
    for user in users:
        rows = by_user[split.train.users[user]]
        assert rows["rank"].tolist() == [1, 2, 3, 4]
        assert rows["code"].tolist() == items[user].tolist()
        np.testing.assert_allclose(rows["score"], scores[user], rtol=1e-5)
        assert rows["name"].tolist() == split.train.names[items[user]].tolist()
    with pytest.raises(InputError, match="There is something at"):
        pipeline.recommend(spark, str(run), str(out), 4, lambda text: None)


def test_a_finished_run_is_not_written_over(trained, spark, tmp_path):
    from recsys.scale.spark import pipeline

    with pytest.raises(InputError, match="There is a finished run at"):
        train(spark, "x.parquet", trained[0])
    (tmp_path / "items").mkdir()
    with pytest.raises(InputError, match=r"There is no finished run at .* it has no run\.json"):
        pipeline.recommend(spark, str(tmp_path), str(tmp_path / "lists"), 4, lambda text: None)


def test_text_with_other_titles_repeats_and_bad_rows_is_read_as_elsewhere(spark, tmp_path):
    path = tmp_path / "mine.csv"
    rows = [
        f"l{user};ä{item};{1 + (user * item) % 5}" for user in range(12) for item in range(user % 3, 20, 2)
    ]
    rows += ["l3;ä2;4", ";ä1;3", "l1;ä1;", "l1;ä3;none", "l2;ä1;0", "l2;ä1;-1"]
    path.write_text("who;what;often\n" + "\n".join(rows) + "\n")
    columns = {"user": "who", "item": "2", "value": "often"}
    with pytest.raises(InputError, match="none is the last"):  # 1 to 5 are ratings, here as elsewhere
        train(spark, path, tmp_path / "run", SPLIT | {"minimum": 5}, columns, factors=2, epochs=1)
    columns["repeats"] = "sum"
    answer = train(spark, path, tmp_path / "run", SPLIT | {"minimum": 5}, columns, factors=2, epochs=1)
    assert answer["rows_left_out"] == 5
    expected = hold_out(load(str(path), columns).interactions, **(SPLIT | {"minimum": 5}))
    _, _, split = read(tmp_path / "run")
    same_pairs(split.train, expected.train)
    same_pairs(split.validation, expected.validation)
    with pytest.raises(InputError, match="is known to say what a row is about, only 'who, what, often'"):
        train(spark, path, tmp_path / "other")


def test_what_cannot_be_used_is_explained(spark, tmp_path):
    with pytest.raises(InputError, match="There is nothing at"):
        train(spark, tmp_path / "none.parquet", tmp_path / "run")
    pd.DataFrame({"user": [1, 2], "item": [1, 2], "plays": [0, -1]}).to_parquet(tmp_path / "bad.parquet")
    with pytest.raises(InputError, match="No row can be used"):
        train(spark, tmp_path / "bad.parquet", tmp_path / "run")
    pd.DataFrame({"user": [1, 1, 2], "item": [1, 1, 2], "rating": [3, 4, 5]}).to_parquet(
        tmp_path / "twice.parquet"
    )
    with pytest.raises(InputError, match="none is the last"):
        train(spark, tmp_path / "twice.parquet", tmp_path / "run")
    with pytest.raises(InputError, match="No listener has 10 artists; the most is 1"):
        train(spark, tmp_path / "twice.parquet", tmp_path / "run", columns={"repeats": "sum", "value": ""})
    assert not (tmp_path / "run" / "run.json").exists()


def test_the_published_data_is_learned_as_well_as_here(spark, lastfm_folder, tmp_path):
    interactions = load(str(lastfm_folder)).interactions
    path = write(tmp_path / "lastfm.parquet", interactions)
    split = hold_out(interactions, seed=10)
    train(spark, path, tmp_path / "run", split.settings)
    story, model, found = read(tmp_path / "run")
    same_pairs(found.validation, split.validation)
    for name, value in shared(evaluate(model, found)).items():
        assert story["figures"][name] == pytest.approx(value, abs=1e-6), name
    here = evaluate(make_model("als", seed=10).fit(split.train), split)
    assert story["figures"]["ndcg@10"] == pytest.approx(here["ndcg@10"], abs=0.01)


def test_an_interrupted_command_says_so_and_leaves_no_run(spark, checkerboard, tmp_path):
    path = write(tmp_path / "pairs.parquet", checkerboard)
    words = [
        "spark-train",
        str(path),
        "--out",
        str(tmp_path / "run"),
        "--master",
        "local[1]",
        "--epochs",
        "500",
    ]
    words += ["--factors", "8", "--minimum", "10", "--hidden", "3"]
    screen, terminal = pty.openpty()  # progress is for a terminal
    result = tmp_path / "out"
    with result.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "recsys", *words], cwd=ROOT, stdout=out, stderr=terminal
        )
    os.close(terminal)
    said = ""
    while "Iteration" not in said:
        said += os.read(screen, 1000).decode()
    time.sleep(0.2)  # somewhere within an iteration
    process.send_signal(signal.SIGINT)
    with suppress(OSError):  # at the end of the process
        while more := os.read(screen, 1000).decode():
            said += more
    assert process.wait(timeout=600) == 130
    os.close(screen)
    assert result.read_bytes() == b""
    assert f"Reading {path} ..." in said
    assert said.endswith("Stopped.\r\n")
    assert not (tmp_path / "run" / "run.json").exists()
    assert not (tmp_path / "run" / "_work").exists()


def test_the_rest_of_the_program_opens_what_spark_wrote(trained, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path))
    run, _ = trained
    _, model, split = read(run)
    assert main(["recommend", "--run", str(run), "--user", "7", "-n", "5", "--json"]) == 0
    lists = json.loads(capsys.readouterr().out)["result"]
    items, scores = model.recommend(
        split.train, split.train.users.get_indexer(["7"]).astype(np.int32), 5, split.seed
    )
    assert [row["item"] for row in lists["recommended"]] == split.train.items[items[0]].tolist()
    assert [row["score"] for row in lists["recommended"]] == pytest.approx(scores[0], abs=1e-6)
