"""One listener's lists by several models."""

from contextlib import suppress

import numpy as np
import pytest

from recsys.experiments.leaderboard import Leaderboard, LeaderboardEntry
from recsys.experiments.list_overlap import side_by_side
from recsys.models import make_model

LABELS = ["Good", "Poor", "Same"]


@pytest.fixture(scope="module")
def board(checkerboard_split):
    models = [
        make_model("implicit", factors=8),
        make_model("article", epochs=2),
        make_model("implicit", factors=8),
    ]
    board = Leaderboard(list(map(LeaderboardEntry, LABELS, models)), checkerboard_split, 5)
    with suppress(StopIteration):
        while True:
            board.step()
    return board


def test_lists_are_compared_item_by_item(board, checkerboard_split):
    lists = side_by_side(board, LABELS, 4)
    items = {label: table["item"].tolist() for label, table in lists.tables.items()}
    assert items["Good"] == items["Same"]
    assert lists.everywhere == len(set(items["Good"]) & set(items["Poor"]))
    for label, table in lists.tables.items():
        count = [sum(item in other for other in items.values()) for item in items[label]]
        assert table["lists"].tolist() == count
        assert table["where"].tolist() == [
            {1: "only here", 2: "2 of 3", 3: "all 3"}[number] for number in count
        ]
    hidden = checkerboard_split.validation
    mine = set(hidden.items[hidden.item_codes[hidden.of_user(4)]])
    assert lists.hidden == len(mine) == 3
    good = lists.tables["Good"]
    assert (good["hit"] == "✓").tolist() == [item in mine for item in good["item"]]


def test_the_overlap_of_each_pair_is_counted(board):
    lists = side_by_side(board, LABELS, 4)
    items = [set(table["item"]) for table in lists.tables.values()]
    for a, one in enumerate(items):
        for b, other in enumerate(items):
            assert lists.shared[a, b] == len(one & other)
            assert lists.jaccard[a, b] == pytest.approx(len(one & other) / len(one | other))
    assert np.diag(lists.jaccard).tolist() == [1, 1, 1]


def test_one_list_has_nothing_to_be_shared_with(board):
    lists = side_by_side(board, ["Poor"], 4)
    assert set(lists.tables["Poor"]["where"]) == {""}
