"""A bar for what goes on in the background, for whoever stays to watch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from recsys.jobs.scheduler import Job


def waiting(job: Job[Any], told: Callable[[], str], stop: Callable[..., None]) -> None:
    """Draw how far it is, again and again, and a way to cancel it; the page is drawn anew when it is over.

    Parameters
    ----------
    job : Job
    told : callable
        Says what it does now.
    stop : callable
        Called with the job, to cancel it.
    """

    @st.fragment(run_every=0.7)
    def show() -> None:
        if job.ended:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(job.run.progress, told())
            st.button("Cancel", icon=":material/stop:", key=f"stop-{job.id}", on_click=stop, args=(job,))
        st.caption("You can leave the page: it goes on.")

    show()
