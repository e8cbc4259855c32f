"""Lists of several models for one listener, and what they share."""

from __future__ import annotations

import streamlit as st

from pages.components.session import keys, session
from pages.components.shell import layout
from pages.components.widgets import charts, pickers, tables
from pages.components.widgets.way import keep
from recsys.errors import InputError
from recsys.experiments.leaderboard import Leaderboard
from recsys.experiments.list_overlap import side_by_side
from recsys.figures import evaluation
from recsys.jobs.scheduler import Job

MOST_COLUMNS = 4
SHARED = "rgba(110, 98, 235, 0.30)"


SOME = "rgba(10, 143, 138, 0.28)"


UNIQUE = "rgba(217, 102, 10, 0.28)"


NOTHING_HIDDEN = "This {nouns.user} has too few {nouns.items}: none was hidden, so there is nothing to find."


def draw(job: Job[Leaderboard]) -> None:
    """Draw one listener's lists by several models and what they share."""
    board, nouns = job.run, session.nouns()
    labels = [entry.label for entry in board.measured]
    picker, models = st.columns(2)
    with picker:
        wanted = pickers.listener(job.dataset.interactions.users)
    with models:
        keep(keys.BESIDE, [name for name in st.session_state.get(keys.BESIDE, labels[:3]) if name in labels])
        shown = st.multiselect(
            "Models beside each other",
            labels,
            default=labels[:3],
            max_selections=MOST_COLUMNS,
            wrap=True,
            key=keys.BESIDE,
            persist_state="session",
        )
    if wanted is None or not shown:
        st.info(f"Choose a {nouns.user} and two to four models to see their lists beside each other.")
        return
    try:
        user = job.dataset.interactions.user_code(wanted)
    except InputError as error:
        layout.problem(error)
        return
    lists = side_by_side(board, shown, user)
    st.markdown(
        f":violet-badge[In all lists: {lists.everywhere}] :green-badge[In some] :orange-badge[In one only] "
        + (
            f"✓ is a hit: one of the {lists.hidden} {nouns.items} that were hidden."
            if lists.hidden
            else nouns.fill(NOTHING_HIDDEN)
        )
    )
    for place, (column, label) in enumerate(zip(st.columns(len(shown)), shown, strict=True)):
        table = lists.tables[label]
        with column:
            st.markdown(f"**{layout.escape(label, 24)}**")
            st.caption(f"Hits: {(table['hit'] != '').sum()}")
            tables.artist_table(
                table,
                f"beside-{place}",
                ["artist", "hit", "where"],
                tints=[
                    SHARED if count == len(shown) else UNIQUE if count == 1 else SOME
                    for count in table["lists"]
                ]
                if len(shown) > 1
                else None,
            )
    if len(shown) > 1:
        st.header("How much the lists have in common", anchor=False)
        st.caption(
            f"The {nouns.items} that two lists share and, below, the Jaccard index: shared ones over all in either "
            "list."
        )
        st.plotly_chart(
            evaluation.overlap(shown, lists.shared, lists.jaccard),
            key="overlap",
            alt=f"Shared {nouns.items} of each pair of lists",
            config=charts.CHART,
        )
