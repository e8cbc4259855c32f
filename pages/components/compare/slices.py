"""Slices of a comparison: who is served well and badly, and which items are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.components.compare.model_selection import choose_metric, keep
from pages.components.session import keys, session
from pages.components.shell import layout
from pages.components.widgets import charts, tables
from recsys.evaluation.metrics import METRICS, ExposureMetric, Metric, known_metrics
from recsys.experiments.leaderboard import Leaderboard, LeaderboardEntry
from recsys.experiments.slices import KINDS, Slice, divide, people, shares
from recsys.figures import evaluation

MOST_MODELS = 4
LISTED = 12
ORDERS = {"worst": "Worst served", "best": "Best served"}


def draw(board: Leaderboard) -> None:
    """Draw a metric for parts of the listeners and of the items, and the listeners behind a part."""
    measured = {entry.label: entry for entry in board.measured}
    nouns = session.nouns()
    keep(
        "sliced", [name for name in st.session_state.get(keys.SLICED, list(measured)[:3]) if name in measured]
    )
    models, figure = st.columns([3, 1])
    shown = models.multiselect(
        "Models in slices",
        list(measured),
        default=list(measured)[:3],
        max_selections=MOST_MODELS,
        wrap=True,
        key=keys.SLICED,
        persist_state="session",
    )
    names = known_metrics(board.split.train)
    metric = METRICS[choose_metric(figure, "Figure of slices", names, "slice-metric")]
    if not shown:
        st.info("Choose one to four models to see whom they serve.")
        return
    parts = {label: _divided(board, measured[label], metric) for label in shown}
    left, right = st.columns([3, 2])
    with left:
        chosen = _chart(parts, metric)
    with right:
        at, label = chosen or (None, shown[0])
        _people(board, measured[label], parts[label][at] if at is not None else None, metric)
    st.caption(
        f"{nouns.users.capitalize()} in thirds by their known {nouns.items}, and by the mean popularity "
        f"percentile of these. {nouns.items.capitalize()} in thirds of all pairs in training, the most popular first; "
        f"only hidden {nouns.items} of the group count there. "
        + " ".join(_exposed(measured[label]) for label in shown)
        + (" Of several hold-outs, the first." if board.splits > 1 else "")
    )


def _divided(board: Leaderboard, entry: LeaderboardEntry, metric: Metric) -> list[Slice]:
    assert entry.lists is not None  # noqa: S101 - it is measured
    return [part for part in divide(entry.lists, board.split.before_test) if part.takes(metric)]


def _chart(parts: dict[str, list[Slice]], metric: Metric) -> tuple[int, str] | None:
    """Draw the figures of all slices; return the place of the one that is chosen, and the model."""
    nouns = session.nouns()
    first = next(iter(parts.values()))
    values = {}
    for label, own in parts.items():
        figures, halves = zip(*(part.measure(metric) for part in own), strict=True)
        values[label] = figures, halves
    event: Any = st.plotly_chart(
        evaluation.slices(
            [nouns.fill(part.label) for part in first],
            [nouns.fill(KINDS[part.kind]) for part in first],
            values,
            metric,
        ),
        key="slices",
        on_select="rerun",
        selection_mode="points",
        alt=f"{metric.label} for parts of the {nouns.users} and of the {nouns.items}",
        config=charts.CHART,
    )
    points = event.selection.points
    if not points or not points[0].get("customdata"):
        return None
    at, label = points[0]["customdata"][:2]
    return (int(at), str(label)) if label in parts and int(at) < len(first) else None


def _people(board: Leaderboard, entry: LeaderboardEntry, part: Slice | None, metric: Metric) -> None:
    """Draw how a figure spreads over listeners, and those who are served best and worst."""
    nouns = session.nouns()
    if isinstance(metric, ExposureMetric):
        metric = METRICS["ndcg"]  # a figure of all lists has none of each
    lists = part.lists if part is not None else entry.lists
    assert lists is not None  # noqa: S101 - it is measured
    values = metric.per_user(lists)
    who = nouns.fill(f"{KINDS[part.kind]}: {part.label}") if part is not None else f"All {nouns.users}"
    st.markdown(f"**{layout.escape(entry.label)}. {layout.escape(who)}**")
    if not len(values):
        st.info(f"There are no {nouns.users} here.")
        return
    nothing = float((lists.hits.sum(axis=1) == 0).mean())
    st.caption(
        f"{len(values):,} {nouns.users}. For {nothing:.0%} of them the list finds nothing."
        + ("" if part is not None else f" Click a point to see the {nouns.users} behind it.")
    )
    st.plotly_chart(
        evaluation.spread(values, metric, nouns.users),
        key="spread",
        alt=f"How many {nouns.users} have which {metric.label}",
        config=charts.CHART,
    )
    order = st.segmented_control(
        f"Order of {nouns.users}",
        list(ORDERS),
        default="worst",
        required=True,
        format_func=ORDERS.__getitem__,
        key="served",
        persist_state="session",
        label_visibility="collapsed",
    )
    table = people(lists, board.split.before_test, np.asarray(values)).sort_values(
        ["figure", "artists"],
        ascending=[(order == "worst") == (metric.more_is_better is not False), False],
        kind="stable",
    )
    tables.listener_table(table.head(LISTED), f"served-{order}")


def _exposed(entry: LeaderboardEntry) -> str:
    assert entry.lists is not None  # noqa: S101 - it is measured
    head, middle, tail = shares(entry.lists)
    return (
        f"{layout.escape(entry.label)} gives {head:.0%} of its places to the head, {middle:.0%} to the middle and "
        f"{tail:.0%} to the tail."
    )
