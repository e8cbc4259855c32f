"""Blind vote between the lists of two models, for a user of the data or for the visitor."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from pages.components.new_listener import profile
from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.widgets import listening, pickers, trained, who
from recsys.evaluation.accuracy import ndcg
from recsys.evaluation.blind_vote import TIE, Vote, shown_first, tally
from recsys.experiments.training import TrainingRun
from recsys.jobs.scheduler import Job
from recsys.models import MODELS
from recsys.models.base import Model
from recsys.recommendation.new_user import recommend_to_profile
from recsys.recommendation.recommend import recommend_to

LISTED = 8
PLAYED = 8
CLEAR = 0.05
# for `Nouns.fill`
LISTENER, ME = "A {nouns.user} of the data", "Me"


@dataclass(frozen=True)
class Sides:
    """Two models whose lists are shown, and for whom.

    Attributes
    ----------
    models : dict of str to Model
        By label; the first is that of the run.
    user : int or None
        User code; None for the visitor.
    """

    models: Mapping[str, Model]
    user: int | None

    @property
    def labels(self) -> tuple[str, str]:
        """Labels of both models."""
        first, second = self.models
        return first, second


def draw(job: Job[TrainingRun]) -> None:
    """Draw who votes on what, the two lists with the vote, and the tally."""
    nouns, taste = session.nouns(), profile.current()
    others = _others(job)
    if not others:
        st.info(f"There is only {job.run.model.label} so far, and nothing to vote against.")
        trained.to_train("Train another model")
        return
    pickers.from_address(keys.LISTENER, str)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        against = st.selectbox(
            f"{job.run.model.label} against",
            list(others),
            key="vote-against",
            width=320,
            persist_state="session",
        )
        me = False
        if any(taste.known[1]) and job.run.model.supports_fold_in and others[against].supports_fold_in:
            whom = st.segmented_control(
                "For", [LISTENER, ME], default=ME, required=True, key="vote-for", format_func=nouns.fill
            )
            me = whom == ME
    user = None if me else who.chosen(job)
    sides = Sides({job.run.model.label: job.run.model, against: others[against]}, user)
    if user is not None:
        pickers.into_address(str(job.run.split.train.users[user]))
    _whom(job, sides)
    _lists(job, sides)
    _tally(job, sides)


def _others(job: Job[TrainingRun]) -> dict[str, Model]:
    """Return the models to vote against, by label: the most popular, and other runs with the same hold-out."""
    label = job.run.model.label
    found = {} if job.run.model.name == "popular" else {MODELS["popular"].label: cached.most_popular(job)}
    for other in session.runs().of(session.owner()):
        run = other.run
        if (
            isinstance(run, TrainingRun)
            and run is not job.run
            and other.ended
            and run.history
            and other.dataset.interactions.fingerprint == job.dataset.interactions.fingerprint
            and run.split.settings == job.run.split.settings
        ):
            name = run.model.label
            found[name if name not in (label, *found) else f"{name}, run {other.id[:4]}"] = run.model
    return found


def _whom(job: Job[TrainingRun], sides: Sides) -> None:
    nouns, data = session.nouns(), job.dataset.interactions
    if sides.user is None:
        codes = sorted(profile.current().plays, key=lambda code: -profile.current().plays[code])
        said = f"**You {nouns.do}**"
    else:
        table = recommend_to(job.run.model, job.run.split, sides.user, 1)[0]
        codes = [data.item_code(item) for item in table["item"].head(PLAYED)]
        label = layout.escape(str(data.users[sides.user]), 40)
        said = f"**{nouns.user.capitalize()} {label}**: {who.sentence(sides.user)}. {nouns.done.capitalize()} most"
    names = ", ".join(pickers.artist_name(code) for code in codes[:PLAYED])
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"{said}: {names}.", width="content")
        if sides.user is not None:
            who.others(job, "vote")


def _votes() -> list[Vote]:
    """Return the votes of this visit on the current data; to be changed in place."""
    fingerprint = session.catalogue().fingerprint
    if st.session_state.get(keys.VOTES, ("",))[0] != fingerprint:
        st.session_state[keys.VOTES] = fingerprint, []
    votes: list[Vote] = st.session_state[keys.VOTES][1]
    return votes


def _recommended(job: Job[TrainingRun], sides: Sides, label: str) -> pd.DataFrame:
    model, split = sides.models[label], job.run.split
    if sides.user is None:
        return recommend_to_profile(model, split.train, profile.current(), LISTED, split.seed)
    return recommend_to(model, split, sides.user, LISTED)[1]


def _lists(job: Job[TrainingRun], sides: Sides) -> None:
    """Draw both lists, in an order drawn for this vote, and the vote or what they were."""
    nouns, votes = session.nouns(), _votes()
    this = (job.id, sides.user, sides.labels)
    revealed = bool(votes) and st.session_state.get(keys.VOTED) == this
    seed = int.from_bytes(session.visitor().encode()[:4])
    first = shown_first(seed, len(votes) - revealed)
    order = (sides.labels[first], sides.labels[1 - first])
    tables = [_recommended(job, sides, label) for label in order]
    quality = None
    if sides.user is not None and (hidden := int(job.run.split.held_out.user_counts[sides.user])):
        found = ndcg(np.array([table["hit"].to_numpy(bool) for table in tables]), np.array([hidden, hidden]))
        quality = (float(found[0]), float(found[1]))

    def vote(chosen: str) -> None:
        votes.append(Vote(order, chosen, quality))
        st.session_state[keys.VOTED] = this

    for place, (column, table) in enumerate(zip(st.columns(2, gap="large"), tables, strict=True)):
        with column, st.container(gap="xsmall"):
            letter = "AB"[place]
            if revealed:
                figure = f" · NDCG {quality[place]:.2f}" if quality else ""
                mark = " :material/how_to_vote:" if votes[-1].chosen == order[place] else ""
                st.header(f"{layout.escape(order[place])}{mark}", anchor=False, divider="violet")
                st.caption(f"List {letter}{figure}")
            else:
                st.header(f"List {letter}", anchor=False, divider="gray")
                st.button(
                    f"{letter} fits better",
                    type="primary",
                    key=f"vote-{letter}",
                    on_click=vote,
                    args=(order[place],),
                    width="stretch",
                )
            for rank, row in enumerate(table.itertuples(), 1):
                hit = " :green-badge[:material/check: hit]" if revealed and getattr(row, "hit", False) else ""
                listen = listening.link(str(row.artist), "♫")
                st.subheader(f"{rank}\\. {layout.escape(row.artist, 60)} {listen}{hit}", anchor=False)
    if revealed:
        same = len(set(tables[0]["item"]) & set(tables[1]["item"]))
        with st.container(horizontal=True, vertical_alignment="center"):
            if sides.user is not None:
                hide = np.flatnonzero(job.run.split.held_out.user_counts > 0)
                users = job.run.split.train.users
                st.button(
                    f"Next {nouns.user}",
                    type="primary",
                    icon=":material/arrow_forward:",
                    key="vote-next",
                    on_click=lambda: pickers.choose_listener(users[random.choice(hide)]),  # noqa: S311
                )
            st.caption(f"{same} of {LISTED} {nouns.items} are in both lists.", width="content")
    else:
        st.button("No difference", key="vote-tie", on_click=vote, args=(TIE,))


def _tally(job: Job[TrainingRun], sides: Sides) -> None:
    """Draw the votes of the visit on these two models, and whether they agree with NDCG."""
    votes = _votes()
    count = tally(votes, sides.labels)
    number = sum(count.wins) + count.ties
    if not number:
        return
    st.header("Votes of this visit", anchor=False, divider="gray")
    with st.container(horizontal=True, key="strip-votes"):
        st.metric(sides.labels[0], f"{count.wins[0]:,}")
        st.metric("No difference", f"{count.ties:,}")
        st.metric(sides.labels[1], f"{count.wins[1]:,}")
    better = sides.labels[int(count.wins[1] > count.wins[0])]
    said = (
        f"The difference is clear: as many votes for **{layout.escape(better)}** come by chance once in "
        f"{1 / count.p:,.0f} times (sign test)."
        if count.p < CLEAR
        else f"That may be chance (sign test, p = {count.p:.2f}): vote on more lists."
    )
    scores = [_quality(job, sides, label) for label in sides.labels]
    said += f" NDCG@10 over all {session.nouns().users}: {scores[0]:.3f} against {scores[1]:.3f}."
    if count.told:
        said += f" {count.agree} of {count.told} votes went to the list with the higher NDCG."
    st.markdown(said)
    st.button("Start the tally over", icon=":material/restart_alt:", key="vote-over", on_click=votes.clear)


def _quality(job: Job[TrainingRun], sides: Sides, label: str) -> float:
    """Return NDCG@10 of one of the models over all users with held-out items."""
    model = sides.models[label]
    return (
        cached.quality(job)["ndcg@10"] if model is job.run.model else cached.quality_of(model, job)["ndcg@10"]
    )
