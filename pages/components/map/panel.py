"""Map page: the item map, and the interpretation of latent features."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages.components import navigation
from pages.components.explore import scenes
from pages.components.new_listener import profile
from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.widgets import job_card, listening, pickers, tables, trained
from pages.components.widgets.live_chart import live_chart
from pages.components.widgets.ranked_list import ranked_list
from recsys.analysis.item_map import MAP_MIN_USERS, ArtistMap
from recsys.analysis.latent_factors import main_plane
from recsys.analysis.scenes import regions
from recsys.analysis.similarity import similar_items
from recsys.errors import InputError
from recsys.experiments.training import TrainingRun
from recsys.figures.item_map import Colours, draw_map
from recsys.jobs.scheduler import ENDED, Job
from recsys.recommendation.new_user import UserProfile, recommend_to_profile
from recsys.recommendation.recommend import recommend_to
from recsys.storage.tables import disarm

DIRECTIONS = 8
MAX_LABEL_CHARS = 40
AT_ONCE = 0.5  # seconds to wait for a map that is nearly there, such as that of the sample
NARROW_HEIGHT = 560  # pixels, on a phone
NEAR = 8
SCENES, POPULARITY = "Scene", "Popularity"
# for `Nouns.fill`
NO_USER, LISTENER, NEWCOMER = "Nobody", "A {nouns.user}", "Me, as on the page You"


def map_of_artists(job: Job[TrainingRun]) -> None:
    """Draw the map of a run, or the progress of its computation."""
    if job.state in ("queued", "running"):
        st.info("The map can be computed once the training has ended.", icon=":material/hourglass:")
        _come_back(lambda: job.state not in ("queued", "running"))
        return
    try:
        made = cached.artist_map(job)
    except InputError as error:
        _without_features(error, "to-train")
        return
    if made.run.table is None:
        at_once = st.empty()
        at_once.progress(made.run.progress, f"Laying out the {job.dataset.nouns.items} ...")
        session.maps().wait(made, *ENDED, timeout=AT_ONCE)
        at_once.empty()
    if made.run.table is None:
        _progress(made)
        if made.state not in ENDED:
            _meanwhile(job)
    else:
        _map(job, made.run.table)


def _without_features(error: InputError, key: str) -> None:
    layout.problem(error)
    trained.to_train("Train another model", key)


def _come_back(when: Callable[[], bool]) -> None:
    """Rerun the page when a condition holds; checked every second."""

    @st.fragment(run_every=1.0)
    def look() -> None:
        if when():
            st.rerun()

    look()


def _progress(made: Job[ArtistMap]) -> None:
    if made.state in ENDED:
        st.error(layout.escape(made.message or "There is no map."), icon=":material/error:")
        return

    def doing() -> str:
        session.maps().get(made.id)
        left = made.seconds_left
        about = f" about {left:.0f} seconds left" if left and left > 1 else ""
        return f"Laying out the {made.dataset.nouns.items}, once for each trained model ...{about}"

    job_card.draw(made, doing, over=lambda: made.state in ENDED)


def _meanwhile(job: Job[TrainingRun]) -> None:
    """Draw the two main directions of the factors, available at once."""
    nouns = job.dataset.nouns
    st.caption(
        f"Meanwhile: the {nouns.items} along the two directions that explain most of the score variance."
    )
    live_chart(
        draw_map(
            main_plane(job.run.model, job.dataset.interactions),
            Colours.by_listeners(job.dataset.interactions, nouns),
            {},
            None,
            nouns,
        ).figure,
        "main-plane",
        wheel=True,
        narrow_height=NARROW_HEIGHT,
        thin=True,
        label=f"The {nouns.items} along two main directions",
    )


@st.fragment(key="map")
def _map(job: Job[TrainingRun], table: pd.DataFrame) -> None:
    """Draw the controls and the map; only this runs again when one changes."""
    found, nouns = _found(job), job.dataset.nouns
    body = st.container(key="map-first")  # on a phone: see assets/frame.css
    search, colour, number, light = body.columns(4)
    with search:
        pickers.artist_search("map", _find, "map")
    with colour:
        colours = _colours(job)
    with number:
        least = st.select_slider(
            f"{nouns.items.capitalize()} with at least",
            (1, 2, 3, 5, 10, 20, 50),
            value=1,
            format_func=lambda number: f"{number} {nouns.users if number > 1 else nouns.user}",
            key="map-least",
            persist_state="session",
        )
    with light:
        lit = _lit(job)
    shown = table[
        (table["listeners"] >= least)
        | table.index.isin([found, *(code for codes in lit.values() for code in codes)])
    ]
    named = regions(scenes.found(), table) if colours.title == SCENES else None
    drawn = draw_map(shown, colours, lit, found, nouns, named)
    beside = None
    if found is not None:
        chart, beside = body.columns([3, 1], gap="medium")
    else:
        chart = body.container(key="map-alone")
    with chart:
        point = live_chart(
            drawn.figure,
            "artist-map",
            clicks=True,
            wheel=True,
            narrow_height=NARROW_HEIGHT,
            thin=True,
            label=f"Map of {nouns.items}, with similar ones near each other",
        )
    if found is not None and beside is not None:
        with beside:
            _about(job, found, found in table.index)
    if point:
        code = drawn.codes[point["curve"]][point["point"]]
        pickers.open_artist(str(job.dataset.interactions.items[code]))
    st.caption(
        f"{len(shown):,} {nouns.items}. Positions by t-SNE of the directions of the factors: near ones are similar; "
        "directions, and distances between far groups, have no meaning. Wheel or pinch zooms, a double click shows "
        f"all, a click on a point opens the {nouns.item}. {int(table['placed'].sum()):,} {nouns.items} with fewer than "
        f"{MAP_MIN_USERS} {nouns.users} lie beside their nearest; {job.dataset.interactions.n_items - len(table):,} "
        "of which nothing was learned are left out."
    )


def _find(code: int | None) -> None:
    items = session.dataset().interactions.items
    st.session_state[keys.MAP_ARTIST] = None if code is None else str(items[code])


def _found(job: Job[TrainingRun]) -> int | None:
    """Return the centred item: of a changed URL, else of the search."""
    linked = st.query_params.get("artist")
    if linked is not None and linked != st.session_state.get(keys.MAP_ARTIST_IN_ADDRESS):
        st.session_state[keys.MAP_ARTIST] = linked
    wanted = st.session_state.get(keys.MAP_ARTIST)
    try:
        code = None if wanted is None else job.dataset.interactions.item_code(wanted)
    except InputError as error:
        layout.problem(error)
        code, st.session_state[keys.MAP_ARTIST] = None, None
    if code is not None:
        st.query_params.artist = str(wanted)
    elif linked is not None:
        del st.query_params.artist
    st.session_state[keys.MAP_ARTIST_IN_ADDRESS] = wanted
    return code


def _about(job: Job[TrainingRun], found: int, there: bool) -> None:
    """Draw the chosen item: where to hear it, its nearest by the model, and the way to a list from it."""
    name, nouns, interactions = pickers.artist_name(found), job.dataset.nouns, job.dataset.interactions
    st.header(name, anchor=False)
    if to_listen := listening.link(str(interactions.names[found])):
        st.markdown(to_listen)
    if there:
        near = similar_items(interactions, found, NEAR, model=job.run.model)
        ranked_list(
            near.assign(score=near["similarity"]),
            f"map-near-{found}",
            label=f"Similar to {interactions.names[found]}",
        )
    else:
        st.warning(f"{name} is not on the map: it has no {nouns.users} in training.")
    layout.link(
        navigation.page("artist"),
        label=f"Open {name}",
        icon=":material/arrow_forward:",
        query=session.place() | {"artist": str(interactions.items[found])},
    )
    if job.run.model.supports_fold_in:
        layout.link(
            navigation.page("you"),
            label="Recommend from here",
            icon=":material/recommend:",
            query=session.place() | UserProfile().choose(found).to_query(interactions.items),
        )
    st.button(
        "Show the whole map", icon=":material/zoom_out_map:", key="map-all", on_click=_find, args=(None,)
    )


def _colours(job: Job[TrainingRun]) -> Colours:
    """Draw the choice of colours and return them."""
    known = scenes.found()
    factors, table = cached.features(job, main=True)
    names = job.dataset.interactions.names
    ends = {
        f"{place + 1}": f"{place + 1}: {names[row.top[0]]} or {names[row.bottom[0]]}"[:MAX_LABEL_CHARS]
        for place, row in enumerate(table.head(DIRECTIONS).itertuples())
    }
    chosen = st.selectbox(
        "Colour by",
        [*([SCENES] if known.names else []), POPULARITY, *ends],
        key="map-colour",
        persist_state="session",
        format_func=lambda name: f"Direction {ends[name]}" if name in ends else name,
        help=job.dataset.nouns.fill(
            "A scene is a common tag or, without tags, a group of {nouns.items} that the same {nouns.users} have: see "
            "Explore. A direction is a rotated latent feature: see the other tab."
        ),
    )
    if chosen == SCENES:
        names = pd.Series(known.names, dtype=object).reindex(known.of_item)
        return Colours(SCENES, names.set_axis(range(len(names))))
    if chosen == POPULARITY:
        return Colours.by_listeners(job.dataset.interactions, job.dataset.nouns)
    feature = int(table["feature"].iloc[int(chosen) - 1])
    return Colours.along(f"Direction {chosen}", factors, feature)


def _lit(job: Job[TrainingRun]) -> dict[str, list[int]]:
    """Draw the choice of a highlighted user; return the codes of known and recommended items."""
    taste, nouns = profile.current(), job.dataset.nouns
    linked = "listener" in st.query_params or st.session_state.get(keys.LISTENER) is not None
    if st.session_state.pop(keys.MAP_ME, False) and len(taste):
        st.session_state[keys.MAP_WHO] = NEWCOMER
    who = st.selectbox(
        f"Highlight the {nouns.items} of",
        [NO_USER, LISTENER, *([NEWCOMER] if len(taste) else [])],
        int(linked),
        key=keys.MAP_WHO,
        format_func=nouns.fill,
        persist_state="session",
    )
    run, items = job.run, job.dataset.interactions.items
    try:
        if who == LISTENER and (wanted := pickers.listener(job.dataset.interactions.users)) is not None:
            user = job.dataset.interactions.user_code(wanted)
            plays, recommended = recommend_to(run.model, run.split, user)
            return {
                nouns.done.capitalize(): items.get_indexer(plays["item"]).tolist(),
                "Recommended": items.get_indexer(recommended["item"]).tolist(),
            }
        if who == NEWCOMER and len(taste):
            table = recommend_to_profile(run.model, run.split.train, taste)
            return {f"You {nouns.do}": list(taste.plays), "You might like": table.index.tolist()}
    except InputError as error:
        layout.problem(error)
    return {}


@st.fragment
def features(job: Job[TrainingRun]) -> None:
    """Draw each latent feature with the items at its ends, and all of them in a table."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        turned = st.segmented_control(
            "Features",
            ["Main directions", "As learned"],
            default="Main directions",
            required=True,
            key="features-turned",
            persist_state="session",
            wrap=True,
            help="Latent features can be rotated without changing any score. The main directions are rotated so "
            "that the first explains as much of the variance as possible, the second as much of the rest, and so on.",
        )
    try:
        _, table = cached.features(job, main=turned != "As learned")
    except InputError as error:
        _without_features(error, "to-train-features")
        return
    interactions = job.dataset.interactions
    titles = [
        f"{place}. {interactions.names[row.top[0]]} or {interactions.names[row.bottom[0]]} ({row.share:.1%})"
        for place, row in enumerate(table.itertuples(), 1)
    ]
    place = st.selectbox(
        "Feature",
        range(len(table)),
        format_func=lambda place: titles[place],
        key=f"feature-{turned}",
        help="Ordered by their share of the score variance.",
    )
    row = table.iloc[place]
    st.caption(
        f"Explains **{row['share']:.1%}** of the score variance of all {len(table)} features. The sign is arbitrary."
    )
    for column, end in zip(st.columns(2, gap="large"), ("top", "bottom"), strict=True):
        with column:
            st.header("One end" if end == "top" else "The other end", anchor=False)
            if row[f"{end}_tags"]:
                st.markdown(tables.badges(row[f"{end}_tags"]))
            codes = row[end]
            tables.artist_table(
                pd.DataFrame(
                    {
                        "item": interactions.items[codes],
                        "artist": interactions.names[codes],
                        "listeners": interactions.item_counts[codes],
                    }
                ),
                f"feature-{end}",
                ["artist", "listeners"],
            )
    with st.expander("All features", icon=":material/table_rows:"):
        ends = {
            end: [
                disarm(", ".join(str(name)[:MAX_LABEL_CHARS] for name in interactions.names[codes[:5]]))
                for codes in table[end]
            ]
            for end in ("top", "bottom")
        }
        st.dataframe(
            {"feature": range(1, len(table) + 1), "share": 100 * table["share"], **ends},
            hide_index=True,
            key="all-features",
            column_config={
                "feature": st.column_config.NumberColumn("Feature", width=60),
                "share": st.column_config.ProgressColumn(
                    "Share", format="%.1f%%", max_value=100 * float(table["share"].max()), width=100
                ),
                "top": st.column_config.TextColumn("One end", width="large"),
                "bottom": st.column_config.TextColumn("The other end", width="large"),
            },
        )
