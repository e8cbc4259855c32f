"""Many trainings of one model: a grid over two settings or a search over all, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.train import current_setup, runs_table
from pages.components.train.live_training import TITLES
from pages.components.widgets.live_chart import live_chart
from recsys.data.splitting import Split
from recsys.errors import InputError
from recsys.experiments.grid import MOST_STEPS, GridSearch, Measure, Trial, axis, sweepable
from recsys.experiments.run_table import RunRecord, in_words, label, run_table, spell
from recsys.experiments.search import MOST_TRIALS, Search, reach, searchable
from recsys.experiments.setup import Setup
from recsys.figures import tuning
from recsys.jobs.scheduler import Job
from recsys.models import MODELS
from recsys.settings import SETTINGS

Kind = type[GridSearch | Search]
KINDS: dict[str, Kind] = {"Two settings on a grid": GridSearch, "Automatic search": Search}
MEASURES: dict[Measure, str] = {"rmse": "Validation RMSE", "ndcg": "NDCG@10"}
POLL = 0.5  # seconds


def settings(base: Setup) -> Kind:
    """Draw what to try, and start it when asked to; return which kind it is."""
    name = st.segmented_control(
        "What to try",
        list(KINDS),
        default=next(iter(KINDS)),
        required=True,
        key="sweep-kind",
        persist_state="session",
        help="A grid trains with every combination of two settings. A search learns from each training what to "
        "try next, and gives up those that fall behind.",
    )
    kind = KINDS[str(name)]
    if not sweepable(base):
        st.info("This model has no settings to try. Choose another one.")
        return kind
    start = st.container()
    tried = _grid(base, start) if kind is GridSearch else _search(base, start)
    plain = Setup(base.model, data=base.data, fingerprint=base.fingerprint)
    others = replace(base, settings=base.settings | {name: plain.settings[name] for name in tried})
    said = in_words(others, plain) if others != plain else "the model's own"
    st.caption(f"All other settings are those of the Train page: {layout.escape(said, 300)}.")
    return kind


def _grid(base: Setup, start: DeltaGenerator) -> list[str]:
    """Draw the two axes and the start button; return the names of the settings that change."""
    names = sweepable(base)
    first = _axis(base, "First setting", names, "learning_rate")
    second = _axis(base, "Second setting", [name for name in names if name != first[0]], "regularization")
    with start:
        _start_button(
            "Start the grid",
            base,
            lambda split: GridSearch(base, split, axis(*first), axis(*second)),
            "start-sweep",
        )
    return [first[0], second[0]]


def _axis(base: Setup, words: str, names: list[str], usual: str) -> tuple[str, Any, Any, int, bool]:
    """Draw the choice of a setting and of its values; return what `axis` wants."""
    default = usual if usual in names else names[0]
    key = f"{words.split()[0].lower()}-{base.model}"
    if st.session_state.get(key, default) not in names:
        st.session_state[key] = default
    with st.container(border=True):
        name = str(
            st.selectbox(
                words, names, names.index(default), format_func=label, key=key, persist_state="session"
            )
        )
        row, key = SETTINGS[name], f"{key}-{name}"
        log = bool(st.session_state.get(f"{key}-log", True))
        steps = [step for step in row.ladder if step > 0 or not log]
        low, high = (
            min(steps, key=lambda step: abs(step - end)) for end in reach(name, float(base.settings[name]))
        )
        start, end = st.select_slider(
            f"{row.label} from, to",
            steps,
            value=(low, high),
            format_func=lambda step: f"{step:g}",
            key=f"{key}-{'log' if log else 'linear'}-range",
            help=row.help,
            persist_state="session",
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            count = st.number_input(
                "Values", 2, MOST_STEPS, 6, key=f"{key}-steps", width=110, persist_state="session"
            )
            st.toggle(
                "Log scale",
                True,
                key=f"{key}-log",
                persist_state="session",
                help="Each value is the one before times the same, instead of plus the same.",
            )
    return name, start, end, count, log


def _search(base: Setup, start: DeltaGenerator) -> list[str]:
    """Draw the limits and the start button; return the names of the settings that change."""
    trials = st.number_input(
        "Trainings at most", 1, MOST_TRIALS, 40, key="search-trials", persist_state="session"
    )
    seconds = st.number_input(
        "Seconds at most", 5, 3600, 60, step=5, key="search-seconds", persist_state="session"
    )
    measure = _measure(base.model, "search-measure", "Look for the best")
    st.caption("It changes " + ", ".join(label(name) for name in searchable(base)) + ".")
    with start:
        _start_button(
            "Start the search",
            base,
            lambda split: Search(base, split, int(trials), measure, seconds=float(seconds)),
            "start-search",
        )
    return list(searchable(base))


def _measure(model: str, key: str, words: str) -> Measure:
    """Draw the choice of what is judged by, where there is one."""
    if not MODELS[model].predicts_ratings:
        return "ndcg"
    chosen = st.segmented_control(
        words,
        list(MEASURES),
        default="rmse",
        required=True,
        format_func=lambda name: MEASURES[name],
        key=key,
        persist_state="session",
    )
    return "ndcg" if chosen == "ndcg" else "rmse"


def _start_button(words: str, base: Setup, make: Callable[[Split], GridSearch | Search], key: str) -> None:
    if not st.button(words, type="primary", icon=":material/play_arrow:", width="stretch", key=key):
        return
    try:
        work = make(cached.split(**base.hold_out))
        before = session.sweep(type(work))
        job = session.start(session.sweeps(), work)
    except InputError as error:
        layout.problem(error)
        return
    if before is not None and session.may_steer(before):
        session.sweeps().cancel(before)
    session.follow_sweep(job)


def draw(kind: Kind) -> None:
    """Draw the sweep or search of this visitor, and keep it up to date while it goes on."""
    job = session.sweep(kind)
    if job is None:
        st.info(
            "Nothing has been tried on this data yet. Choose what to try and start it: the results appear here as "
            "they come, also if you leave this page meanwhile.",
            icon=":material/grid_on:",
        )
        return
    st.query_params[kind.__name__.lower()] = job.id
    st.fragment(_panel, run_every=None if job.ended else POLL)(job, job.ended)


def _panel(job: Job[Any], ended: bool) -> None:
    if job.ended != ended:
        st.rerun()  # the pace of the fragment is fixed when the page draws it
    session.sweep(type(job.run))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{MODELS[job.run.setup.model].label}** {TITLES[job.state]}", width="content")
        st.space("stretch")
        _buttons(job)
    if job.message:
        (st.error if job.state == "failed" else st.info)(layout.escape(job.message))
    st.progress(job.run.progress, _how_far(job))
    if isinstance(job.run, GridSearch):
        _grid_results(job.run, job.ended)
    else:
        _search_results(job.run, job.ended)


def _buttons(job: Job[Any]) -> None:
    runs = session.sweeps()
    if not session.may_steer(job):
        return
    if job.state == "paused":
        st.button(
            "Continue",
            icon=":material/play_arrow:",
            on_click=runs.resume,
            args=(job,),
            key="continue-sweep",
        )
    if not job.ended:
        st.button("Cancel", icon=":material/stop:", on_click=runs.cancel, args=(job,), key="cancel-sweep")


def _how_far(job: Job[Any]) -> str:
    run = job.run
    if isinstance(run, GridSearch):
        words = f"{len(run.cells):,} of {len(run.across.values) * len(run.up.values):,} trainings"
    else:
        given_up = sum(cell.pruned for cell in run.cells)
        words = f"{len(run.cells):,} of at most {run.trials:,} trainings, {given_up:,} of them given up"
    if job.state == "queued":
        return f"{words}. Another sweep of this server goes first."
    left = job.seconds_left
    return words if left is None else f"{words}, about {_duration(left)} left"


def _duration(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 90 else f"{seconds / 60:,.0f} min"


def _grid_results(sweep: GridSearch, ended: bool) -> None:
    measure = _measure(sweep.setup.model, "sweep-measure", "Judge by")
    clicked = live_chart(
        tuning.sweep_heat_map(sweep.across, sweep.up, sweep.grid(measure), measure),
        key="sweep",
        clicks=True,
        label=f"{MEASURES[measure]} by {label(sweep.across.name)} and {label(sweep.up.name)}; the table below has "
        "the same",
    )
    names = (sweep.across.name, sweep.up.name)
    _best(sweep.best(measure), measure, names)
    cells = dict(sweep.cells)
    edges = [
        label(one.name)
        for one, place in zip((sweep.across, sweep.up), _place(cells, sweep.best(measure)), strict=True)
        if ended and place in (0, len(one.values) - 1)
    ]
    if edges:
        st.caption(
            f"The best lies at the edge of the grid: a wider range of {' and '.join(edges)} may be better."
        )
    st.caption("Click a cell to open that training on the Train page.")
    if clicked and (cell := cells.get((int(clicked["x"]), int(clicked["y"])))):
        current_setup.open_setup(cell.setup)
    _table(list(cells.values()))


def _place(cells: dict[tuple[int, int], Trial], best: Trial | None) -> tuple[int, int]:
    return next((place for place, cell in cells.items() if cell is best), (-1, -1))


def _search_results(search: Search, ended: bool) -> None:
    cells = list(search.cells)
    if not cells:
        return
    clicked = live_chart(
        tuning.search_history(cells, search.measure, search.setup),
        key=keys.SEARCH,
        clicks=True,
        label=f"{MEASURES[search.measure]} of each training, and the best so far; the table below has the same",
    )
    _best(search.best, search.measure, search.names)
    if ended and (shares := search.importance()):
        st.header("Hyperparameter importance", anchor=False)
        live_chart(
            tuning.importance(shares),
            key="importance",
            label="Share of the result that each setting decides: "
            + ", ".join(f"{label(name)} {share:.0%}" for name, share in shares.items()),
        )
    if clicked and clicked["customdata"] is not None:
        current_setup.open_setup(cells[int(clicked["customdata"])].setup)
    _table(cells)


def _best(best: Trial | None, measure: Measure, names: Sequence[str]) -> None:
    if best is None:
        return
    values = ", ".join(f"{label(name)} {spell(name, best.setup.settings[name])}" for name in names)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{tuning.METRIC_TITLES[measure]}: {getattr(best, measure):.4f}** with {layout.escape(values)}",
            width="stretch",
        )
        if st.button("Use the best", icon=":material/arrow_forward:", key="use-best"):
            current_setup.open_setup(best.setup)


def _table(cells: Sequence[Trial]) -> None:
    """Draw the trainings as a table, for the keyboard and for readers who cannot see the chart."""
    if not cells:
        return
    with st.expander("As a table", icon=":material/table:"):
        records = [
            RunRecord(str(at), f"Training {at + 1}", cell.setup, cell.history)
            for at, cell in enumerate(cells)
        ]
        table = run_table(records).drop(columns=["id", "pinned", "curve"])
        st.dataframe(
            table.assign(message=[cell.message for cell in cells]),
            hide_index=True,
            key="sweep-table",
            column_config=runs_table.columns(table)
            | {
                "name": st.column_config.ButtonColumn(
                    "Open", type="tertiary", alignment="left", width=120, key=keys.SWEEP_OPEN
                ),
                "message": st.column_config.TextColumn("Why it ended early"),
            },
        )
    click: Any = st.session_state.get(keys.SWEEP_OPEN)
    if click and click["row"] < len(cells):
        current_setup.open_setup(cells[click["row"]].setup)
