"""The generated sample: its shape, its scenes and that it can be generated again."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from recsys.analysis.times import by_month, drift, months_of, rises
from recsys.data.dataset import Dataset
from recsys.data.sources.make_sample import make_sample
from recsys.data.sources.sample import SAMPLE_FILE, artist_names, load_sample, read_scenes


@pytest.fixture(scope="module")
def sample() -> Dataset:
    return load_sample()


@pytest.fixture(scope="module")
def hidden(sample: Dataset) -> NDArray[np.bool_]:
    """Fifteen pairs of each listener with at least 35."""
    rng = np.random.default_rng(0)
    interactions = sample.interactions
    mask = np.zeros(len(interactions), bool)
    for user in np.flatnonzero(interactions.user_counts >= 35):
        pairs = interactions.of_user(int(user))
        mask[rng.choice(np.arange(pairs.start, pairs.stop), 15, replace=False)] = True
    return mask


@pytest.fixture(scope="module")
def known(sample: Dataset, hidden: NDArray[np.bool_]) -> NDArray[np.float32]:
    interactions = sample.interactions
    matrix = np.zeros((interactions.n_users, interactions.n_items), np.float32)
    matrix[interactions.user_codes[~hidden], interactions.item_codes[~hidden]] = 1
    return matrix


@pytest.fixture(scope="module")
def alike(known: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine of the audiences of two artists, the 50 nearest of each."""
    together = known.T @ known
    lengths = np.sqrt(np.diag(together))
    similarity = together / (lengths[:, None] * lengths + 5)
    np.fill_diagonal(similarity, 0)
    fiftieth = np.partition(similarity, -50, axis=1)[:, -50, None]
    return np.where(similarity >= fiftieth, similarity, 0)


def artists_of(sample: Dataset, tag: str) -> NDArray[np.bool_]:
    """Mask of the artists with a tag, in the order of the interactions' items."""
    assert sample.tags is not None
    return sample.interactions.items.isin(sample.tags.loc[sample.tags["tag"] == tag, "item"])


