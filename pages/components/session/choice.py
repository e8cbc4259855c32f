"""Choice of the best model for the data in use: the race of this visitor, and its winner as the run in use."""

from __future__ import annotations

import contextlib

import streamlit as st

from pages.components.session import keys, session, splits
from pages.components.session.browser_identity import owner
from recsys.data.splitting import suited
from recsys.errors import InputError
from recsys.experiments.choose import TIME_LIMIT, Race
from recsys.experiments.setup import SPLIT_SETTINGS
from recsys.jobs.scheduler import Job
from recsys.settings import SETTINGS

# On more pairs a race takes too long to begin without being asked for.
MOST_BY_ITSELF = 1_000_000


def race() -> Job[Race] | None:
    """Return the race on the current data that this visitor came to by a link or started last, before a reload, too."""
    if session.large_run():
        return None
    if (job := session.sweep(Race)) is not None:
        return job
    shown = session.dataset().interactions.fingerprint
    for job in reversed(session.sweeps().of(owner())):
        if isinstance(job.run, Race) and job.dataset.interactions.fingerprint == shown:
            session.follow_sweep(job)
            return job
    return None


def begin(seconds: float = TIME_LIMIT) -> None:
    """Let the candidates race on the current data; a race before it is cancelled.

    The hold-out is drawn at random, with the numbers of the Train page.

    Raises
    ------
    InputError
        If there is too little data, or too much waits already.
    """
    interactions, before = session.dataset().interactions, race()
    usual = dict(zip(("minimum", "hidden"), suited(interactions), strict=True))
    rules = {
        name: st.session_state.get(f"split-{name}", usual.get(name, SETTINGS[name].default))
        for name in SPLIT_SETTINGS
    }
    split = splits.draw(session.dataset(), rules | {"seed": int(SETTINGS["seed"].default)})
    job = session.start(session.sweeps(), Race(split, seconds))
    if before is not None and session.may_steer(before):
        session.sweeps().cancel(before)
    session.follow_sweep(job)
    st.session_state[keys.BEFORE_RACE] = _chosen()


def begin_by_itself() -> None:
    """Begin a race on data that was just brought, unless that takes long or cannot be."""
    if len(session.dataset().interactions) <= MOST_BY_ITSELF:
        with contextlib.suppress(InputError):
            begin()


def adopt() -> None:
    """Train the choice of a race that is over and look at it, unless another run was chosen meanwhile."""
    job = race()
    if job is None or job.state != "done" or job.id in _trained():
        return
    if st.session_state.get(keys.BEFORE_RACE, "") == _chosen():
        try:
            use(job)
        except InputError as error:
            st.session_state[keys.NOTICE] = f"The best model was found, but is not trained yet. {error}"


def use(job: Job[Race]) -> None:
    """Look at the training of the choice; the first who does starts it.

    Raises
    ------
    InputError
        If too much waits already.
    """
    run = session.runs().get(_trained().get(job.id, ""), session.visitor())
    if run is None:
        run = session.start(session.runs(), job.run.setup.run(job.run.split))
        _trained()[job.id] = run.id
    session.follow(run)
    st.session_state[keys.SETUP_SHOWN] = job.run.setup


def is_used(job: Job[Race]) -> bool:
    """Tell whether the run in use is the choice of this race."""
    return _chosen() == _trained().get(job.id)


def _chosen() -> str:
    run = session.chosen_run()
    return "" if run is None else run.id


@st.cache_resource(show_spinner=False)
def _trained() -> dict[str, str]:
    """Return the ids of the trainings of choices, by the id of the race."""
    return {}
