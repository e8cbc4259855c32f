"""Settings and start button of the Train page."""

from __future__ import annotations

import streamlit as st

from pages.components.session import cached, session
from pages.components.shell import layout
from pages.components.train.current_setup import data_names
from pages.components.widgets import settings_form
from recsys.errors import InputError
from recsys.experiments.setup import SPLIT_SETTINGS, Setup
from recsys.jobs.scheduler import ENDED

# A training that is over by then is drawn at once, whole; a longer one shows its progress.
PATIENCE = 0.6


def settings() -> None:
    """Draw the controls, and train when it is asked for, or as soon as they change."""
    start = st.container()
    tune = st.toggle(
        "Train as I tune",
        key="tune",
        persist_state="session",
        help="Train again whenever a setting changes. A training that is not over gives way to the next.",
    )
    name, chosen = settings_form.model_settings()
    hold_out = settings_form.split_settings(chosen.get("seed"))
    stopping = settings_form.stopping(name)
    data, fingerprint = data_names()
    setup = Setup(
        model=name,
        settings=chosen,
        **{wanted: hold_out[wanted] for wanted in SPLIT_SETTINGS},
        watch=stopping.watch,
        patience=stopping.patience,
        data=data,
        fingerprint=fingerprint,
    )
    st.session_state.setdefault("setups", {})[name] = setup
    pressed = start.button(
        "Train", type="primary", icon=":material/play_arrow:", width="stretch", key="train"
    )
    wanted = st.session_state.pop("train-now", False)
    if pressed or wanted or (tune and setup != st.session_state.get("tuned")):
        st.session_state.tuned = setup
        try:
            _train(setup, quick=tune or wanted)
        except InputError as error:
            with start:
                layout.problem(error)


def _train(setup: Setup, quick: bool) -> None:
    runs = session.runs()
    if quick and (job := session.run()) is not None and session.may_steer(job):
        runs.cancel(job)
    job = session.start(runs, setup.run(cached.split(**setup.hold_out)))
    session.follow(job)
    if quick:
        runs.wait(job, *ENDED, timeout=PATIENCE)
