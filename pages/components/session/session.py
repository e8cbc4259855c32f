"""Session state: current dataset, run and jobs."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from pages.components.session import keys, shared_jobs, splits, stores
from pages.components.session.browser_identity import address, owner
from recsys.data.catalogue import Catalogue
from recsys.data.dataset import OFFERED, SHARED, Dataset
from recsys.data.nouns import Nouns
from recsys.data.sources.lastfm import cache_folder
from recsys.data.sources.load import load
from recsys.data.sources.server_folder import Reading, ServerDataset, find_offer
from recsys.data.splitting import suited
from recsys.errors import InputError
from recsys.experiments.choose import Race
from recsys.experiments.grid import GridSearch
from recsys.experiments.leaderboard import Leaderboard
from recsys.experiments.run_table import RunRecord
from recsys.experiments.search import Search
from recsys.experiments.setup import Setup
from recsys.experiments.snapshots import Snapshots
from recsys.experiments.training import TrainingRun, warm_up
from recsys.jobs.health import health as health_of
from recsys.jobs.scheduler import Job, JobScheduler, Work
from recsys.scale.external_runs import ExternalRun, Manifest, find_run
from recsys.scale.external_runs.manifest import KEY_PREFIX
from recsys.storage.dataset_store import KEY
from recsys.storage.run_store import runs_folder

SAMPLE = "sample"
HOLD_OUTS = ("split-", "compare-")  # what the keys of the controls of a hold-out begin with
W = TypeVar("W", TrainingRun, Leaderboard)
S = TypeVar("S", bound=Work)
AT_ONCE = 2.0  # seconds to wait for data that is small
# The model that is trained for everybody on the data they look at: the first of the list, in its fast setting.
RECOMMENDED = Setup(settings={"factors": 96, "epochs": 10})
_SHARING = threading.Lock()


@st.cache_resource(show_spinner=False)
def runs() -> JobScheduler:
    """Return the trainings of this server; the first call compiles the kernels in the background."""
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    return JobScheduler()


def visitor() -> str:
    """Return a name for this visit: what it does on data of its own is forgotten when it is over."""
    name: str = st.session_state.setdefault(keys.VISITOR, secrets.token_hex(8))
    _presence(name)
    return name


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda presence: presence.end())
def _presence(name: str) -> _Presence:
    return _Presence(name, (runs(), sweeps(), maps()))


@dataclass(frozen=True)
class _Presence:
    """Streamlit gives it up as soon as the browser is gone, and makes it anew if it comes back."""

    visitor: str
    left: tuple[JobScheduler, ...]

    def end(self) -> None:
        for work in self.left:
            work.leave(self.visitor)


def start(work: JobScheduler, run: S, on: Dataset | None = None) -> Job[S]:
    """Do something on data, by default the current data, in the background, for this visitor.

    Raises
    ------
    InputError
        If too much waits already.
    """
    return work.start(on or dataset(), run, owner(), visitor(), address())


def may_steer(job: Job[Any]) -> bool:
    """Tell whether this visitor may pause, continue and cancel a job: their own, and none that all share."""
    return job.owner == owner()


@st.cache_resource(show_spinner="Reading the data ...", max_entries=4)
def _open(key: str) -> Dataset:
    return load(key)


def dataset() -> Dataset:
    """Return the data set this visitor looks at: the one chosen, the one in the link, or the sample."""
    if keys.DATASET not in st.session_state:
        job = _run_in_link()
        wanted = st.query_params.get("data", SAMPLE)
        try:
            if job:
                chosen = job.dataset
            elif KEY.fullmatch(wanted):
                chosen = stores.kept_data().open(wanted)
            elif wanted.startswith(OFFERED):
                chosen = offered(find_offer(wanted))
            else:
                chosen = _open(wanted if wanted in SHARED else SAMPLE)
        except InputError as error:
            st.session_state[keys.NOTICE] = f"{error} The generated sample is shown instead."
            chosen = _open(SAMPLE)
        st.session_state[keys.DATASET] = chosen
    return st.session_state[keys.DATASET]


def choose(key: str) -> None:
    """Look at the data set with this key from now on.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    show(stores.kept_data().open(key) if KEY.fullmatch(key) else _open(key))


def show(chosen: Dataset) -> None:
    """Look at this data set from now on, with the hold-out that suits it; a run on other data is left behind."""
    st.session_state[keys.EXTERNAL_RUN] = None
    st.session_state.pop(keys.OFFER_WANTED, None)
    usual = suited(dataset().interactions)
    st.session_state[keys.DATASET] = chosen
    wanted = suited(chosen.interactions)
    if wanted != usual:
        for prefix in HOLD_OUTS:
            st.session_state[f"{prefix}minimum"], st.session_state[f"{prefix}hidden"] = wanted
    if chosen_run() is None:
        st.session_state.pop(keys.RUN, None)


