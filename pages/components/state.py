"""What a visitor is looking at, and what the server remembers: session state and caches in one place."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from pages.components.owner import owner
from pages.components.written_once import written_once
from recsys.artist_map import ArtistMap
from recsys.background import ENDED, BackgroundRun, BackgroundRuns, Work
from recsys.catalogue import Catalogue
from recsys.comparing import Record
from recsys.datasets import load
from recsys.datasets.base import Dataset, Nouns
from recsys.datasets.lastfm import cache_folder
from recsys.datasets.offered import Offer, Reading, find_offer
from recsys.errors import InputError
from recsys.health import health as health_of
from recsys.kept_data import KEY, KeptData
from recsys.large_runs import LargeRun, Preparation, Source, find_run
from recsys.large_runs.source import PREFIX
from recsys.latent_features import describe_features, learned_features, main_directions
from recsys.leaderboard import Leaderboard
from recsys.links import OFFERED, SHARED, is_public
from recsys.metrics import evaluate, sample_users
from recsys.popularity import largest_play_counts, rank_table
from recsys.reranking import Reranking, effect
from recsys.run_store import RunStore, runs_folder
from recsys.splitting import Split, hold_out, suited
from recsys.sweeps import Search, Sweep
from recsys.tags import scenes as scenes_of
from recsys.tags import tag_shares
from recsys.training import TrainingRun, warm_up

SAMPLE = "sample"
HOLD_OUTS = ("split-", "compare-")  # what the keys of the controls of a hold-out begin with
V = TypeVar("V")
W = TypeVar("W", TrainingRun, Leaderboard)
S = TypeVar("S", bound=Work)
# Maps of artists that are remembered, and data of the server.
MAPS = 8
OFFERS = 3
AT_ONCE = 2.0  # seconds to wait for data that is small


@st.cache_resource(show_spinner=False)
def runs() -> BackgroundRuns:
    """Return the trainings of this server; the first call compiles the kernels in the background."""
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    return BackgroundRuns()


def visitor() -> str:
    """Return a name for this visit: what it does on data of its own is forgotten when it is over."""
    name: str = st.session_state.setdefault("visitor", secrets.token_hex(8))
    _presence(name)
    return name


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda presence: presence.end())
def _presence(name: str) -> _Presence:
    return _Presence(name, (runs(), sweeps(), maps()))


@dataclass(frozen=True)
class _Presence:
    """Streamlit gives it up as soon as the browser is gone, and makes it anew if it comes back."""

    visitor: str
    left: tuple[BackgroundRuns, ...]

    def end(self) -> None:
        for work in self.left:
            work.leave(self.visitor)


def start(work: BackgroundRuns, run: S) -> BackgroundRun[S]:
    """Do something on the current data in the background, for this visitor.

    Raises
    ------
    InputError
        If too much waits already.
    """
    return work.start(dataset(), run, owner(), visitor())


def kept_data() -> KeptData:
    """Return the data of their own that this visitor keeps here."""
    return KeptData(owner())


def saved_runs() -> RunStore:
    """Return the saved runs of this visitor, and those that are there for everybody."""
    return RunStore.of(owner())


@st.cache_resource(show_spinner="Reading the data ...", max_entries=4)
def _open(key: str) -> Dataset:
    return load(key)


def dataset() -> Dataset:
    """Return the data set this visitor looks at: the one chosen, the one in the link, or the sample."""
    if "dataset" not in st.session_state:
        job = _run_in_link()
        wanted = st.query_params.get("data", SAMPLE)
        try:
            if job:
                chosen = job.dataset
            elif KEY.fullmatch(wanted):
                chosen = kept_data().open(wanted)
            elif wanted.startswith(OFFERED):
                chosen = offered(find_offer(wanted))
            else:
                chosen = _open(wanted if wanted in SHARED else SAMPLE)
        except InputError as error:
            st.session_state.notice = f"{error} The generated sample is shown instead."
            chosen = _open(SAMPLE)
        st.session_state.dataset = chosen
    return st.session_state.dataset


def choose(key: str) -> None:
    """Look at the data set with this key from now on.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    show(kept_data().open(key) if KEY.fullmatch(key) else _open(key))


def show(chosen: Dataset) -> None:
    """Look at this data set from now on, with the hold-out that suits it; a run on other data is left behind."""
    st.session_state["large-run"] = None
    usual = suited(dataset().interactions)
    st.session_state.dataset = chosen
    wanted = suited(chosen.interactions)
    if wanted != usual:
        for prefix in HOLD_OUTS:
            st.session_state[f"{prefix}minimum"], st.session_state[f"{prefix}hidden"] = wanted
    job = run()
    if job is None:
        st.session_state.pop("run", None)


