"""Tab of exports: a page about one user, and tables of one, some or all."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from pages.components.recommend.recommendation import Recommendation
from pages.components.session import cached
from pages.components.shell import layout
from pages.components.widgets import pickers
from recsys.errors import InputError
from recsys.storage import recommendation_lists
from recsys.storage.html_report import report
from recsys.storage.tables import to_csv


def one(lists: Recommendation) -> None:
    """Draw the downloads of this list, as on the screen."""
    run = lists.job.run
    # an id can hold anything, and becomes part of a file's name
    file = f"listener-{re.sub(r'[^0-9A-Za-z_-]+', '-', lists.listener)[:40]}"
    made = datetime.date.today()

    def page() -> bytes:
        text = report(
            lists.job.dataset,
            run.split,
            run.model,
            lists.user,
            lists.n,
            made=made,
            figures=cached.quality(lists.job),
            reranking=lists.reranking,
        )
        return text.encode("utf-8", "backslashreplace")

    def table() -> bytes:
        columns = ["item", "artist", "score", "listeners", "popularity_rank", "hit"]
        reasons = [", ".join(names) for names in lists.recommended["names"]]
        return to_csv(lists.recommended[columns].assign(because=reasons, listener=lists.listener))

    _download("Download as page", page, f"{file}.html", "text/html", ":material/web:")
    _download("Download as CSV", table, f"{file}.csv", "text/csv", ":material/download:")
    _download(
        "JSON",
        lambda: b"".join(recommendation_lists.json_lines(_lists(lists, np.array([lists.user], np.int32)))),
        f"{file}.json",
        "application/json",
        ":material/data_object:",
    )


@st.fragment
def many(lists: Recommendation) -> None:
    """Draw the downloads of the lists of chosen users, and of all."""
    interactions, nouns = lists.job.dataset.interactions, lists.job.dataset.nouns
    st.caption(
        f"Lists of {lists.n}, {lists.reranking.words}. Names that a spreadsheet would read as a formula get an "
        "apostrophe in front."
    )
    some, everybody = st.columns(2, gap="large")
    with some:
        st.header(f"Some {nouns.users}", anchor=False)
        entries = st.multiselect(
            nouns.users.capitalize(),
            [str(user) for user in interactions.users[: pickers.LISTENERS_LISTED]],
            key="exported",
            accept_new_options=True,
            filter_mode="contains",
            select_all=False,
            placeholder=f"Choose {nouns.users}, or paste ids with commas between",
            persist_state="session",
        )
        try:
            codes = recommendation_lists.read_users(interactions, entries)
        except InputError as error:
            layout.problem(error)
            codes = recommendation_lists.read_users(interactions, [])
        if len(codes):
            _both(lists, codes, f"{len(codes):,} {nouns.users}", "some")
    with everybody:
        st.header("Everybody", anchor=False)
        st.caption(
            f"One row for each {nouns.user} and {nouns.item}, or one line of JSON for each {nouns.user}."
        )
        _both(
            lists,
            np.arange(interactions.n_users, dtype=np.int32),
            f"{interactions.n_users:,} {nouns.users}",
            "all",
        )


def _lists(lists: Recommendation, users: NDArray[np.int32]) -> Iterator[pd.DataFrame]:
    run = lists.job.run
    return recommendation_lists.lists(run.model, run.split, users, lists.n, lists.reranking)


def _both(lists: Recommendation, users: NDArray[np.int32], whom: str, name: str) -> None:
    with st.container(horizontal=True):
        _download(
            f"CSV of {whom}",
            lambda: b"".join(recommendation_lists.csv(_lists(lists, users))),
            f"recommendations-{name}.csv",
            "text/csv",
            ":material/download:",
        )
        _download(
            f"JSON of {whom}",
            lambda: b"".join(recommendation_lists.json_lines(_lists(lists, users))),
            f"recommendations-{name}.jsonl",
            "application/jsonl",
            ":material/data_object:",
        )


def _download(label: str, make: Callable[[], bytes], file: str, kind: str, icon: str) -> None:
    """Draw a download button whose file is made on the click."""
    st.download_button(label, make, file, kind, icon=icon, on_click="ignore", key=f"download-{file}")
