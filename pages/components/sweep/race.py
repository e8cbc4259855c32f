"""Race of models for the data in use: the offer, the live table, and the choice."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.components import navigation
from pages.components.session import choice, keys, session
from pages.components.shell import layout
from pages.components.train.live_training import TITLES
from recsys.errors import InputError
from recsys.experiments.candidates import Candidate, suitable
from recsys.experiments.choose import TIME_LIMIT, Race
from recsys.jobs.scheduler import Job
from recsys.models import MODELS

POLL = 0.5  # seconds
BUTTON = "Find the best for this data"
# How far a candidate is, in the order of the table.
STATES = {
    "measured": "Measured on all",
    "training": "Training",
    "sampled": "Still in",
    "waiting": "Waiting",
    "late": "Out of time",
    "dropped": "Dropped",
    "failed": "Failed",
}


def draw() -> None:
    """Draw the race of this visitor with its table, or offer one."""
    job = choice.race()
    if job is None:
        _offer()
        _candidates(suitable(session.dataset().interactions), ["Model", "Settings"])  # none waits yet
        return
    st.query_params["race"] = job.id
    st.fragment(_panel, run_every=None if job.ended else POLL)(job, job.ended)


def card() -> None:
    """Draw how far the race is in a few lines, or offer one."""
    job = choice.race()
    with st.container(border=True, key="race-card"):
        if job is None:
            _offer()
        else:
            st.fragment(_short, run_every=None if job.ended else POLL)(job, job.ended)


def _offer() -> None:
    nouns = session.nouns()
    st.markdown(f"**{BUTTON}**")
    st.caption(
        f"Models with a few settings each race on {nouns.items} that are held out inside the training part: first on "
        f"a sample of the {nouns.users}, then the best of them on all. The winner, or a blend of the best, becomes the "
        "run in use. The test part is not looked at."
    )
    if session.dataset().has_times and st.session_state.get(keys.SPLIT_WAY, "random") != "random":
        st.caption(
            "The race has a hold-out of its own, drawn at random, and the winner is trained on that: not on the one by "
            "time that is chosen on the Train page."
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seconds = st.number_input(
            "Seconds at most",
            5,
            3600,
            int(TIME_LIMIT),
            step=60,
            key="race-seconds",
            width=160,
            persist_state="session",
        )
        pressed = st.button(BUTTON, type="primary", icon=":material/trophy:", key="start-race")
    if pressed:
        _begin(float(seconds))


def _begin(seconds: float) -> None:
    try:
        choice.begin(seconds)
    except InputError as error:
        layout.problem(error)
    else:
        st.rerun()


def _panel(job: Job[Race], ended: bool) -> None:
    _head(job, ended)
    if job.run.note:
        st.caption(layout.escape(job.run.note, 400))
    _candidates(job.run.candidates)
    for one in job.run.candidates:
        if one.message:
            st.warning(layout.escape(f"{one.label}: {one.message}"))
    if job.ended:
        with st.expander("Race again", icon=":material/replay:"):
            _offer()


def _short(job: Job[Race], ended: bool) -> None:
    _head(job, ended)
    leader = min(job.run.candidates, key=_place)
    if not job.ended and leader.users:
        st.caption(
            f"In the lead: {layout.escape(leader.label)}, NDCG@10 {leader.ndcg:.4f} ± {leader.half:.4f}."
        )
    train = navigation.page("train")
    layout.link(
        train,
        label="See all candidates",
        icon=":material/arrow_forward:",
        query=session.place() | {"mode": "best", "race": job.id},
    )


def _head(job: Job[Race], ended: bool) -> None:
    """Draw what goes on, how far it is, the buttons, and the choice once there is one."""
    if job.ended != ended:
        st.rerun()  # the choice becomes the run in use, and the fragment is to stand still
    choice.race()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Finding the best model** {TITLES[job.state]}", width="content")
        st.space("stretch")
        _buttons(job)
    if job.message:
        (st.error if job.state in ("diverged", "failed") else st.info)(layout.escape(job.message))
    if not job.ended:
        st.progress(job.run.progress, _how_far(job))
    elif job.state == "cancelled":
        st.info(
            "Cancelled: nothing was chosen, and the run in use is the one before.", icon=":material/stop:"
        )
    elif job.run.chosen:
        st.success(layout.escape(session.nouns().fill(job.run.sentence), 600), icon=":material/trophy:")
        _next(job)


def _buttons(job: Job[Race]) -> None:
    races = session.sweeps()
    if job.ended or not session.may_steer(job):
        return
    if job.state == "paused":
        st.button(
            "Continue", icon=":material/play_arrow:", on_click=races.resume, args=(job,), key="continue-race"
        )
    else:
        st.button("Pause", icon=":material/pause:", on_click=races.pause, args=(job,), key="pause-race")
    st.button("Cancel", icon=":material/stop:", on_click=races.cancel, args=(job,), key="cancel-race")


def _how_far(job: Job[Race]) -> str:
    race = job.run
    if job.state == "queued":
        return (
            f"Waiting for another race, sweep or search of this server: place {session.sweeps().place(job)}"
        )
    tried = sum(one.users > 0 for one in race.candidates)
    words = f"{race.phase}: {tried} of {len(race.candidates)} candidates measured"
    return f"{words}, {race.spent:,.0f} of at most {race.seconds:,.0f} s"


def _next(job: Job[Race]) -> None:
    """Draw where the choice can be seen; or a button that uses it, where another run was chosen meanwhile."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if choice.is_used(job):
            st.markdown(":green-badge[:material/check: The run in use]", width="content")
            for page, label in (
                ("recommend", "See what it recommends"),
                ("compare", "Judge it on the test part"),
            ):
                layout.link(navigation.page(page), label=label, query=session.place())
        elif st.button("Use it", type="primary", icon=":material/check:", key="use-choice"):
            try:
                choice.use(job)
            except InputError as error:
                layout.problem(error)
            else:
                st.rerun()


