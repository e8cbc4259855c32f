"""Recommendations to many at once."""

import io
import json
import os
import time

import numpy as np
import pandas as pd
import pytest

from recsys.cli.main import main
from recsys.data.interactions import Interactions
from recsys.data.splitting import hold_out
from recsys.errors import InputError
from recsys.models import make_model
from recsys.recommendation.recommend import recommend_to
from recsys.recommendation.reranking import Reranking
from recsys.storage import recommendation_lists

USERS = np.arange(40, dtype=np.int32)


@pytest.fixture(scope="module")
def model(checkerboard_split):
    return make_model("implicit", factors=8, epochs=5).fit(checkerboard_split.train)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_everybody_gets_the_list_they_get_alone(suffix, model, checkerboard_split, tmp_path, monkeypatch):
    monkeypatch.setattr(recommendation_lists, "USERS_PER_BLOCK", 7)
    path = tmp_path / f"lists{suffix}"
    recommendation_lists.write_lists(path, model, checkerboard_split, USERS, 6)
    if suffix == ".csv":
        table = pd.read_csv(path)
        assert table.columns.tolist() == ["listener", "place", "item", "artist", "score", "hit"]
        found = {user: list(group["item"]) for user, group in table.groupby("listener")}
    else:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert [row["listener"] for row in rows] == USERS.tolist()
        found = {row["listener"]: [entry["item"] for entry in row["recommended"]] for row in rows}
        assert {"item", "artist", "score", "hit"} == rows[0]["recommended"][0].keys()
    assert list(found) == USERS.tolist()
    for user in USERS:
        _, alone = recommend_to(model, checkerboard_split, user, 6)
        assert found[user] == alone["item"].tolist()


def test_a_list_can_be_reranked_and_short(model, checkerboard_split):
    (table,) = recommendation_lists.lists(model, checkerboard_split, USERS[:3], 60, Reranking(0.5))
    train = checkerboard_split.train
    sizes = table.groupby("listener").size()
    assert sizes.tolist() == (40 - train.user_counts[:3]).tolist()
    assert table.groupby("listener")["place"].agg(list).map(lambda places: places == sorted(places)).all()


def test_names_are_no_formulas_and_stay_in_their_cell(tmp_path):
    names = ['=HYPERLINK("http://x")', "a,b\nc", "@x", '"quoted"', "Ünïcode"]
    frame = pd.DataFrame(
        {
            "user": np.repeat(range(6), 4),
            "item": [item % 5 for user in range(6) for item in range(user, user + 4)],
        }
    ).assign(value=1.0)
    frame["name"] = [names[item] for item in frame["item"]]
    split = hold_out(Interactions.from_frame(frame), 2, 1)
    model = make_model("popular").fit(split.train)
    tables = [
        table
        for user in range(6)
        for table in recommendation_lists.lists(model, split, USERS[user : user + 1], 5)
    ]
    written = b"".join(recommendation_lists.csv(tables))
    back = pd.read_csv(io.BytesIO(written))
    assert not back["artist"].str.startswith(("=", "+", "-", "@")).any()
    expected = pd.concat(tables)["artist"].map(lambda name: f"'{name}" if name[0] in "=@" else name)
    assert back["artist"].tolist() == expected.tolist()
    lines = b"".join(recommendation_lists.json_lines(tables)).decode().splitlines()
    assert len(lines) == 6
    assert {entry["artist"] for line in lines for entry in json.loads(line)["recommended"]} <= set(names)


def test_a_file_of_another_kind_is_refused_and_a_fault_leaves_none(
    model, checkerboard_split, tmp_path, monkeypatch
):
    with pytest.raises(InputError, match=r"must end in \.csv or \.jsonl"):
        recommendation_lists.write_lists(tmp_path / "lists.xlsx", model, checkerboard_split, USERS)
    monkeypatch.setattr(type(model), "recommend", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        recommendation_lists.write_lists(tmp_path / "lists.csv", model, checkerboard_split, USERS)
    assert os.listdir(tmp_path) == []


def test_the_command_line_writes_all(capsys, tmp_path):
    run, out = str(tmp_path / "run"), tmp_path / "lists.jsonl"
    assert main(["train", "sample", "--model", "popular", "--out", run]) == 0
    assert main(["recommend", "sample", "--run", run, "--all"]) == 1
    assert "--out" in capsys.readouterr().err
    assert main(["recommend", "sample", "--run", run, "--all", "--out", str(out), "-n", "3", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)["result"]
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len(rows) == answer["users"] == 2000
    assert all(len(row["recommended"]) == 3 for row in rows)


def test_the_command_line_writes_a_page(capsys, tmp_path):
    run, out = str(tmp_path / "run"), tmp_path / "listener.html"
    assert main(["train", "sample", "--model", "popular", "--out", run]) == 0
    assert main(["recommend", "sample", "--run", run, "--user", "7", "--out", str(out)]) == 0
    assert "Recommended to listener 7" in out.read_text("utf-8")
    assert main(["recommend", "sample", "--run", run, "--user", "7", "--out", str(tmp_path / "x.csv")]) == 1
    assert "must end in .html" in capsys.readouterr().err


def test_everybody_of_last_fm_takes_less_than_two_seconds(lastfm_folder, tmp_path):
    from recsys.data.sources.load import load

    split = hold_out(load(str(lastfm_folder)).interactions)
    model = make_model("implicit", epochs=1).fit(split.train)
    users = np.arange(split.train.n_users, dtype=np.int32)
    recommendation_lists.write_lists(tmp_path / "warm.csv", model, split, users[:2])
    started = time.process_time()
    recommendation_lists.write_lists(tmp_path / "lists.csv", model, split, users)
    assert time.process_time() - started < 2
    assert len(pd.read_csv(tmp_path / "lists.csv")) == 10 * len(users)


def test_listeners_are_read_from_pasted_text_each_once():
    frame = pd.DataFrame({"user": ["a", "b, c", "d"], "item": [1, 2, 1], "value": 1})
    interactions = Interactions.from_frame(frame)
    assert recommendation_lists.read_users(interactions, ["d; a", "b, c", "a,,"]).tolist() == [2, 0, 1]
    assert recommendation_lists.read_users(interactions, []).tolist() == []
    with pytest.raises(InputError, match="Nobody in this data has the id 'x'"):
        recommendation_lists.read_users(interactions, ["a, x"])
