"""Figures of a run in one row, with the difference to the baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components.session import keys, session
from pages.components.train import epochs
from recsys.data.nouns import Nouns
from recsys.data.splitting import Split, validation_items
from recsys.evaluation.metrics import METRICS
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.evaluation.significance import interval, paired_test
from recsys.experiments.training import TrainingRun
from recsys.jobs.scheduler import Job
from recsys.models.base import Model

LISTED = 10
MOST_USERS = 20_000


@dataclass(frozen=True)
class Quality:
    """NDCG@10, Recall@10 and number of hits of each measured user's list; `users` are their codes."""

    users: NDArray[np.int32]
    ndcg: NDArray[np.float64]
    recall: NDArray[np.float64]
    hits: NDArray[np.int64]

    @property
    def means(self) -> tuple[float, float]:
        """Mean NDCG@10 and Recall@10."""
        return float(self.ndcg.mean()), float(self.recall.mean())


@st.cache_resource(show_spinner=False, max_entries=64)
def _quality(run_id: str, epoch: int, most: int, _split: Split, _model: Model) -> Quality:
    users = sample_users(_split, most, "validation")
    lists = RankedLists.of(_model, _split, users, LISTED, part="validation")
    ndcg, recall = (METRICS[name].per_user(lists) for name in ("ndcg", "recall"))
    return Quality(lists.users, ndcg, recall, lists.hits.sum(axis=1))


def quality(
    job: Job[TrainingRun], epoch: int = 0, model: Model | None = None, sampled: bool = False
) -> Quality:
    """Return the ranking quality of a run that has ended, over all users with held-out items.

    Parameters
    ----------
    job : Job of TrainingRun
    epoch : int
        0 for the model as it is in the end.
    model : Model, optional
        As it was after that epoch.
    sampled : bool
        Whether it is measured on as many users as the run itself measures, drawn alike.
    """
    run = job.run
    if run.kept is not None and epoch == run.kept.epoch:
        epoch, model = 0, run.model
    most = len(run.ranked_users) if sampled else MOST_USERS
    return _quality(job.id, epoch, most, run.split, model or run.model)


def baseline(job: Job[TrainingRun]) -> Job[TrainingRun] | None:
    """Return the run that this one is compared with: the pinned one, else the recommended one; None if it is that."""
    found = session.runs().get(st.session_state.get(keys.BASELINE, "")) or session.recommended_run()
    if found is None or found is job or not found.ended or not found.run.history:
        return None
    same = found.dataset.interactions.fingerprint == job.dataset.interactions.fingerprint
    return found if same and found.run.split.settings == job.run.split.settings else None


def draw(job: Job[TrainingRun], settled: bool) -> None:
    """Draw the row for the epoch that is shown.

    Parameters
    ----------
    job : Job of TrainingRun
        With at least one epoch.
    settled : bool
        Whether the run has ended and no other follows at once: then all users are measured.
    """
    run, nouns = job.run, job.dataset.nouns
    epoch, model = epochs.chosen(job)
    last = run.history[epoch - 1]
    with st.container(horizontal=True, key="figures", gap="small"):
        if settled:
            _measured(job, epoch, model)
        else:
            _sampled(job, epoch)
        if last.validation_rmse is not None:
            st.metric("Train RMSE", f"{last.train_rmse:.4f}")
            st.metric("Validation RMSE", f"{last.validation_rmse:.4f}")
        if last.validation_mae is not None:
            st.metric("Validation MAE", f"{last.validation_mae:.4f}")
        if "epochs" in run.model.settings:
            speed = f", {run.updates_per_second / 1e6:,.3g} million updates per second"
            st.metric(
                "Time per epoch",
                _duration(run.epoch_seconds),
                help="Without measuring" + (speed if "learning_rate" in run.model.settings else "") + ".",
            )
        else:
            st.metric(
                "Time to train", _duration(run.epoch_seconds), help=f"On all {nouns.pairs} in training."
            )
    if last.ndcg is not None or settled:
        st.caption(measured_on(run.split, nouns))


def measured_on(split: Split, nouns: Nouns) -> str:
    """Say which of the held-out items NDCG and recall count here, and which Compare counts."""
    if not split.has_validation:
        return (
            f"NDCG and recall count all held-out {nouns.items}, as Compare does: a model that was tuned on them looks "
            "better than it is."
        )
    if split.validation_from:
        month = split.settings["month"]
        return (
            f"NDCG and recall count the **validation** part: the {nouns.items} that {nouns.users} came to from "
            f"{split.validation_from} until {month} begins. Compare counts the **test** part, from {month} on."
        )
    own = validation_items(split.hidden, split.settings["validation"])
    return (
        f"NDCG and recall count the **validation** part: {own} of the {split.hidden} {nouns.items} hidden of each "
        f"{nouns.user}. Compare counts the **test** part, the other {split.hidden - own}: its figures are not "
        "those of this page."
    )


def _measured(job: Job[TrainingRun], epoch: int, model: Model) -> None:
    """Draw what all users' lists find, and whether the difference to the baseline is clear."""
    mine, other = quality(job, epoch, model), baseline(job)
    theirs = quality(other) if other is not None else None
    for name in ("ndcg", "recall"):
        values = getattr(mine, name)
        delta = None
        if theirs is not None:
            before = getattr(theirs, name)
            test = paired_test(float(values.mean() - before.mean()), values - before)
            delta = f"{test.mean:+.4f} {'clear' if test.is_clear else 'not clear'}"
        st.metric(
            f"{METRICS[name].label}@10",
            f"{values.mean():.4f}",
            delta,
            delta_color="off" if delta is None or "not" in delta else "normal",
            help=f"{job.dataset.nouns.fill(METRICS[name].help)} ± {interval(values):.4f} (95 %), over all "
            f"{len(mine.users):,} {job.dataset.nouns.users} with held-out {job.dataset.nouns.items}, on those for "
            "validation; Compare reports the test. The difference is to the baseline, by a paired t-test.",
        )


def _sampled(job: Job[TrainingRun], epoch: int) -> None:
    """Draw what the lists of a sample find, as they were measured while training, with its interval."""
    run = job.run
    ranked = next((row for row in reversed(run.history[:epoch]) if row.ndcg is not None), None)
    if ranked is None:
        return
    measured = (
        f"After epoch {ranked.epoch}, with its 95 % interval, measured on {len(run.ranked_users):,} "
        f"{job.dataset.nouns.users}; on all at its end."
    )
    margins = run.margins.get(ranked.epoch, (float("nan"), float("nan")))
    for name, margin in zip(("ndcg", "recall"), margins, strict=True):
        st.metric(
            f"{METRICS[name].label}@10",
            f"{getattr(ranked, name):.4f}",
            ("" if np.isnan(margin) else f"± {margin:.4f}, ") + f"sample of {len(run.ranked_users):,}",
            delta_color="off",
            delta_arrow="off",
            help=f"{job.dataset.nouns.fill(METRICS[name].help)} {measured}",
        )


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:,.3g} ms" if seconds < 0.9995 else f"{seconds:,.2f} s"
