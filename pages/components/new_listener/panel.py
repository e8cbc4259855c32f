"""A listener made up on the spot: what they play, what is recommended, and what they say of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from pages.components import navigation
from pages.components.new_listener import profile
from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.widgets import listening, pickers, trained
from recsys.analysis.tags import examples
from recsys.errors import InputError
from recsys.experiments.training import TrainingRun
from recsys.models import MODELS, Model
from recsys.recommendation.new_user import CHOSEN, KNOWN, MOST_PLAYS, QUERY, UserProfile, recommend_to_profile
from recsys.scale.external_runs import ExternalRun


@dataclass(frozen=True)
class Recommender:
    """Source of the list: a model trained here, or an external run.

    Attributes
    ----------
    label : str
        What the model is called.
    uses_negative_feedback : bool
        Whether an artist that is turned down keeps its like away.
    uses_recency : bool
        Whether older plays count less.
    recommend : callable
        Takes a taste and how many artists; returns the table of `recommend_to_profile`.
    """

    label: str
    uses_negative_feedback: bool
    uses_recency: bool
    recommend: Callable[[UserProfile, int], pd.DataFrame]

    @classmethod
    def of(cls, run: TrainingRun) -> Recommender:
        """Return what a run that was trained here recommends."""

        def recommend(taste: UserProfile, n: int) -> pd.DataFrame:
            return recommend_to_profile(run.model, run.split.train, taste, n, run.split.seed)

        return cls(run.model.label, run.model.uses_negative_feedback, run.model.uses_recency, recommend)

    @classmethod
    def of_large(cls, run: ExternalRun) -> Recommender:
        """Return what a large run recommends."""
        return cls(run.label, run.uses_negative_feedback, False, run.recommend_to_profile)


LISTED = 10
LONGEST = 60
# Icon, what it says of an artist, and what is said once it is done.
BUTTONS = {
    "up": (":material/thumb_up:", "I like it: more of its kind"),
    "down": (":material/thumb_down:", "Not for me: less of its kind"),
    "know": (":material/check:", "I know it already"),
    "hide": (":material/visibility_off:", "Not this one"),
}


def cannot(model: Model) -> None:
    """Say that a model cannot take in a new listener, and which ones can."""
    able = [other.label for other in MODELS.values() if other.supports_fold_in]
    st.info(
        f"**{model.label}** knows only those that it was trained on. These take in new ones: {', '.join(able)}.",
        icon=":material/person_off:",
    )
    trained.to_train("Train another model")


def take_link() -> None:
    """Take over the taste in the address, unless this page wrote it there itself."""
    linked = {name: st.query_params[name] for name in QUERY if name in st.query_params}
    if linked and linked != st.session_state.get(keys.PROFILE_IN_ADDRESS):
        taste, complaints = UserProfile.from_query(linked, session.catalogue())
        profile.replace(taste)
        for complaint in complaints[:3]:
            st.warning(layout.escape(complaint))


@st.fragment(key="taste")
def draw(recommender: Recommender) -> None:
    """Draw the profile and the list, and keep both in the address; only this runs again when one changes."""
    now = profile.current()
    _into_address(now)
    if problem := profile.problem():
        layout.problem(problem)
    chosen, listed = st.columns([1, 1.5], gap="large")
    with chosen:
        st.header(f"You {session.nouns().do}", anchor=False)
        pickers.artist_search("newcomer", profile.choose, "taste")
        _scenes(now)
        if now.plays:
            _plays(now)
        _aside(now)
        _undo(now)
    with listed:
        st.header("You might like", anchor=False)
        if any(now.known[1]):
            _list(recommender, now)
        else:
            _start()


def _start() -> None:
    """Draw a few tastes to start from."""
    some = _together() if cached.tags().empty else "of a scene"
    st.caption(f"Search for {session.nouns().items}, choose some {some}, or start from one of these:")
    for scene, codes in examples(cached.scenes()).items():
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            artists = ", ".join(pickers.artist_name(code) for code in codes)
            st.markdown(f"**{layout.escape(scene, LONGEST)}**  \n{artists}", width="stretch")
            st.button(
                "Start with these",
                key=f"example-{codes[0]}",
                on_click=profile.replace,
                args=(UserProfile(dict.fromkeys(codes, CHOSEN)),),
            )


def _together() -> str:
    """Say what the groups of untagged artists have in common."""
    return "alike by the model" if session.large_run() else f"{session.nouns().done} by the same people"


def _scenes(taste: UserProfile) -> None:
    groups, nouns = cached.scenes(), session.nouns()
    tagged = not cached.tags().empty
    with st.expander("Popular in a scene" if tagged else _together().capitalize(), icon=":material/groups:"):
        chosen = st.selectbox(
            "Scene" if tagged else f"{nouns.items.capitalize()} around",
            list(groups),
            key="newcomer-scene",
            persist_state="session",
            format_func=lambda name: name[:LONGEST],
        )
        said = {*taste.plays, *taste.aside}
        codes = [code for code in groups.get(chosen, []) if code not in said]
        if codes:
            pickers.artist_pills("Add one", codes, "newcomer-of-scene", profile.choose, "taste")
        else:
            st.caption("You have said something of all of these.")


def _plays(taste: UserProfile) -> None:
    """Draw the chosen artists with their plays, to be changed or removed."""
    codes, nouns = list(taste.plays), session.nouns()
    # Another profile is another table: what was edited in the last one is in the profile already.
    key = f"plays-{hash((*taste.plays.items(),))}"

    def edited() -> None:
        for row, change in st.session_state[key]["edited_rows"].items():
            profile.change(partial(_replay, item=codes[int(row)], plays=change.get("plays")))

    def removed() -> None:
        profile.change(partial(_replay, item=codes[st.session_state[f"{key}-remove"]["row"]], plays=None))

    st.data_editor(
        {
            "artist": [str(session.catalogue().names[code])[:LONGEST] for code in codes],
            "plays": [taste.plays[code] for code in codes],
            "remove": [":material/close:"] * len(codes),
        },
        column_config={
            "artist": st.column_config.TextColumn(nouns.item.capitalize(), disabled=True),
            "plays": st.column_config.NumberColumn(
                nouns.value.capitalize() if nouns.counted else "Weight",
                min_value=0,
                max_value=MOST_PLAYS,
                format="localized",
                width=80,
                help="How much it counts, next to the others: click a number to change it.",
            ),
            "remove": st.column_config.ButtonColumn(
                "", type="tertiary", width=40, key=f"{key}-remove", on_click=removed
            ),
        },
        hide_index=True,
        key=key,
        on_change=edited,
        height="content",
    )


def _replay(taste: UserProfile, item: int, plays: float | None) -> UserProfile:
    return taste.choose(item, plays) if plays else taste.without(item)


def _aside(taste: UserProfile) -> None:
    """Draw the artists that were put aside; a click takes one back."""
    if not taste.aside:
        return

    def back() -> None:
        code = st.session_state[keys.NEWCOMER_ASIDE]
        st.session_state[keys.NEWCOMER_ASIDE] = None
        if code is not None:
            profile.change(lambda taste: taste.without(code))

    st.pills(
        "Put aside: click to take back",
        list(taste.aside),
        key=keys.NEWCOMER_ASIDE,
        format_func=lambda code: f"{BUTTONS[taste.aside[code]][0]} {pickers.artist_name(code)}",
        on_change=back,
    )


def _undo(taste: UserProfile) -> None:
    with st.container(horizontal=True):
        st.button(
            "Undo", icon=":material/undo:", key="undo", on_click=profile.undo, disabled=not profile.can_undo()
        )
        st.button(
            "Start over",
            icon=":material/restart_alt:",
            key="start-over",
            on_click=profile.replace,
            args=(UserProfile(),),
            disabled=not len(taste),
        )


def _list(recommender: Recommender, taste: UserProfile) -> None:
    """Draw what is recommended, with buttons to say something of each artist."""
    nouns = session.nouns()
    started = time.perf_counter()
    try:
        table = recommender.recommend(taste, LISTED)
    except InputError as error:
        layout.problem(error)
        return
    seconds = time.perf_counter() - started
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"By {recommender.label}, in **{1000 * seconds:.1f} ms**, without training.", width="stretch"
        )
        with st.popover("What the buttons do", icon=":material/help:", type="tertiary"):
            st.markdown(_explained(recommender))
        if session.large_run() is None and st.button(
            "See me on the map", icon=":material/scatter_plot:", type="tertiary", key="me-on-map"
        ):
            st.session_state[keys.MAP_ME] = True
            st.switch_page(navigation.page("map").path, query_params=session.place())
    if recommender.uses_recency and taste.plays:
        st.caption(
            f"What you {nouns.do} lately counts most: this model has a half-life of taste."
            if taste.ages
            else "This model has a half-life of taste, but nothing tells when you "
            f"{nouns.done} these: all count in full."
        )
    rows = st.container(gap=None)
    for code, row in table.iterrows():
        with rows.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="stretch"):
                name = layout.escape(row["artist"], LONGEST)
                if st.button(f"**{name}**", key=f"open-{code}", type="tertiary", wrap=True):
                    pickers.open_artist(str(row["item"]))
                st.caption(
                    layout.escape(row["because"]) or f"{row['listeners']:,} {nouns.users}", width="content"
                )
            if to_listen := listening.link(str(row["artist"]), "♫"):
                st.markdown(to_listen, width="content")
            for verdict, (icon, said) in BUTTONS.items():
                st.button(
                    "",
                    icon=icon,
                    help=f"{said} ({name})",
                    key=f"{verdict}-{code}",
                    type="tertiary",
                    on_click=_judge,
                    args=(int(code), verdict),
                )


def _explained(recommender: Recommender) -> str:
    nouns = session.nouns()
    down = (
        f"counts as a zero: the model keeps {nouns.items} like it away."
        if recommender.uses_negative_feedback
        else f"leaves it out. {recommender.label} cannot hold it against others; {MODELS['implicit'].label} can."
    )
    unit = nouns.value if nouns.counted else "of weight"
    return (
        f"- :material/thumb_up: adds it to what you {nouns.do}, with {CHOSEN:.0f} {unit}.\n"
        f"- :material/thumb_down: {down}\n"
        f"- :material/check: counts a little ({KNOWN:.0f} {unit}), and is not listed.\n"
        "- :material/visibility_off: is not listed. Nothing else changes."
    )


def _judge(code: int, verdict: str) -> None:
    profile.change(lambda taste: taste.choose(code) if verdict == "up" else taste.put_aside(code, verdict))


def _into_address(taste: UserProfile) -> None:
    query = taste.to_query(session.catalogue().items)
    st.session_state[keys.PROFILE_IN_ADDRESS] = query
    here = st.query_params.to_dict()
    kept = {name: words for name, words in here.items() if name not in QUERY}
    if kept | query != here:
        st.query_params.from_dict(kept | query)