@st.cache_resource(show_spinner=False)
def _readings() -> tuple[BackgroundRuns, dict[Offer, BackgroundRun[Reading]]]:
    # No lease: whoever has large data read need not stay and watch.
    return BackgroundRuns(at_once=1, kept=8, lease=float("inf")), {}


def reading(offer: Offer) -> BackgroundRun[Reading] | None:
    """Return how far an offer is read, if somebody wanted it since it was last written."""
    return _readings()[1].get(offer)


def read(offer: Offer) -> None:
    """Start to read an offer in the background, unless that goes on or is done; the oldest ones are forgotten.

    Raises
    ------
    InputError
        If too many wait.
    """
    line, known = _readings()
    job = known.get(offer)
    if job is None or job.state not in ("queued", "running", "done"):
        known[offer] = line.start(None, Reading(offer))
        for old in [*known][:-OFFERS]:
            line.cancel(known.pop(old))


def stop_reading(job: BackgroundRun[Reading]) -> None:
    """Give up reading an offer."""
    _readings()[0].cancel(job)


def offered(offer: Offer) -> Dataset:
    """Return an offer that was read.

    Raises
    ------
    InputError
        If it was not: then it is begun.
    """
    job = reading(offer)
    if job is None or job.run.dataset is None:
        read(offer)
        job = reading(offer)
        if job is not None:
            _readings()[0].wait(job, *ENDED, timeout=AT_ONCE)
    if job is None or job.run.dataset is None:
        why = (
            job.message
            if job is not None and job.message
            else "It is being read: the Data page says how far it is."
        )
        raise InputError(f"{offer.path.name} cannot be shown yet. {why}")
    return job.run.dataset


@st.cache_resource(show_spinner=False, max_entries=4)
def _open_large(identity: str, _source: Source) -> LargeRun:
    return LargeRun(_source)


def large_run() -> LargeRun | None:
    """Return the run trained elsewhere that this visitor looks at: the one opened, or the one in the link."""
    if "large-run" not in st.session_state:
        st.session_state["large-run"] = None
        wanted = st.query_params.get("data", "")
        if wanted.startswith(PREFIX):
            try:
                open_large_run(find_run(wanted))
            except InputError as error:
                st.session_state.notice = f"{error} The generated sample is shown instead."
    return st.session_state["large-run"]


def open_large_run(source: Source) -> None:
    """Look at this run from now on.

    Raises
    ------
    InputError
        If it is not prepared.
    """
    st.session_state["large-run"] = _open_large(source.identity, source)
    st.session_state.pop("listener", None)  # of other data


@st.cache_resource(show_spinner=False)
def _preparations() -> tuple[BackgroundRuns, dict[str, BackgroundRun[Preparation]]]:
    # No lease: whoever prepares a large run need not stay and watch.
    return BackgroundRuns(at_once=1, kept=8, lease=float("inf")), {}


def preparation(source: Source) -> BackgroundRun[Preparation] | None:
    """Return the preparation of a run as it is now, if somebody started one since this server started."""
    return _preparations()[1].get(source.identity)


def prepare(source: Source) -> None:
    """Start to prepare a run in the background, unless that goes on already.

    Raises
    ------
    InputError
        If too many wait.
    """
    line, known = _preparations()
    job = known.get(source.identity)
    if job is None or job.ended:
        known[source.identity] = line.start(None, Preparation(source))


def stop_preparing(job: BackgroundRun[Preparation]) -> None:
    """Give a preparation up; nothing of it is left behind."""
    _preparations()[0].cancel(job)


def catalogue() -> Catalogue:
    """Return the artists of what this visitor looks at."""
    return large_run() or dataset().interactions


def nouns() -> Nouns:
    """Return what listeners, artists and plays are called in what this visitor looks at."""
    return Nouns() if large_run() else dataset().nouns


def title() -> str:
    """Return what that is called."""
    opened = large_run()
    return opened.source.title if opened else dataset().title


def origin() -> str:
    """Return a sentence: where it came from."""
    return "A run trained elsewhere." if large_run() else dataset().origin


def run() -> BackgroundRun[TrainingRun] | None:
    """Return the run this visitor looks at, if it was trained here on the data they look at."""
    if large_run():
        return None
    if "run" not in st.session_state and "run" in st.query_params:
        st.session_state.run = st.query_params["run"]
    return _of_kind(TrainingRun, st.session_state.get("run", ""))


