"""The map of artists."""

import time

import numpy as np
import pandas as pd
import pytest

from recsys.analysis import item_map
from recsys.analysis.item_map import ArtistMap
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.jobs.scheduler import JobScheduler
from recsys.models import make_model


@pytest.fixture(scope="module")
def model(checkerboard):
    return make_model("implicit", factors=8).fit(checkerboard)


def test_two_tastes_are_two_places(model, checkerboard):
    table = ArtistMap(model, checkerboard).finish_now()
    points = table[["x", "y"]].to_numpy()
    odd = table["item"].to_numpy() % 2 == 1
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (odd[distances.argmin(axis=1)] == odd).mean() > 0.95


def test_the_map_holds_every_known_artist_once_between_minus_1_and_1(model, checkerboard):
    table = ArtistMap(model, checkerboard).finish_now()
    assert table["item"].tolist() == list(range(40))
    assert table["artist"].tolist() == checkerboard.names.tolist()
    assert table["listeners"].tolist() == checkerboard.item_counts.tolist()
    assert np.isfinite(table[["x", "y"]]).all(axis=None)
    assert table[["x", "y"]].abs().max(axis=None) == pytest.approx(1)


def test_same_seed_same_map_and_another_one_when_the_model_differs(model, checkerboard):
    first, second = (ArtistMap(model, checkerboard, 1).finish_now() for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    other = model.copy()
    other.item_factors[0] *= -1
    assert not ArtistMap(other, checkerboard, 1).finish_now().equals(first)


def test_artists_with_few_listeners_lie_beside_their_like(model, checkerboard, monkeypatch):
    rare = np.isin(checkerboard.item_codes, [4, 5]) & (checkerboard.user_codes > 7)
    fewer = checkerboard.subset(~rare)
    monkeypatch.setattr(item_map, "MAP_MIN_USERS", 5)
    table = ArtistMap(model, fewer).finish_now()
    assert table.index[table["placed"]].tolist() == [4, 5]
    for item in (4, 5):
        others = table.drop(index=[4, 5])
        distance = np.hypot(others["x"] - table["x"][item], others["y"] - table["y"][item])
        assert (others["item"][distance.nsmallest(3).index] % 2 == item % 2).all()


def test_it_is_done_in_the_background_and_can_be_left(model, checkerboard):
    runs = JobScheduler()
    dataset = Dataset("board", "Checkerboard", "", "", checkerboard)
    job = runs.start(dataset, ArtistMap(model, checkerboard))
    assert runs.wait(job, "done")
    assert job.run.progress == 1
    assert len(job.run.table) == 40
    left = ArtistMap(model, checkerboard)
    left.step()
    left.finish()
    assert left.table is None
    with pytest.raises(StopIteration):
        left.step()


def test_a_handful_of_artists_has_a_map_too(checkerboard):
    few = checkerboard.subset(checkerboard.item_codes < 5)
    model = make_model("implicit", factors=4, epochs=2).fit(few)
    table = ArtistMap(model, few).finish_now()
    assert table["item"].tolist() == [0, 1, 2, 3, 4]
    one = make_model("implicit", factors=1, epochs=2).fit(few)
    assert (ArtistMap(one, few).finish_now()["y"] == 0).all()


def test_without_features_or_artists_there_is_no_map(checkerboard):
    with pytest.raises(InputError, match="has no latent features"):
        ArtistMap(make_model("popular").fit(checkerboard), checkerboard).finish_now()
    few = checkerboard.subset(checkerboard.item_codes < 2)
    with pytest.raises(InputError, match="nothing to lay out"):
        ArtistMap(make_model("implicit", factors=4, epochs=2).fit(few), few).finish_now()


def test_the_map_of_last_fm_takes_a_moment(lastfm_folder):
    from recsys.data.sources.load import load

    interactions = load(str(lastfm_folder)).interactions
    model = make_model("implicit", epochs=5).fit(interactions)
    started = time.process_time()
    table = ArtistMap(model, interactions).finish_now()
    assert time.process_time() - started < 60
    assert len(table) == 17_632
    names = table.reset_index().set_index("artist")
    metal = names.loc[["Metallica", "Iron Maiden", "Slayer", "Megadeth"], ["x", "y"]].to_numpy()
    pop = names.loc[["Britney Spears", "Rihanna", "Katy Perry", "Beyoncé"], ["x", "y"]].to_numpy()
    apart = np.linalg.norm(metal.mean(axis=0) - pop.mean(axis=0))
    assert apart > 2 * max(group.std(axis=0).max() for group in (metal, pop))
