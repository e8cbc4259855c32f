"""Behaviour checks and the model card of one of the compared models."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.components.compare.model_selection import keep
from pages.components.session import keys, session
from pages.components.shell import layout
from recsys.errors import InputError
from recsys.experiments.checks import Check, Checks
from recsys.experiments.leaderboard import Leaderboard, LeaderboardEntry
from recsys.jobs.scheduler import Job
from recsys.storage import model_card

ICONS = {
    "passed": ":green[:material/check_circle:]",
    "failed": ":red[:material/cancel:]",
    "left out": ":gray[:material/remove_circle:]",
}


def draw(board: Leaderboard) -> None:
    """Draw the choice of a model, and its checks once they are asked for."""
    measured = {entry.label: entry for entry in board.measured}
    labels = list(measured)
    known = st.session_state.get(keys.CHECKED)
    keep(keys.CHECKED, known if known in labels else labels[0])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = str(
            st.selectbox("Model to check", labels, key=keys.CHECKED, persist_state="session", width=320)
        )
        pressed = st.button("Check", type="primary", icon=":material/checklist:", key="check")
    entry = measured[label]
    st.caption(
        "Checks train the model anew, up to three times, with its settings and on the hold-out of this comparison; the "
        "same from the command line: `python -m recsys check`, with an exit code."
    )
    if pressed:
        work = Checks(lambda number: entry.again(number).model, board.split, board.n, entry.stop)
        try:
            started = session.start(session.runs(), work).id
            st.session_state[keys.CHECKS] = {
                **st.session_state.get(keys.CHECKS, {}),
                (board.split, label): started,
            }
        except InputError as error:
            layout.problem(error)
    job: Job[Checks] | None = session.runs().get(
        st.session_state.get(keys.CHECKS, {}).get((board.split, label), "")
    )
    done = job.run.results if job is not None and job.ended else []
    with st.container(horizontal=True):
        for ending, kind in (("html", "text/html"), ("json", "application/json")):
            st.download_button(
                f"Model card ({ending.upper()})",
                partial(_card, board, entry, done, ending),
                f"model-card.{ending}",
                kind,
                icon=":material/badge:",
                on_click="ignore",
                key=f"card-{ending}",
                help="Data, split, settings, figures with intervals, slices and the checks that are made, in one file.",
            )
    if job is not None:
        st.fragment(_results, run_every=None if job.ended else 0.5)(job, job.ended)


def _card(board: Leaderboard, entry: LeaderboardEntry, checks: Sequence[Check], ending: str) -> str:
    dataset = session.dataset()
    made = model_card.card(dataset, board, entry, checks, datetime.datetime.now(datetime.UTC))
    return (
        model_card.to_html(made, dataset) if ending == "html" else json.dumps(made, indent=1, allow_nan=False)
    )


def _results(job: Job[Checks], ended: bool) -> None:
    """Draw the checks that are done, and how far the others are."""
    session.runs().get(job.id)
    if job.ended != ended:
        st.rerun()
    nouns, work = session.nouns(), job.run
    if job.state == "failed" or job.state == "diverged":
        st.warning(layout.escape(job.message))
    elif not job.ended:
        st.progress(work.progress, "Training and checking")
    elif work.failed:
        st.warning(f"{len(work.failed)} of {len(work.results)} checks failed.", icon=":material/cancel:")
    else:
        left_out = sum(check.state == "left out" for check in work.results)
        but = f"; {left_out} could not be made" if left_out else ""
        st.success(f"No check failed{but}.", icon=":material/check_circle:")
    for check in work.results:
        st.markdown(
            f"{ICONS[check.state]} **{layout.escape(nouns.fill(check.question))}** "
            f"{layout.escape(nouns.fill(check.sentence))}"
        )
