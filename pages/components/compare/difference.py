"""Paired test of two models."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.compare.model_selection import choose_metric
from pages.components.session import session
from pages.components.shell import layout
from pages.components.widgets.way import keep
from recsys.evaluation.metrics import METRICS, known_metrics
from recsys.experiments.leaderboard import Leaderboard
from recsys.experiments.verdict import compare


def draw(board: Leaderboard) -> None:
    """Draw the paired test of two models of the leaderboard."""
    entries = {entry.label: entry for entry in board.measured}
    if len(entries) < 2:
        st.info("A difference needs two models.")
        return
    labels = list(entries)
    first_column, second_column, measure_column = st.columns(3)
    first = _pick(first_column, "Model", labels, "first")
    second = _pick(second_column, "against", [label for label in labels if label != first], "second")
    measure = choose_metric(measure_column, "by", known_metrics(board.split.train), "measure")
    nouns = session.nouns()
    offset = compare(entries[first], entries[second], measure)
    st.metric(
        f"{METRICS[measure].label}: {layout.escape(str(first))} minus {layout.escape(str(second))}",
        f"{offset.mean:+.4f}",
        f"± {offset.interval:.4f} (95 %), p = {offset.p_value:.2g}",
        delta_color="off",
        delta_arrow="off",
        border=True,
    )
    sign = {True: 1, False: -1, None: 0}[METRICS[measure].more_is_better]
    if offset.is_clear and not sign:
        more, less = (first, second) if offset.mean > 0 else (second, first)
        st.success(
            f"{layout.escape(more)} has more of it than {layout.escape(less)}, and hardly by chance. Which is better "
            "depends on what is wanted."
        )
    elif offset.is_clear:
        better, worse = (first, second) if sign * offset.mean > 0 else (second, first)
        st.success(
            f"{layout.escape(better)} is better than {layout.escape(worse)}, and hardly by chance: of "
            f"{len(board.users):,} {nouns.users} {max(offset.wins, offset.losses):,} get a better list, "
            f"{min(offset.wins, offset.losses):,} a worse one."
        )
    else:
        st.info("This may well be chance. Do not read it as progress.")
    st.caption(
        f"A paired t-test over the {nouns.users}{_splits(board)}, of these two models alone. One in twenty such tests "
        "finds a difference where there is none; the leaderboard corrects for the number of its models (Holm)."
    )


def _splits(board: Leaderboard) -> str:
    return f" and {board.splits} hold-outs" if board.splits > 1 else ""


def _pick(column: DeltaGenerator, label: str, options: list[str], key: str) -> str:
    keep(key, st.session_state.get(key) if st.session_state.get(key) in options else options[0])
    return str(column.selectbox(label, options, key=key, persist_state="session"))
