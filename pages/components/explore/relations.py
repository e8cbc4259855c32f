"""Relations of Explore: two artists side by side, what else their listeners play, and the path between them."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from pages.components import navigation
from pages.components.explore import scenes
from pages.components.explore.widgets import save, strip
from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.widgets import tables
from pages.components.widgets.charts import CHART, artist_chart
from recsys.analysis import relations
from recsys.analysis.relations import Network, Pair
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.figures.relations import common_ground

SIDES = ("one", "other")
LISTED = 2_000  # names in a picker; any other can be typed
SHOWN = 100


@cached.remembered(show_spinner="Linking similar ones ...", max_entries=4)
def _network(fingerprint: str, _dataset: Dataset) -> Network:
    return relations.network(_dataset.interactions)


def chosen() -> tuple[int, int] | None:
    """Draw the pickers of two artists; return their codes, or None where there are no two."""
    interactions, nouns = session.dataset().interactions, session.nouns()
    best = np.argsort(-interactions.item_counts, kind="stable")[:LISTED]
    first = {"one": int(best[0]), "other": _of_another_scene(best)}
    names = [str(interactions.names[code]) for code in best]
    codes = []
    for side in SIDES:
        code = _from_address(side, first[side])
        codes.append(code)
        st.session_state[side] = str(interactions.names[code])
        st.selectbox(
            f"{nouns.item.capitalize()}" if side == "one" else f"Other {nouns.item}",
            dict.fromkeys([*names, st.session_state[side]]),
            key=side,
            accept_new_options=True,
            filter_mode="contains",
            label_visibility="collapsed",
            on_change=partial(_typed, side),
            width=240,
        )
    st.button("Swap", icon=":material/swap_horiz:", type="tertiary", on_click=_swap, args=codes)
    return None if codes[0] == codes[1] else (codes[0], codes[1])


def _of_another_scene(best: NDArray[np.intp]) -> int:
    """Return the best-known artist that is not of the same scene as the first: a path worth looking at."""
    scene = scenes.found().of_item[best]
    others = best[(scene >= 0) & (scene != scene[0])]
    return int(others[0] if len(others) else best[1 if len(best) > 1 else 0])


def _from_address(side: str, otherwise: int) -> int:
    label = st.query_params.get(side)
    if label is None:
        return otherwise
    try:
        return session.dataset().interactions.item_code(label)
    except InputError as error:
        layout.problem(error)
        return otherwise


def _typed(side: str) -> None:
    interactions = session.dataset().interactions
    try:
        code = interactions.item_named(str(st.session_state[side] or ""))
    except InputError as error:
        st.session_state[keys.NOTICE] = str(error)
        return
    st.query_params[side] = str(interactions.items[code])


def _swap(one: int, other: int) -> None:
    items = session.dataset().interactions.items
    st.query_params.from_dict(
        {**st.query_params.to_dict(), "one": str(items[other]), "other": str(items[one])}
    )


def draw(pair: tuple[int, int] | None, figures: DeltaGenerator) -> None:
    """Draw how two artists share their listeners, what else these play, and the path from one to the other."""
    interactions, nouns = session.dataset().interactions, session.nouns()
    if pair is None:
        st.info(f"Choose two different {nouns.items}.", icon=":material/info:")
        return
    one, other = pair
    names = [layout.escape(str(interactions.names[code]), 40) for code in (one, other)]
    found = relations.compare(interactions, one, other)
    with figures:
        strip(
            (f"{nouns.users.capitalize()} of {names[0]}", f"{found.one:,}", ""),
            (f"{nouns.users.capitalize()} of {names[1]}", f"{found.other:,}", ""),
            ("Of both", f"{found.shared:,}", ""),
            (
                "By chance",
                f"{found.by_chance:,.1f}",
                f"{found.one:,} x {found.other:,} / {interactions.n_users:,}.",
            ),
            ("Lift", f"{found.lift:.2f}", "Of both, divided by what there would be by chance."),
            ("Overlap", f"{found.overlap:.1%}", "Of both as a share of those of either (Jaccard index)."),
            key="pair",
        )
    share = found.shared / max(1, found.one)
    st.caption(
        f"{found.shared:,} of the {found.one:,} {nouns.users} of **{names[0]}** ({share:.1%}) also {nouns.do} "
        f"**{names[1]}**, {_than(found)} the {found.by_chance:,.1f} by chance (lift "
        f"{found.lift:.2f})."
    )
    left, right = st.columns([6, 5], gap="medium")
    with left.container(gap="xxsmall"):
        _common(one, other, names)
    with right.container(gap="xxsmall"):
        _path(one, other, names)


def _than(pair: Pair) -> str:
    if abs(pair.shared - pair.by_chance) < max(1.0, 0.05 * pair.by_chance):
        return "about as many as"
    return "more than" if pair.lift > 1 else "fewer than"


def _common(one: int, other: int, names: list[str]) -> None:
    interactions, nouns = session.dataset().interactions, session.nouns()
    table = relations.audiences(interactions, one, other)
    if table.empty:
        st.caption(f"Neither audience has another {nouns.item} with five {nouns.users}.")
        return
    first = table.iloc[0]
    st.caption(
        f"**Who else.** Common ground above all is {layout.escape(first['artist'], 40)}: {first['with_one']:.1%} of "
        f"the {nouns.users} of {names[0]} and {first['with_other']:.1%} of those of {names[1]} {nouns.do} it. Click a "
        f"point to see that {nouns.item}."
    )
    labels = [str(interactions.names[code]) for code in (one, other)]
    artist_chart(
        cached.figure("common", partial(common_ground, table, labels[0], labels[1], nouns), one, other),
        "common",
        f"{nouns.items.capitalize()} by the share of both audiences that has them",
        CHART,
    )
    save(table, "common", f"What else the {nouns.users} of {labels[0]} and {labels[1]} {nouns.do}")


def _path(one: int, other: int, names: list[str]) -> None:
    interactions, nouns = session.dataset().interactions, session.nouns()
    known = _network(interactions.fingerprint, session.dataset())
    found = relations.path(interactions, known, one, other)
    if not found:
        st.caption(
            f"**From one to the other.** No chain of similar {nouns.items} leads from {names[0]} to {names[1]}."
        )
        return
    table = relations.path_table(interactions, found)
    weakest = table[1:].nsmallest(1, "similarity").iloc[0]
    between = len(table) - 2
    if between:
        said = (
            f"{between:,} {nouns.item if between == 1 else nouns.items} between {names[0]} and {names[1]}; of two "
            f"neighbours, one at least is among the {relations.LINKS} most similar to the other by shared "
            f"{nouns.users}. The weakest step, to {layout.escape(weakest['artist'], 40)}, shares "
            f"{weakest['similarity']:.1%}."
        )
    else:
        said = (
            f"None is needed between: one at least is among the {relations.LINKS} {nouns.items} most similar to the "
            "other."
        )
    st.caption(f"**From one to the other.** {said}")
    tables.artist_table(table, f"path-{one}-{other}", ["artist", "listeners", "shared", "similarity"])


def link(code: int) -> None:
    """Draw a link that puts this artist beside another one."""
    nouns = session.nouns()
    layout.link(
        navigation.page("explore"),
        label=f"Beside another {nouns.item}",
        icon=":material/compare_arrows:",
        query=session.place() | {"view": "relations", "one": str(session.dataset().interactions.items[code])},
    )
