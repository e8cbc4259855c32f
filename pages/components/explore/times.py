"""Time of Explore: months and what is new in them, rises and falls; the course of one artist and of one listener."""

from __future__ import annotations

import time
from collections.abc import Hashable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.explore.widgets import save, strip, toggle
from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.widgets import tables
from pages.components.widgets.charts import CHART, artist_chart
from recsys.analysis import moved_tastes, times
from recsys.data.dataset import Dataset, History
from recsys.figures import times as charts

MONTH = "%B %Y"
ON_ITS_WAY = 1.5  # seconds until a browser has the new address
LISTED = 7  # rows of the table of artists in view; the others are scrolled to
COLUMNS = ["artist", "plays", "share_of_plays", "listeners", "first_time"]


def history() -> History | None:
    """Return the times of the current data, or None where none are known."""
    known = session.dataset().history
    return known if times.has_times(known) else None


@cached.remembered(show_spinner="Counting by month ...", max_entries=4)
def _months(fingerprint: str, _dataset: Dataset, _history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    return times.by_month(_dataset.interactions, _history), times.rises(_dataset.interactions, _history)


@cached.remembered(show_spinner="Comparing halves ...", max_entries=4)
def _moved(fingerprint: str, _dataset: Dataset, _history: History) -> pd.DataFrame:
    return moved_tastes.moved_tastes(_dataset.interactions, _history)


@cached.remembered(show_spinner="Counting ...", max_entries=16)
def _between(
    fingerprint: str, start: int, end: int, _dataset: Dataset, _history: History
) -> tuple[pd.DataFrame, int]:
    given = _dataset.interactions, _history, start, end
    return times.items_between(*given), times.users_between(*given)


def _by_month(known: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    dataset = session.dataset()
    return _months(dataset.interactions.fingerprint, dataset, known)


def period() -> str:
    """Draw the choice of a year or a month, which the address keeps; return it as 2023 or 2023-06, "" for all."""
    known = history()
    months = [] if known is None else _by_month(known)[0]["month"].dt.strftime("%Y-%m").tolist()
    options = [*sorted({month[:4] for month in months}, reverse=True), *reversed(months)]
    wanted = _wanted()
    st.session_state[keys.PERIOD] = wanted if wanted in options else None

    def picked() -> None:
        _look_at(st.session_state[keys.PERIOD] or "")

    st.selectbox(
        "Year or month",
        options,
        index=None,
        key=keys.PERIOD,
        format_func=_spell,
        placeholder="Any year or month",
        label_visibility="collapsed",
        on_change=picked,
        width=240,
    )
    return st.session_state[keys.PERIOD] or ""


def _wanted() -> str:
    """Return the year or month of the address; the one just chosen, where a browser has not heard of it yet.

    What is done on the page right after a choice comes with the address from before it.
    """
    address = st.query_params.get("when", "")
    before, chosen, moment = st.session_state.get(keys.PERIOD_CHOSEN, ("", "", 0.0))
    if address == before and time.monotonic() - moment < ON_ITS_WAY:
        _put_into_address(chosen)
        return str(chosen)
    return address


def _look_at(when: str) -> None:
    """Choose a year or a month, "" for all; from a callback."""
    st.session_state[keys.PERIOD_CHOSEN] = (st.query_params.get("when", ""), when, time.monotonic())
    _put_into_address(when)


def _put_into_address(when: str) -> None:
    if when:
        st.query_params["when"] = when
    elif "when" in st.query_params:
        del st.query_params["when"]


def _spell(when: str) -> str:
    return f"{pd.Timestamp(when):{MONTH}}" if len(when) > len("2023") else when


def draw(known: History, when: str, figures: DeltaGenerator) -> None:
    """Draw the figures and artists of a year, a month or all, plays by month, and what and who changed most."""
    nouns, (table, rises) = session.nouns(), _by_month(known)
    played = nouns.values.capitalize() if len(known.months) else nouns.pairs.capitalize()
    inside = table[table["month"].dt.strftime("%Y-%m").str.startswith(when)]
    busiest = inside.loc[inside["plays"].idxmax()]
    with figures:
        strip(
            ("From", f"{inside['month'].iloc[0]:{MONTH}}", ""),
            ("To", f"{inside['month'].iloc[-1]:{MONTH}}", f"{len(inside):,} of {len(table):,} months."),
            (played, f"{inside['plays'].sum():,.0f}", ""),
            (f"New {nouns.items}", f"{inside['new_artists'].sum():,}", f"That no {nouns.user} had before."),
            (f"{played} in the median month", f"{inside['plays'].median():,.0f}", ""),
            ("Busiest month", f"{busiest['month']:{MONTH}}", f"{busiest['plays']:,.0f} {played.lower()}."),
            key="time",
        )
    _charts(table, played, when)
    _artists(known, inside, played, when)
    left, right = st.columns(2, gap="medium")
    with left.container(gap="xxsmall"):
        _rises(rises)
    with right.container(gap="xxsmall"):
        _tastes(known)


def _charts(table: pd.DataFrame, played: str, when: str) -> None:
    nouns, busiest = session.nouns(), table.loc[table["plays"].idxmax()]
    left, right = st.columns(2, gap="medium")
    with left.container(gap="xxsmall"):
        st.caption(
            f"**{played} by month.** The busiest is {busiest['month']:{MONTH}} with {busiest['plays']:,.0f}, "
            f"{busiest['plays'] / max(1.0, table['plays'].median()):.1f} times the median month. Times are in UTC. "
            "Click a month to look at it."
        )
        _chart(table, "plays", played, when=when)
        save(table, "by-month", f"{played} by month")
    with right.container(gap="xxsmall"):
        later = table[1:] if len(table) > 1 else table
        most = later.loc[later["new_artists"].idxmax()]
        st.caption(
            f"**First {nouns.values}.** After the first month, most {nouns.items} appear in {most['month']:{MONTH}}: "
            f"{most['new_artists']:,.0f} that no {nouns.user} had before. Click a month to see which."
        )
        _chart(table, "new_artists", f"New {nouns.items}", when=when)
        save(table[["month", "new_artists"]], "by-month-new", f"New {nouns.items} by month")


def _artists(known: History, inside: pd.DataFrame, played: str, when: str) -> None:
    """Draw the artists of a time, with the first play of each."""
    dataset, nouns = session.dataset(), session.nouns()
    start, end = (int(times.months_of(inside["month"].to_numpy()[[at]])[0]) for at in (0, -1))
    table, users = _between(dataset.interactions.fingerprint, start, end, dataset, known)
    said = ""
    if when:
        said += f" {table['new'].sum():,} of the {nouns.items} had not been {nouns.done} before."
    if table["first_time"].notna().any():
        newest = table.loc[table["first_time"].idxmax()]
        said += (
            f" The newest is {layout.escape(newest['artist'], 40)}, first {nouns.done} on "
            f"{newest['first_time']:%-d %B %Y}."
        )
    st.caption(
        f"**{_spell(when) or 'All months'}.** {inside['plays'].sum():,.0f} {played.lower()} of {len(table):,} "
        f"{nouns.items} by {users:,} {nouns.users}.{said} Click one to see the course of that {nouns.item}."
    )
    if toggle("New ones only, the newest first", "new-only"):
        table = table[table["new"]].sort_values("first_time", ascending=False, kind="stable")
    listed = tables.part(table, "period", COLUMNS)
    rows = min(len(listed), LISTED)
    tables.artist_table(listed, f"period-{when}", COLUMNS, tables.ROW * (rows + 1) + 2)


def _rises(rises: pd.DataFrame) -> None:
    if rises.empty:
        return
    nouns, first, last = session.nouns(), rises.iloc[0], rises.iloc[-1]
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


def _tastes(known: History) -> None:
    """Draw the listeners whose taste moved, those who moved most first."""
    dataset, nouns = session.dataset(), session.nouns()
    moved = _moved(dataset.interactions.fingerprint, dataset, known)
    if moved.empty:
        return
    first = moved.iloc[0]
    st.caption(
        f"**Whose taste moved most.** That of {nouns.user} {layout.escape(str(first['listener']), 40)}: the "
        f"{nouns.values} in the second half of the months are {first['cosine']:.0%} like those in the first (cosine "
        f"over {nouns.items}). The median of {len(moved):,} {nouns.users} with {moved_tastes.LEAST_PLAYS} "
        f"{nouns.values} or more in both is {moved['cosine'].median():.0%}. Click one to see more."
    )
    tables.listener_table(tables.part(moved, "moved", moved_tastes.COLUMNS), "moved", to="listener")


def _chart(table: pd.DataFrame, column: str, title: str, *of: Hashable, when: str | None = None) -> None:
    """Draw a column by month; where a year or month can be chosen, it stands out and a click chooses a month.

    `of` says whose months they are, where they are not everybody's: a kind and a code.
    """
    key = keys.MONTH_NEW if column == "new_artists" else keys.MONTH_PLAYS

    def clicked() -> None:
        if points := st.session_state[key].selection.points:
            _look_at(str(points[0]["x"])[: len("2023-06")])

    on_select: Any = "ignore" if when is None else clicked
    st.plotly_chart(
        cached.figure(
            f"months-{column}", partial(charts.months, table, column, title, when=when or ""), when, *of
        ),
        key=key,
        on_select=on_select,
        selection_mode="points",
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
    _plays_of(table, "artist", item, str(session.dataset().interactions.names[item]))


def _plays_of(table: pd.DataFrame, kind: str, code: int, name: str) -> None:
    """Draw the plays of one artist or listener by month, and the ways to keep the chart."""
    title = session.nouns().values.capitalize()
    _chart(table, "plays", title, kind, code)
    save(table, "by-month", f"{title} of {name} by month")


def of_listener(user: int) -> None:
    """Draw the months of one listener and how far the taste moved, where the data says when it was."""
    known = history()
    if known is not None:
        _months_of_listener(known, user)
        _drift(known, user)


def _months_of_listener(known: History, user: int) -> None:
    nouns, table = session.nouns(), times.course_of_user(known, user)
    if len(table) < 2:
        return
    most = table.loc[table["plays"].idxmax()]
    st.subheader("By month", anchor=False)
    st.caption(
        f"First {nouns.values} in {table['month'].iloc[0]:{MONTH}}; most in {most['month']:{MONTH}}, "
        f"{most['plays']:,.0f} {nouns.values} of {most['artists']:,.0f} {nouns.items}, {most['new_artists']:,.0f} of "
        f"them new. In the last month, {table['month'].iloc[-1]:{MONTH}}, {table['plays'].iloc[-1]:,.0f}."
    )
    _plays_of(table, "listener", user, f"{nouns.user} {session.dataset().interactions.users[user]}")


def _drift(known: History, user: int) -> None:
    nouns, table = session.nouns(), times.drift(known, user)
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