def comparison() -> BackgroundRun[Leaderboard] | None:
    """Return the comparison this visitor started last or came by a link to, if it is on the data they look at."""
    if "comparison" not in st.session_state and "comparison" in st.query_params:
        st.session_state.comparison = st.query_params["comparison"]
    return _of_kind(Leaderboard, st.session_state.get("comparison", ""))


def _of_kind(kind: type[W], run_id: str) -> BackgroundRun[W] | None:
    job = runs().get(run_id, visitor())
    shown = dataset().interactions.fingerprint
    if job is None or not isinstance(job.run, kind) or job.dataset.interactions.fingerprint != shown:
        return None
    return job


def trail() -> list[Record]:
    """Return the trainings of this visit, the latest last; to be changed in place."""
    return st.session_state.setdefault("trail", [])


def follow(job: BackgroundRun[TrainingRun]) -> None:
    """Look at this run from now on; the address keeps it, for a reload or another tab."""
    st.session_state.run = job.id
    st.query_params["run"] = job.id


def place() -> dict[str, str]:
    """Return what a link needs to come back to this data and this run."""
    if opened := large_run():
        return {"data": opened.key}
    key = dataset().key
    here = {"data": key} if is_public(key) or KEY.fullmatch(key) else {}
    job = run()
    return here | ({"run": job.id} if job else {})


def remembered(**options: Any) -> Callable[[Callable[..., V]], Callable[..., V]]:
    """Make a cache for what follows from a data set.

    What follows from the sample and from Last.fm is there for all visitors; what follows from somebody's
    own data is remembered for their visit alone.
    """

    def decorate(function: Callable[..., V]) -> Callable[..., V]:
        for_all = st.cache_resource(**options)(function)
        for_one = st.cache_resource(scope="session", **options)(function)

        def remember(*given: Any, **named: Any) -> V:
            return (for_all if is_public(dataset().key) else for_one)(*given, **named)

        return remember

    return decorate


@remembered(show_spinner=False, max_entries=4)
def _ranks(fingerprint: str, _dataset: Dataset) -> pd.DataFrame:
    return rank_table(_dataset.interactions)


def ranks() -> pd.DataFrame:
    """Return the rank table of the current data; not to be changed."""
    return _ranks(dataset().interactions.fingerprint, dataset())


@remembered(show_spinner=False, max_entries=4)
def _largest(fingerprint: str, n: int, _dataset: Dataset) -> pd.DataFrame:
    return largest_play_counts(_dataset.interactions, n)


