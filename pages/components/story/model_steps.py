"""Steps of the story with a model: RMSE, SGD, recommending, online update, own data."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.components import navigation
from pages.components.session import session
from pages.components.shell import layout
from pages.components.story.cells import chart, fault
from pages.components.widgets import tables
from recsys.experiments.story import Story
from recsys.figures import story as charts
from recsys.figures import training


def rmse(story: Story) -> None:
    """Draw the error by epoch."""
    run = story.article
    first, last = run.history[0], run.history[-1]
    st.markdown(
        f"The article's matrix factorization gives each {session.nouns().user} and {session.nouns().item} "
        f"{run.model.settings['factors']} numbers, and predicts by their product. After each of {len(run.history)} "
        f"epochs its root mean squared error is measured: on hidden pairs it falls from {first.validation_rmse:.2f} to "
        f"**{last.validation_rmse:.3f}**."
    )
    chart("story-rmse", partial(charts.errors, run.history, story.mean_error), "Error by epoch")
    target = float(story.scaled.mean())
    fault(
        4,
        f"The curve looks like success. But both factors start at 3 x uniform(0, 1), so the first prediction is about "
        f"**{story.first_prediction:.2f}** where the mean target is {target:.4f}: the fall is mostly the way back from "
        f"there. Predicting the mean for every pair has an error of **{story.mean_error:.3f}** without learning.",
    )


def sgd(story: Story) -> None:
    """Draw the ranking quality below the error."""
    nouns, run = session.nouns(), story.article
    last = [epoch for epoch in run.history if epoch.ndcg is not None][-1]
    st.markdown(
        f"Stochastic gradient descent visits one known pair after another and moves both factors a little against the "
        f"error. Below the same error stands what it is for: the share of hidden {nouns.items} at the top of the "
        f"lists. NDCG@10 ends at **{last.ndcg:.4f}**."
    )
    references = {"Predict the mean": story.mean_error}
    draw = partial(training.learning_curves, run.history, len(run.history), references, log=True, height=400)
    chart("story-sgd", draw, "Error and ranking quality by epoch")
    left, right = st.columns(2, gap="medium")
    with left:
        fault(
            5,
            f"Within one step the {nouns.user}'s factors move first, and the {nouns.item}'s with the new ones. It does "
            "no harm, but it is a choice: the article's model keeps it here.",
        )
    with right:
        fault(
            6,
            f"The article builds the matrix of all predictions in every epoch: **{story.matrix_megabytes:,.0f} MB** "
            f"for this data, to read {story.interactions.density:.2%} of it. Here only known pairs are predicted.",
        )


def recommend(story: Story) -> None:
    """Draw the lists of two models side by side, and how good they are for everyone."""
    nouns, (existing, article, good) = session.nouns(), story.lists()
    user = layout.escape(str(story.interactions.users[story.listener]), 40)
    hits = [int(table["hit"].sum()) for table in (article, good)]
    st.markdown(
        f"{nouns.user.capitalize()} **{user}** {nouns.does} {layout.escape(existing['artist'].iloc[0], 40)} most. The "
        f"article's list finds **{hits[0]}** of the {int(story.split.held_out.user_counts[story.listener])} hidden "
        f"{nouns.items}; that of a factorization made for recommending, trained by the same SGD, finds **{hits[1]}**."
    )
    left, right = st.columns(2, gap="medium")
    for place, table, label, key in (
        (left, article, story.article.model.label, "article"),
        (right, good, story.good.model.label, "good"),
    ):
        with place:
            st.markdown(f"**{label}**")
            shown = table.assign(hit=table["hit"].map({True: "found", False: ""}))
            tables.artist_table(shown, f"story-{key}", ["artist", "listeners", "hit"])
    few = float((article["listeners"] <= 1).mean())
    fault(
        4,
        f"**{few:.0%}** of the article's list have one {nouns.user} or none in training: such {nouns.items} are hardly "
        "ever updated, keep their high random start, and fill every list.",
    )
    labels = {
        "popular": "Most popular",
        "article": story.article.model.label,
        "implicit": story.good.model.label,
    }
    chart("story-quality", partial(charts.quality, story.quality, labels, nouns), "NDCG@10 of three models")


def update(story: Story) -> None:
    """Draw a list before and after one new pair was learned."""
    nouns, (item, value, table) = session.nouns(), story.update()
    user = layout.escape(str(story.interactions.users[story.listener]), 40)
    came = int(table["before"].isna().sum())
    st.markdown(
        f"Taste goes on. Let {nouns.user} {user} come to {nouns.do} "
        f"**{layout.escape(str(story.interactions.names[item]), 40)}** ({nouns.amount(value)}): a few steps of SGD on "
        f"this {nouns.user}'s own pairs are enough, nobody else's change, and nothing is trained anew. **{came}** of "
        f"the ten {nouns.items} in the list are new."
    )
    tables.artist_table(table, "story-update", ["artist", "before", "after", "score"])


def own_data(story: Story) -> None:
    """Draw the ways to one's own data."""
    nouns = session.nouns()
    st.markdown(
        f"All of this was computed on **{layout.escape(session.title(), 60)}**. Bring a table of your own, and each "
        f"step of the story is drawn on it: an export of a streaming service, or any file with {nouns.users}, "
        f"{nouns.items} and numbers."
    )
    place = session.place()
    layout.link(
        navigation.page("data"),
        label="Import your own data",
        icon=":material/upload:",
        query={**place, "own": "1"},
    )
    layout.link(navigation.page("you"), label="Start with your own taste", query=place)
    layout.link(navigation.page("train"), label="Move the settings yourself", query=place)
