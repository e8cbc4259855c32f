"""Tab of hypothetical plays: an online update of a copy of the model."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components.recommend.recommendation import Recommendation
from pages.components.session import cached
from pages.components.shell import layout
from pages.components.widgets import tables
from recsys.errors import InputError
from recsys.models import MODELS
from recsys.recommendation.recommend import before_and_after

MAX_NEW_ITEMS = 5
MAX_OPTIONS = 2_000
MAX_VALUE = 1_000_000
STEPS = (1, 2, 5, 10, 20, 50, 100)


@st.fragment
def draw(lists: Recommendation) -> None:
    """Draw the choice of items and values, and the lists before and after."""
    model, split = lists.job.run.model, lists.job.run.split
    train, nouns = split.train, lists.job.dataset.nouns
    if not model.supports_online_updates:
        others = [other.label for other in MODELS.values() if other.supports_online_updates]
        st.info(
            f"{model.label} does not support online updates. Train one of these to see a list change: "
            f"{', '.join(others)}."
        )
        return
    names = st.multiselect(
        f"What if they had also {nouns.done} …",
        list(dict.fromkeys(cached.ranks()["artist"].iloc[:MAX_OPTIONS])),
        key="played",
        max_selections=MAX_NEW_ITEMS,
        accept_new_options=True,
        select_all=False,
        placeholder=f"Choose {nouns.items}, or type any name",
        persist_state="session",
    )
    if not names:
        st.caption(
            "A copy of the model is updated by a few steps of gradient descent, without training again. "
            "The run stays as it is."
        )
        return
    usual = round(float(lists.existing["plays"].median())) if len(lists.existing) else 100
    with st.container(horizontal=True):
        plays = [
            st.number_input(
                f"{nouns.value.capitalize()} of {layout.escape(name, 40)}",
                1,
                MAX_VALUE,
                max(usual, 1),
                key=f"plays-{name}",
                width=220,
                persist_state="session",
            )
            for name in names
        ]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        steps = st.select_slider(
            f"Passes over what they {nouns.do}",
            STEPS,
            10,
            key="steps",
            width=320,
            persist_state="session",
            help=f"Number of passes of gradient descent over all {nouns.items} of the {nouns.user}.",
        )
        artists = st.toggle(
            f"Update the {nouns.items}, too",
            key="artists-learn",
            persist_state="session",
            help=f"Otherwise only the factors of the {nouns.user} change.",
        )
    try:
        codes = [train.item_named(name) for name in names]
        table = before_and_after(model, train, lists.user, codes, plays, lists.n, steps, artists, split.seed)
    except InputError as error:
        layout.problem(error)
        return
    before, after = side_by_side(table)
    new = int((after["change"] == "new").sum())
    st.caption(
        f"{new} of {len(after)} {nouns.items} are new. By score, without the dial. "
        "Only you see this; the run stays as it is."
    )
    for column, title, part, key in zip(
        st.columns(2, gap="large"), ("Before", "After"), (before, after), ("before", "after"), strict=True
    ):
        with column:
            st.header(title, anchor=False)
            tables.artist_table(part, key, ["artist", "change"])


def side_by_side(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the two lists of `before_and_after`, each in its order, with what moved.

    Returns
    -------
    before, after : DataFrame
        Columns `item`, `artist` and `change`: `leaves` in the one list; in the other `new`, or `▲` or
        `▼` and by how many places. Empty where an artist stays.
    """
    before = table[table["before"].notna()].sort_values("before", ignore_index=True)
    after = table[table["after"].notna()].sort_values("after", ignore_index=True)
    moves = after["before"] - after["after"]
    words = [
        "new" if pd.isna(by) else "" if by == 0 else f"{'▲' if by > 0 else '▼'} {abs(by)}" for by in moves
    ]
    leaves = before["after"].isna().map({True: "leaves", False: ""})
    columns = ["item", "artist", "change"]
    return before.assign(change=leaves)[columns], after.assign(change=words)[columns]