def ten_best(scores: NDArray[np.floating], known: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.argsort(-np.where(known > 0, -np.inf, scores), axis=1, kind="stable")[:, :10]


def ndcg_at_10(sample: Dataset, best: NDArray[np.int64], hidden: NDArray[np.bool_]) -> float:
    interactions = sample.interactions
    truth = np.zeros((interactions.n_users, interactions.n_items), bool)
    truth[interactions.user_codes[hidden], interactions.item_codes[hidden]] = True
    discount = 1 / np.log2(np.arange(2, 12))
    judged = truth.any(axis=1)
    gains = np.take_along_axis(truth, best, axis=1)[judged] @ discount
    return float(gains.mean() / discount.sum())


def leading_directions(matrix: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Orthonormal columns that span about the first n right singular vectors."""
    basis = np.random.default_rng(0).random((matrix.shape[1], n), np.float32)
    for _ in range(10):
        basis = np.linalg.qr(matrix.T @ (matrix @ basis))[0]
    return basis


def test_generating_again_gives_the_same_bytes() -> None:
    assert make_sample() == SAMPLE_FILE.read_bytes()


def test_the_file_is_small() -> None:
    assert SAMPLE_FILE.stat().st_size < 2_000_000


def test_the_sample_says_that_it_is_generated(sample: Dataset) -> None:
    assert sample.key == "sample"
    assert sample.title == "Generated sample"
    assert "generated" in sample.origin
    assert "no real person's data" in sample.origin
    assert "MIT" in sample.licence


def test_the_sample_has_the_size_of_the_real_data(sample: Dataset) -> None:
    assert sample.interactions.n_users == 2000
    assert 1_700 <= sample.interactions.n_items <= 2_500
    assert 90_000 <= len(sample.interactions) <= 100_000


def test_listeners_and_artists_are_numbered_from_one(sample: Dataset) -> None:
    assert sample.interactions.users.tolist() == list(range(1, 2001))
    names = artist_names(read_scenes())
    assert [names[item - 1] for item in sample.interactions.items] == sample.interactions.names.tolist()


def test_nearly_every_listener_has_fifty_artists_and_a_few_have_fewer(sample: Dataset) -> None:
    counts = sample.interactions.user_counts
    assert (counts == 50).mean() > 0.9
    assert counts.max() == 50
    assert 0 < (counts < 35).sum() < 100
    assert counts.min() >= 1


def test_plays_are_whole_numbers_over_five_orders_of_magnitude(sample: Dataset) -> None:
    plays = sample.interactions.values
    assert np.array_equal(plays, np.rint(plays))
    assert plays.min() == 1
    assert 100_000 < plays.max() < 500_000
    assert 150 < np.median(plays) < 400


def test_listeners_differ_in_how_much_they_play(sample: Dataset) -> None:
    totals = np.bincount(sample.interactions.user_codes, sample.interactions.values)
    assert 1.2 < np.log(totals).std() < 1.8


def test_a_listener_plays_the_better_known_of_the_scene_more(sample: Dataset) -> None:
    interactions = sample.interactions
    heard_by = interactions.item_counts[interactions.item_codes]
    frame = pd.DataFrame(
        {"user": interactions.user_codes, "plays": interactions.values, "heard_by": heard_by}
    )
    ranks = frame.groupby("user").rank()
    assert ranks["plays"].corr(ranks["heard_by"]) > 0.1


def test_few_artists_are_heard_by_many_and_many_by_few(sample: Dataset) -> None:
    counts = sample.interactions.item_counts
    assert 0.20 < counts.max() / sample.interactions.n_users < 0.32
    assert 0.15 < (counts <= 2).mean() < 0.30
    assert np.median(counts) < counts.mean() / 2


def test_no_artist_stands_under_two_spellings() -> None:
    def plain(name: str) -> str:
        letters = unicodedata.normalize("NFKD", name.casefold())
        return "".join(letter for letter in letters if letter.isalnum()).removeprefix("the")

    names = artist_names(read_scenes())
    assert len({plain(name) for name in names}) == len(names)
    assert all(name == " ".join(name.split()) and name for name in names)


def test_scenes_are_many_and_overlap() -> None:
    scenes = read_scenes()
    scenes_of: dict[str, int] = {}
    for scene in scenes:
        for name in {name for names in scene.styles.values() for name in names}:
            scenes_of[name] = scenes_of.get(name, 0) + 1
    assert len(scenes) >= 20
    assert {near for scene in scenes for near in scene.near} <= {scene.name for scene in scenes}
    assert sum(count > 1 for count in scenes_of.values()) >= 50


def test_no_style_holds_an_artist_twice() -> None:
    for scene in read_scenes():
        for style, names in scene.styles.items():
            assert len(names) == len(set(names)), style


def test_every_artist_is_tagged(sample: Dataset) -> None:
    assert sample.tags is not None
    assert sample.tags.columns.tolist() == ["item", "tag", "count"]
    assert sample.tags["count"].dtype == np.int64
    assert sample.tags["count"].min() >= 1
    assert not sample.tags.duplicated(["item", "tag"]).any()
    assert set(sample.tags["item"]) == set(sample.interactions.items)
    metallica = sample.interactions.items[sample.interactions.names.tolist().index("Metallica")]
    assert set(sample.tags.loc[sample.tags["item"] == metallica, "tag"]) == {"metal", "thrash metal"}


def test_friendship_is_mutual(sample: Dataset) -> None:
    assert sample.friends is not None
    pairs = set(zip(sample.friends["user"], sample.friends["friend"], strict=True))
    assert len(pairs) == len(sample.friends)
    assert all((friend, user) in pairs and user != friend for user, friend in pairs)
    assert set(sample.friends["user"]) <= set(sample.interactions.users)


def test_friends_share_more_artists_than_strangers(sample: Dataset, known: NDArray[np.float32]) -> None:
    assert sample.friends is not None
    users = sample.friends["user"].to_numpy() - 1
    friends = sample.friends["friend"].to_numpy() - 1
    strangers = np.random.default_rng(0).permutation(friends)
    shared = (known[users] * known[friends]).sum(axis=1).mean()
    assert shared > 2 * (known[users] * known[strangers]).sum(axis=1).mean()


@pytest.mark.parametrize("tag", ["metal", "jazz", "k-pop", "classical", "hip hop", "latin", "brazilian"])
def test_listeners_of_a_scene_are_recommended_that_scene(
    tag: str, sample: Dataset, known: NDArray[np.float32], alike: NDArray[np.float32]
) -> None:
    in_scene = artists_of(sample, tag)
    share = known @ in_scene / known.sum(axis=1)
    fans = np.argsort(-share, kind="stable")[:30]
    best = ten_best(known[fans] @ alike, known[fans])
    assert in_scene[best].mean() > 0.6
    most_popular = np.broadcast_to(known.sum(axis=0), known[fans].shape)
    assert in_scene[ten_best(most_popular, known[fans])].mean() < 0.4


def test_neighbours_recommend_far_better_than_popularity(
    sample: Dataset, known: NDArray[np.float32], alike: NDArray[np.float32], hidden: NDArray[np.bool_]
) -> None:
    most_popular = np.broadcast_to(known.sum(axis=0), known.shape)
    popular = ndcg_at_10(sample, ten_best(most_popular, known), hidden)
    neighbours = ndcg_at_10(sample, ten_best(known @ alike, known), hidden)
    assert 0.05 < popular < 0.15
    assert neighbours > 1.5 * popular


def test_more_factors_find_more_of_the_scenes(
    sample: Dataset, known: NDArray[np.float32], hidden: NDArray[np.bool_]
) -> None:
    few, more = (
        ndcg_at_10(sample, ten_best(known @ basis @ basis.T, known), hidden)
        for basis in (leading_directions(known, n) for n in (3, 20))
    )
    assert more > 1.5 * few


def test_months_add_up_to_all_plays_and_times_are_in_them(sample: Dataset) -> None:
    known, history = sample.interactions, sample.history
    assert history is not None
    keys = known.user_codes.astype(np.int64) * known.n_items + known.item_codes
    at = np.searchsorted(keys, history.users.astype(np.int64) * known.n_items + history.items)
    assert np.array_equal(np.bincount(at, history.values, len(known)), known.values)
    assert (np.diff(at * 1_000 + history.months) > 0).all()
    assert (history.values > 0).all()
    first, last = np.full(len(known), 9_999), np.zeros(len(known), int)
    np.minimum.at(first, at, history.months)
    np.maximum.at(last, at, history.months)
    assert np.array_equal(months_of(history.first), first)
    assert np.array_equal(months_of(history.last), last)
    assert (history.first <= history.last).all()
    assert (history.first == history.last)[known.values == 1].all()


def test_the_sample_spans_three_years_with_more_plays_in_winter(sample: Dataset) -> None:
    assert sample.history is not None
    table = by_month(sample.interactions, sample.history)
    assert [str(table["month"].iloc[at])[:7] for at in (0, -1)] == ["2023-01", "2025-12"]
    assert len(table) == 36
    second = table["plays"].iloc[12:24].to_numpy()
    assert second[10:].mean() > 1.5 * second[4:7].mean()
    assert (table["listeners"] > 900).all()


def test_fashions_come_and_go_and_tastes_move(sample: Dataset) -> None:
    assert sample.history is not None
    table = rises(sample.interactions, sample.history, 5)
    assert table["after"].iloc[0] > 3 * table["before"].iloc[0]
    assert table["before"].iloc[-1] > 3 * table["after"].iloc[-1]
    moved = [drift(sample.history, user) for user in range(100)]
    assert np.mean([table["like_first"].iloc[-1] for table in moved if len(table) > 6]) < 0.1
    assert np.mean([table["like_before"].iloc[1:].mean() for table in moved if len(table) > 6]) > 0.3
