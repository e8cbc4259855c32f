"""Why the article's model loses: a short guided view of its curve, its lists and its features."""

from __future__ import annotations

import streamlit as st

from pages.components.session import cached, session
from pages.components.shell import layout
from pages.components.widgets import charts
from pages.components.widgets.live_chart import live_chart
from recsys.data.splitting import Split
from recsys.errors import InputError
from recsys.evaluation.beyond_accuracy import rarely_played
from recsys.evaluation.ranked_lists import RankedLists
from recsys.experiments.leaderboard import Leaderboard
from recsys.experiments.training import TrainingRun
from recsys.figures import explanation, training
from recsys.models import make_model


@cached.remembered(show_spinner="Training the article's model ...", max_entries=4)
def _trained(fingerprint: str, settings: str, _split: Split, seed: int) -> tuple[TrainingRun, RankedLists]:
    run = TrainingRun(make_model("article", seed=seed), _split)
    for _ in run:
        pass
    return run, RankedLists.of(run.model, _split, run.ranked_users)


def draw(board: Leaderboard) -> None:
    """Draw the story, with the best other model of the leaderboard to compare with."""
    split, nouns = board.split, session.nouns()
    try:
        run, lists = _trained(
            session.dataset().interactions.fingerprint, str(split.settings), split, split.seed
        )
    except InputError as error:
        layout.problem(error)
        return
    last = run.history[-1]
    st.header("1. Its error falls, as it should", anchor=False)
    st.markdown(
        f"Epoch by epoch the article's model fits its numbers better, on known and on hidden pairs: from "
        f"{run.history[0].validation_rmse:.2f} down to {last.validation_rmse:.3f}. But always predicting the mean "
        f"gives {run.references['Predicting the mean']:.3f}, and its lists find next to nothing all along: "
        f"NDCG@10 {last.ndcg:.4f}."
    )
    live_chart(
        training.learning_curves(run.history, run.epochs, run.references),
        key="story-curves",
        label="The article's errors fall while the quality of its lists stays near zero",
    )
    st.header(f"2. Its lists are full of {nouns.items} hardly anybody {nouns.does}", anchor=False)
    rival = next((entry for entry in board.measured if entry.model.name != "article"), None)
    counts = {run.model.label: lists.items}
    share = rarely_played(lists.items, split.train)
    sentence = f"{share:.0%} of what it recommends has one {nouns.user} in training, or none"
    if rival is not None and rival.lists is not None:
        counts[rival.label] = rival.lists.items
        share = rarely_played(rival.lists.items, split.train)
        sentence += f"; of what {layout.escape(rival.label)} recommends, {share:.0%}"
    st.markdown(
        f"{sentence}. ({nouns.an_item.capitalize()} with none is one whose {nouns.users} are all hidden.)"
    )
    st.plotly_chart(
        explanation.audience_of_lists(counts, split.train.item_counts, nouns),
        key="story-audience",
        alt=f"How many {nouns.users} the recommended {nouns.items} have",
        config=charts.CHART,
    )
    st.header("3. Because their features were hardly ever touched", anchor=False)
    st.markdown(
        "All features start at 3 times a random number from 0 to 1: far too long for what they are to give"
        + (f", since scaled {nouns.counts} are almost all near 0" if nouns.counted else "")
        + f". Each visit pulls the features of {nouns.an_item} towards zero. One with many {nouns.users} is visited "
        f"often and ends up short; one with a single {nouns.user}, or none, keeps its long random start, and a long "
        "vector means a high score for everybody. **The error does not show it, because it is measured on known "
        f"pairs, and those are mostly of well-known {nouns.items}.**"
    )
    st.plotly_chart(
        explanation.lengths_by_listeners(
            run.model.item_factors,  # type: ignore[attr-defined]
            split.train.item_counts,
            nouns,
        ),
        key="story-lengths",
        alt=f"Length of the features of each {nouns.item} against its {nouns.users}",
        config=charts.CHART,
    )
