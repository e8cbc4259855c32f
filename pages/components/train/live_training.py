"""The run a visitor looks at: its curves while they grow, its figures, and its buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.components.session import session
from pages.components.shell import layout
from pages.components.widgets.live_chart import live_chart
from recsys.experiments.run_table import Record
from recsys.experiments.setup import Setup
from recsys.experiments.training import TrainingRun
from recsys.figures import training, tuning
from recsys.jobs.scheduler import ENDED, Job, State
from recsys.models import MODELS

TITLES = {
    "queued": ":orange-badge[:material/hourglass: Waiting]",
    "running": ":blue-badge[:material/autorenew: Training]",
    "paused": ":orange-badge[:material/pause: Paused]",
    "done": ":green-badge[:material/check: Done]",
    "cancelled": ":gray-badge[:material/stop: Cancelled]",
    "diverged": ":red-badge[:material/trending_up: Diverged]",
    "failed": ":red-badge[:material/error: Failed]",
}
WATCHED = {"none": "validation RMSE", "rmse": "validation RMSE", "ndcg": "NDCG@10"}
RECALL = "Hidden {nouns.items} that the lists find, as a share of all hidden ones."
# The same for all: a stretched box in a row that wraps grows over what follows.
METRIC_HEIGHT = 128
POLL = {"queued": 0.5, "running": 0.25, "paused": 1.0}


def draw(earlier: Sequence[Record] = ()) -> None:
    """Draw the current run, faintly those before it, and keep it up to date while it goes on."""
    job = session.run()
    if job is None:
        st.info(
            "Nothing has been trained on this data yet. Keep the settings or change them, then press Train: "
            "the curves appear here while the model learns.",
            icon=":material/model_training:",
        )
        return
    st.fragment(_panel, run_every=POLL.get(job.state))(job, job.state, earlier)


def _panel(job: Job[TrainingRun], drawn: str, earlier: Sequence[Record]) -> None:
    now = job.state
    if POLL.get(now) != POLL.get(drawn):
        st.rerun()  # the pace of the fragment is fixed when the page draws it
    session.runs().get(job.id)
    run = job.run
    model = run.model
    history = list(run.history)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{MODELS[model.name].label}** {TITLES[now]}", width="content")
        st.space("stretch")
        _buttons(job, now)
    if now == "queued":
        st.caption(f"Place {session.runs().place(job)} in the queue: as many trainings as fit are running.")
    if job.message:
        (st.error if now in ("diverged", "failed") else st.info)(layout.escape(job.message))
    if "epochs" in model.settings:
        st.progress(run.done / run.epochs, f"Epoch {len(history):,} of {run.epochs:,}")
        curves = training.learning_curves(
            history,
            run.epochs,
            job.dataset.nouns.fill(model.target),
            run.references,
            run.best,
            run.stopping.watch,
            errors=model.predicts_ratings,
        )
        live_chart(
            tuning.add_earlier(curves, earlier, Setup.of(job.dataset, run))
            if model.predicts_ratings
            else curves,
            key="curves",
            label=f"{'Errors and quality' if model.predicts_ratings else 'Quality'} of the lists by epoch, "
            f"after epoch {len(history)} of {run.epochs}",
        )
    else:
        st.progress(run.done, "This model is made in one go: there is no curve to watch.")
    if history:
        _figures(job)
    if job.ended and history:
        st.page_link(
            "pages/recommend.py",
            label="See what it recommends",
            icon=":material/arrow_forward:",
            query_params=session.place(),
        )


def _buttons(job: Job[TrainingRun], now: str) -> None:
    runs = session.runs()
    if not session.may_steer(job):
        return
    for label, icon, wish, then, where in (
        ("Pause", ":material/pause:", runs.pause, ("paused",), ("queued", "running")),
        ("Continue", ":material/play_arrow:", runs.resume, ("queued", "running"), ("paused",)),
        ("Cancel", ":material/stop:", runs.cancel, (), ("queued", "running", "paused")),
    ):
        if now in where:
            st.button(label, icon=icon, on_click=_steer, args=(job, wish, *then), key=label.lower())


def _steer(job: Job, wish: Callable[[Job], None], *then: State) -> None:
    """Do what a button says and wait until it is done, so that the page shows it at once."""
    wish(job)
    session.runs().wait(job, *then, *ENDED, timeout=2.0)


def _figures(job: Job[TrainingRun]) -> None:
    run = job.run
    last, best, nouns = run.history[-1], run.best, job.dataset.nouns
    ranked = next((epoch for epoch in reversed(run.history) if epoch.ndcg is not None), last)
    row = st.grid(3, min_column_width=150)
    if last.train_rmse is not None:
        row.metric("Train RMSE", f"{last.train_rmse:.4f}", border=True, height=METRIC_HEIGHT)
    if last.validation_rmse is not None:
        row.metric("Validation RMSE", f"{last.validation_rmse:.4f}", border=True, height=METRIC_HEIGHT)
    if last.validation_mae is not None:
        row.metric("Validation MAE", f"{last.validation_mae:.4f}", border=True, height=METRIC_HEIGHT)
    row.metric(
        "NDCG@10",
        f"{ranked.ndcg:.4f}",
        border=True,
        height=METRIC_HEIGHT,
        help=f"How many hidden {nouns.items} the lists find, those at the top counting most: 0 is none, 1 is perfect. "
        + _whose(job),
    )
    if "epochs" not in run.model.settings:
        row.metric(
            "Recall@10", f"{ranked.recall:.4f}", border=True, height=METRIC_HEIGHT, help=nouns.fill(RECALL)
        )
        row.metric("Time to train", _duration(run.epoch_seconds), border=True, height=METRIC_HEIGHT)
        return
    if best is not None:
        row.metric(
            "Best epoch",
            f"{best.epoch:,}",
            f"by {WATCHED[run.stopping.watch] if run.model.predicts_ratings else WATCHED['ndcg']}",
            delta_color="off",
            delta_arrow="off",
            border=True,
            height=METRIC_HEIGHT,
        )
    row.metric(
        "Time per epoch",
        _duration(run.epoch_seconds),
        f"{run.updates_per_second / 1e6:,.3g} million updates/s"
        if "learning_rate" in run.model.settings
        else None,
        delta_color="off",
        delta_arrow="off",
        border=True,
        height=METRIC_HEIGHT,
    )
    if run.kept is not None and run.kept is not last:
        st.caption(f"The model holds the features of epoch {run.kept.epoch}, the best.")


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms" if seconds < 10 else f"{seconds:,.1f} s"


def _whose(job: Job[TrainingRun]) -> str:
    """Say over whom the lists are measured."""
    nouns = job.dataset.nouns
    ranked, all_users = len(job.run.ranked_users), int((job.run.split.validation.user_counts > 0).sum())
    if ranked < all_users:
        return (
            f"Measured on {ranked:,} of the {all_users:,} {nouns.users} who hide {nouns.items}, "
            "at some of the epochs."
        )
    return f"Measured on the {all_users:,} {nouns.users} who hide {nouns.items}."