def _candidates(candidates: Sequence[Candidate], columns: list[str] | None = None) -> None:
    """Draw the candidates as a table, the best first: with all columns, or these."""
    ranked = sorted(candidates, key=_place)
    known = [one.ndcg for one in ranked if not math.isnan(one.ndcg)]
    table = pd.DataFrame(
        {
            "Model": MODELS[one.model].label,
            "NDCG@10": None if math.isnan(one.ndcg) else one.ndcg,
            "±": "" if math.isnan(one.half) else f"{one.half:.4f}",
            "State": f"Chosen, {one.weight:.0%}" if one.weight else STATES[one.state],
            session.nouns().users.capitalize(): f"{one.users:,}" if one.users else "",
            "Seconds": f"{one.seconds:.1f}" if one.seconds else "",
            "Settings": one.changes or "the defaults",
        }
        for one in ranked
    )
    number = st.column_config.TextColumn(alignment="right", width="small")
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        key="race",
        column_order=columns,
        column_config={
            "Model": st.column_config.TextColumn(pinned=True, width=150),
            "NDCG@10": st.column_config.ProgressColumn(
                format="%.4f",
                min_value=0.0,
                max_value=max(known, default=1.0),
                width=170,
                help="On the items held out inside the training part; 1 is a perfect list.",
            ),
            "±": st.column_config.TextColumn(
                alignment="right", width="small", help="95 % confidence interval."
            ),
            "State": st.column_config.TextColumn(width=120),
            table.columns[4]: number,
            "Seconds": number,
            "Settings": st.column_config.TextColumn(width="large"),
        },
    )


def _place(one: Candidate) -> tuple[bool, int, float]:
    known = -1.0 if math.isnan(one.ndcg) else one.ndcg
    order = list(STATES).index("sampled" if one.state == "training" and one.users else one.state)
    return not one.weight, order, -known
