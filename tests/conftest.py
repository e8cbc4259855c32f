"""Shared fixtures: small data with a known answer, and the real data where it is at hand.

Fixtures import what they need themselves: the process that hands the tests out runs none, and the others wait for it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from recsys.data.dataset import Dataset
    from recsys.data.interactions import Interactions

ROOT = Path(__file__).parents[1]
LASTFM = Path(os.environ.get("ENCORE_TEST_LASTFM", ROOT.parent / "shared" / "data" / "hetrec2011-lastfm-2k"))

hypothesis.settings.register_profile("encore", deadline=None, derandomize=True)
hypothesis.settings.load_profile("encore")


@pytest.fixture(scope="session")
def lastfm_folder() -> Path:
    """Return the folder of the published files, which ENCORE_TEST_LASTFM names."""
    if not (LASTFM / "user_artists.dat").exists():
        pytest.skip(f"the Last.fm data is not at {LASTFM}; set ENCORE_TEST_LASTFM to its folder")
    return LASTFM


@pytest.fixture(scope="session", autouse=True)
def scan_once() -> None:
    """Let the first AppTest alone look through all packages for components, which takes most of its time."""
    from streamlit.components.v2 import manifest_scanner

    manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)


@functools.cache
def _warm_up_once() -> None:
    from recsys.experiments.training import warm_up

    warm_up()


@pytest.fixture
def fresh_server(tmp_path, monkeypatch, sample) -> Iterator[None]:
    """Begin and end with a server that remembers nothing, no saved runs, a quick recommended model and quick maps.

    The sample is generated once for all servers; maps are laid out in two short steps.
    """
    import streamlit as st

    from pages.components.compare import panel
    from pages.components.session import session
    from recsys.analysis import item_map
    from recsys.data.sources.load import load
    from recsys.experiments.setup import Setup
    from recsys.jobs.scheduler import cancel_all

    monkeypatch.setattr(panel, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(session, "RECOMMENDED", Setup(settings={"factors": 8, "epochs": 3}))
    monkeypatch.setattr(session, "load", lambda key: sample if key == session.SAMPLE else load(key))
    monkeypatch.setattr(session, "warm_up", _warm_up_once)
    monkeypatch.setattr(item_map, "GATHERING", item_map.PASSES_PER_STEP)
    monkeypatch.setattr(item_map, "SPREADING", item_map.PASSES_PER_STEP)
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path / "runs"))
    st.cache_resource.clear()
    yield
    cancel_all()  # else they go on beside the tests that follow
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def sample() -> Dataset:
    from recsys.data.sources.sample import load_sample

    return load_sample()


@pytest.fixture(scope="session")
def small_sample(sample) -> Dataset:
    """Cut 300 listeners and the 500 artists with the most listeners out of the sample, to train any model at once."""
    import numpy as np
    import pandas as pd

    from recsys.data.interactions import Interactions

    known = sample.interactions
    most = np.argsort(-known.item_counts, kind="stable")[:500]
    kept = (known.user_codes < 300) & np.isin(known.item_codes, most)
    codes = known.item_codes[kept]
    frame = pd.DataFrame(
        {
            "user": known.users[known.user_codes[kept]],
            "item": known.items[codes],
            "name": known.names[codes],
            "value": known.values[kept],
        }
    )
    return replace(sample, interactions=Interactions.from_frame(frame), history=None)


@pytest.fixture(scope="session")
def checkerboard() -> Interactions:
    """Two tastes: even users play even items, odd users odd ones, each all but a few of their own."""
    import numpy as np
    import pandas as pd

    from recsys.data.interactions import Interactions

    users, items = np.meshgrid(np.arange(40), np.arange(40), indexing="ij")
    same = (users % 2 == items % 2) & ((users * 5 + items * 3) % 11 != 0)
    rows = np.flatnonzero(same)
    plays = 1 + (rows * 7919) % 500
    return Interactions.from_frame(
        pd.DataFrame({"user": users.ravel()[rows], "item": items.ravel()[rows], "value": plays})
    )


@pytest.fixture(scope="session")
def dataset(checkerboard) -> Dataset:
    from recsys.data.dataset import Dataset

    return Dataset("board", "Checkerboard", "Made for tests.", "", checkerboard)


@pytest.fixture(scope="session")
def checkerboard_split(checkerboard):
    """Hide three items of each user of the checkerboard."""
    from recsys.data.splitting import hold_out

    return hold_out(checkerboard, minimum=10, hidden=3, seed=1)
