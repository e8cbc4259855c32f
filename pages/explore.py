"""Explore: who is played, by how many and how often."""

from functools import partial

import streamlit as st

from pages.components import external_run
from pages.components.session import cached, session
from pages.components.shell import layout
from pages.components.widgets import charts, tables
from recsys.analysis import popularity
from recsys.figures import data

layout.draw("explore")
external_run.instead(external_run.explore)
interactions, nouns = session.dataset().interactions, session.nouns()
table = cached.ranks()

figure_row = st.container(horizontal=True)
figure_row.metric(nouns.users.capitalize(), f"{interactions.n_users:,}", border=True)
figure_row.metric(nouns.items.capitalize(), f"{interactions.n_items:,}", border=True)
figure_row.metric(nouns.values.capitalize(), f"{table['plays'].sum():,.0f}", border=True)
figure_row.metric(nouns.pairs.capitalize(), f"{len(interactions):,}", border=True)
figure_row.metric(
    "Density",
    f"{interactions.density:.2%}",
    border=True,
    help=f"Known pairs as a share of all {nouns.pairs}.",
)

names = [nouns.items.capitalize(), nouns.counts.capitalize(), "Concentration"]
artists, pairs, spread = st.tabs(names, on_change="rerun", key="explored")  # a closed one costs nothing
if artists.open:
    with artists:
        tables.artist_finder(
            ["rank", "artist", "listeners", "plays", "plays_per_listener", "share_of_plays"], height=320
        )
        charts.top_charts()
        st.subheader(f"{nouns.values.capitalize()} against {nouns.users}", anchor=False)
        line = popularity.plays_by_listeners(table)
        if line is not None:
            st.caption(
                f"Each point is one of the {nouns.items}: where several lie at one place, the one with most "
                f"{nouns.values}. Click it to see more. The line is the least-squares fit on "
                f"both logarithms: {nouns.values} = c · {nouns.users}^{line.slope:.2f} (R² {line.r_squared:.2f})."
            )
        charts.artist_chart(
            cached.figure("scatter", partial(data.plays_against_listeners, table, line, nouns=nouns)),
            "scatter",
            f"{nouns.values.capitalize()} against {nouns.users} of every {nouns.item}",
        )
if pairs.open:
    with pairs:
        st.subheader(f"{nouns.counts.capitalize()} of {nouns.pairs}", anchor=False)
        st.plotly_chart(
            cached.figure("distribution", partial(data.play_distribution, interactions, nouns)),
            alt=f"Distribution of {nouns.counts}",
        )
        st.subheader(f"Largest {nouns.counts}", anchor=False)
        tables.artist_table(
            cached.largest(50).rename(columns={"plays": "value"}),
            "largest",
            ["artist", "listener", "value"],
        )
if spread.open:
    with spread:
        shares = popularity.concentration(table)
        figure_row = st.container(horizontal=True)
        figure_row.metric(
            "Gini coefficient",
            f"{shares.gini:.3f}",
            border=True,
            help=f"0 if all {nouns.items} had the same, towards 1 if one had everything.",
        )
        figure_row.metric(
            f"{nouns.values.capitalize()} of the top 1% of {nouns.items}",
            f"{shares.top_percent:.1%}",
            border=True,
        )
        figure_row.metric(
            f"{nouns.items.capitalize()} with a single {nouns.user}",
            f"{(table['listeners'] == 1).sum():,}",
            border=True,
            help="Nothing can be learned about who else might like these.",
        )
        st.plotly_chart(
            cached.figure("lorenz", partial(data.lorenz, shares, nouns)),
            alt=f"Lorenz curve of {nouns.values} over {nouns.items}",
        )
