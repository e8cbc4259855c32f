"""Chart of a model that is trained in one step, in the place of the learning curve."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.components.session import session
from pages.components.train import figures
from pages.components.widgets.live_chart import live_chart
from recsys.experiments.run_table import RunRecord, label, one_setting_apart
from recsys.experiments.setup import Setup
from recsys.experiments.training import TrainingRun
from recsys.figures.ranking_quality import ranking_quality
from recsys.jobs.scheduler import Job
from recsys.models import MODELS

MOST_POINTS = 20
HEIGHT, NARROW_HEIGHT = 440, 330


def draw(job: Job[TrainingRun], earlier: Sequence[RunRecord], settled: bool) -> None:
    """Draw the hits of all users, and ranking quality by the setting that was changed last.

    Parameters
    ----------
    job : Job of TrainingRun
        With its figures.
    earlier : sequence of RunRecord
        Runs on this data before it; those that this server still has become points.
    settled : bool
        As in `figures.draw`.
    """
    run, nouns = job.run, job.dataset.nouns
    mine = figures.quality(job, sampled=not settled)
    hits = {MODELS[run.model.name].label: mine.hits}
    if (other := figures.baseline(job)) is not None:
        hits[f"Baseline: {MODELS[other.run.model.name].label}"] = figures.quality(other).hits
    now = Setup.of(job.dataset, run)
    setting, comparable = one_setting_apart(earlier, now)
    points = [
        (record.setup.settings[setting], *figures.quality(before).means)
        for record in comparable[-MOST_POINTS:]
        if (before := session.runs().get(record.id)) is not None and before.run.history
    ]
    if setting:
        points.append((now.settings[setting], *mine.means))
    most = min(figures.LISTED, int(run.split.part("validation").user_counts.max()))
    live_chart(
        ranking_quality(hits, figures.LISTED, most, setting, points, nouns.users, HEIGHT),
        key="one-step",
        label=f"{nouns.users.capitalize()} by hits in their first {figures.LISTED}"
        + (f"; NDCG and recall by {label(setting)}" if setting else ""),
        narrow_height=NARROW_HEIGHT,
    )
    words = f"A hit is a recommended {nouns.item} that was held out."
    if setting:
        words += (
            f" Each training that differs only in **{label(setting)}** is a point; this one is the large one."
            if len(points) > 1
            else " Change a setting: each training becomes a point, and the points become a curve."
        )
    st.caption(words)
