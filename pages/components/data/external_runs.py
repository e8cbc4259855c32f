"""External runs on the Data page: indexed once, with a progress bar, then opened."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.components import navigation
from pages.components.session import keys, session, shared_jobs
from pages.components.shell import layout
from pages.components.widgets import job_card
from recsys.errors import InputError
from recsys.jobs.scheduler import Job
from recsys.scale.external_runs import ExternalRun, IndexBuild, Manifest, find_runs, is_indexed

STALLED = {"failed": "It stopped because of a fault in this program.", "cancelled": ""}


def in_use(run: ExternalRun) -> None:
    """Draw the open run."""
    source, nouns = run.manifest, session.nouns()
    with st.container(border=True):
        st.header(f"In use: {layout.escape(source.title, 80)}", anchor=False)
        with st.container(horizontal=True):
            st.metric(nouns.users.capitalize(), f"{run.n_users:,}")
            st.metric(nouns.items.capitalize(), f"{run.n_items:,}")
            st.metric(nouns.pairs.capitalize(), f"{run.n_pairs:,}")
            st.metric("Latent features", f"{source.factors:,}")
        st.caption(
            f"{layout.escape(run.label)}, trained elsewhere; written {_written(source)}. It stays on disk and is "
            "read as needed."
        )
        with st.container(horizontal=True):
            for page in navigation.with_external_run():
                layout.link(page, query=session.place())


def draw() -> None:
    """Draw all runs, each with its actions."""
    st.header("Imported runs", anchor=False)
    sources, complaints = find_runs()
    if not sources and not complaints:
        st.caption(
            "Runs of millions of listeners and artists, trained on a cluster, open here too: put the folder of one, "
            "with its run.json, where RECSYS_RUNS or RECSYS_LARGE_RUNS says."
        )
        return
    for source in sources:
        _one(source)
    for complaint in complaints:
        st.warning(layout.escape(complaint, 400))


def _one(source: Manifest) -> None:
    opened = session.large_run()
    job = shared_jobs.preparations().job(source.identity)
    with st.container(border=True):
        words, button = st.columns([4, 1.3], vertical_alignment="center", gap="medium")
        words.markdown(f"**{layout.escape(source.title, 80)}**")
        figures = [
            f"{name.upper()} {value:.4f}" for name, value in source.figures.items() if name == "ndcg@10"
        ]
        facts = [
            f"{source.users:,} {source.nouns.users}",
            f"{source.items:,} {source.nouns.items}",
            f"{source.factors} latent features",
            *figures,
            f"written {_written(source)}",
        ]
        words.caption(" · ".join(layout.escape(fact) if "written" not in fact else fact for fact in facts))
        if opened is not None and opened.fingerprint == source.identity:
            button.markdown(":green-badge[:material/check: Open]")
        elif is_indexed(source):
            if button.button(
                "Open",
                type="primary",
                icon=":material/folder_open:",
                key=f"open-{source.key}",
                width="stretch",
            ):
                _open(source)
        elif job is not None and not job.ended:
            alone = shared_jobs.preparations().is_alone(job, session.owner())
            job_card.draw(job, partial(_told, job), _stop if alone else None)
        else:
            button.button(
                "Prepare",
                icon=":material/build:",
                key=f"prepare-{source.key}",
                width="stretch",
                help=f"Once: reads all {source.size / 1e9:,.2f} GB of it, in the background, and writes about as much "
                "into the cache folder. Then it opens at once.",
                on_click=_prepare,
                args=(source,),
            )
            if job is not None and (said := STALLED.get(job.state, job.message)):
                st.error(layout.escape(said), icon=":material/error:")


def _written(source: Manifest) -> str:
    return layout.escape(source.created[:16].replace("T", " "))


def _prepare(source: Manifest) -> None:
    try:
        shared_jobs.preparations().start(source.identity, partial(IndexBuild, source), session.owner())
    except InputError as error:
        st.session_state[keys.NOTICE] = str(error)


def _open(source: Manifest) -> None:
    try:
        session.open_large_run(source)
    except InputError as error:
        layout.problem(error)
    else:
        st.rerun()


def _stop(job: Job[IndexBuild]) -> None:
    shared_jobs.preparations().stop(job, session.owner())


def _told(job: Job[IndexBuild]) -> str:
    left = job.seconds_left
    return job.run.doing + (
        f", about {left:.0f} seconds left" if left and left > 2 and job.run.progress > 0.02 else ""
    )
