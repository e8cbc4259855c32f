"""Cached computations on the current dataset and run."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from pages.components.session import session, splits
from pages.components.session.preserialized_figure import written_once
from recsys.analysis.item_map import ArtistMap
from recsys.analysis.latent_factors import describe_features, learned_features, main_directions
from recsys.analysis.popularity import largest_play_counts, rank_table
from recsys.analysis.tags import scenes as scenes_of
from recsys.analysis.tags import tag_shares
from recsys.data.dataset import Dataset
from recsys.data.splitting import Split
from recsys.evaluation.metrics import evaluate
from recsys.evaluation.ranked_lists import draw, find_hits, sample_users
from recsys.experiments.training import TrainingRun
from recsys.jobs.scheduler import Job
from recsys.models import make_model
from recsys.models.base import Model
from recsys.recommendation.reranking import AS_SCORED, Reranking, effect

V = TypeVar("V")
# How the lists of a run are judged is measured on this many listeners, so that the page answers at once.
JUDGED = 500
LISTED = 10
Judged = tuple[pd.DataFrame, int]
MAPS = 8


def remembered(**options: Any) -> Callable[[Callable[..., V]], Callable[..., V]]:
    """Cache the results of a function of a dataset.

    Results on public data are shared by all visitors; those on uploaded data are kept for the visit alone.
    """

    def decorate(function: Callable[..., V]) -> Callable[..., V]:
        for_all = st.cache_resource(**options)(function)
        for_one = st.cache_resource(scope="session", **options)(function)

        def remember(*given: Any, **named: Any) -> V:
            return (for_all if session.dataset().is_public else for_one)(*given, **named)

        return remember

    return decorate


@remembered(show_spinner=False, max_entries=4)
def _ranks(fingerprint: str, _dataset: Dataset) -> pd.DataFrame:
    return rank_table(_dataset.interactions)


def ranks() -> pd.DataFrame:
    """Return the rank table of the current data; not to be changed."""
    return _ranks(session.dataset().interactions.fingerprint, session.dataset())


@remembered(show_spinner=False, max_entries=4)
def _largest(fingerprint: str, n: int, _dataset: Dataset) -> pd.DataFrame:
    return largest_play_counts(_dataset.interactions, n)


def largest(n: int) -> pd.DataFrame:
    """Return the `n` largest values of the current data; not to be changed."""
    return _largest(session.dataset().interactions.fingerprint, n, session.dataset())


@remembered(show_spinner=False, max_entries=64)
def _figure(
    fingerprint: str, name: str, options: tuple[Hashable, ...], _draw: Callable[[], go.Figure]
) -> go.Figure:
    return written_once(_draw())


def figure(name: str, draw: Callable[[], go.Figure], *options: Hashable) -> go.Figure:
    """Return a chart of the current data, drawn once; not to be changed.

    Parameters
    ----------
    name : str
        Which chart it is.
    draw : callable
        Computes it, if it is not cached.
    *options : hashable
        What else decides how it looks.
    """
    return _figure(session.dataset().interactions.fingerprint, name, options, draw)


def split(**settings: Any) -> Split:
    """Return the hold-out of the current data: the same to all that use it, and gone with the last of them.

    Takes the settings of `make_split`.

    Raises
    ------
    InputError
        If no user takes part with these numbers.
    """
    dataset = session.dataset()
    found = splits.known(dataset, settings)
    if found is None:
        with st.spinner("Drawing the hold-out ..."):
            found = splits.draw(dataset, settings)
    return found


@st.cache_resource(show_spinner=False, max_entries=64)
def _effect(
    run_id: str, epochs: int, diversity: float, steps: tuple[float, ...], _run: TrainingRun
) -> Judged:
    users = sample_users(_run.split, JUDGED, "validation")
    settings = [Reranking(step, diversity) for step in steps]
    return effect(_run.model, _run.split, users, settings), len(users)


def dial_effect(job: Job[TrainingRun], diversity: float, steps: tuple[float, ...]) -> Judged:
    """Return `reranking.effect` of each step of the dial, and on how many listeners; not to be changed."""
    return _effect(job.id, len(job.run.history) + job.ended, diversity, steps, job.run)


@st.cache_resource(show_spinner=False, max_entries=64)
def _quality(run_id: str, epochs: int, _run: TrainingRun) -> dict[str, float]:
    return evaluate(_run.model, _run.split)


def quality(job: Job[TrainingRun]) -> dict[str, float]:
    """Return `metrics.evaluate` of a run, as far as it is; not to be changed."""
    return _quality(job.id, len(job.run.history) + job.ended, job.run)


def most_popular(job: Job[TrainingRun]) -> Model:
    """Return the model that recommends the most popular, on the hold-out of a run; made in a moment."""
    return make_model("popular").fit(job.run.split.train)


def quality_of(model: Model, job: Job[TrainingRun]) -> dict[str, float]:
    """Return `metrics.evaluate` of a model on the hold-out of a run; kept as long as the run."""
    known = _other_qualities(job.id, len(job.run.history) + job.ended)
    key = (model.name, tuple(model.settings.items()))
    if key not in known:
        known[key] = evaluate(model, job.run.split)
    return known[key]


@st.cache_resource(show_spinner=False, max_entries=64)
def _other_qualities(run_id: str, epochs: int) -> dict[Hashable, dict[str, float]]:
    return {}


@st.cache_resource(show_spinner=False, max_entries=64)
def _missed(run_id: str, epochs: int, _run: TrainingRun) -> NDArray[np.int32]:
    split = _run.split
    users = np.flatnonzero(split.held_out.user_counts).astype(np.int32)
    users = users[draw(len(users), JUDGED, split.seed)]
    items, _ = AS_SCORED.recommend(_run.model, split.train, users, LISTED, split.seed)
    return users[~find_hits(items, users, split.held_out).any(1)]


def missed(job: Job[TrainingRun]) -> NDArray[np.int32]:
    """Return codes of users, of up to 500 drawn, of whose held-out items the first ten recommended have none."""
    return _missed(job.id, len(job.run.history) + job.ended, job.run)


@remembered(show_spinner=False, max_entries=4)
def _tags(fingerprint: str, _dataset: Dataset) -> tuple[pd.DataFrame, dict[str, list[int]]]:
    shares = tag_shares(_dataset)
    return shares, scenes_of(_dataset, shares)


def tags() -> pd.DataFrame:
    """Return how much of each artist's tags each one is, as `tags.tag_shares`; not to be changed."""
    if session.large_run():
        return pd.DataFrame(columns=["tag", "share"])
    return _tags(session.dataset().interactions.fingerprint, session.dataset())[0]


