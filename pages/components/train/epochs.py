"""Choice of an epoch of the run that is shown: a slider under the curves, and a line in them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.components.session import keys, session
from pages.components.train.current_setup import put
from pages.components.widgets.live_slider import live_slider
from recsys.experiments.setup import Setup
from recsys.experiments.training import TrainingRun
from recsys.jobs.scheduler import Job
from recsys.models.base import Model

SLIDER = "epoch"


def known(job: Job[TrainingRun]) -> list[int]:
    """Return the epochs that can be shown: the copies that were kept, and what the model holds now."""
    kept, snapshots = job.run.kept, job.run.snapshots
    epochs = set(snapshots.epochs if snapshots is not None else ())
    return sorted(epochs | ({kept.epoch} if kept is not None else set()))


def chosen(job: Job[TrainingRun]) -> tuple[int, Model]:
    """Return the epoch that is shown, the newest until one is chosen, and the model as it was then.

    Parameters
    ----------
    job : Job of TrainingRun
        With at least one epoch.
    """
    run, epoch = job.run, st.session_state.get(keys.EPOCH)
    if epoch is not None and epoch[0] == job.id and (then := run.model_at(epoch[1])) is not None:
        return epoch[1], then
    return (run.kept or run.history[-1]).epoch, run.model


def draw(job: Job[TrainingRun]) -> None:
    """Draw the slider; for a run whose epochs were not kept, a button that trains it again."""
    steps = known(job)
    if len(steps) > 1:
        st.session_state[SLIDER] = chosen(job)[0]
        words = "List, latent space and figures are those of this epoch. The line in the curves can be dragged, too."
        live_slider("Epoch", steps, steps[-1], SLIDER, words, plays=True, moved=partial(_choose, job))
    elif job.ended and len(job.run.history) > 1:
        too_large = job.run.snapshots is not None and not job.run.snapshots.cleared
        if too_large:
            st.caption("The model is too large for its epochs to be kept.")
        else:
            st.button(
                "Train again, to go through its epochs",
                icon=":material/history:",
                type="tertiary",
                key="replay",
                on_click=_replay,
                args=(job,),
            )


def _choose(job: Job[TrainingRun]) -> None:
    epoch = int(st.session_state[SLIDER])
    newest = job.run.kept
    if newest is not None and epoch == newest.epoch:
        st.session_state.pop(keys.EPOCH, None)  # goes on with the training
    else:
        st.session_state[keys.EPOCH] = job.id, epoch


def _replay(job: Job[TrainingRun]) -> None:
    put(Setup.of(job.dataset, job.run))
    st.session_state[keys.TRAIN_NOW] = True


def forget(job: Job[TrainingRun]) -> None:
    """Give up the copies of a run that another one follows, if it is this visitor's own."""
    if job.run.snapshots is not None and session.may_steer(job) and job.owner:
        job.run.snapshots.clear()
