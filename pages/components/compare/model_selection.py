"""Selection of models, runs and hold-out for a comparison."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.components.session import cached, session
from pages.components.shell import layout
from pages.components.widgets import settings_form
from recsys.data.splitting import in_words, validation_items
from recsys.errors import InputError
from recsys.experiments.leaderboard import REPEATS, Entry, Leaderboard
from recsys.experiments.leaderboard_entries import Contender, kept_epoch, label_of
from recsys.experiments.setup import SPLIT_SETTINGS, Setup
from recsys.models import MODELS
from recsys.models.base import Model
from recsys.settings import SETTINGS

LENGTHS = (5, 10, 20)
KINDS = {"settings": "A model with own settings", "run": "A run"}
PREFIX = "compare-"


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
            for place, contender in enumerate(added):
                st.button(
                    layout.escape(contender.label, 60),
                    icon=":material/close:",
                    key=f"remove-{place}",
                    help="Take it out of the comparison.",
                    on_click=_remove,
                    args=(contender,),
                )
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Compare", type="primary", icon=":material/leaderboard:", key="compare")
        adding = st.button("Add a run or own settings", icon=":material/add:", key="add")
        with st.popover("Hold-out", icon=":material/visibility_off:", key="hold-out"):
            chosen = {
                name: settings_form.setting(name, SETTINGS[name].default, PREFIX)
                for name in (*SPLIT_SETTINGS, "seed")
            }
        n = st.segmented_control(
            "Length of the lists",
            LENGTHS,
            default=10,
            required=True,
            format_func=lambda n: f"{n} {nouns.items}",
            key="compare-n",
            persist_state="session",
            label_visibility="collapsed",
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
        f"{_drawn(int(repeats), chosen['seed'])}: each {nouns.user} with at least {chosen['minimum']} {nouns.items} "
        f"hides {chosen['hidden']} of them. {parts} Every model learns from what is not "
        f"hidden and recommends {n} {nouns.items}."
    )
    if adding:
        _add(chosen)
    if pressed:
        defaults = [Contender(MODELS[name].label, Setup(name)) for name in names]
        try:
            split = cached.split(**chosen)
            entries = [contender.entry(split, _trained(contender)) for contender in [*defaults, *added]]
            st.session_state.comparison = session.start(
                session.runs(), Leaderboard(entries, split, int(n), int(repeats))
            ).id
        except InputError as error:
            layout.problem(error)


def _drawn(repeats: int, seed: float) -> str:
    """Say how many hold-outs there are, and by which seeds they are drawn."""
    if repeats == 1:
        return f"One hold-out for all, drawn by seed {seed:g}"
    seeds = f"{seed:g} to {seed + repeats - 1:g}"
    return f"{repeats} hold-outs for all, drawn by the seeds {seeds}, figures are their means"


def _added() -> list[Contender]:
    """Return what was added; runs on other data than this are left out."""
    here = session.dataset().interactions.fingerprint
    added: Sequence[Contender] = st.session_state.get("added", [])
    return [contender for contender in added if contender.setup.fingerprint in ("", here)]


def _remove(contender: Contender) -> None:
    st.session_state.added.remove(contender)


@st.dialog("Add to the comparison", icon=":material/add:")
def _add(hold_out: dict[str, int | float]) -> None:
    kind = st.segmented_control(
        "What to add",
        list(KINDS),
        default="settings",
        required=True,
        format_func=KINDS.__getitem__,
        key="add-kind",
        label_visibility="collapsed",
    )
    contender = _own_settings() if kind == "settings" else _run(hold_out)
    if contender is not None and st.button("Add", type="primary", icon=":material/add:", key="add-it"):
        st.session_state.setdefault("added", []).append(contender)
        st.rerun()


def _own_settings() -> Contender | None:
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
    return Contender(label_of(setup, _taken(), called), setup)


def _run(hold_out: dict[str, int | float]) -> Contender | None:
    """Draw the choice among the runs on this data: those of this visit and the saved ones."""
    added = {contender.run for contender in _added()}
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


def _visited() -> list[Contender]:
    here = session.dataset().interactions.fingerprint
    found = []
    for record in reversed(session.trail()):
        job = session.runs().get(record.id)
        if record.setup.fingerprint == here and record.history and (job is None or job.state != "diverged"):
            name = label_of(record.setup, _taken(), f"{record.name}: {MODELS[record.setup.model].label}")
            kept = kept_epoch(record.setup, record.history)
            found.append(Contender(name, record.setup, record.id, False, kept, record.seconds))
    return found


def _saved() -> list[Contender]:
    here = session.dataset().interactions.fingerprint
    return [
        Contender(
            label_of(entry.setup, _taken(), entry.name),
            entry.setup,
            entry.id,
            True,
            kept_epoch(entry.setup, entry.history),
            sum(epoch.seconds for epoch in entry.history),
        )
        for entry in session.saved_runs().entries()[0]
        if entry.setup.fingerprint == here
    ]


def _taken() -> list[str]:
    return [model.label for model in MODELS.values()] + [contender.label for contender in _added()]


def _trained(contender: Contender) -> Model | None:
    """Return what a run has learned, where that can still be had."""
    if not contender.run:
        return None
    if contender.saved:
        return session.saved_runs().open(contender.run, session.dataset()).model
    job = session.runs().get(contender.run)
    return job.run.model if job is not None and job.ended else None


def notes(entries: Sequence[Entry]) -> None:
    """Say of each run how it was measured, and of a model with a name of its own what its settings are."""
    told = [
        f"- **{layout.escape(entry.label)}**: {layout.escape(entry.note)}"
        for entry in entries
        if entry.note != "Default settings." and entry.note.rstrip(".") not in entry.label
    ]
    if told:
        st.caption("\n".join(told))


def keep(key: str, value: object) -> None:
    """Put a choice back into a control that is about to be drawn, where it has been chosen before."""
    if key in st.session_state and st.session_state[key] != value:
        st.session_state[key] = value