def scenes() -> dict[str, list[int]]:
    """Return artists of the current data that go together, as `tags.scenes`; not to be changed."""
    if opened := session.large_run():
        return opened.scenes
    return _tags(session.dataset().interactions.fingerprint, session.dataset())[1]


@remembered(show_spinner=False, max_entries=MAPS)
def _map(learned: str, _job: Job[TrainingRun]) -> Job[ArtistMap]:
    return session.start(session.maps(), ArtistMap(_job.run.model, _job.dataset.interactions), _job.dataset)


def artist_map(job: Job[TrainingRun]) -> Job[ArtistMap]:
    """Return the map of a run that does not train now; the first who asks starts it.

    Raises
    ------
    InputError
        If its model has no latent features, or too many maps are being made.
    """
    found = _map(_learned(job), job)
    if session.maps().get(found.id, session.visitor()) is not None and found.state == "paused":
        session.maps().resume(found)
    return found


@remembered(show_spinner="Reading the features ...", max_entries=4)
def _features(learned: str, main: bool, _job: Job[TrainingRun]) -> tuple[NDArray[np.float32], pd.DataFrame]:
    features = (main_directions if main else learned_features)(_job.run.model)
    return features[1].astype(np.float32), describe_features(features, _job.dataset)


def features(job: Job[TrainingRun], main: bool) -> tuple[NDArray[np.float32], pd.DataFrame]:
    """Return the item factors of a run, turned into its main directions or as learned, and what they stand for.

    The table is that of `describe_features`; neither is to be changed.

    Raises
    ------
    InputError
        If its model has no latent features.
    """
    return _features(_learned(job), main, job)


def _learned(job: Job[TrainingRun]) -> str:
    """Name what a run has learned by now."""
    return f"{job.id} {job.state} {len(job.run.history)}"