def offered(offer: ServerDataset) -> Dataset:
    """Return what this server offers, once it is read; reading is begun if it was not.

    Raises
    ------
    InputError
        If it is not read yet, or cannot be.
    """
    readings = shared_jobs.readings()
    job = readings.job(offer)
    if job is None or job.run.dataset is None:
        job = readings.start(offer, partial(Reading, offer), owner())
        readings.wait(job, AT_ONCE)
    if job.run.dataset is None:
        why = job.message or "It is being read: the Data page says how far it is."
        raise InputError(f"{offer.path.name} cannot be shown yet. {why}")
    return job.run.dataset


@st.cache_resource(show_spinner=False, max_entries=4)
def _open_large(identity: str, _source: Manifest) -> ExternalRun:
    return ExternalRun(_source)


def large_run() -> ExternalRun | None:
    """Return the run trained elsewhere that this visitor looks at: the one opened, or the one in the link."""
    if keys.EXTERNAL_RUN not in st.session_state:
        st.session_state[keys.EXTERNAL_RUN] = None
        wanted = st.query_params.get("data", "")
        if wanted.startswith(KEY_PREFIX):
            try:
                open_large_run(find_run(wanted))
            except InputError as error:
                st.session_state[keys.NOTICE] = f"{error} The generated sample is shown instead."
    return st.session_state[keys.EXTERNAL_RUN]


def open_large_run(source: Manifest) -> None:
    """Look at this run from now on.

    Raises
    ------
    InputError
        If it is not prepared.
    """
    st.session_state[keys.EXTERNAL_RUN] = _open_large(source.identity, source)
    st.session_state.pop(keys.OFFER_WANTED, None)
    st.session_state.pop(keys.LISTENER, None)  # of other data


def catalogue() -> Catalogue:
    """Return the artists of what this visitor looks at."""
    return large_run() or dataset().interactions


def nouns() -> Nouns:
    """Return what listeners, artists and plays are called in what this visitor looks at."""
    opened = large_run()
    return opened.manifest.nouns if opened else dataset().nouns


def title() -> str:
    """Return what that is called."""
    opened = large_run()
    return opened.manifest.title if opened else dataset().title


def origin() -> str:
    """Return a sentence: where it came from."""
    return "A run trained elsewhere." if large_run() else dataset().origin


def run() -> Job[TrainingRun] | None:
    """Return the run this visitor looks at: the one chosen, or else the recommended one; None if there is neither."""
    return chosen_run() or recommended_run()


def chosen_run() -> Job[TrainingRun] | None:
    """Return the run that this visitor started, chose or came to by a link, if it is on the data they look at."""
    if large_run():
        return None
    if keys.RUN not in st.session_state and "run" in st.query_params:
        st.session_state[keys.RUN] = wanted = st.query_params["run"]
        # with settings in the address, it is trained again
        if _open_to_visitor(wanted) is None and "model" not in st.query_params:
            gone = "This server no longer has the run in the address. The recommended model is shown instead."
            st.session_state.setdefault(keys.NOTICE, gone)
    return _of_kind(TrainingRun, st.session_state.get(keys.RUN, ""))


def recommended_run() -> Job[TrainingRun] | None:
    """Return the run of the recommended model on the current data; the first who asks starts it."""
    if large_run():
        return None
    try:
        return train_recommended(dataset(), owner(), visitor())
    except InputError as error:
        st.session_state[keys.NOT_RECOMMENDED] = str(error)
        return None


@st.cache_resource(show_spinner=False)
def _shared() -> dict[tuple[str, ...], str]:
    """Return the names of shared jobs by what they do and the data; where that is private, its owner, too."""
    return {}


def shared(what: str, data: Dataset, make: Callable[[], S], owner: str = "", viewer: str = "") -> Job[S]:
    """Return the job that does this for all who look at the data; the first who asks starts it.

    Raises
    ------
    InputError
        If it cannot be done, or too many trainings are waiting.
    """
    owner = "" if data.is_public else owner
    key = (what, data.interactions.fingerprint, owner)
    with _SHARING:
        job = runs().get(_shared().get(key, ""), viewer)
        if job is None or job.state in ("cancelled", "failed"):
            job = runs().start(data, make(), owner, viewer)
            _shared()[key] = job.id
    return job


def train_recommended(data: Dataset, owner: str = "", viewer: str = "") -> Job[TrainingRun]:
    """Train the recommended model on this data in the background, unless that was done before.

    Raises
    ------
    InputError
        If nothing can be held out of this data, or too many trainings are waiting.
    """

    def make() -> TrainingRun:
        minimum, hidden = suited(data.interactions)
        setup = replace(RECOMMENDED, minimum=minimum, hidden=hidden)
        return setup.run(splits.draw(data, setup.hold_out), Snapshots())

    return shared("train", data, make, owner, viewer)


