"""Run that is shown: its curves while they grow, its figures, its buttons, and one user's list beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.components import navigation
from pages.components.session import keys, session
from pages.components.shell import layout
from pages.components.train import epochs, figures, latent_space, one_list, one_step, repeats
from pages.components.widgets.live_chart import live_chart
from pages.components.widgets.live_slider import is_dragging
from recsys.experiments.run_table import RunRecord
from recsys.experiments.setup import Setup
from recsys.experiments.training import Epoch, TrainingRun
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
POLL = {"queued": 0.5, "running": 0.25, "paused": 1.0}
CHART_HEIGHT = 380


def draw(earlier: Sequence[RunRecord] = ()) -> None:
    """Draw the current run, faintly those before it, and keep it up to date while it goes on."""
    job = session.run()
    if job is None:
        layout.problem(ValueError(st.session_state.get(keys.NOT_RECOMMENDED, "Press Train to begin.")))
        return
    st.fragment(_panel, run_every=POLL.get(job.state))(job, job.state, earlier)


def _panel(job: Job[TrainingRun], drawn: str, earlier: Sequence[RunRecord]) -> None:
    now = job.state
    if POLL.get(now) != POLL.get(drawn):
        st.rerun()  # the pace of the fragment is fixed when the page draws it
    session.runs().get(job.id)
    history = list(job.run.history)
    if history:
        st.session_state[keys.SHOWN] = job.id
    shown = job if history else _shown_before(job)
    settled = shown is not None and shown.ended and not is_dragging()
    picture, listed = st.columns([2.1, 1], gap="medium")
    with picture, st.container(key="curves-panel"):
        head = st.container(gap=None)
        if "epochs" in job.run.model.settings:
            _curves(job, history, earlier)  # first of all: it is what a move of a slider is for
            epochs.draw(job)
            st.caption(_words(job, history))
        elif shown is not None:
            one_step.draw(shown, earlier, settled)
        with head:
            _head(job, now, history)
    if shown is None:
        return
    with listed, st.container(key="list-panel"):
        if latent_space.choose(shown) == "space":
            latent_space.draw(shown)
        else:
            one_list.draw(shown, "train")
        if shown is not job:
            st.caption(_of_another(shown, job))
        elif job.ended:
            layout.link(
                navigation.page("recommend"),
                label="See all that it recommends",
                icon=":material/arrow_forward:",
                query=session.place(),
            )
    figures.draw(shown, settled)
    if history and job.ended and "seed" in job.run.model.settings and "epochs" in job.run.model.settings:
        repeats.draw(job)


def _shown_before(job: Job[TrainingRun]) -> Job[TrainingRun] | None:
    """Return the run of this data that stays on the page until this one has figures: the last, or the recommended."""
    last = st.session_state.get(keys.SHOWN, "")
    for find in (lambda: session.runs().get(last), session.recommended_run):
        before = find()
        same = before and before.dataset.interactions.fingerprint == job.dataset.interactions.fingerprint
        if before is not None and same and before.ended and before.run.history:
            return before
    return None


def _of_another(shown: Job[TrainingRun], job: Job[TrainingRun]) -> str:
    """Say whose list and figures these are, while this run has none."""
    label, other = (MODELS[one.run.model.name].label for one in (job, shown))
    whose = f"{other}, trained before" if label != other else "the training before"
    return f"List and figures of {whose}; this one has none" + ("." if job.ended else " yet.")


def _head(job: Job[TrainingRun], now: State, history: Sequence[object]) -> None:
    """Draw the model, how far it is, the buttons, and the choice of axes."""
    model = job.run.model
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="curves-head"):
        far = f" epoch {len(history):,} of {job.run.epochs:,}" if "epochs" in model.settings else ""
        st.markdown(f"**{MODELS[model.name].label}** {TITLES[now]}{far}", width="content")
        _buttons(job, now)
        st.space("stretch")
        if "epochs" in model.settings:
            with st.popover("Axes", type="tertiary", icon=":material/tune:"):
                if model.predicts_ratings:
                    st.toggle("Logarithmic RMSE", False, key=keys.CURVES_LOG, persist_state="session")
                st.number_input(
                    "From epoch",
                    1,
                    5000,
                    1,
                    key=keys.CURVES_FROM,
                    persist_state="session",
                    help="Leaves the first epochs out, whose errors may dwarf all others.",
                )
    if now == "queued":
        st.caption(f"Place {session.runs().place(job)} in the queue: as many trainings as fit are running.")
    if job.message:
        (st.error if now in ("diverged", "failed") else st.info)(layout.escape(job.message))
    if not job.ended:
        st.progress(min(job.run.done / job.run.epochs, 1.0))


def _curves(job: Job[TrainingRun], history: list[Epoch], earlier: Sequence[RunRecord]) -> None:
    run = job.run
    errors = run.model.predicts_ratings
    beside = tuning.earlier_curves(earlier, Setup.of(job.dataset, run)) if errors else []
    if (repeated := repeats.done(job)) is not None:
        noun = "hold-outs" if repeated.setup.way == "random" else "seeds"
        beside = training.band_curves(repeated.bands(), len(repeated.histories), noun) + beside
    curves = training.learning_curves(
        history,
        run.epochs,
        run.references,
        errors,
        log=errors and bool(st.session_state.get(keys.CURVES_LOG)),
        first=min(int(st.session_state.get(keys.CURVES_FROM, 1)), run.epochs),
        height=CHART_HEIGHT,
        beside=beside,
    )
    live_chart(
        curves,
        key="curves",
        label=f"{'Errors and ranking quality' if errors else 'Ranking quality'} by epoch, "
        f"after epoch {len(history)} of {run.epochs}",
        narrow_height=260,
        slider=epochs.SLIDER,
    )


def _words(job: Job[TrainingRun], history: list[Epoch]) -> str:
    """Say what the curves show, and which epoch the model holds."""
    run, nouns = job.run, job.dataset.nouns
    words = f"RMSE of {nouns.fill(run.model.target)}. " if run.model.predicts_ratings else ""
    part = ", validation part" if run.split.has_validation else ""
    words += f"Ranking quality: lists of {len(run.ranked_users):,} {nouns.users}{part}. "
    kept = run.kept
    if job.ended and kept is not None and history and kept is not history[-1]:
        words += f"The model holds the factors of epoch {kept.epoch}, the best. "
    return words + _advice(history)


def _advice(history: Sequence[Epoch]) -> str:
    """Say which epoch is best by what, and which to believe."""
    ranked = [epoch for epoch in history if epoch.ndcg is not None]
    measured = [epoch for epoch in history if epoch.validation_rmse is not None]
    if not ranked or not measured:
        return ""
    lowest = min(measured, key=lambda epoch: epoch.validation_rmse or 0.0).epoch
    best = max(ranked, key=lambda epoch: epoch.ndcg or 0.0).epoch
    if lowest == best:
        return f"Both stars lie at epoch {best}."
    return (
        f"The error is lowest at epoch {lowest}, the lists are best at epoch {best}: "
        "for recommending, the lists count."
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
            st.button(
                label, icon=icon, type="tertiary", on_click=_steer, args=(job, wish, *then), key=label.lower()
            )


def _steer(job: Job, wish: Callable[[Job], None], *then: State) -> None:
    """Do what a button says and wait until it is done, so that the page shows it at once."""
    wish(job)
    session.runs().wait(job, *then, *ENDED, timeout=2.0)
