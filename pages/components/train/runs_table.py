"""Runs table of the Train page and its actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.session import keys, session, stores
from pages.components.shell import layout
from pages.components.train import import_run, notes
from pages.components.train.current_setup import fingerprint, put
from pages.components.widgets.live_chart import live_chart
from pages.components.widgets.live_slider import is_dragging
from recsys.errors import InputError
from recsys.experiments.diagnosis import diagnose
from recsys.experiments.run_table import RunRecord, difference, label, run_table, spell
from recsys.experiments.setup import Setup
from recsys.experiments.share_link import to_query
from recsys.experiments.training import Stopping, TrainingRun
from recsys.figures import tuning
from recsys.jobs.scheduler import ENDED, Job
from recsys.models import MODELS
from recsys.storage.stored_run import MAX_NAME_CHARS, MAX_NOTE_CHARS
from recsys.storage.tables import disarm

KEPT = 50


def remember() -> None:
    """Note the run that is shown once it is over, and put it into the address."""
    job = session.run()
    if job is None:
        return
    setup = Setup.of(job.dataset, job.run)
    query = to_query(setup)
    if not query.items() <= st.query_params.to_dict().items():
        st.query_params.update(query)
    of_others = {name for model in MODELS.values() for name in model.defaults} | {"way", "month"}
    for name in of_others - query.keys():  # of another model or way to split: a link would complain of them
        st.query_params.pop(name, None)
    notes.keep_in_address(job.id)
    trail = session.trail()
    noted: set[str] = st.session_state.setdefault(keys.NOTED, set())
    if job.state in ("done", "diverged") and job.id not in noted and not is_dragging():
        noted.add(job.id)
        name = "Recommended" if session.chosen_run() is None else f"Run {len(noted)}"
        trail.append(RunRecord(job.id, name, setup, list(job.run.history)))
        del trail[:-KEPT]


def earlier() -> list[RunRecord]:
    """Return what was trained before on this data, but for the run that is shown."""
    shown = session.run()
    return [
        record
        for record in session.trail()
        if (shown is None or record.id != shown.id) and record.setup.fingerprint == fingerprint()
    ]


def diagnosis() -> None:
    """Say what the curve that is shown means, each with a button that does something about it."""
    job = session.run()
    if job is None or not job.ended:
        return
    run = job.run
    found = diagnose(
        run.history,
        run.references,
        Setup.of(job.dataset, run).flat,
        run.epochs,
        job.state == "diverged",
    )
    for at, finding in enumerate(found):
        with st.container(horizontal=True, vertical_alignment="center", key=f"finding-{at}"):
            st.markdown(f":material/lightbulb: {layout.escape(finding.sentence)}", width="stretch")
            if finding.change:
                words = ", ".join(
                    f"{label(name)} {spell(name, value)}" for name, value in finding.change.items()
                )
                st.button(
                    words,
                    icon=":material/auto_fix_high:",
                    key=f"apply-{at}",
                    on_click=_apply,
                    args=(Setup.of(job.dataset, run), finding.change),
                )


def runs() -> None:
    """Draw the table of all runs: view, compare, rename, pin, delete, undo, save, export, import."""
    records = _records()
    if records:
        st.header("Runs", anchor=False)
        _keep_selection([record.id for record in records])
        table = run_table(records).drop(columns=["id"])
        table.insert(0, "saved", [record.id in _saved() for record in records])
        for column in table.columns.intersection(["name", "note"]):
            table[column] = table[column].map(disarm)
        st.dataframe(
            table,
            hide_index=True,
            key=keys.RUNS,
            on_select=_view_selected,
            selection_mode="multi-row",
            column_config=columns(table),
        )
        if any(record.id not in _saved() for record in records):
            st.caption(
                "Runs that are not saved outlive a reload; the server forgets them when it restarts, when it needs "
                "their memory, and those on your own data 15 minutes after you leave."
            )
    chosen = [record for record in records if record.id in _selected()]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(chosen) == 1:
            _actions(chosen[0])
        if st.session_state.get(keys.DELETED):
            st.button("Undo delete", icon=":material/undo:", key="undo", on_click=_guarded, args=(_undo,))
    if len(chosen) == 2:
        _side_by_side(*chosen)
    for sentence in st.session_state.get(keys.STORE_COMPLAINTS, []):
        st.caption(layout.escape(sentence))
    if problem := st.session_state.pop(keys.RUNS_PROBLEM, None):
        st.error(layout.escape(problem))
    if news := st.session_state.pop(keys.RUNS_NEWS, None):
        st.success(layout.escape(news))
    if len(records) > 1:
        _lines(records)
    import_run.draw()


def _lines(records: list[RunRecord]) -> None:
    """Draw all runs as lines over their settings; a click on one selects it in the table, or no longer."""
    shown = st.expander(
        "All runs as lines", icon=":material/show_chart:", key="lines-open", on_change="rerun"
    )
    if not shown.open:
        return
    with shown:
        st.caption("A line is a run. Click one of its points to select it in the table, again to let it go.")
        live_chart(
            tuning.parallel_coordinates(records, _selected()),
            key=keys.LINES,
            label=f"{len(records)} runs as lines over their settings, RMSE and NDCG; the table has the same",
            clicks=_pick,
        )


def _pick() -> None:
    """Select the run of the line that was clicked, or let it go."""
    clicked = st.session_state[keys.LINES]["clicked"]
    shown = st.session_state.get(keys.RUNS_SHOWN, [])
    if clicked and clicked["customdata"] in shown:
        rows = {shown.index(name) for name in _selected()} ^ {shown.index(clicked["customdata"])}
        _select(sorted(rows))
        _view_selected()


def _select(rows: list[int]) -> None:
    st.session_state[keys.RUNS] = {"selection": {"rows": rows, "columns": [], "cells": []}}


def _keep_selection(shown: list[str]) -> None:
    """Let the same runs be selected where their rows have moved."""
    chosen = _selected()
    if chosen and shown != st.session_state.get(keys.RUNS_SHOWN):
        _select([shown.index(name) for name in chosen if name in shown])
    st.session_state[keys.RUNS_SHOWN] = shown


def columns(table: pd.DataFrame) -> dict[str, Any]:
    """Return how the columns of a `run_table` are shown."""
    fixed: dict[str, Any] = {
        "saved": st.column_config.CheckboxColumn("Saved", width=60),
        "name": st.column_config.TextColumn("Name"),
        "note": st.column_config.TextColumn("Note"),
        "pinned": st.column_config.CheckboxColumn("Pinned", width=60),
        "best_epoch": st.column_config.NumberColumn("Best epoch", format="localized"),
        "epochs": st.column_config.NumberColumn("Epochs", format="localized"),
        "rmse": st.column_config.NumberColumn("RMSE", format="%.4f", help="The lowest on hidden pairs."),
        "ndcg": st.column_config.NumberColumn(
            "NDCG@10, sample",
            format="%.4f",
            help="The highest while training: validation part, lists of the sample that the curve is drawn from.",
        ),
        "seconds": st.column_config.NumberColumn("Seconds", format="%.2f"),
        "curve": st.column_config.LineChartColumn("Curve", help="Validation RMSE by epoch."),
    }
    return fixed | {
        name: st.column_config.TextColumn(label(name)) for name in table.columns if name not in fixed
    }


def _actions(record: RunRecord) -> None:
    if session.runs().get(record.id):
        st.button(
            "Compare all with it",
            icon=":material/flag:",
            key="baseline-run",
            help="Makes it the baseline: figures and lists of all other runs show the difference to it.",
            on_click=st.session_state.__setitem__,
            args=(keys.BASELINE, record.id),
        )
    if record.shared:
        st.caption("This run is there for everybody: nobody can change it here.")
    else:
        _changes(record)
    if record.id in _saved():
        store = stores.saved_runs()  # a download is made outside of the visit
        st.download_button(
            "Export",
            lambda: store.export(record.id),
            file_name=f"{record.id}.safetensors",
            icon=":material/download:",
            key="export-run",
        )


def _changes(record: RunRecord) -> None:
    st.text_input("Name", record.name, key=f"name-{record.id}", max_chars=MAX_NAME_CHARS)
    st.text_input(
        "Note",
        record.note,
        key=f"note-{record.id}",
        max_chars=MAX_NOTE_CHARS,
        placeholder="Such as: for the demo",
        help="Kept in the table, in the file of a saved run and in the link to it.",
        on_change=_guarded,
        args=(_annotate, record),
    )
    work: list[tuple[str, str, Callable[[RunRecord], None]]] = [
        ("Rename", ":material/edit:", _rename),
        ("Unpin" if record.pinned else "Pin", ":material/keep:", _pin),
        ("Delete", ":material/delete:", _delete),
    ]
    if record.id not in _saved() and session.runs().get(record.id):
        work.append(("Save", ":material/save:", _save))
    for words, icon, do in work:
        key = f"{words.lower().removeprefix('un')}-run"
        st.button(words, icon=icon, key=key, on_click=_guarded, args=(do, record))


def _side_by_side(first: RunRecord, second: RunRecord) -> None:
    rows = [
        {"Setting": label(name), first.name: spell(name, one), second.name: spell(name, other)}
        for name, (one, other) in difference(first.setup, second.setup).items()
    ]
    if rows and first.name != second.name:
        st.table(pd.DataFrame(rows).set_index("Setting"))
    elif not rows:
        st.caption("Both have the same settings.")


def _saved() -> dict[str, RunRecord]:
    """Return what is in the folder of saved runs; read once a visit and after each change."""
    if keys.SAVED not in st.session_state:
        entries, complaints = stores.saved_runs().entries()
        st.session_state[keys.STORE_COMPLAINTS] = complaints
        st.session_state[keys.SAVED] = {
            entry.id: RunRecord(
                entry.id, entry.name, entry.setup, entry.history, entry.pinned, entry.shared, entry.note
            )
            for entry in entries
        }
    return st.session_state[keys.SAVED]


def _records() -> list[RunRecord]:
    """Return the runs of this visit and the saved ones, pinned ones first, the latest first."""
    trail = [replace(record, note=notes.of(record.id)) for record in reversed(session.trail())]
    records = [*trail, *_saved().values()]
    return sorted(records, key=lambda record: not record.pinned)


def _selected() -> list[str]:
    shown = st.session_state.get(keys.RUNS_SHOWN, [])
    rows = st.session_state.get(keys.RUNS, {}).get("selection", {}).get("rows", [])
    return [shown[row] for row in rows if row < len(shown)]


def _view_selected() -> None:
    chosen = [record for record in _records() if record.id in _selected()]
    if len(chosen) == 1:
        _guarded(_view, chosen[0])


def _view(record: RunRecord) -> None:
    """Show a run again: where it still is, from its file, or by training it anew."""
    job: Job[TrainingRun] | None = session.runs().get(record.id)
    if job is None and record.id in _saved():
        saved = stores.saved_runs().open(record.id, session.dataset())
        stopping = Stopping(record.setup.watch, record.setup.patience)
        run = TrainingRun.over(saved.model, saved.split, stopping, saved.history, saved.kept)
        job = session.start(session.runs(), run)
        st.session_state.setdefault(keys.NOTED, set()).add(job.id)
        notes.put(job.id, record.note)
        session.runs().wait(job, *ENDED, timeout=2.0)
    put(record.setup)
    if job is None:
        st.session_state[keys.TRAIN_NOW] = True
    else:
        session.follow(job)
        st.session_state[keys.TUNED] = replace(record.setup, fingerprint=fingerprint())


def _apply(setup: Setup, change: Mapping[str, Any]) -> None:
    put(setup)
    for name, value in change.items():
        own = name in setup.settings
        st.session_state[f"{setup.model}-{name}" if own else name] = value
    st.session_state[keys.TRAIN_NOW] = True


def _guarded(work: Callable[..., None], *given: Any) -> None:
    """Do what a button says; what goes wrong is told below the table."""
    try:
        work(*given)
    except InputError as error:
        st.session_state[keys.RUNS_PROBLEM] = str(error)


def _changed(record: RunRecord, **changes: Any) -> None:
    trail = session.trail()
    trail[:] = [replace(old, **changes) if old.id == record.id else old for old in trail]


def _rename(record: RunRecord) -> None:
    name = str(st.session_state[f"name-{record.id}"])
    if record.id in _saved():
        stores.saved_runs().rename(record.id, name)
        del st.session_state[keys.SAVED]
    elif name.strip():
        _changed(record, name=name.strip())


def _annotate(record: RunRecord) -> None:
    note = str(st.session_state[f"note-{record.id}"])
    if record.id in _saved():
        stores.saved_runs().annotate(record.id, note)
        del st.session_state[keys.SAVED]
    else:
        notes.put(record.id, note)


def _pin(record: RunRecord) -> None:
    if record.id in _saved():
        stores.saved_runs().pin(record.id, not record.pinned)
        del st.session_state[keys.SAVED]
    else:
        _changed(record, pinned=not record.pinned)


def _delete(record: RunRecord) -> None:
    if record.id in _saved():
        stores.saved_runs().delete(record.id)
        del st.session_state[keys.SAVED]
        st.session_state.setdefault(keys.DELETED, []).append((record, None))
    else:
        place = [old.id for old in session.trail()].index(record.id)
        del session.trail()[place]
        st.session_state.setdefault(keys.DELETED, []).append((record, place))


def _undo() -> None:
    record, place = st.session_state[keys.DELETED].pop()
    if place is not None:
        session.trail().insert(place, record)
        return
    store = stores.saved_runs()
    try:
        store.restore(record.id)
    except InputError:
        if store.is_deleted(record.id):  # what failed can be tried again
            st.session_state[keys.DELETED].append((record, place))
        raise
    del st.session_state[keys.SAVED]


def _save(record: RunRecord) -> None:
    job = session.runs().get(record.id)
    if job is not None:
        stores.saved_runs().save(job.dataset, job.run, record.name, record.note)
        job.saved = True
        session.trail()[:] = [old for old in session.trail() if old.id != record.id]
        del st.session_state[keys.SAVED]
