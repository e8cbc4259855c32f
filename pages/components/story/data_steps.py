"""Steps of the story before any training: load, wrangle, explore, neighbours, SVD, scaling, split."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from pages.components.session import session
from pages.components.shell import layout
from pages.components.story.cells import chart, fault
from pages.components.widgets import tables
from recsys.analysis import popularity
from recsys.analysis.similarity import shared_users
from recsys.experiments.story import Story
from recsys.figures import data as figures
from recsys.figures import story as charts


def load(story: Story) -> None:
    """Draw the first rows of the table."""
    nouns, known = session.nouns(), story.interactions
    st.markdown(
        f"Everything begins with one table: a row for each {nouns.user} and {nouns.item}, and how much of it there is. "
        f"This data has **{len(known):,} rows** of {known.n_users:,} {nouns.users} and {known.n_items:,} {nouns.items}."
    )
    rows = np.arange(min(8, len(known)))
    table = popularity.pair_table(known, rows).rename(columns={"plays": "value"})
    tables.artist_table(table, "story-rows", ["listener", "artist", "value"])


def wrangle(story: Story) -> None:
    """Draw the rank table."""
    nouns, first = session.nouns(), story.ranks.iloc[0]
    st.markdown(
        f"Joined with the names and summed by {nouns.item}, the rows become a ranking. First is "
        f"**{layout.escape(first['artist'], 40)}**: {first['plays']:,.0f} {nouns.values} by {first['listeners']:,} "
        f"{nouns.users}."
    )
    columns = ["rank", "artist", "listeners", "plays", "plays_per_listener", "share_of_plays"]
    tables.artist_table(story.ranks.head(8), "story-ranks", columns)


def explore(story: Story) -> None:
    """Draw plays against listeners, and say how dense the matrix is."""
    nouns, known = session.nouns(), story.interactions
    line = popularity.plays_by_listeners(story.ranks)
    shares = popularity.concentration(story.ranks)
    st.markdown(
        f"A few {nouns.items} have nearly everything: the top 1% hold **{shares.top_percent:.0%}** of all "
        f"{nouns.values}, and {(story.ranks['listeners'] == 1).sum():,} have a single {nouns.user}."
    )
    chart(
        "story-scatter",
        partial(figures.plays_against_listeners, story.ranks, line, nouns=nouns, height=360),
        f"{nouns.values.capitalize()} against {nouns.users}",
    )
    fault(
        1,
        f"Of all possible pairs **{known.density:.2%}** are known. That is the *density*; the sparsity is the rest, "
        f"{1 - known.density:.2%}. The article prints 10.28% and calls it sparsity; on its data it is 0.28%.",
    )


def neighbours(story: Story) -> None:
    """Draw the most similar artists, and the table whose columns do not belong together."""
    nouns, known = session.nouns(), story.interactions
    name = layout.escape(str(known.names[story.best_known]), 40)
    table = story.neighbours()
    if table.empty:
        st.info(f"No other {nouns.item} shares {nouns.users} with {name}.")
        return
    first = table.iloc[0]
    shared = shared_users(known, story.best_known)
    st.markdown(
        f"Recommending needs no training at all: who {nouns.does} **{name}** also {nouns.does} "
        f"**{layout.escape(first['artist'], 40)}**. {first['shared']:,} {nouns.users} have both; "
        f"{(shared > 0).sum() - 1:,} {nouns.items} share at least one with it."
    )
    tables.artist_table(table, "story-near", ["artist", "shared", "similarity", "misplaced"])
    wrong = int((table["artist"] != table["misplaced"]).sum())
    fault(
        2,
        f"The last column is built as in the article: the same {nouns.items} in the order of their ids, beside scores "
        f"in descending order. **{wrong} of {len(table)}** names stand beside a score that is not theirs.",
    )


def svd(story: Story) -> None:
    """Draw the singular values."""
    nouns, values = session.nouns(), story.spectrum
    st.markdown(
        f"Taste has fewer dimensions than there are {nouns.items}. A truncated SVD finds the directions along which "
        f"the matrix differs most, with zero where nothing is known: the first **{len(values)}** of "
        f"{min(story.interactions.n_users, story.interactions.n_items):,} hold **{story.explained[-1]:.0%}** of the "
        "sum of squares."
    )
    chart("story-svd", partial(charts.spectrum, values, story.explained), "Singular values")


def scale(story: Story) -> None:
    """Draw the scaled values, and say how many vanish."""
    nouns, scaled = session.nouns(), story.scaled
    low, high = story.interactions.value_range
    st.markdown(
        f"{nouns.values.capitalize()} run from {nouns.spell(low)} to {nouns.spell(high)}. Min-max scaling puts them "
        f"between 0 and 1; the mean is then **{scaled.mean():.4f}**, and half of all pairs are below "
        f"{np.median(scaled):.4f}."
    )
    chart("story-scaled", partial(charts.scaled_values, scaled, nouns), "Pairs by scaled value")
    lost = int((scaled == 0).sum())
    fault(
        3,
        f"The smallest value becomes exactly 0, and in the article 0 means *unknown*: **{lost:,} pairs** of this data "
        "would vanish from training and validation. Here known pairs are kept as pairs, whatever their value.",
    )


def split(story: Story) -> None:
    """Draw the hold-out."""
    nouns, made = session.nouns(), story.split
    taking = int((made.held_out.user_counts > 0).sum())
    st.markdown(
        f"A model is judged by what it has not seen. Of every {nouns.user} with {made.minimum} {nouns.items} or more, "
        f"**{made.hidden}** are hidden: {len(made.held_out):,} pairs of {taking:,} {nouns.users}. The other "
        f"{len(made.train):,} are there to learn from."
    )
    chart("story-split", partial(charts.parts_of_split, made, nouns), "Pairs to learn from, and hidden ones")
