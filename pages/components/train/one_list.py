"""One user's recommendations beside the learning curve, as they change with the settings."""

from __future__ import annotations

import streamlit as st

from pages.components.session import session
from pages.components.shell import layout
from pages.components.train import epochs, figures
from pages.components.widgets import who
from pages.components.widgets.ranked_list import ranked_list
from recsys.experiments.training import TrainingRun
from recsys.jobs.scheduler import Job
from recsys.recommendation.recommend import recommended_items


def draw(job: Job[TrainingRun], key: str, compared: bool = True) -> None:
    """Draw what the run recommends to the chosen user after the epoch that is shown.

    Parameters
    ----------
    job : Job of TrainingRun
        With at least one epoch.
    key : str
        Begins the keys of its controls.
    compared : bool
        Whether the changes against the baseline are marked.
    """
    nouns, user = session.nouns(), who.chosen(job)
    split = job.run.split
    label = layout.escape(str(split.train.users[user]), 30)
    epoch, model = epochs.chosen(job)
    recommended = recommended_items(model, split, user)
    found, hidden = int(recommended["hit"].sum()), int(split.held_out.user_counts[user])
    st.markdown(f"**{nouns.user.capitalize()} {label}**: {who.sentence(user)}")
    with st.container(horizontal=True, gap="xsmall"):
        who.others(job, key)
    other = figures.baseline(job) if compared else None
    before = None if other is None else _names(other, user)
    ranked_list(recommended, f"{key}-list", before, f"Recommended to {nouns.user} {label}")
    newest = epoch == (job.run.kept or job.run.history[-1]).epoch
    st.caption(
        ("Finds" if newest else f"After epoch {epoch}, finds")
        + f" **{found}** of {hidden} held-out {nouns.items} in its first "
        f"{len(recommended)}" + ("" if before is None else "; marks are changes to the baseline") + "."
    )


def _names(job: Job[TrainingRun], user: int) -> list[str]:
    return [str(name) for name in recommended_items(job.run.model, job.run.split, user)["artist"]]
