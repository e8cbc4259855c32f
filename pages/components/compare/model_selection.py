"""Selection of models, runs and hold-out for a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.session import cached, keys, session, stores
from pages.components.shell import layout
from pages.components.widgets import charts, settings_form
from pages.components.widgets import way as way_choice
from pages.components.widgets.way import keep
from recsys.data.splitting import Split, in_words, validation_items
from recsys.data.ways import WAYS, split_settings
from recsys.errors import InputError
from recsys.evaluation.metrics import METRICS
from recsys.experiments.leaderboard import REPEATS, Leaderboard, LeaderboardEntry
from recsys.experiments.leaderboard_entries import ModelChoice, kept_epoch, label_of
from recsys.experiments.setup import SPLIT_SETTINGS, Setup
from recsys.figures.split import split_sketch
from recsys.models import MODELS
from recsys.models.base import Model
from recsys.settings import SETTINGS

LENGTHS = (5, 10, 20)
KINDS = {"settings": "A model with own settings", "run": "A run"}
PREFIX = "compare-"
# What of the choices above has no effect, or another.
OTHERWISE = {
    "last": "Several hold-outs are several seeds of the models. ",
    "date": "Numbers and seed of the hold-out have no effect; the share for validation is taken from the months before "
    "it; several hold-outs are several seeds of the models. ",
    "new-users": "Models that cannot fold them in say so; several hold-outs are several fifths of them. ",
}


def draw() -> None:
    """Draw the choice of models and of the hold-out, and start the comparison when it is asked for."""
    nouns = session.nouns()
    names = st.pills(
        "Models",
        list(MODELS),
        selection_mode="multi",
        default=list(MODELS),
        format_func=lambda name: MODELS[name].label,
        key="compared",
        persist_state="session",
        help="Each with its own default settings.",
    )
    added = _added()
    if added:
        with st.container(horizontal=True, gap="small"):
            for place, choice in enumerate(added):
                st.button(
                    layout.escape(choice.label, 60),
                    icon=":material/close:",
                    key=f"remove-{place}",
                    help="Take it out of the comparison.",
                    on_click=_remove,
                    args=(choice,),
                )
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Compare", type="primary", icon=":material/leaderboard:", key="compare")
        adding = st.button("Add a run or own settings", icon=":material/add:", key="add")
        with st.popover("Hold-out", icon=":material/visibility_off:", key="hold-out"):
            way, month = way_choice.draw(WAYS, keys.WAY, keys.MONTH)
            chosen: dict[str, Any] = {
                name: settings_form.setting(name, SETTINGS[name].default, PREFIX)
                for name in (*SPLIT_SETTINGS, "seed")
            }
            if st.toggle("Draw what is hidden", key="sketched"):
                _sketch(way, month, chosen)
        n = st.segmented_control(
            "Length of the lists",
            LENGTHS,
            default=10,
            required=True,
            format_func=lambda n: f"{n} {nouns.items}",
            key="compare-n",
            persist_state="session",
            label_visibility="collapsed",
            wrap=True,
        )
        repeats = st.segmented_control(
            "Hold-outs",
            REPEATS,
            default=1,
            required=True,
            format_func=lambda number: f"{number} hold-out{'s' if number > 1 else ''}",
            key="repeats",
            persist_state="session",
            label_visibility="collapsed",
            wrap=True,
        )
    own = validation_items(chosen["hidden"], chosen["validation"])
    rest = chosen["hidden"] - own
    parts = (
        f"{own} are validation, which curves and sweeps read, and {rest} are the test, which only this page reports."
        if own
        else "They are validation and test at once, as in the article: a model that was tuned on them looks better "
        "here than it is."
    )
    st.caption(
        f"{nouns.fill(WAYS[way])} {OTHERWISE[way]}Every model learns from what is not hidden and recommends {n} "
        f"{nouns.items}."
        if way != "random"
        else f"{_drawn(int(repeats), chosen['seed'])}: each {nouns.user} with at least {chosen['minimum']} "
        f"{nouns.items} hides {chosen['hidden']} of them. {parts} Every model learns from what is not "
        f"hidden and recommends {n} {nouns.items}."
    )
    if adding:
        _add(split_settings(way, month=month, **chosen))
    if pressed:
        defaults = [ModelChoice(MODELS[name].label, Setup(name)) for name in names]
        try:
            split = _split(way, month, chosen)
            entries = [choice.entry(split, _trained(choice)) for choice in [*defaults, *added]]
            st.session_state[keys.COMPARISON] = session.start(
                session.runs(), Leaderboard(entries, split, int(n), int(repeats))
            ).id
        except InputError as error:
            layout.problem(error)


def _split(way: str, month: str, chosen: dict[str, Any]) -> Split:
    """Return the split that is chosen."""
    return cached.split(**split_settings(way, month=month, **chosen))


def _sketch(way: str, month: str, chosen: dict[str, Any]) -> None:
    dataset = session.dataset()
    try:
        split = _split(way, month, chosen)
    except InputError as error:
        layout.problem(error)
        return
    first = dataset.history.first if dataset.history is not None and way in ("last", "date") else None
    st.plotly_chart(
        split_sketch(split, dataset.interactions, first, dataset.nouns),
        key="sketch",
        alt=f"Which {dataset.nouns.items} of some {dataset.nouns.users} are training, validation and test",
        config=charts.CHART,
    )


def _drawn(repeats: int, seed: float) -> str:
    """Say how many hold-outs there are, and by which seeds they are drawn."""
    if repeats == 1:
        return f"One hold-out for all, drawn by seed {seed:g}"
    seeds = f"{seed:g} to {seed + repeats - 1:g}"
    return f"{repeats} hold-outs for all, drawn by the seeds {seeds}, figures are their means"


def _added() -> list[ModelChoice]:
    """Return what was added; runs on other data than this are left out."""
    here = session.dataset().interactions.fingerprint
    added: Sequence[ModelChoice] = st.session_state.get(keys.ADDED, [])
    return [choice for choice in added if choice.setup.fingerprint in ("", here)]


def _remove(choice: ModelChoice) -> None:
    st.session_state[keys.ADDED].remove(choice)


@st.dialog("Add to the comparison", icon=":material/add:")
def _add(hold_out: dict[str, Any]) -> None:
    kind = st.segmented_control(
        "What to add",
        list(KINDS),
        default="settings",
        required=True,
        format_func=KINDS.__getitem__,
        key="add-kind",
        label_visibility="collapsed",
    )
    choice = _own_settings() if kind == "settings" else _run(hold_out)
    if choice is not None and st.button("Add", type="primary", icon=":material/add:", key="add-it"):
        st.session_state.setdefault(keys.ADDED, []).append(choice)
        st.rerun()


def _own_settings() -> ModelChoice | None:
    name = st.selectbox("Model", list(MODELS), format_func=lambda name: MODELS[name].label, key="add-model")
    settings = {
        wanted: settings_form.setting(wanted, default, f"add-{name}-")
        for wanted, default in MODELS[name].defaults.items()
    }
    called = st.text_input("Name", placeholder="Its settings, if left empty", max_chars=60, key="add-name")
    try:
        setup = Setup(name, settings)
    except InputError as error:
        layout.problem(error)
        return None
    return ModelChoice(label_of(setup, _taken(), called), setup)


def _run(hold_out: dict[str, Any]) -> ModelChoice | None:
    """Draw the choice among the runs on this data: those of this visit and the saved ones."""
    added = {choice.run for choice in _added()}
    runs = {run.run: run for run in (*_visited(), *_saved()) if run.run not in added}
    if not runs:
        st.info(
            "There is no other run on this data. Train a model on the Train page, and save it if you like."
        )
        return None
    chosen = st.selectbox("Run", list(runs), format_func=lambda run: runs[run].label, key="add-run")
    setup = runs[chosen].setup
    st.caption(f"{layout.escape(label_of(setup))}.")
    st.caption(
        "It learned from the hold-out that is chosen here, and is measured as it was trained."
        if setup.hold_out == hold_out
        else f"It learned from another hold-out ({in_words(setup.hold_out)}) and would know "
        "what is hidden here: it is trained anew with its settings."
    )
    return runs[chosen]


def _visited() -> list[ModelChoice]:
    here = session.dataset().interactions.fingerprint
    found = []
    for record in reversed(session.trail()):
        job = session.runs().get(record.id)
        if record.setup.fingerprint == here and record.history and (job is None or job.state != "diverged"):
            name = label_of(record.setup, _taken(), f"{record.name}: {MODELS[record.setup.model].label}")
            kept = kept_epoch(record.setup, record.history)
            found.append(ModelChoice(name, record.setup, record.id, False, kept, record.seconds))
    return found


def _saved() -> list[ModelChoice]:
    here = session.dataset().interactions.fingerprint
    return [
        ModelChoice(
            label_of(entry.setup, _taken(), entry.name),
            entry.setup,
            entry.id,
            True,
            kept_epoch(entry.setup, entry.history),
            sum(epoch.seconds for epoch in entry.history),
        )
        for entry in stores.saved_runs().entries()[0]
        if entry.setup.fingerprint == here
    ]


def _taken() -> list[str]:
    return [model.label for model in MODELS.values()] + [choice.label for choice in _added()]


def _trained(choice: ModelChoice) -> Model | None:
    """Return what a run has learned, where that can still be had."""
    if not choice.run:
        return None
    if choice.saved:
        return stores.saved_runs().open(choice.run, session.dataset()).model
    job = session.runs().get(choice.run)
    return job.run.model if job is not None and job.ended else None


def notes(entries: Sequence[LeaderboardEntry]) -> None:
    """Say of each run how it was measured, and of a model with a name of its own what its settings are."""
    told = [
        f"- **{layout.escape(entry.label)}**: {layout.escape(entry.note)}"
        for entry in entries
        if entry.note != "Default settings." and entry.note.rstrip(".") not in entry.label
    ]
    if told:
        st.caption("\n".join(told))


def choose_metric(place: DeltaGenerator, label: str, names: list[str], key: str) -> str:
    """Draw a menu of metrics; one that was chosen on other data and is not among these gives way to the first."""
    keep(key, st.session_state.get(key) if st.session_state.get(key) in names else names[0])
    return str(
        place.selectbox(
            label, names, format_func=lambda name: METRICS[name].label, key=key, persist_state="session"
        )
    )
