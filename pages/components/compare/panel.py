"""Panel of the Compare page: progress and tabs of a comparison."""

from __future__ import annotations

import streamlit as st

from pages.components.compare import checks, difference, leaderboard, list_overlap, slices, why_plain_mf_loses
from pages.components.session import keys, session, splits
from pages.components.shell import layout
from recsys.data.splitting import suited
from recsys.errors import InputError
from recsys.experiments.leaderboard import Leaderboard
from recsys.experiments.leaderboard_entries import ModelChoice
from recsys.experiments.setup import Setup
from recsys.jobs.scheduler import Job
from recsys.models import MODELS
from recsys.settings import SETTINGS

TABS = ["Leaderboard", "Slices", "Side by side", "Difference", "Checks", "Why the article's model loses"]


# All models are compared without being asked on so many pairs: it takes moments.
MOST_AT_ONCE = 300_000


def draw() -> None:
    """Draw the comparison, and keep it up to date while it goes on."""
    job, nouns = session.comparison() or _of_all_models(), session.nouns()
    if job is None:
        st.query_params.pop("comparison", None)
        st.info(
            "Nothing has been compared on this data yet. Choose the models and press Compare: each learns from "
            f"the same pairs, and is asked for the {nouns.items} that were hidden.",
            icon=":material/leaderboard:",
        )
        return
    if st.query_params.get("comparison") != job.id:
        st.query_params.comparison = job.id
    st.fragment(_progress, run_every=None if job.ended else 0.5)(job, job.ended)
    if not job.run.measured:
        return
    board, some, one, two, three, story = st.tabs(
        TABS, default=_last_tab(), on_change="rerun", key=keys.COMPARISON_TAB
    )
    st.session_state[keys.LAST_TAB] = st.query_params.tab = st.session_state[keys.COMPARISON_TAB]
    if board.open:
        with board:
            st.fragment(leaderboard.draw, run_every=None if job.ended else 1.0)(job.run)
    if some.open:
        with some:
            slices.draw(job.run)
    if one.open:
        with one:
            list_overlap.draw(job)
    if two.open:
        with two:
            difference.draw(job.run)
    if three.open:
        with three:
            checks.draw(job.run)
    if story.open:
        with story:
            why_plain_mf_loses.draw(job.run)


def _of_all_models() -> Job[Leaderboard] | None:
    """Return a comparison of all models with their own settings; None where that would take long or cannot be."""
    interactions = session.dataset().interactions
    if len(interactions) > MOST_AT_ONCE:
        return None

    def make() -> Leaderboard:
        minimum, hidden = suited(interactions)
        usual = {name: SETTINGS[name].default for name in ("seed", "validation")}
        split = splits.draw(session.dataset(), {"minimum": minimum, "hidden": hidden} | usual)
        return Leaderboard(
            [ModelChoice(MODELS[name].label, Setup(name)).entry(split) for name in MODELS], split
        )

    try:
        return session.shared_comparison(make)
    except InputError:
        return None


def _last_tab() -> str:
    """Return the tab that the address names or, back from another page, the one that was open."""
    wanted = st.query_params.get("tab", st.session_state.get(keys.LAST_TAB))
    return wanted if wanted in TABS else TABS[0]


def _progress(job: Job[Leaderboard], ended: bool) -> None:
    session.runs().get(job.id)
    first = keys.MEASURED not in st.session_state or st.session_state[keys.MEASURED] != (
        job.id,
        bool(job.run.measured),
    )
    st.session_state[keys.MEASURED] = (job.id, bool(job.run.measured))
    if job.ended != ended or first:
        st.rerun()
    if not job.ended:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(job.run.progress, f"Training and measuring: {layout.escape(job.run.at)}")
            if session.may_steer(job):
                st.button(
                    "Cancel",
                    icon=":material/stop:",
                    on_click=session.runs().cancel,
                    args=(job,),
                    key="cancel-comparison",
                )
    if job.state == "cancelled":
        done = f", on {job.run.splits} of {job.run.repeats} hold-outs" if job.run.repeats > 1 else ""
        st.caption(
            f"Cancelled: {len(job.run.measured)} of {len(job.run.entries)} models were measured{done}."
        )
    for entry in job.run.entries:
        if entry.message:
            st.warning(layout.escape(f"{entry.label}: {entry.message}"))
