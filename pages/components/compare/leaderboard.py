"""Verdict, charts and table of a leaderboard."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from pages.components.compare import model_selection
from pages.components.session import session
from pages.components.shell import layout
from pages.components.widgets import charts
from recsys.data.splitting import in_words
from recsys.evaluation.metrics import METRICS, NOT_KNOWN, HitMetric
from recsys.experiments import verdict
from recsys.experiments.leaderboard import Leaderboard, LeaderboardEntry
from recsys.figures import evaluation
from recsys.storage.tables import disarm, to_csv

MARKED = {
    "best": "font-weight: bold; background-color: rgba(110, 98, 235, 0.35)",
    "close": "background-color: rgba(110, 98, 235, 0.14)",
    "": "",
}


# Columns that are no metric: name and help.
MODEL = ("Model", "")
SECONDS = ("Seconds", "Time to train, on this server as busy as it was, other models of the table included.")

# Metrics that accuracy is traded for.
AGAINST = [row.name for row in METRICS.values() if row.more_is_better and not isinstance(row, HitMetric)][
    ::-1
]


def draw(board: Leaderboard) -> None:
    """Draw the verdict, the chart of intervals beside the trade-off, and the table of measured models."""
    measured = board.measured  # another one may be measured while this is drawn
    table, marks = board.table(measured), board.marks(measured)
    split, nouns = board.split, session.nouns()
    st.markdown(f"**{layout.escape(verdict.in_words(board, measured, nouns))}**")
    pairs = len(measured) * (len(measured) - 1) // 2
    corrected = f", after Holm's correction for {pairs} comparisons" if pairs > 1 else ""
    over = f"the {nouns.users} and {board.splits} hold-outs" if board.splits > 1 else f"the {nouns.users}"
    st.caption(
        f"Lists of {board.n} for {len(board.users):,} {nouns.users}; test part of the hold-out "
        f"{in_words(split.settings)}{_seeds(board)}. ± is the 95 % confidence interval over {over}. "
        f"Bold: the best of a column. Tinted: not clearly worse{corrected}."
    )
    intervals, trade_off = st.columns(2)
    with intervals:
        _intervals(table, marks, measured)
    with trade_off:
        _trade_off(table)
    st.dataframe(
        _styled(table.assign(model=table["model"].map(disarm)), marks),
        hide_index=True,
        height="content",
        column_config={
            MODEL[0]: st.column_config.TextColumn(pinned=True, width=190),
            SECONDS[0]: st.column_config.Column(help=SECONDS[1]),
        }
        | {row.label: st.column_config.Column(help=nouns.fill(row.help)) for row in METRICS.values()},
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


def _seeds(board: Leaderboard) -> str:
    return f" to {board.split.seed + board.splits - 1}" if board.splits > 1 else ""


def _intervals(table: pd.DataFrame, marks: pd.DataFrame, measured: Sequence[LeaderboardEntry]) -> None:
    """Draw a metric of all models with its intervals."""
    known = [name for name in METRICS if not table[name].isna().any()]
    name = model_selection.choose_metric(st.container(), "Figure", known, "forest-metric")
    ranked = [measured.index(entry) for entry in verdict.ranking(measured, name)]
    better = {True: "Further right is better.", False: "Further left is better.", None: ""}
    each = (
        " Small dots: one hold-out each." if any(len(entry.by_split[name]) > 1 for entry in measured) else ""
    )
    st.caption(f"{session.nouns().fill(METRICS[name].help)} {better[METRICS[name].more_is_better]}{each}")
    st.plotly_chart(
        evaluation.forest(
            table.iloc[ranked],
            METRICS[name],
            [measured[at].by_split[name] for at in ranked],
            marks[name].iloc[ranked].tolist() if name in marks else [""] * len(ranked),
        ),
        key="forest",
        alt=f"{METRICS[name].label} of each model with its 95 % confidence interval",
        config=charts.CHART,
    )


def _trade_off(table: pd.DataFrame) -> None:
    """Draw accuracy against a metric that it is traded for."""
    against = st.segmented_control(
        "Accuracy against",
        AGAINST,
        default=AGAINST[0],
        required=True,
        format_func=lambda name: METRICS[name].label,
        key="against",
        persist_state="session",
        wrap=True,
    )
    st.caption(
        "Up and to the right is better. The larger a point, the longer the training; bars are the intervals."
    )
    other = METRICS[str(against)]
    st.plotly_chart(
        evaluation.trade_off(table, other.name, other.label),
        key="trade-off",
        alt=f"NDCG against {other.label}, larger points took longer to train",
        config=charts.CHART,
    )


def _styled(table: pd.DataFrame, marks: pd.DataFrame) -> Styler:
    """Show each figure with its interval; the table sorts by the figure."""
    labels = {"model": MODEL[0]} | {row.name: row.label for row in METRICS.values()} | {"seconds": SECONDS[0]}
    decimals = {row.name: row.decimals for row in METRICS.values()} | {"seconds": 2}
    styled = table[list(labels)].round(decimals).rename(columns=labels).style
    for row in range(len(table)):
        formats = {}
        for name, places in decimals.items():
            half = table[f"{name}_interval"].iat[row] if name in METRICS else math.nan
            interval = "" if math.isnan(half) else f" ± {half:.{places}f}"
            formats[labels[name]] = f"{{:.{places}f}}{interval}"
        styled = styled.format(formats, subset=pd.IndexSlice[[row], [*formats]], na_rep=NOT_KNOWN)
    colours = (
        marks.rename(columns=labels).map(MARKED.__getitem__).reindex(columns=labels.values(), fill_value="")
    )
    return styled.apply(lambda _: colours, axis=None)
