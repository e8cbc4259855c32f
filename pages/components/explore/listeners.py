"""Listeners of Explore: figures, charts and a table of all of them or of the unusual ones."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.explore.widgets import save, strip, toggle
from pages.components.session import cached, session
from pages.components.widgets import pickers, tables
from pages.components.widgets.charts import CHART
from recsys.analysis.listener_table import listener_table
from recsys.data.dataset import Dataset
from recsys.figures import listeners as figures

COLUMNS = ["listener", "artists", "plays", "mainstream", "favourite", "top_share", "unusual"]


@cached.remembered(show_spinner="Counting ...", max_entries=4)
def _table(fingerprint: str, _dataset: Dataset) -> pd.DataFrame:
    return listener_table(_dataset.interactions)


def table() -> pd.DataFrame:
    """Return the table of all listeners of the current data; not to be changed."""
    return _table(session.dataset().interactions.fingerprint, session.dataset())


def strip_of_all() -> None:
    """Draw the key figures of all listeners in one row."""
    nouns, everyone = session.nouns(), table()
    strip(
        (nouns.users.capitalize(), f"{len(everyone):,}", ""),
        (
            f"{nouns.items.capitalize()} of the median {nouns.user}",
            f"{everyone['artists'].median():,.0f}",
            "",
        ),
        (f"{nouns.values.capitalize()} of the median {nouns.user}", f"{everyone['plays'].median():,.0f}", ""),
        (
            "Mean popularity percentile",
            f"{everyone['mainstream'].mean():.0f}",
            f"Of the {nouns.items} of a {nouns.user}, by {nouns.users}; 100 is the most popular.",
        ),
        (
            "Unusual",
            f"{(everyone['unusual'] != '').sum():,}",
            "Beyond 1.5 interquartile ranges of the quartiles (Tukey's fences). A number that half of all have in "
            "common has no such fences and makes nothing unusual.",
        ),
    )


def draw() -> None:
    """Draw the charts side by side and the table under them."""
    nouns, everyone = session.nouns(), table()
    left, right = st.columns([5, 6], gap="medium")
    with left.container(gap="xxsmall"):
        low, high = everyone["mainstream"].quantile([0.1, 0.9])
        st.caption(
            f"**How mainstream.** Eight of ten {nouns.users} lie between {low:.0f} and {high:.0f}, where 100 is to "
            f"{nouns.do} nothing but the most popular {nouns.item}."
        )
        st.plotly_chart(
            cached.figure("mainstream", partial(figures.mainstream_counts, everyone, nouns)),
            key="mainstream",
            alt=f"How many {nouns.users} have which mean popularity percentile",
            config=CHART,
        )
        save(everyone[["listener", "mainstream"]], "mainstream", f"How mainstream {nouns.users} are")
    with right.container(gap="xxsmall"):
        odd = everyone[everyone["unusual"] != ""]
        st.caption(
            f"**Unusual.** {len(odd):,} of {len(everyone):,} {nouns.users} ({len(odd) / len(everyone):.1%}) have far "
            f"more or less than others, or another taste. Click a point to open the {nouns.user}."
        )
        event: Any = st.plotly_chart(
            cached.figure("unusual", partial(figures.plays_against_mainstream, everyone, nouns)),
            key="unusual-chart",
            on_select="rerun",
            selection_mode="points",
            alt=f"{nouns.values.capitalize()} against mean popularity percentile of the {nouns.users}",
            config=CHART,
        )
        save(lambda: _words(everyone)[COLUMNS], "unusual-chart", f"Usual and unusual {nouns.users}")
    if event.selection.points:
        pickers.open_listener(str(event.selection.points[0]["customdata"][0]))
    only = toggle("Unusual only", "unusual")
    shown = odd if only else everyone
    st.caption(f"{len(shown):,} of {len(everyone):,} {nouns.users}. Click one to see more.")
    tables.listener_table(
        _words(tables.part(shown, "listeners", COLUMNS))[COLUMNS], "listeners", to="listener"
    )


def _words(part: pd.DataFrame) -> pd.DataFrame:
    return part.assign(unusual=part["unusual"].map(session.nouns().fill))
