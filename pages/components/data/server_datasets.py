"""The data that this server offers to everybody: read once, in the background, then used."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.components.session import keys, session, shared_jobs
from pages.components.shell import layout
from pages.components.widgets import job_card
from recsys.data.sources.server_folder import Reading, ServerDataset, offers
from recsys.errors import InputError
from recsys.jobs.scheduler import Job
from recsys.system.memory import resident


def draw() -> None:
    """Draw what there is, each with what can be done with it; nothing if there is none."""
    there = offers()
    if not there:
        return
    _use_what_was_wanted(there)
    st.header("On this server", anchor=False)
    for offer in there:
        _one(offer)


def _one(offer: ServerDataset) -> None:
    job = shared_jobs.readings().job(offer)
    with st.container(border=True):
        words, button = st.columns([4, 1.3], vertical_alignment="center", gap="medium")
        words.markdown(f"**{layout.escape(offer.path.name, 80)}**")
        words.caption(f"{offer.size / 1e6:,.1f} MB" + _known(job))
        if session.dataset().key == offer.key:
            button.markdown(":green-badge[:material/check: In use]")
        elif job is not None and not job.ended:
            alone = shared_jobs.readings().is_alone(job, session.owner())
            job_card.draw(job, partial(_told, job), _stop if alone else None)
        else:
            button.button(
                "Use",
                icon=":material/check:",
                key=f"use-{offer.key}",
                width="stretch",
                on_click=_use,
                args=(offer,),
            )
            if job is not None and job.state != "done" and job.message:
                st.error(layout.escape(job.message), icon=":material/error:")


def _known(job: Job[Reading] | None) -> str:
    found = None if job is None else job.run.dataset
    if job is None or found is None:
        return ""
    refused = f", {job.run.report.left_out:,} rows refused" if job.run.report.left_out else ""
    return (
        f" · {found.interactions.n_users:,} {found.nouns.users}, {len(found.interactions):,} pairs{refused}"
    )


def _use(offer: ServerDataset) -> None:
    try:
        session.show(session.offered(offer))
    except InputError as error:
        job = shared_jobs.readings().job(offer)
        if job is None or job.ended:
            st.session_state[keys.NOTICE] = str(error)
        else:
            st.session_state[keys.OFFER_WANTED] = offer.key


def _use_what_was_wanted(there: list[ServerDataset]) -> None:
    """Open a dataset that this visitor requested, once it is read."""
    for offer in there:
        job = shared_jobs.readings().job(offer)
        if offer.key == st.session_state.get(keys.OFFER_WANTED) and (job is None or job.ended):
            del st.session_state[keys.OFFER_WANTED]
            if job is not None and job.state == "done":
                _use(offer)
                st.rerun()


def _stop(job: Job[Reading]) -> None:
    shared_jobs.readings().stop(job, session.owner())


def _told(job: Job[Reading]) -> str:
    memory = resident()
    in_use = f", {memory / 1e9:.1f} GB of memory in use" if memory else ""
    return f"{job.run.report.rows:,} rows read{in_use}"
