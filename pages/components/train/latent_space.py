"""Latent space beside the curves: the best-known items, the recommended ones and the chosen user."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.components.session import keys
from pages.components.shell import layout
from pages.components.train import epochs
from pages.components.widgets import who
from pages.components.widgets.live_chart import live_chart
from recsys.analysis.latent_plane import latent_plane
from recsys.analysis.similarity import has_factors
from recsys.errors import InputError
from recsys.experiments.training import TrainingRun
from recsys.figures.latent_space import latent_space
from recsys.jobs.scheduler import Job

MOST_KNOWN = 40
LISTED = 10
VIEWS = {"list": "List", "space": "Latent space"}


def choose(job: Job[TrainingRun]) -> str:
    """Draw the choice between the list and the latent space, where the model has one; return `list` or `space`."""
    if not has_factors(job.run.model):
        return "list"
    return str(
        st.segmented_control(
            "Show",
            list(VIEWS),
            default="list",
            required=True,
            format_func=VIEWS.__getitem__,
            key="list-view",
            persist_state="session",
            label_visibility="collapsed",
        )
    )


def draw(job: Job[TrainingRun]) -> None:
    """Draw the latent space after the epoch that is shown; its points move with the epochs and the settings."""
    split, nouns = job.run.split, job.dataset.nouns
    (_, model), user = epochs.chosen(job), who.chosen(job)
    listed = model.recommend(split.train, np.array([user], np.int32), LISTED, split.seed)[0][0]
    known = np.argsort(-job.dataset.interactions.item_counts, kind="stable")[:MOST_KNOWN]
    codes = np.concatenate([known, np.setdiff1d(listed[listed >= 0], known)])
    try:
        plane = latent_plane(model, codes, user)
    except InputError as error:
        layout.problem(error)
        return
    # The best-known ones are the same in all epochs and runs: what was drawn last decides how the plane is turned.
    data, places = st.session_state.get(keys.PLACES, (None, None))
    if data == job.dataset.interactions.fingerprint:
        before = np.zeros_like(plane.items)
        before[: len(places)] = places
        plane = plane.turned_to(before)
    st.session_state[keys.PLACES] = job.dataset.interactions.fingerprint, plane.items[: len(known)]
    name = f"{nouns.user.capitalize()} {split.train.users[user]}"
    live_chart(
        latent_space(plane, split.train.names[codes], np.isin(codes, listed), name),
        key="latent-space",
        label=f"{len(codes)} {nouns.items} and {name} in the latent space",
    )
    held = "The features as learned."
    if plane.share is not None:
        held = f"The main two of {model.settings['factors']} directions, {plane.share:.0%} of the squared scores."
    st.caption(
        f"{held} The {len(known)} best-known {nouns.items}, and the {LISTED} recommended ones: the score grows along "
        f"the line of the {nouns.user}"
        + ("." if plane.share is None else ", as far as these directions decide it.")
    )
