"""Friends of Explore: whether they share more artists than strangers of a like kind."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.explore.widgets import save, strip
from pages.components.session import cached, session
from pages.components.shell import layout
from pages.components.widgets import tables
from pages.components.widgets.charts import CHART
from recsys.analysis.friends import friends_of
from recsys.analysis.friendship import Friendship, compare_friends
from recsys.analysis.listener_table import listeners_beside
from recsys.data.dataset import Dataset
from recsys.figures.friendship import shared_items


@cached.remembered(show_spinner="Comparing friends with strangers ...", max_entries=4)
def _found(fingerprint: str, _dataset: Dataset) -> Friendship | None:
    return compare_friends(_dataset)


def draw(figures: DeltaGenerator) -> None:
    """Draw the figures, the chart and the listeners with most friends."""
    dataset, nouns = session.dataset(), session.nouns()
    found = _found(dataset.interactions.fingerprint, dataset)
    if found is None:
        st.info(f"No two friends in this data both have {nouns.items}.", icon=":material/info:")
        return
    told = found.difference
    friends, strangers = found.friends.mean(), found.strangers.mean()
    with figures:
        strip(
            ("Friendships", f"{found.friendships:,}", "Of two who are both in this data."),
            (f"{nouns.items.capitalize()} that friends share", f"{friends:.1f}", ""),
            ("That strangers share", f"{strangers:.1f}", "Drawn to be like the friend."),
            (
                "Difference",
                f"{told.mean:+.1f} ± {told.interval:.1f}",
                f"95% interval. Each {nouns.user} counts once, whatever the number of friends.",
            ),
            ("Friend shares more", f"{found.closer:.0%}", "Of pairs; ties count half."),
            key="friends",
        )
    verdict = (
        f"Friends share {'more' if told.mean > 0 else 'less'} than strangers: the difference is clear"
        if told.is_clear
        else "No clear difference between friends and strangers"
    )
    st.caption(
        f"**{verdict}.** Friends share {friends:.1f} {nouns.items} on average over pairs, strangers of a like kind "
        f"{strangers:.1f}. With each {nouns.user} counted once, whatever the number of friends, the difference is "
        f"{told.mean:+.2f} (95% interval {told.mean - told.interval:.2f} to {told.mean + told.interval:.2f}). In "
        f"{found.closer:.0%} of the pairs the friend shares more than the stranger. A stranger is drawn for each "
        f"friend: as mainstream, and with about as many {nouns.items}."
    )
    left, right = st.columns([6, 5], gap="medium")
    with left.container(gap="xxsmall"):
        st.plotly_chart(
            cached.figure("friends", partial(shared_items, found, nouns)),
            key="friends-chart",
            alt=f"How many {nouns.items} friends and strangers share",
            config=CHART,
        )
        save(
            pd.DataFrame(
                {
                    nouns.user: dataset.interactions.users[found.users],
                    "shared_with_friend": found.friends,
                    "shared_with_stranger": found.strangers,
                }
            ),
            "friends-chart",
            f"{nouns.items.capitalize()} that friends and strangers share",
        )
    with right.container(gap="xxsmall"):
        counts = np.bincount(found.users, minlength=dataset.interactions.n_users)
        means = np.bincount(found.users, found.friends, len(counts)) / np.maximum(counts, 1)
        best = np.argsort(-counts, kind="stable")
        best = best[counts[best] > 0]
        first = best[0]
        st.caption(
            f"**Most friends.** {nouns.user.capitalize()} {dataset.interactions.users[first]} has {counts[first]:,} "
            f"and shares {means[first]:.1f} {nouns.items} with one on average. Click one to see more."
        )
        most = pd.DataFrame(
            {
                "listener": dataset.interactions.users[best],
                "contacts": counts[best],
                "sharing_mean": means[best],
            }
        )
        tables.listener_table(tables.part(most, "friends", list(most)), "friends", to="listener")


def of_listener(user: int) -> None:
    """Draw the friends of one listener with what both have, where the data knows friends."""
    dataset, nouns = session.dataset(), session.nouns()
    theirs = friends_of(dataset, user)
    if not len(theirs):
        return
    st.subheader("Friends", anchor=False)
    table = listeners_beside(dataset.interactions, user, theirs)
    first = table.iloc[0]
    st.caption(
        f"{len(theirs):,} in this data. {layout.escape(str(first['listener']), 40)} shares most: {first['both']:,} "
        f"{nouns.items}, {first['similarity']:.1%} of those of either (Jaccard index)."
    )
    tables.listener_table(table.assign(sharing=table["sharing"].map(", ".join)), "friends", to="listener")
