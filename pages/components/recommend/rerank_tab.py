"""Tab of the popularity weight: its effect on the lists of many users."""

from __future__ import annotations

import streamlit as st

from pages.components.recommend.recommendation import DIAL, Recommendation
from pages.components.session import cached
from pages.components.widgets import charts
from recsys.evaluation.metrics import METRICS
from recsys.figures import explanation
from recsys.recommendation.reranking import Reranking

SHOWN = [METRICS[name] for name in ("ndcg", "coverage", "novelty")]
COLUMN_LABELS = {
    "setting": "Dial",
    "hits": "Hits of 10",
    **{metric.name: metric.label for metric in SHOWN},
    "variety": "Variety",
}
HELP = {
    "hits": "Mean number of held-out {nouns.items} in a list of 10.",
    **{metric.name: metric.help for metric in SHOWN},
    "variety": "Mean dissimilarity of the {nouns.items} of a list, by latent features; 0 is identical.",
}


def sentence(lists: Recommendation) -> str:
    """Return the effect of this setting on the lists of all users, in one line."""
    chosen = lists.reranking
    # variety takes its time to measure: only what is asked for
    table, judged = cached.dial_effect(
        lists.job, chosen.diversity, (chosen.dial,) if chosen.diversity else DIAL
    )
    now = table[table["dial"] == chosen.dial].iloc[0]
    plain, _ = cached.dial_effect(lists.job, 0.0, DIAL)
    was = plain[plain["dial"] == 0].iloc[0]

    def figure(name: str, form: str) -> str:
        change = "" if now.equals(was) else f" ({now[name] - was[name]:+{form}})"
        return f"{now[name]:{form}}" + change

    part = ", validation part" if lists.job.run.split.has_validation else ""
    return (
        f"Lists of 10 for {judged:,} {lists.job.dataset.nouns.users}{part}, {chosen.words}: "
        f"**{figure('hits', '.2f')}** hits, NDCG {figure('ndcg', '.3f')}, coverage {figure('coverage', '.1%')}, "
        f"novelty {figure('novelty', '.2f')} bits."
    )


def draw(lists: Recommendation) -> None:
    """Draw the metrics at each popularity weight, with the current one marked."""
    nouns = lists.job.dataset.nouns
    table, judged = cached.dial_effect(lists.job, lists.reranking.diversity, DIAL)
    everybody = int((lists.job.run.split.validation.user_counts > 0).sum())
    st.caption(
        f"Lists of 10 for {judged:,} "
        + (nouns.users if judged == everybody else f"of {everybody:,} {nouns.users}, drawn at random")
        + (f", at {lists.reranking.diversity:.0%} variety" if lists.reranking.diversity else "")
        + (
            f". Hits and NDCG count the validation part of the held-out {nouns.items}; Compare counts the test part. "
            if lists.job.run.split.has_validation
            else ". "
        )
        + f"Far to either side, fewer held-out {nouns.items} are found."
    )
    chart, figures_column = st.columns([1, 1], gap="large")
    with chart:
        st.plotly_chart(
            explanation.dial(table, lists.reranking.dial),
            key="dial-chart",
            alt="Accuracy and novelty of the lists from familiar to adventurous",
            config=charts.PICTURE,
        )
    shown = table.assign(setting=[Reranking(step).words for step in table["dial"]])[list(COLUMN_LABELS)]
    if shown["variety"].isna().all():
        shown = shown.drop(columns="variety")
    here = int((table["dial"] == lists.reranking.dial).to_numpy().argmax())
    with figures_column:
        st.dataframe(
            shown.rename(columns=COLUMN_LABELS)
            .style.apply(
                lambda row: (
                    [
                        "font-weight: bold; background-color: rgba(110, 98, 235, 0.25)"
                        if row.name == here
                        else ""
                    ]
                    * len(row)
                ),
                axis=1,
            )
            .format(
                {
                    COLUMN_LABELS["hits"]: "{:.2f}",
                    **{metric.label: metric.spell for metric in SHOWN},
                    COLUMN_LABELS["variety"]: "{:.2f}",
                }
            ),
            hide_index=True,
            column_config={
                COLUMN_LABELS[name]: st.column_config.Column(help=nouns.fill(words))
                for name, words in HELP.items()
            },
            key="dial-table",
        )
