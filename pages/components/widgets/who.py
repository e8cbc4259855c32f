"""Choice of a user by what kind they are, and the sentence that says it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import streamlit as st

from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.widgets import pickers
from recsys.analysis.listeners import UNUSUAL, USUAL, describe_user, usualness
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.experiments.training import TrainingRun
from recsys.jobs.scheduler import Job

HELP = {"Where it fails": "The first 10 recommended have none of the held-out ones."}


@cached.remembered(show_spinner=False, max_entries=4)
def _usual(fingerprint: str, _dataset: Dataset) -> np.ndarray:
    return usualness(_dataset.interactions)


def usual() -> np.ndarray:
    """Return how usual each user of the current data is, as `usualness`; not to be changed."""
    return _usual(session.dataset().interactions.fingerprint, session.dataset())


@cached.remembered(show_spinner=False, max_entries=256)
def _described(fingerprint: str, user: int, _dataset: Dataset) -> str:
    return describe_user(_dataset.interactions, user, usual(), cached.tags(), _dataset.nouns)


def sentence(user: int) -> str:
    """Return a sentence on a user of the current data, as Markdown."""
    data = session.dataset()
    return layout.escape(_described(data.interactions.fingerprint, user, data))


def chosen(job: Job[TrainingRun]) -> int:
    """Return the code of the user whose lists are shown; the first with held-out items until one is chosen."""
    split = job.run.split
    # of no listener, the nearest id would be looked for, slowly
    if wanted := st.session_state.get(keys.LISTENER):
        with suppress(InputError):
            return split.train.user_code(wanted)
    return int(np.argmax(split.held_out.user_counts > 0))


def others(job: Job[TrainingRun], key: str) -> None:
    """Draw buttons that choose another user: any, a usual one, an unusual one, one whose list has no hit."""
    users = job.run.split.train.users
    hide = np.flatnonzero(job.run.split.held_out.user_counts > 0)
    level = usual()[hide]

    def choose(find: Callable[[], np.ndarray]) -> None:
        codes = find()
        if len(codes):
            pickers.choose_listener(users[random.choice(codes)])  # noqa: S311
        else:
            nouns = job.dataset.nouns
            drawn = min(cached.JUDGED, len(hide))
            st.toast(f"Each of {drawn:,} drawn {nouns.users} has a held-out {nouns.item} in the list.")

    for label, icon, there, find in (
        ("Another", ":material/casino:", True, lambda: hide),
        ("Usual", ":material/groups:", (level >= USUAL).any(), lambda: hide[level >= USUAL]),
        ("Unusual", ":material/person_search:", (level < UNUSUAL).any(), lambda: hide[level < UNUSUAL]),
        ("Where it fails", ":material/sentiment_dissatisfied:", job.ended, lambda: cached.missed(job)),
    ):
        if there:
            st.button(
                label,
                icon=icon,
                type="tertiary",
                key=f"{key}-{label.lower().replace(' ', '-')}",
                help=HELP.get(label),
                on_click=choose,
                args=(find,),
            )
