"""Settings and start button of the Train page."""

from __future__ import annotations

import time
from dataclasses import replace

import streamlit as st

from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.train import epochs
from pages.components.train.current_setup import data_names
from pages.components.widgets import settings_form
from recsys.errors import InputError
from recsys.experiments.setup import Setup
from recsys.experiments.snapshots import Snapshots
from recsys.jobs.scheduler import ENDED

# A training that is over by then is drawn at once, whole; a longer one shows its progress.
PATIENCE = 0.6
# On more pairs, a training takes too long to begin without being asked for.
MOST_AT_ONCE = 1_000_000


def settings() -> None:
    """Draw the controls, and train when it is asked for, or as soon as they change."""
    start = st.container(horizontal=True, vertical_alignment="center")
    name, chosen = settings_form.model_settings(_begin_with)
    hold_out = settings_form.split_settings(chosen.get("seed"))
    stopping = settings_form.stopping(name)
    data, fingerprint = data_names()
    try:
        setup = Setup(
            model=name,
            settings=chosen,
            **{wanted: value for wanted, value in hold_out.items() if wanted != "seed"},
            watch=stopping.watch,
            patience=stopping.patience,
            data=data,
            fingerprint=fingerprint,
        )
    except InputError as error:  # a setting in words can be anything
        with start:
            layout.problem(error)
        return
    st.session_state.setdefault(keys.SETUPS, {})[name] = setup
    _first_tuned()
    with start:
        pressed = st.button("Train", type="primary", icon=":material/play_arrow:", key="train")
        tune = st.toggle(
            "Train as I tune",
            len(session.dataset().interactions) <= MOST_AT_ONCE,
            key=keys.TUNE,
            persist_state="session",
            help="Train again whenever a setting changes, also while a slider is dragged. A training that is not over "
            "gives way to the next.",
        )
    wanted = st.session_state.pop(keys.TRAIN_NOW, False)
    if pressed or wanted or (tune and setup != st.session_state.get(keys.TUNED)):
        try:
            _begin(setup, quick=tune or wanted)
        except InputError as error:
            with start:
                layout.problem(error)
    begun = st.session_state.pop(keys.BEGUN, None)
    if begun is not None and (job := session.chosen_run()) is not None:
        session.runs().wait(job, *ENDED, timeout=max(0.0, begun + PATIENCE - time.monotonic()))


def _begin_with(name: str) -> None:
    """Begin a training with the new value of one of the model's settings, while the page is drawn again."""
    setup: Setup | None = st.session_state.get(keys.SETUPS, {}).get(st.session_state.get(keys.MODEL))
    if setup is not None and st.session_state.get(keys.TUNE):
        value = st.session_state[f"{setup.model}-{name}"]
        try:
            _begin(replace(setup, settings=setup.settings | {name: value}), quick=True)
        except InputError:  # tried again, and said, when the page is drawn
            st.session_state.pop(keys.TUNED, None)


def _first_tuned() -> None:
    """Note that the settings of the run that is shown are trained already."""
    job = session.run()
    if keys.TUNED not in st.session_state and job is not None:
        data, fingerprint = data_names()
        shown = Setup.of(job.dataset, job.run)
        st.session_state[keys.TUNED] = replace(shown, data=data, fingerprint=fingerprint)


def _begin(setup: Setup, quick: bool) -> None:
    st.session_state[keys.TUNED] = setup
    runs = session.runs()
    if (before := session.chosen_run()) is not None:
        epochs.forget(before)
        if quick and session.may_steer(before):
            runs.cancel(before)
    split = cached.split(**setup.hold_out)
    known = before.run.model if before is not None and before.state == "done" else None
    session.follow(session.start(runs, setup.run(split, Snapshots(), known)))
    if quick:
        st.session_state[keys.BEGUN] = time.monotonic()