def train_on_sample() -> None:
    """Train the recommended model on the sample, so that the first visitor finds it trained."""
    train_recommended(_open(SAMPLE))


def comparison() -> Job[Leaderboard] | None:
    """Return the comparison this visitor started last or came by a link to, if it is on the data they look at."""
    if keys.COMPARISON not in st.session_state and "comparison" in st.query_params:
        st.session_state[keys.COMPARISON] = st.query_params["comparison"]
    return _of_kind(Leaderboard, st.session_state.get(keys.COMPARISON, ""))


def shared_comparison(make: Callable[[], Leaderboard]) -> Job[Leaderboard]:
    """Return the comparison that all share who look at this data and chose nothing else; the first starts it.

    Raises
    ------
    InputError
        If it cannot be made, or too much waits already.
    """
    return shared("compare", dataset(), make, owner(), visitor())


def _of_kind(kind: type[W], run_id: str) -> Job[W] | None:
    return _if_shown(_open_to_visitor(run_id), kind)


def _if_shown(job: Job[Any] | None, kind: type[Work]) -> Job[Any] | None:
    """Return the job if it does work of this kind on the current data."""
    if job is None or not isinstance(job.run, kind):
        return None
    return job if job.dataset.interactions.fingerprint == dataset().interactions.fingerprint else None


def trail() -> list[RunRecord]:
    """Return the trainings of this visit, the latest last; to be changed in place.

    A reload begins with those of this visitor that the server still remembers.
    """
    if keys.TRAIL not in st.session_state:
        ended = [
            job
            for job in runs().of(owner())
            if isinstance(job.run, TrainingRun) and job.state in ("done", "diverged") and not job.saved
        ]
        st.session_state[keys.TRAIL] = [
            RunRecord(job.id, f"Run {place}", Setup.of(job.dataset, job.run), list(job.run.history))
            for place, job in enumerate(ended, 1)
        ]
        st.session_state[keys.NOTED] = {job.id for job in ended}
    trained: list[RunRecord] = st.session_state[keys.TRAIL]
    return trained


def follow(job: Job[TrainingRun]) -> None:
    """Look at this run from now on; the address keeps it, for a reload or another tab."""
    st.session_state[keys.RUN] = job.id
    st.query_params["run"] = job.id


def place() -> dict[str, str]:
    """Return what a link needs to come back to this data and this run."""
    if opened := large_run():
        return {"data": opened.key}
    shown = dataset()
    here = {"data": shown.key} if shown.is_public or KEY.fullmatch(shown.key) else {}
    job = chosen_run()
    return here | ({"run": job.id} if job else {})


def _open_to_visitor(run_id: str) -> Job[Any] | None:
    """Return a training or comparison by its id: any on public data, those on own data to their owner alone."""
    job = runs().get(run_id, visitor())
    return job if job is None or job.dataset.is_public or job.owner == owner() else None


def _run_in_link() -> Job[Any] | None:
    found = (_open_to_visitor(st.query_params.get(name, "")) for name in ("run", "comparison"))
    return next(filter(None, found), None)


@st.cache_resource(show_spinner=False)
def sweeps() -> JobScheduler:
    """Return the sweeps, searches and races of this server: one at a time, beside the trainings and not before them."""
    return JobScheduler(at_once=1, kept=12)


def sweep(kind: type[GridSearch | Search | Race]) -> Job[Any] | None:
    """Return the sweep, search or race this visitor started last, if it is on the data they look at."""
    name = kind.__name__.lower()
    key = f"{name}-followed"
    if key not in st.session_state and name in st.query_params:
        st.session_state[key] = st.query_params[name]
    return _if_shown(sweeps().get(st.session_state.get(key, ""), visitor()), kind)


def follow_sweep(job: Job[Any]) -> None:
    """Look at this sweep, search or race from now on; the address of its page keeps it."""
    st.session_state[f"{type(job.run).__name__.lower()}-followed"] = job.id


@st.cache_resource(show_spinner=False)
def maps() -> JobScheduler:
    """Return the maps of artists of this server: no training waits for one, and one is made at a time."""
    return JobScheduler(at_once=1, lease=60.0)  # one that is opened again is resumed


def health() -> dict[str, Any]:
    """Return how the server is, as `health.health`."""
    works = {"trainings": runs(), "sweeps": sweeps(), "maps": maps()}
    return health_of(works, {"saved runs": runs_folder(), "downloads": cache_folder()})
