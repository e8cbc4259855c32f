"""Trained model that a page needs: waited for while it is trained, explained where there is none."""

from __future__ import annotations

import streamlit as st

from pages.components import navigation
from pages.components.session import keys, session
from pages.components.shell import layout
from pages.components.widgets import job_card
from recsys.experiments.training import TrainingRun
from recsys.jobs.scheduler import ENDED, Job

AT_ONCE = 1.0  # seconds to wait for a training that is nearly over, before the page ends with its progress


def run() -> Job[TrainingRun]:
    """Return the run to show; where there is none yet, say why or how far it is, and end the page there."""
    job = session.run()
    if job is None:
        layout.problem(
            ValueError(st.session_state.get(keys.NOT_RECOMMENDED, "No model can be trained on this data."))
        )
        to_train("Train a model")
        st.stop()
    waits = session.chosen_run() is None  # for all of the recommended one, for an epoch of any other

    def ready() -> bool:
        return job.ended or (bool(job.run.history) and not waits)

    def doing() -> str:
        nouns = job.dataset.nouns
        learns = f"{job.run.model.label} learns what {nouns.users} {nouns.do}"
        return f"{learns}: epoch {len(job.run.history)} of {job.run.epochs}"

    if not ready():
        at_once = st.empty()
        at_once.progress(job.run.progress, doing())
        session.runs().wait(job, *ENDED, timeout=AT_ONCE)
        at_once.empty()
    if not ready():
        job_card.draw(job, doing, over=ready)
        st.skeleton(height=420)
        st.stop()
    if not job.run.history:
        layout.problem(ValueError(job.message or "The training ended before its first epoch."))
        to_train("Train another model")
        st.stop()
    return job


def to_train(label: str, key: str = "to-train") -> None:
    """Draw a button that leads to the Train page."""
    if st.button(label, type="primary", icon=":material/model_training:", key=key):
        st.switch_page(navigation.page("train").path, query_params=session.place())
