"""Artists of Explore: figures, bars, scatter chart and table of the same selection."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from pages.components.explore import scenes, selection
from pages.components.explore.widgets import save, strip
from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.widgets import tables
from pages.components.widgets.charts import CHART
from recsys.analysis import popularity
from recsys.analysis.selection import Selection, pairs_with
from recsys.data.interactions import Interactions
from recsys.figures import data

HEIGHT = 330
TABLE = ["rank", "artist", "listeners", "plays", "plays_per_listener", "share_of_plays"]
NUMBERS = ["item", "artist", "listeners", "plays", "share_of_listeners", "share_of_plays"]


def figures(chosen: Selection) -> None:
    """Draw the key figures of what is chosen, in one row."""
    interactions, nouns, found = session.dataset().interactions, session.nouns(), selection.summary(chosen)
    items, users, pairs = (found.items, found.users, found.pairs) if found else (0, 0, 0)
    if not chosen:  # items without users count, too
        items, users = interactions.n_items, interactions.n_users
    strip(
        (nouns.users.capitalize(), f"{users:,}", f"Those who {nouns.do} at least one of the {nouns.items}."),
        (nouns.items.capitalize(), f"{items:,}", ""),
        (nouns.values.capitalize(), f"{found.total if found else 0:,.0f}", ""),
        (nouns.pairs.capitalize(), f"{pairs:,}", ""),
        (
            "Density",
            f"{pairs / max(1, users * items):.2%}",
            f"Known pairs as a share of all {nouns.pairs}.",
        ),
    )


def sentence(chosen: Selection) -> str:
    """Say what is chosen, and how much of the data that is."""
    nouns, found, everything = session.nouns(), selection.summary(chosen), selection.summary(Selection())
    how = []
    if chosen.search:
        how.append(f"the name has “{layout.escape(chosen.search, 40)}”")
    if chosen.picked:
        how.append(f"picked in the bars ({len(chosen.picked)})")
    if chosen.scene:
        how.append(f"{scenes.word()} “{layout.escape(chosen.scene, 60)}”")
    if chosen.tag:
        how.append(f"tag “{layout.escape(chosen.tag, 60)}”")
    for name, word in (("listeners", nouns.users), ("plays", nouns.values)):
        if bounds := getattr(chosen, name):
            how.append(" to ".join(f"{bound:,.15g}" for bound in bounds) + f" {word}")
    if found is None or everything is None:
        return f"No {nouns.item} is all of this: {', '.join(how)}. Take a part back."
    share = found.total / everything.total
    return (
        f"**{found.items:,} of {everything.items:,} {nouns.items}** ({', '.join(how)}) have "
        f"**{share:.{1 if share >= 0.01 else 2}%}** of all {nouns.values} and reach "
        f"**{found.users / session.dataset().interactions.n_users:.1%}** of all {nouns.users}."
    )


def draw(chosen: Selection) -> None:
    """Draw the charts side by side and the table of what is chosen under them."""
    left, right = st.columns([5, 6], gap="medium")
    with left.container(gap="xxsmall"):
        _bars(chosen)
    with right.container(gap="xxsmall"):
        _scatter(chosen)
    _table(chosen)
    _more(chosen)


def _bars(chosen: Selection) -> None:
    nouns = session.nouns()
    # picked bars do not filter the bars: others can be picked beside them
    found = selection.summary(chosen.without("picked"))
    if found is None:
        return
    top = found.best_known
    first = top.iloc[0]
    heads = [(len(top), top["share_of_plays"].sum()), *found.heads]
    shares = [f"{n:,} have {share:.1%}" for n, share in heads]
    st.caption(
        f"**Best known.** {layout.escape(first['artist'], 40)} has {first['listeners']:,} of "
        f"{session.dataset().interactions.n_users:,} {nouns.users} ({first['share_of_listeners']:.1%}). "
        f"Of all {nouns.values} the best-known {', '.join(shares)}. Click a bar to choose it."
    )

    def clicked() -> None:
        points = st.session_state[keys.BARS].selection.points
        if points:
            item = session.dataset().interactions.item_code(points[0]["customdata"][0])
            selection.change(lambda before: before.toggled(item))

    st.plotly_chart(
        cached.figure(
            "top",
            partial(data.top_artists, top, "listeners", len(top), nouns, chosen.picked, HEIGHT),
            chosen,
        ),
        key=keys.BARS,
        on_select=clicked,
        selection_mode="points",
        alt=f"{nouns.items.capitalize()} with the most {nouns.users}",
        config=CHART,
    )
    save(lambda: top[NUMBERS], "bars", f"Best-known {nouns.items}")


def _scatter(chosen: Selection) -> None:
    nouns, table, found = session.nouns(), cached.ranks(), selection.summary(chosen)
    line = found.line if found else None
    of_these = f"the chosen {nouns.items}" if chosen else nouns.items
    st.caption(
        f"**{nouns.values.capitalize()} against {nouns.users}.** "
        + (
            f"Of {of_these}, one with twice the {nouns.users} has {2**line.slope:.2f} times the {nouns.values} "
            f"(c · {nouns.users}^{line.slope:.2f}, R² {line.r_squared:.2f}). "
            if line
            else ""
        )
        + "Drag a box to choose."
    )

    def brushed() -> None:
        if boxes := st.session_state[keys.SCATTER].selection.box:
            ranges = {name: (min(boxes[0][axis]), max(boxes[0][axis])) for name, axis in AXES}
            selection.change(lambda before: before.bounded(**ranges))

    st.plotly_chart(
        cached.figure(
            "scatter",
            lambda: data.plays_against_listeners(
                table,
                line,
                nouns=nouns,
                chosen=selection.mask(chosen) if chosen else None,
                box={"listeners": chosen.listeners, "plays": chosen.plays},
                height=HEIGHT,
            ),
            chosen,
        ),
        key=keys.SCATTER,
        on_select=brushed,
        selection_mode="box",
        alt=f"{nouns.values.capitalize()} against {nouns.users} of every {nouns.item}",
        config=CHART,
    )
    save(
        lambda: table.loc[selection.mask(chosen), NUMBERS],
        "scatter",
        f"{nouns.values.capitalize()} against {nouns.users}",
    )


AXES = (("listeners", "x"), ("plays", "y"))


def _table(chosen: Selection) -> None:
    table = cached.ranks()
    tables.artist_list(
        table[selection.mask(chosen)] if chosen else table, chosen.search, TABLE, 360, bool(chosen)
    )


def _more(chosen: Selection) -> None:
    """Draw how values and concentration look, of what is chosen."""
    nouns, table, found = session.nouns(), cached.ranks(), selection.summary(chosen)
    if found is None:
        return
    left, right = st.columns(2, gap="medium")

    def shares() -> popularity.Concentration:
        return popularity.concentration(table[selection.mask(chosen)])

    def points() -> pd.DataFrame:
        curve = shares()
        return pd.DataFrame({f"share_of_{nouns.items}": curve.items, f"share_of_{nouns.values}": curve.plays})

    with left:
        st.header(f"{nouns.counts.capitalize()} of {nouns.pairs}", anchor=False)
        st.caption(
            f"Half of all pairs have {nouns.amount(found.median)} or more; "
            f"the largest is {nouns.spell(found.largest)}. "
            "The scale is logarithmic."
        )
        st.plotly_chart(
            cached.figure("distribution", lambda: data.play_distribution(_pairs(chosen), nouns), chosen),
            key="distribution",
            alt=f"Distribution of {nouns.counts}",
            config=CHART,
        )
        save(
            lambda: popularity.value_counts(_pairs(chosen)),
            "distribution",
            f"{nouns.counts.capitalize()} of {nouns.pairs}",
        )
    with right:
        st.header("Concentration", anchor=False)
        st.caption(
            f"The top 1% of {nouns.items} have {found.top_percent:.1%} of the {nouns.values}, and "
            + (f"{found.single:,} {nouns.items} have" if found.single != 1 else f"one {nouns.item} has")
            + f" a single {nouns.user}: of these nothing can be learned about who else might like them."
        )
        st.plotly_chart(
            cached.figure("lorenz", lambda: data.lorenz(shares(), nouns), chosen),
            key="lorenz",
            alt=f"Lorenz curve of {nouns.values} over {nouns.items}",
            config=CHART,
        )
        save(points, "lorenz", f"Concentration of {nouns.values} on {nouns.items}")
        strip(
            (
                "Gini coefficient",
                f"{found.gini:.3f}",
                f"0 if all {nouns.items} had the same, towards 1 if one had everything.",
            ),
            (
                f"{nouns.items.capitalize()} with a single {nouns.user}",
                f"{found.single:,}",
                "",
            ),
            key="concentration",
        )
    if not chosen:
        st.header(f"Largest {nouns.counts}", anchor=False)
        tables.artist_table(
            cached.largest(50).rename(columns={"plays": "value"}),
            "largest",
            ["artist", "listener", "value"],
            fixed=True,
        )


def _pairs(chosen: Selection) -> Interactions:
    interactions = session.dataset().interactions
    if not chosen:
        return interactions
    items = cached.ranks().index[selection.mask(chosen)].to_numpy()
    return interactions.subset(pairs_with(interactions, items))
