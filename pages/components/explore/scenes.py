"""Scenes of Explore: who belongs to which, who overlaps with whom, and a table that filters the artists."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from pages.components import navigation
from pages.components.explore.widgets import save, strip
from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.widgets import tables
from pages.components.widgets.charts import CHART
from recsys.analysis import scenes as analysis
from recsys.analysis.scenes import Scenes
from recsys.data.dataset import Dataset
from recsys.figures import scenes as charts

COLUMNS = ["scene", "artists", "members", "share_of_members", "share_of_plays", "first"]
SHOWN = 3  # scenes of one user
FEW = 5  # users of both, below which no pair is pointed out


class Shared(NamedTuple):
    """Who belongs to which scene, and how the scenes share their users, as in `recsys.analysis.scenes`."""

    shares: NDArray[np.float32]
    belongs: NDArray[np.bool_]
    table: pd.DataFrame
    both: NDArray[np.int64]
    lift: NDArray[np.float64]


@cached.remembered(show_spinner="Looking for scenes ...", max_entries=4)
def _found(fingerprint: str, _dataset: Dataset) -> Scenes:
    return analysis.find_scenes(_dataset, cached.tags())


def found() -> Scenes:
    """Return the scenes of the current data; not to be changed."""
    return _found(session.dataset().interactions.fingerprint, session.dataset())


@cached.remembered(show_spinner="Counting ...", max_entries=4)
def _shared(fingerprint: str, _dataset: Dataset) -> Shared:
    interactions, known = _dataset.interactions, found()
    shares = analysis.scene_shares(interactions, known)
    belongs = analysis.members(interactions, shares)
    table = analysis.scene_table(interactions, known, belongs)
    return Shared(shares, belongs, table, *analysis.overlap(belongs))


def shared() -> Shared:
    """Return how the users of the current data share its scenes; not to be changed."""
    return _shared(session.dataset().interactions.fingerprint, session.dataset())


def word() -> str:
    """Return what a scene is called: a scene of movies would be another thing."""
    return "scene" if session.nouns().item == "artist" else "group"


def _strip() -> None:
    """Draw the key figures of all scenes in one row."""
    nouns, interactions, known = session.nouns(), session.dataset().interactions, found()
    if not known.names:
        return
    belongs = shared().belongs
    inside = known.of_item[interactions.item_codes] >= 0
    strip(
        (f"{word().capitalize()}s", f"{len(known.names)}", ""),
        (
            f"{nouns.items.capitalize()} in one",
            f"{(known.of_item >= 0).sum():,}",
            f"With one of the {len(known.names)} most common tags."
            if known.tagged
            else f"Of the {analysis.GROUPED_ITEMS:,} best-known with {analysis.LEAST_LISTENERS} {nouns.users} or more.",
        ),
        (f"{nouns.pairs.capitalize()} in them", f"{inside.mean():.0%}", ""),
        (
            f"{nouns.users.capitalize()} in none",
            f"{(~belongs.any(1)).mean():.0%}",
            f"Members have {analysis.BELONGS:.0%} of their {nouns.items} in it, and {analysis.LEAST_ITEMS} or more.",
        ),
        (f"{nouns.users.capitalize()} in two or more", f"{(belongs.sum(1) > 1).mean():.0%}", ""),
        key="scenes",
    )


def draw(figures: DeltaGenerator) -> None:
    """Draw the key figures where they belong, the charts side by side and the table under them."""
    with figures:
        _strip()
    nouns, known = session.nouns(), found()
    if not known.names:
        st.info(
            f"There are too few {nouns.items} with {analysis.LEAST_LISTENERS} {nouns.users} or more to find "
            f"{word()}s in them, and the data has no tags.",
            icon=":material/info:",
        )
        return
    left, right = st.columns([5, 6], gap="medium")
    with left.container(gap="xxsmall"):
        _members()
    with right.container(gap="xxsmall"):
        _overlap()
    st.caption(
        (
            f"The {len(known.names)} most common tags; {nouns.an_item} is in that of which it has the greatest share."
            if known.tagged
            else f"This data has no tags: these are groups of {nouns.items} that the same {nouns.users} have (k-means "
            f"on the directions of {nouns.users}), named by the best known of each."
        )
        + f" Click one to see its {nouns.items} alone."
    )
    _table()


def of_listener(code: int) -> None:
    """Draw the scenes of one user, the largest first, each a link to its artists."""
    shares = shared().shares[code] if found().names else np.empty(0, np.float32)
    largest = [place for place in np.argsort(-shares, kind="stable")[:SHOWN].tolist() if shares[place] > 0]
    if not largest:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="their-scenes"):
        st.caption(f"{word().capitalize()}s:", width="content")
        for place in largest:
            layout.link(
                navigation.page("explore"),
                label=f"{shares[place]:.0%} {layout.escape(found().names[place], 60)}",
                icon=":material/groups:",
                query=session.place() | {"scene": found().names[place]},
            )


def choose(scene: str) -> None:
    """Show the artists of one scene alone; from a callback or before anything else of the page."""
    st.query_params.from_dict({**session.place(), "view": "artists", "scene": scene})


def _members() -> None:
    nouns, table = session.nouns(), shared().table
    first = table.loc[table["members"].idxmax()]
    st.caption(
        f"**Who belongs.** {first['members']:,} {nouns.users} ({first['share_of_members']:.1%}) belong to "
        f"*{layout.escape(first['scene'], 60)}*: {analysis.BELONGS:.0%} of their {nouns.items} or more. Click a bar to "
        f"see its {nouns.items}."
    )

    def clicked() -> None:
        if points := st.session_state[keys.SCENE_BARS].selection.points:
            choose(str(points[0]["customdata"][0]))

    st.plotly_chart(
        cached.figure("scene-members", partial(charts.members_by_scene, table, nouns)),
        key=keys.SCENE_BARS,
        on_select=clicked,
        selection_mode="points",
        alt=f"How many {nouns.users} belong to each {word()}",
        config=CHART,
    )
    save(table, "scene-bars", f"{nouns.users.capitalize()} of each {word()}")


def _overlap() -> None:
    nouns, names, (both, lift) = session.nouns(), found().names, shared()[3:]
    told = np.where(both >= FEW, np.nan_to_num(lift), 0)
    if told.any():
        one, other = np.unravel_index(told.argmax(), told.shape)
        said = (
            f"{both[one, other]:,} {nouns.users} belong to both *{layout.escape(names[one], 40)}* and "
            f"*{layout.escape(names[other], 40)}*, {lift[one, other]:.1f} times as many as by chance "
            "(lift): more than any other two."
        )
    else:
        said = f"No two share {FEW} {nouns.users}."
    st.caption(f"**Who overlaps with whom.** {said}")
    st.plotly_chart(
        cached.figure("scene-overlap", partial(charts.scene_overlap, names, both, lift, nouns)),
        key="scene-overlap",
        alt=f"How many {nouns.users} belong to both of each two {word()}s",
        config=CHART,
    )
    rows, columns = np.triu_indices(len(names), 1)
    pairs: dict[str, Any] = {
        "one": [names[row] for row in rows],
        "other": [names[column] for column in columns],
        "both": both[rows, columns],
        "lift": lift[rows, columns],
    }
    save(pd.DataFrame(pairs), "scene-overlap", f"{nouns.users.capitalize()} of two {word()}s at once")


def _table() -> None:
    table = shared().table
    row = tables.scene_table(table, "scenes", COLUMNS)
    if row is not None:
        choose(str(table["scene"].iloc[row]))
        st.rerun()
