"""The training that is shown on several hold-outs: a button, then mean and band in the curves and a sentence."""

from __future__ import annotations

import streamlit as st

from pages.components.session import keys, session
from pages.components.shell import layout
from pages.components.widgets import job_card
from recsys.errors import InputError
from recsys.experiments.repeats import DRAWS, Repeats
from recsys.experiments.setup import Setup
from recsys.experiments.training import TrainingRun
from recsys.jobs.scheduler import Job


def of(job: Job[TrainingRun]) -> Job[Repeats] | None:
    """Return the repetitions of a run that this visitor asked for."""
    return session.runs().get(st.session_state.get(keys.REPEATS, {}).get(job.id, ""), session.visitor())


def done(job: Job[TrainingRun]) -> Repeats | None:
    """Return the repetitions of a run if they have ended, with two trainings or more."""
    repeated = of(job)
    return repeated.run if repeated and repeated.ended and len(repeated.run.histories) > 1 else None


def draw(job: Job[TrainingRun]) -> None:
    """Draw the button, how far they are, or what came of them; for a run that has ended."""
    repeated = of(job)
    if repeated is None:
        if problem := st.session_state.pop(keys.REPEATS_PROBLEM, None):
            layout.problem(problem)
        drawn = Setup.of(job.dataset, job.run).way == "random"
        each = (
            "each with a hold-out of its own"
            if drawn
            else "on the same hold-out, as time decides what is hidden"
        )
        st.button(
            f"Repeat with {DRAWS} {'hold-outs' if drawn else 'seeds'}",
            icon=":material/repeat:",
            key="repeat",
            help=f"Trains again with {DRAWS} seeds, this one first, {each}, and draws the mean and a band from the "
            "lowest to the highest.",
            on_click=_start,
            args=(job,),
        )
    elif not repeated.ended:
        place = len(repeated.run.histories) + 1
        job_card.draw(repeated, lambda: f"Training {place} of {DRAWS}", session.runs().cancel)
    else:
        st.markdown(_sentence(repeated))


def _start(job: Job[TrainingRun]) -> None:
    setup = Setup.of(job.dataset, job.run)
    try:
        repeated = session.start(session.runs(), Repeats(setup, job.dataset), job.dataset)
    except InputError as error:
        st.session_state[keys.REPEATS_PROBLEM] = error
    else:
        st.session_state.setdefault(keys.REPEATS, {})[job.id] = repeated.id


def _sentence(repeated: Job[Repeats]) -> str:
    run, bands = repeated.run, repeated.run.bands()
    if len(run.histories) < 2 or not bands:
        return f"The repetitions ended early. {layout.escape(repeated.message)}"
    parts = [
        f"{name} **{band.mean[-1]:.4f}** ({band.low[-1]:.4f} to {band.high[-1]:.4f})"
        for measure, name in (("ndcg", "NDCG@10"), ("validation_rmse", "validation RMSE"))
        if (band := bands.get(measure)) is not None
    ]
    number, seeds = len(run.histories), f"seeds {run.setup.seed} to {run.setup.seed + len(run.histories) - 1}"
    where = (
        f"{number} hold-outs ({seeds})" if run.setup.way == "random" else f"the same hold-out with {seeds}"
    )
    return f":material/repeat: On {where}, on average at the last epoch: {' and '.join(parts)}."
