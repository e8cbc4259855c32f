"""Known and recommended items of one user, for Recommend and Present."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from pages.components.session import session
from pages.components.widgets import pickers
from pages.components.widgets.ranked_list import ranked_list
from recsys.analysis.friends import friends_by_item, friends_of
from recsys.data.nouns import Nouns
from recsys.errors import InputError
from recsys.experiments.training import TrainingRun
from recsys.jobs.scheduler import Job
from recsys.recommendation.explanation import because
from recsys.recommendation.recommend import recommend_to
from recsys.recommendation.reranking import Reranking
from recsys.settings import SETTINGS

MAX_ITEMS = 50
MOST_EXISTING = 200
DIAL = tuple(step / 4 for step in range(-4, 5))
VARIETY = (0.0, 0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Recommendation:
    """Items of a user and the recommended ones.

    Attributes
    ----------
    job : Job of TrainingRun
    user : int
        User code.
    listener : str
        The id that was asked for.
    n : int
    reranking : Reranking
    existing, recommended : DataFrame
        As from `recommend_to`; `recommended` has `names` as well, a list of the artists that an artist is
        recommended for, and `friends` if the listener has any: how many of them play it.
    friends : int32 array
        User codes.
    """

    job: Job[TrainingRun]
    user: int
    listener: str
    n: int
    reranking: Reranking
    existing: pd.DataFrame
    recommended: pd.DataFrame
    friends: NDArray[np.int32]

    @property
    def hidden(self) -> int:
        """Number of held-out items of the user."""
        return int(self.job.run.split.held_out.user_counts[self.user])

    @property
    def found(self) -> int:
        """Number of held-out items in the list."""
        return int(self.recommended["hit"].sum())

    @property
    def query(self) -> dict[str, str]:
        """Query parameters of these lists, beside data and run."""
        return {"listener": self.listener} | in_address(self.n, self.reranking)


def look(job: Job[TrainingRun], wanted: str, n: int, reranking: Reranking) -> Recommendation:
    """Recommend to a listener.

    Raises
    ------
    InputError
        If there is no such listener.
    """
    model, split = job.run.model, job.run.split
    user = split.train.user_code(wanted)
    existing, recommended = recommend_to(model, split, user, n, reranking)
    codes = [split.train.item_code(item) for item in recommended["item"]]
    recommended["names"] = because(model, split.train, user, codes)
    friends = friends_of(job.dataset, user)
    if len(friends):
        recommended["friends"] = friends_by_item(job.dataset, friends)[codes]
    return Recommendation(job, user, wanted, n, reranking, existing, recommended, friends)


def from_link(job: Job[TrainingRun], wanted: str) -> Recommendation:
    """Return the lists that the address asks for.

    Raises
    ------
    InputError
        If there is no such listener, or the address asks for what there is not.
    """
    query = st.query_params
    compares = hasattr(job.run.model, "item_factors")
    reranking = Reranking(
        read_dial(query.get("dial", "0")), read_variety(query.get("variety", "0")) if compares else 0.0
    )
    return look(job, wanted, read_n(query.get("n", str(SETTINGS["n"].default))), reranking)


def draw_existing(existing: pd.DataFrame) -> None:
    """Draw the items of a user with bars for their values; of very many, the first."""
    nouns = session.nouns()
    shown = existing.head(MOST_EXISTING)
    ranked_list(
        shown.assign(score=shown["plays"], value=[nouns.spell(plays) for plays in shown["plays"]]),
        "existing",
        label=nouns.done.capitalize(),
    )
    if len(existing) > MOST_EXISTING:
        st.caption(f"The first {MOST_EXISTING} of {len(existing):,}.")


def draw_recommended(lists: Recommendation) -> int | None:
    """Draw the recommended items with their reasons; return the row of a reason that was just clicked."""
    return draw_ranked(lists.recommended, lists.job.dataset.nouns)


def draw_ranked(shown: pd.DataFrame, nouns: Nouns) -> int | None:
    """Draw a table of recommended items with how many users each has; return the row of a reason that was clicked."""
    friends = shown["friends"] if "friends" in shown else [0] * len(shown)
    notes = [
        f"{count:,} {nouns.user if count == 1 else nouns.users}"
        + (f", {known} {'friend' if known == 1 else 'friends'}" if known else "")
        for count, known in zip(shown["listeners"], friends, strict=True)
    ]
    return ranked_list(shown.assign(note=notes), "recommended")


def in_address(n: int, reranking: Reranking) -> dict[str, str]:
    """Return list length and re-ranking as query parameters."""
    return {"n": str(n), "dial": f"{reranking.dial:g}", "variety": f"{reranking.diversity:g}"}


def read_n(text: str) -> int:
    """Read the length of a list.

    Raises
    ------
    InputError
        If it is none.
    """
    return min(int(SETTINGS["n"].check(text)), MAX_ITEMS)


def read_dial(text: str) -> float:
    """Read a step of the dial; the nearest one there is.

    Raises
    ------
    InputError
        If it is no number from -1 to 1.
    """
    return min(DIAL, key=lambda step: abs(step - Reranking(_number(text)).dial))


def read_variety(text: str) -> float:
    """Read a step of variety; the nearest one there is.

    Raises
    ------
    InputError
        If it is no number from 0 to 1.
    """
    return min(VARIETY, key=lambda step: abs(step - Reranking(0, _number(text)).diversity))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"The address asks for {text[:40]!r} where a number should be.") from None


def how_many() -> int:
    """Draw the control of the list length and return it."""
    pickers.from_address("n", read_n)
    row = SETTINGS["n"]
    return st.slider(
        row.label,
        int(row.minimum),
        MAX_ITEMS,
        int(row.default),
        key="n",
        help=f"Number of {session.nouns().items} in the list.",
        persist_state="session",
    )


def how_chosen(job: Job[TrainingRun]) -> Reranking:
    """Draw the controls of popularity weight and diversity, and return the re-ranking."""
    pickers.from_address("dial", read_dial)
    pickers.from_address("variety", read_variety)
    compares = hasattr(job.run.model, "item_factors")
    discovery, variety = st.columns([2, 1])
    dial = discovery.select_slider(
        "Familiar or adventurous",
        DIAL,
        0.0,
        format_func=lambda step: Reranking(step).words,
        key="dial",
        persist_state="session",
        help="Re-ranks the 100 best: familiar prefers the popular, adventurous rare ones.",
    )
    diversity = variety.select_slider(
        "Variety",
        VARIETY,
        0.0,
        format_func=lambda step: f"{step:.0%}",
        key="variety",
        persist_state="session",
        disabled=not compares,
        help=f"Lowers {job.dataset.nouns.items} that are similar to one further up, by the latent features (MMR)."
        + ("" if compares else " This model has none."),
    )
    return Reranking(float(dial), float(diversity) if compares else 0.0)
