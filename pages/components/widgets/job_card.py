"""Card of a background job: what it does, how far it is, and a way to cancel it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from recsys.jobs.scheduler import Job

PACE = 0.5  # seconds


def draw(
    job: Job[Any],
    doing: Callable[[], str],
    cancel: Callable[..., None] | None = None,
    over: Callable[[], bool] | None = None,
) -> None:
    """Draw the card again and again; the page is drawn anew when the job is over.

    Parameters
    ----------
    job : Job
    doing : callable
        Returns what it does now, as Markdown.
    cancel : callable, optional
        Called with the job by the button "Cancel"; without it there is no button.
    over : callable, optional
        Returns whether the wait is over; by default when the job has ended.
    """

    @st.fragment(run_every=PACE)
    def show() -> None:
        if (over or (lambda: job.ended))():
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(job.run.progress, doing())
            if cancel:
                st.button(
                    "Cancel", icon=":material/stop:", key=f"cancel-{job.id}", on_click=cancel, args=(job,)
                )
        st.caption("Runs in the background; you can leave this page.")

    show()
