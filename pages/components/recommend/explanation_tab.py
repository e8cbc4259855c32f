"""Tab of explanations: the contributions to a score."""

from __future__ import annotations

import streamlit as st

from pages.components.recommend.recommendation import Recommendation
from pages.components.session import keys
from pages.components.shell import layout
from pages.components.widgets import charts
from recsys.figures import explanation
from recsys.models import MODELS
from recsys.recommendation.explanation import breakdown_of, explains, largest_parts, sentence

BARS = 8
# A score and the sum of its parts come by different ways of computing; further apart they are two things.
ROUNDING = 0.005


def explain(lists: Recommendation, row: int) -> None:
    """Select the row to explain; to be called before the tab is drawn."""
    st.session_state[keys.EXPLAINED] = str(lists.recommended["item"].iloc[row])


def draw(lists: Recommendation) -> None:
    """Draw the choice of a recommended item and the contributions to its score."""
    run, table = lists.job.run, lists.recommended
    model, train, nouns = run.model, run.split.train, lists.job.dataset.nouns
    if table.empty:
        st.info("Nothing is recommended, so there is nothing to explain.")
        return
    if not explains(model, train, lists.user):
        if model.supports_fold_in:
            st.info(f"This {nouns.user} has no {nouns.items} in training.")
        else:
            others = [other.label for other in MODELS.values() if other.supports_fold_in]
            st.info(
                f"{model.label} does not explain its scores: they are no sum over the {nouns.items} of a {nouns.user}, "
                f"and cannot be split exactly. Those of {', '.join(others)} can."
            )
        return
    names = {str(row.item): str(row.artist) for row in table.itertuples()}
    if st.session_state.get(keys.EXPLAINED) not in names:
        st.session_state[keys.EXPLAINED] = next(iter(names))
    item = st.selectbox(
        f"Why is this {nouns.item} recommended?",
        list(names),
        format_func=lambda item: names[item],
        key=keys.EXPLAINED,
    )
    chosen = next(row for row in table.itertuples() if str(row.item) == item)
    parts = breakdown_of(model, train, lists.user, train.item_code(item), nouns)
    total = float(parts["contribution"].sum())
    said = sentence(chosen.names)
    st.markdown(
        f"**{layout.escape(names[str(item)], 80)}** "
        + (
            f"{layout.escape(said)}."
            if said
            else f"for no {nouns.item} in particular: the score is the same for all."
        )
    )
    close = abs(total - chosen.score) <= ROUNDING * max(1.0, abs(chosen.score))
    st.caption(
        f"The contributions add up to the score, {total:.3f}."
        if close
        else f"The contributions add up to {total:.3f}, and the score is {chosen.score:.3f}: training goes on, and the "
        f"factors of {nouns.users} are solved exactly at its end."
    )
    charts.artist_chart(
        explanation.contributions(largest_parts(parts, BARS)),
        "why-chart",
        f"Contributions to the score of {names[str(item)]}",
        charts.PICTURE,
    )
