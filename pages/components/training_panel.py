"""The run a visitor looks at: its curves while they grow, its figures, and its buttons."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.components import frame, state
from pages.components.live_chart import live_chart
from recsys import figures
from recsys.background import ENDED, BackgroundRun, State
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
POLL = {"queued": 0.5, "running": 0.25, "paused": 1.0}


def draw() -> None:
    """Draw the current run, and keep it up to date while it goes on."""
    job = state.run()
    if job is None:
        st.info(
            "Nothing has been trained on this data yet. Keep the settings or change them, then press Train: "
            "the curves appear here while the model learns.",
            icon=":material/model_training:",
        )
        return
    st.fragment(_panel, run_every=POLL.get(job.state))(job, job.state)


def _panel(job: BackgroundRun, drawn: str) -> None:
    now = job.state
    if POLL.get(now) != POLL.get(drawn):
        st.rerun()  # the pace of the fragment is fixed when the page draws it
    state.runs().get(job.id)
    run = job.run
    model = run.model
    history = list(run.history)
    epochs = int(model.settings["epochs"])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{MODELS[model.name].label}** {TITLES[now]}", width="content")
        st.space("stretch")
        _buttons(job, now)
    if now == "queued":
        st.caption(f"Place {state.runs().place(job)} in the queue: as many trainings as fit are running.")
    if job.message:
        (st.error if now in ("diverged", "failed") else st.info)(frame.escape(job.message))
    st.progress(len(history) / epochs, f"Epoch {len(history):,} of {epochs:,}")
    live_chart(
        figures.learning_curves(history, epochs, model.target, run.references),
        key="curves",
        label="Train and validation RMSE by epoch",
    )
    if history:
        _figures(job)
    if job.ended and history:
        st.page_link(
            "pages/recommend.py",
            label="See what it recommends",
            icon=":material/arrow_forward:",
            query_params=state.place(),
        )


def _buttons(job: BackgroundRun, now: str) -> None:
    runs = state.runs()
    for label, icon, wish, then, where in (
        ("Pause", ":material/pause:", runs.pause, ("paused",), ("queued", "running")),
        ("Continue", ":material/play_arrow:", runs.resume, ("queued", "running"), ("paused",)),
        ("Cancel", ":material/stop:", runs.cancel, (), ("queued", "running", "paused")),
    ):
        if now in where:
            st.button(label, icon=icon, on_click=_steer, args=(job, wish, *then), key=label.lower())


def _steer(job: BackgroundRun, wish: Callable[[BackgroundRun], None], *then: State) -> None:
    """Do what a button says and wait until it is done, so that the page shows it at once."""
    wish(job)
    state.runs().wait(job, *then, *ENDED, timeout=2.0)


def _figures(job: BackgroundRun) -> None:
    run = job.run
    last, best = run.history[-1], run.best
    row = st.container(horizontal=True)
    row.metric("Train RMSE", f"{last.train_rmse:.4f}", border=True, height="stretch")
    row.metric(
        "Validation RMSE",
        f"{last.validation_rmse:.4f}",
        f"{last.validation_rmse - run.mean_rmse:+.4f} against the mean",
        delta_color="inverse",
        border=True,
        height="stretch",
    )
    if best is not None:
        row.metric(
            "Best epoch",
            f"{best.epoch:,}",
            f"validation {best.validation_rmse:.4f}",
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )
    row.metric(
        "Time per epoch",
        f"{run.epoch_seconds * 1000:,.2f} ms",
        f"{run.updates_per_second / 1e6:,.3g} million updates/s",
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
    )