def largest(n: int) -> pd.DataFrame:
    """Return the `n` largest values of the current data; not to be changed."""
    return _largest(dataset().interactions.fingerprint, n, dataset())


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
        Draws it, if nobody has yet.
    *options : hashable
        What else decides how it looks.
    """
    return _figure(dataset().interactions.fingerprint, name, options, draw)


@remembered(show_spinner="Drawing the hold-out ...", max_entries=8)
def _split(fingerprint: str, minimum: int, hidden: int, seed: int, _dataset: Dataset) -> Split:
    return hold_out(_dataset.interactions, minimum, hidden, seed)


def split(minimum: int, hidden: int, seed: int) -> Split:
    """Return the hold-out of the current data.

    Raises
    ------
    InputError
        If these numbers leave nobody to take part.
    """
    return _split(dataset().interactions.fingerprint, minimum, hidden, seed, dataset())


# How the lists of a run are judged is measured on this many listeners, so that the page answers at once.
JUDGED = 500
Judged = tuple[pd.DataFrame, int]


@st.cache_resource(show_spinner=False, max_entries=64)
def _effect(
    run_id: str, epochs: int, diversity: float, steps: tuple[float, ...], _run: TrainingRun
) -> Judged:
    users = sample_users(_run.split, JUDGED)
    settings = [Reranking(step, diversity) for step in steps]
    return effect(_run.model, _run.split, users, settings), len(users)


def dial_effect(job: BackgroundRun[TrainingRun], diversity: float, steps: tuple[float, ...]) -> Judged:
    """Return `reranking.effect` of each step of the dial, and on how many listeners; not to be changed."""
    return _effect(job.id, len(job.run.history) + job.ended, diversity, steps, job.run)


@st.cache_resource(show_spinner=False, max_entries=64)
def _quality(run_id: str, epochs: int, _run: TrainingRun) -> dict[str, float]:
    return evaluate(_run.model, _run.split)


def quality(job: BackgroundRun[TrainingRun]) -> dict[str, float]:
    """Return `metrics.evaluate` of a run, as far as it is; not to be changed."""
    return _quality(job.id, len(job.run.history) + job.ended, job.run)


def _run_in_link() -> BackgroundRun[Any] | None:
    return next(
        (
            job
            for name in ("run", "comparison")
            if (job := runs().get(st.query_params.get(name, ""), visitor()))
        ),
        None,
    )


@st.cache_resource(show_spinner=False)
def sweeps() -> BackgroundRuns:
    """Return the sweeps and searches of this server: one at a time, beside the trainings and not before them."""
    return BackgroundRuns(at_once=1, kept=12)


def sweep(kind: type[Sweep | Search]) -> BackgroundRun[Any] | None:
    """Return the sweep or search this visitor started last, if it is on the data they look at."""
    name = kind.__name__.lower()
    key = f"{name}-followed"
    if key not in st.session_state and name in st.query_params:
        st.session_state[key] = st.query_params[name]
    job = sweeps().get(st.session_state.get(key, ""), visitor())
    shown = dataset().interactions.fingerprint
    if job is None or not isinstance(job.run, kind) or job.dataset.interactions.fingerprint != shown:
        return None
    return job


def follow_sweep(job: BackgroundRun[Any]) -> None:
    """Look at this sweep or search from now on; the address of its page keeps it."""
    st.session_state[f"{type(job.run).__name__.lower()}-followed"] = job.id


@remembered(show_spinner=False, max_entries=4)
def _tags(fingerprint: str, _dataset: Dataset) -> tuple[pd.DataFrame, dict[str, list[int]]]:
    shares = tag_shares(_dataset)
    return shares, scenes_of(_dataset, shares)


def tags() -> pd.DataFrame:
    """Return how much of each artist's tags each one is, as `tags.tag_shares`; not to be changed."""
    if large_run():
        return pd.DataFrame(columns=["tag", "share"])
    return _tags(dataset().interactions.fingerprint, dataset())[0]


def scenes() -> dict[str, list[int]]:
    """Return artists of the current data that go together, as `tags.scenes`; not to be changed."""
    if opened := large_run():
        return opened.scenes
    return _tags(dataset().interactions.fingerprint, dataset())[1]


@st.cache_resource(show_spinner=False)
def maps() -> BackgroundRuns:
    """Return the maps of artists of this server: no training waits for one, and one is made at a time."""
    return BackgroundRuns(at_once=1)


@remembered(show_spinner=False, max_entries=MAPS)
def _map(learned: str, _job: BackgroundRun[TrainingRun]) -> BackgroundRun[ArtistMap]:
    return maps().start(_job.dataset, ArtistMap(_job.run.model, _job.dataset.interactions), viewer=visitor())


def artist_map(job: BackgroundRun[TrainingRun]) -> BackgroundRun[ArtistMap]:
    """Return the map of a run that does not train now; the first who asks starts it.

    Raises
    ------
    InputError
        If its model has no latent features, or too many maps are being made.
    """
    found = _map(_learned(job), job)
    if maps().get(found.id, visitor()) is not None and found.state == "paused":
        maps().resume(found)
    return found


@remembered(show_spinner="Reading the features ...", max_entries=4)
def _features(
    learned: str, main: bool, _job: BackgroundRun[TrainingRun]
) -> tuple[NDArray[np.float32], pd.DataFrame]:
    features = (main_directions if main else learned_features)(_job.run.model)
    return features[1].astype(np.float32), describe_features(features, _job.dataset)


def features(job: BackgroundRun[TrainingRun], main: bool) -> tuple[NDArray[np.float32], pd.DataFrame]:
    """Return the item factors of a run, turned into its main directions or as learned, and what they stand for.

    The table is that of `describe_features`; neither is to be changed.

    Raises
    ------
    InputError
        If its model has no latent features.
    """
    return _features(_learned(job), main, job)


def _learned(job: BackgroundRun[TrainingRun]) -> str:
    """Name what a run has learned by now."""
    return f"{job.id} {job.state} {len(job.run.history)}"


def health() -> dict[str, Any]:
    """Return how the server is, as `health.health`."""
    works = {"trainings": runs(), "sweeps": sweeps(), "maps": maps()}
    return health_of(works, {"saved runs": runs_folder(), "downloads": cache_folder()})
