"""Time of Explore: plays by month, first plays, rises and falls; the course of one artist and of one taste."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.explore.widgets import save, strip
from pages.components.session import cached, session
from pages.components.shell import layout
from pages.components.widgets.charts import CHART, artist_chart
from recsys.analysis import times
from recsys.data.dataset import Dataset, History
from recsys.figures import times as charts

MONTH = "%B %Y"


def history() -> History | None:
    """Return the times of the current data, or None where none are known."""
    known = session.dataset().history
    return known if times.has_times(known) else None


@cached.remembered(show_spinner="Counting by month ...", max_entries=4)
def _months(fingerprint: str, _dataset: Dataset, _history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    return times.by_month(_dataset.interactions, _history), times.rises(_dataset.interactions, _history)


def draw(known: History, figures: DeltaGenerator) -> None:
    """Draw the figures, plays and first plays by month, and what rose and fell."""
    dataset, nouns = session.dataset(), session.nouns()
    table, rises = _months(dataset.interactions.fingerprint, dataset, known)
    busiest = table.loc[table["plays"].idxmax()]
    played = nouns.values.capitalize() if len(known.months) else nouns.pairs.capitalize()
    with figures:
        strip(
            ("From", f"{table['month'].iloc[0]:{MONTH}}", ""),
            ("To", f"{table['month'].iloc[-1]:{MONTH}}", ""),
            ("Months", f"{len(table):,}", ""),
            (f"{played} in the median month", f"{table['plays'].median():,.0f}", ""),
            ("Busiest month", f"{busiest['month']:{MONTH}}", f"{busiest['plays']:,.0f} {played.lower()}."),
            key="time",
        )
    left, right = st.columns(2, gap="medium")
    with left.container(gap="xxsmall"):
        st.caption(
            f"**{played} by month.** The busiest is {busiest['month']:{MONTH}} with {busiest['plays']:,.0f}, "
            f"{busiest['plays'] / max(1.0, table['plays'].median()):.1f} times the median month. Times are in UTC."
        )
        _chart(table, "plays", played)
        save(table, "by-month", f"{played} by month")
    with right.container(gap="xxsmall"):
        later = table[1:] if len(table) > 1 else table
        most = later.loc[later["new_artists"].idxmax()]
        st.caption(
            f"**First {nouns.values}.** After the first month, most {nouns.items} appear in {most['month']:{MONTH}}: "
            f"{most['new_artists']:,.0f} that no {nouns.user} had before."
        )
        _chart(table, "new_artists", f"New {nouns.items}")
        save(table[["month", "new_artists"]], "by-month-new", f"New {nouns.items} by month")
    if rises.empty:
        return
    first, last = rises.iloc[0], rises.iloc[-1]
    st.caption(
        f"**Risen and fallen.** From the first half of the months to the second, {layout.escape(first['artist'], 40)} "
        f"went from {first['before']:.2%} to {first['after']:.2%} of the {nouns.values} of a month, and "
        f"{layout.escape(last['artist'], 40)} from {last['before']:.2%} to {last['after']:.2%}. Click a point to see "
        f"the course of that {nouns.item}."
    )
    artist_chart(
        cached.figure("rises", partial(charts.risen_and_fallen, rises, nouns)),
        "rises",
        f"{nouns.items.capitalize()} whose share rose and fell most",
        CHART,
    )
    save(rises, "rises", f"{nouns.items.capitalize()} whose share of the {nouns.values} rose and fell most")


def _chart(table: pd.DataFrame, column: str, title: str, *of: int) -> None:
    st.plotly_chart(
        cached.figure(f"months-{column}", partial(charts.months, table, column, title), *of),
        key="by-month-new" if column == "new_artists" else "by-month",
        alt=f"{title} by month: {len(table):,} months, from {table['month'].iloc[0]:{MONTH}} on",
        config=CHART,
    )


def of_artist(item: int) -> None:
    """Draw how the plays of one artist rose and fell, where the data says when they were."""
    known, nouns = history(), session.nouns()
    if known is None:
        return
    table = times.course(known, item)
    if len(table) < 2:
        return
    most = table.loc[table["plays"].idxmax()]
    st.subheader("By month", anchor=False)
    st.caption(
        f"First {nouns.done} in {table['month'].iloc[0]:{MONTH}}; most in {most['month']:{MONTH}}, "
        f"{most['plays']:,.0f} {nouns.values} by {most['listeners']:,.0f} {nouns.users}, {most['share']:.1%} of all. "
        f"In the last month, {table['month'].iloc[-1]:{MONTH}}, {table['plays'].iloc[-1]:,.0f}."
    )
    _chart(table, "plays", nouns.values.capitalize(), item)
    save(
        table,
        "by-month",
        f"{nouns.values.capitalize()} of {session.dataset().interactions.names[item]} by month",
    )


def of_listener(user: int) -> None:
    """Draw how far the taste of one listener moved, where the data says when it was."""
    known, nouns = history(), session.nouns()
    if known is None:
        return
    table = times.drift(known, user)
    if len(table) < 2:
        return
    last = table.iloc[-1]
    st.subheader("How the taste moved", anchor=False)
    st.caption(
        f"The {nouns.values} of the quarter from {last['quarter']:{MONTH}} are {last['like_first']:.0%} like those of "
        f"the first, from {table['quarter'].iloc[0]:{MONTH}} (cosine over {nouns.items}); {last['new']:.0%} of them go "
        f"to {nouns.items} not {nouns.done} before."
    )
    st.plotly_chart(
        cached.figure("drift", partial(charts.taste_drift, table, nouns), user),
        key="drift",
        alt="How alike the quarters are",
        config=CHART,
    )
    save(table, "drift", f"How the taste of {nouns.user} {session.dataset().interactions.users[user]} moved")
