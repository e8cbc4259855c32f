"""Tab of friends: their items beside the recommended ones."""

from __future__ import annotations

import streamlit as st

from pages.components.recommend.recommendation import Recommendation
from pages.components.widgets import tables
from recsys.analysis.friends import friend_table, played_by


def draw(lists: Recommendation) -> None:
    """Draw the items of most friends with their rank in the list, and the friends."""
    dataset, nouns = lists.job.dataset, lists.job.dataset.nouns
    known = int((lists.recommended["friends"] > 0).sum())
    st.caption(
        f"{len(lists.friends):,} friends. At least one of them {nouns.does} {known} of the {len(lists.recommended)} "
        f"recommended {nouns.items}. The model does not use friendships."
    )
    table = played_by(dataset, lists.friends)
    here = dict.fromkeys(lists.existing["item"], nouns.does) | dict.fromkeys(
        lists.recommended["item"], "recommended"
    )
    theirs, who = st.columns([3, 2], gap="large")
    with theirs:
        st.header(f"Friends {nouns.do}", anchor=False)
        tables.artist_table(
            table.assign(here=[here.get(item, "") for item in table["item"]]),
            "friends-play",
            ["artist", "friends", "plays", "here"],
        )
    with who:
        st.header("Friends", anchor=False)
        tables.listener_table(friend_table(dataset, lists.friends), f"friends-{lists.user}")
