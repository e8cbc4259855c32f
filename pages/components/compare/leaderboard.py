"""Leaderboard table and trade-off chart."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from pages.components.compare import model_selection
from pages.components.session import session
from pages.components.widgets import charts
from recsys.evaluation.metrics import METRICS
from recsys.experiments.leaderboard import Leaderboard
from recsys.figures import evaluation
from recsys.storage.tables import disarm, to_csv

MARKED = {
    "best": "font-weight: bold; background-color: rgba(110, 98, 235, 0.35)",
    "close": "background-color: rgba(110, 98, 235, 0.14)",
    "": "",
}


NAMES = {
    "model": "Model",
    "ndcg": "NDCG",
    "recall": "Recall",
    "precision": "Precision",
    "map": "MAP",
    "mrr": "MRR",
    "coverage": "Coverage",
    "novelty": "Novelty (bits)",
    "popularity_rank": "Popularity rank",
    "gini": "Gini",
    "seconds": "Seconds",
}


# Decimal places of a figure and of its interval.
PLACES = dict.fromkeys((*METRICS, "coverage", "gini"), 4) | {"novelty": 2, "popularity_rank": 0, "seconds": 2}


HELP = {
    "ndcg": "How many hidden {nouns.items} the lists find, those at the top counting most.",
    "recall": "Found hidden {nouns.items} as a share of all hidden ones.",
    "precision": "Hidden {nouns.items} as a share of the list.",
    "map": "Mean precision at the places of the hits.",
    "mrr": "1 over the place of the first hit.",
    "coverage": "Share of all {nouns.items} that somebody is recommended. Its interval, as that of Gini, by the "
    "jackknife: all lists but one, for each {nouns.user} in turn.",
    "novelty": "How few {nouns.users} the recommended {nouns.items} have: 1 bit more is half as many.",
    "popularity_rank": "Mean rank of the recommended {nouns.items}, 1 for the most popular.",
    "gini": "How unevenly recommendations fall on {nouns.items}: 0 is evenly.",
    "seconds": "Time to train, on this server as busy as it was.",
}


def draw(board: Leaderboard) -> None:
    """Draw the table of measured models and the trade-off chart."""
    measured = board.measured  # another one may be measured while this is drawn
    table, marks = board.table(measured), board.marks(measured)
    split, nouns = board.split, session.nouns()
    st.caption(
        f"Lists of {board.n} for {len(board.users):,} {nouns.users}; hold-out {split.minimum}/{split.hidden}, seed "
        f"{split.seed}. ± is the 95 % confidence interval over the {nouns.users}. Bold: the best of a column. "
        "Tinted: not clearly worse."
    )
    st.dataframe(
        _styled(table.assign(model=table["model"].map(disarm)), marks),
        hide_index=True,
        height="content",
        column_config={NAMES["model"]: st.column_config.TextColumn(pinned=True, width=190)}
        | {NAMES[name]: st.column_config.Column(help=nouns.fill(words)) for name, words in HELP.items()},
        key="leaderboard",
    )
    model_selection.notes(measured)
    st.download_button(
        "Download as CSV",
        lambda: to_csv(table),
        "leaderboard.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="download-leaderboard",
    )
    against = st.segmented_control(
        "Accuracy against",
        ["novelty", "coverage"],
        default="novelty",
        required=True,
        format_func=lambda name: NAMES[name],
        key="against",
        persist_state="session",
    )
    st.caption(
        "Up and to the right is better. The larger a point, the longer the training; bars are the intervals."
    )
    st.plotly_chart(
        evaluation.trade_off(table, str(against), NAMES[str(against)]),
        key="trade-off",
        alt=f"NDCG against {against}, larger points took longer to train",
        config=charts.CHART,
    )


def _styled(table: pd.DataFrame, marks: pd.DataFrame) -> Styler:
    """Show each figure with its interval; the table sorts by the figure."""
    styled = table[list(NAMES)].round(PLACES).rename(columns=NAMES).style
    for name, places in PLACES.items():
        for row, half in enumerate(table.get(f"{name}_interval", [math.nan] * len(table))):
            interval = "" if math.isnan(half) else f" ± {half:.{places}f}"
            styled = styled.format(f"{{:.{places}f}}{interval}", subset=pd.IndexSlice[[row], [NAMES[name]]])
    for name in marks:
        styled = styled.apply(lambda _, name=name: marks[name].map(MARKED), subset=[NAMES[name]])
    return styled
