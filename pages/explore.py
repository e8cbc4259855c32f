"""Explore: who is played, by how many and how often."""

from functools import partial

import streamlit as st

from pages.components import controls, frame, state
from recsys import figures, popularity

frame.draw("Explore", "See who is played, by how many and how often.")
interactions = state.dataset().interactions
table = state.ranks()

figure_row = st.container(horizontal=True)
figure_row.metric("Listeners", f"{interactions.n_users:,}", border=True)
figure_row.metric("Artists", f"{interactions.n_items:,}", border=True)
figure_row.metric("Plays", f"{table['plays'].sum():,.0f}", border=True)
figure_row.metric("Listener-artist pairs", f"{len(interactions):,}", border=True)
figure_row.metric(
    "Density",
    f"{interactions.density:.2%}",
    border=True,
    help="Known pairs as a share of all listener-artist pairs.",
)

artists, pairs, spread = st.tabs(["Artists", "Play counts", "Concentration"])
with artists:
    controls.artist_finder(
        ["rank", "artist", "listeners", "plays", "plays_per_listener", "share_of_plays"], height=320
    )
    controls.top_charts()
    st.subheader("Plays against listeners", anchor=False)
    line = popularity.plays_by_listeners(table)
    if line is not None:
        st.caption(
            "Each point is an artist: click one to see it. The line is the least-squares fit on both "
            f"logarithms: plays grow as listeners to the power {line.slope:.2f} (R² {line.r_squared:.2f})."
        )
    controls.artist_chart(
        state.figure("scatter", partial(figures.plays_against_listeners, table, line)),
        "scatter",
        "Plays against listeners of every artist",
    )
with pairs:
    st.subheader("How often a listener plays an artist", anchor=False)
    st.plotly_chart(
        state.figure("distribution", partial(figures.play_distribution, interactions)),
        alt="Distribution of play counts",
    )
    st.subheader("Largest play counts", anchor=False)
    controls.artist_table(
        popularity.largest_play_counts(interactions, 50), "largest", ["artist", "listener", "plays"]
    )
with spread:
    shares = popularity.concentration(table)
    figure_row = st.container(horizontal=True)
    figure_row.metric(
        "Gini coefficient",
        f"{shares.gini:.3f}",
        border=True,
        help="0 if all artists were played alike, towards 1 if one artist had all plays.",
    )
    figure_row.metric("Plays of the top 1% of artists", f"{shares.top_percent:.1%}", border=True)
    figure_row.metric(
        "Artists with a single listener",
        f"{(table['listeners'] == 1).sum():,}",
        border=True,
        help="Nothing can be learned about who else might like these.",
    )
    st.plotly_chart(
        state.figure("lorenz", partial(figures.lorenz, shares)), alt="Lorenz curve of plays over artists"
    )
