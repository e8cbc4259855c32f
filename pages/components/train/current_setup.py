"""Setup in the widgets of the Train page: from a link, into the widgets and back."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.components import navigation
from pages.components.session import keys, session
from pages.components.shell import layout
from pages.components.train import notes
from pages.components.widgets import way
from recsys.data.dataset import SHARED
from recsys.experiments.setup import SPLIT_SETTINGS, Setup
from recsys.experiments.share_link import from_query, names_a_setup, other_data


def open_setup(setup: Setup) -> None:
    """Go to the Train page, with these settings in its controls, and train with them."""
    st.session_state[keys.SETUP_WANTED] = setup
    st.switch_page(navigation.page("train").path, query_params=session.place())


def base(model: str) -> Setup:
    """Return the settings that a model had on the Train page last, or its own, for the current data."""
    setup: Setup | None = st.session_state.get(keys.SETUPS, {}).get(model)
    job = session.run()
    if setup is None and job is not None and job.run.model.name == model:
        setup = Setup.of(job.dataset, job.run)
    data, fingerprint = data_names()
    return replace(setup or Setup(model), data=data, fingerprint=fingerprint)


def take_link() -> None:
    """Put the settings that are asked for into the controls; the first call of the page.

    Another page may ask for some, and so does a link, once a visit.
    """
    if (wanted := st.session_state.pop(keys.SETUP_WANTED, None)) is not None:
        st.session_state[keys.LINK_TAKEN] = True
        st.session_state[keys.TRAIN_NOW] = True
        put(wanted)
        return
    if (shown := st.session_state.pop(keys.SETUP_SHOWN, None)) is not None:
        st.session_state[keys.LINK_TAKEN] = True
        data, fingerprint = data_names()
        st.session_state[keys.TUNED] = replace(shown, data=data, fingerprint=fingerprint)
        put(shown)
        return
    if keys.LINK_TAKEN in st.session_state:
        return
    st.session_state[keys.LINK_TAKEN] = True
    notes.take_link()
    if not names_a_setup(st.query_params):
        return
    here = session.dataset().key  # opened by now, uploads too
    setup, complaints = from_query(
        {
            name: value
            for name, value in st.query_params.items()
            if name != "data" or value != here or value in SHARED
        }
    )
    if mismatch := other_data(setup, session.dataset()):
        complaints.append(mismatch)
    dataset = session.dataset()
    able = way.months(dataset) if setup.way == "date" else []
    if able and setup.month not in able:
        usual = way.usual_month(dataset)
        complaints.append(
            f"This data cannot be split at {setup.month}. All from {usual} on is hidden instead."
        )
        setup = replace(setup, month=usual)
    data, fingerprint = data_names()
    st.session_state[keys.COMPLAINTS] = replace(setup, data=data, fingerprint=fingerprint), complaints
    put(setup)
    if session.chosen_run() is None and not _is_shown(setup):
        st.session_state[keys.TRAIN_NOW] = True


def _is_shown(setup: Setup) -> bool:
    """Return whether the run that is shown was trained with these settings."""
    job = session.run()
    if job is None:
        return False
    data, fingerprint = data_names()
    return Setup.of(job.dataset, job.run) == replace(setup, data=data, fingerprint=fingerprint)


def complaints() -> None:
    """Say what was wrong with the link, until the settings are others than the link's."""
    setup, sentences = st.session_state.get(keys.COMPLAINTS, (None, []))
    if sentences and st.session_state.get(keys.TUNED, setup) == setup:
        for complaint in sentences:
            st.warning(layout.escape(complaint))


def put(setup: Setup) -> None:
    """Put a setup into the controls; to be called before they are drawn."""
    st.session_state[keys.MODEL] = setup.model
    for name, value in setup.settings.items():
        st.session_state[f"{setup.model}-{name}"] = value
    for name in SPLIT_SETTINGS:
        st.session_state[f"split-{name}"] = getattr(setup, name)
    st.session_state[keys.SPLIT_WAY] = setup.way
    if setup.month:
        st.session_state[keys.SPLIT_MONTH] = setup.month
    st.session_state[keys.WATCH], st.session_state[keys.PATIENCE] = setup.watch, setup.patience
    st.session_state[keys.WATCH_LISTS] = "none" if setup.watch == "rmse" else setup.watch


def fingerprint() -> str:
    """Return the fingerprint of the current data."""
    return session.dataset().interactions.fingerprint


def data_names() -> tuple[str, str]:
    """Return how a setup names the current data: `data` and `fingerprint`."""
    key = session.dataset().key
    return key if key in SHARED else "", fingerprint()
