"""Contents of each page while an external run is open."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from pages.components import navigation
from pages.components.new_listener import panel
from pages.components.recommend import recommendation
from pages.components.session import session
from pages.components.shell import layout
from pages.components.widgets import charts, pickers, tables
from recsys.analysis.similarity import LEAST_LISTENERS
from recsys.errors import InputError
from recsys.evaluation.metrics import heading
from recsys.figures import data
from recsys.recommendation.explanation import sentence
from recsys.scale.external_runs import ExternalRun
from recsys.storage.tables import to_csv

TABLE_ROWS = 100
CHART_BARS = 20
SUGGESTED = 20
COUNTS = {"rmse": "RMSE", "users": "Users evaluated", "all_users": "Users with held-out items"}


def instead(draw: Callable[[ExternalRun], None]) -> None:
    """If an external run is open, draw this and nothing else; the second call of a page."""
    run = session.large_run()
    if run is not None:
        draw(run)
        st.stop()


def explain(name: str) -> None:
    """If an external run is open, say why this page cannot show it and which can; the second call of a page."""
    instead(lambda run: _cannot(run, navigation.page(name).not_external))


def _cannot(run: ExternalRun, why: str) -> None:
    st.info(
        f"**{layout.escape(run.manifest.title, 80)}** {session.nouns().fill(why)}",
        icon=":material/cloud_download:",
    )
    to_pages()


def to_pages() -> None:
    """Draw links to the pages that can show an external run."""
    with st.container(horizontal=True):
        for page in [*navigation.with_external_run(), navigation.page("data")]:
            layout.link(page, query=session.place())


def explore(run: ExternalRun) -> None:
    """Draw key figures, metrics, and a search for items."""
    source, nouns = run.manifest, session.nouns()
    with st.container(horizontal=True):
        st.metric(nouns.users.capitalize(), f"{run.n_users:,}", border=True)
        st.metric(nouns.items.capitalize(), f"{run.n_items:,}", border=True)
        st.metric(nouns.values.capitalize(), f"{run.plays:,.0f}", border=True)
        st.metric(
            nouns.pairs.capitalize(),
            f"{run.n_pairs:,}",
            border=True,
            help=f"Training pairs; {run.n_hidden:,} more were held out.",
        )
        st.metric("Latent features", f"{source.factors:,}", border=True)
    if source.figures:
        st.header("Quality", anchor=False)
        st.caption(f"Measured where it was trained, on held-out {nouns.items}.")
        with st.container(horizontal=True):
            for name, value in source.figures.items():
                places = 0 if abs(value) >= 100 or value == int(value) else 4
                st.metric(_measure(name), f"{value:,.{places}f}", border=True)
    st.header(nouns.items.capitalize(), anchor=False)
    _finder(run)
    st.header(f"Most {nouns.users}", anchor=False)
    top = run.found("", CHART_BARS)
    top["share_of_listeners"] = top["listeners"] / run.n_users
    charts.artist_chart(
        data.top_artists(top, "listeners", CHART_BARS, nouns),
        "large-top",
        f"{nouns.items.capitalize()} with the most {nouns.users}",
    )
    with st.expander("How it was trained", icon=":material/info:"):
        st.markdown(
            f"{layout.escape(run.label)}, written {layout.escape(source.created[:16].replace('T', ' '))}. "
            f"A score is: {layout.escape(source.target)}."
        )
        for title, facts in (
            ("Settings", source.settings),
            ("Hold-out", source.split),
            ("Versions", source.versions),
        ):
            if facts:
                words = "; ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items())
                st.markdown(f"**{title}**: {layout.escape(words)}")


def _measure(name: str) -> str:
    """Return the label of a metric, such as NDCG@10."""
    return layout.escape(COUNTS.get(name) or heading(name), 40)


@st.fragment
def _finder(run: ExternalRun) -> None:
    nouns = session.nouns()
    part = pickers.artist_field("large-search")
    started = time.perf_counter()
    found = run.found(part, TABLE_ROWS).rename(columns={"popularity_rank": "rank"})
    taken = 1000 * (time.perf_counter() - started)
    if part:
        many = f"The first {TABLE_ROWS}" if len(found) == TABLE_ROWS else f"{len(found):,}"
        st.caption(
            f"{many} that match, of {run.n_items:,} {nouns.items}, in {taken:.0f} ms. "
            f"Click a name to see the {nouns.item}."
        )
    else:
        st.caption(
            f"The {len(found):,} with most {nouns.users}, of {run.n_items:,}. Click a name to see the {nouns.item}."
        )
    tables.artist_table(found, "large-artists", ["rank", "artist", "listeners", "plays"], 320)


def artist(run: ExternalRun) -> None:
    """Draw one item: key figures and similar items."""
    nouns = session.nouns()
    wanted = st.query_params.get("artist")
    code = None
    try:
        code = None if wanted is None else run.item_code(wanted)
    except InputError as error:
        layout.problem(error)
    if code is None:
        st.info(f"Find {nouns.an_item} here, or choose one in any table or chart.", icon=":material/search:")
        _finder(run)
        return
    row = run.item_table([code]).iloc[0]
    st.header(layout.escape(row["artist"], 80), anchor=False)
    with st.container(horizontal=True):
        st.metric(nouns.users.capitalize(), f"{row['listeners']:,}", border=True)
        st.metric(nouns.values.capitalize(), f"{row['plays']:,.0f}", border=True)
        st.metric(nouns.mean.capitalize(), f"{row['plays'] / max(row['listeners'], 1):,.0f}", border=True)
        st.metric(f"Rank by {nouns.users}", f"{row['popularity_rank']:,}", border=True)
    st.subheader("Similar by the model", anchor=False)
    st.caption(
        f"Cosine of latent features of {run.label}, of {nouns.items} with {LEAST_LISTENERS} {nouns.users} or more."
    )
    tables.artist_table(run.similar(code), f"alike-{code}", ["artist", "cosine", "listeners"])
    layout.link(
        navigation.page("explore"),
        label=f"All {nouns.items}",
        icon=":material/arrow_back:",
        query=session.place(),
    )


def recommend(run: ExternalRun) -> None:
    """Draw the items of a user beside the recommended ones."""
    nouns = session.nouns()
    body = st.container(key="lists-first")
    picker, number = body.columns([5, 3], gap="medium")
    with number:
        n = recommendation.how_many()
    pickers.choose_first(run.random_user(seed=0))
    with picker:
        wanted = pickers.typed_listener(run, n=str(n))
    if wanted is None:
        return
    started = time.perf_counter()
    existing, recommended = run.recommend(run.user_code(wanted), n)
    taken = 1000 * (time.perf_counter() - started)
    hidden = run.known(run.user_code(wanted), "hidden")[0]
    left, right = body.columns([2, 3], gap="large")
    with left:
        st.header(nouns.done.capitalize(), anchor=False)
        st.caption(
            f"{len(existing):,} {nouns.item if len(existing) == 1 else nouns.items} in training, by {nouns.value}"
            + (f"; {len(hidden)} more were held out." if len(hidden) else ".")
        )
        recommendation.draw_existing(existing)
    with right:
        st.header("Recommended", anchor=False)
        st.caption(
            (f"**Hits: {recommended['hit'].sum()} of {len(recommended)}.** " if len(hidden) else "")
            + f"{run.n_items:,} {nouns.items} ranked by {run.label} in **{taken:.0f} ms**. "
            f"Bars: {layout.escape(run.manifest.target)}."
        )
        clicked = recommendation.draw_ranked(recommended, nouns)
        if clicked is not None:
            row = recommended.iloc[clicked]
            st.caption(f"**{layout.escape(row['artist'], 80)}** {layout.escape(sentence(row['names']))}.")
        st.download_button(
            "Download as CSV",
            lambda: to_csv(
                recommended.assign(because=[", ".join(names) for names in recommended["names"]]).drop(
                    columns="names"
                )
            ),
            "recommended.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="download-large",
        )


def new_listener(run: ExternalRun) -> None:
    """Draw the recommendations to a new user."""
    if not run.supports_fold_in:
        st.info(
            "Folding in a new user takes the alpha and regularization of the training, and this run has none. "
            "Write it anew with both in its settings.",
            icon=":material/person_off:",
        )
        return
    panel.take_link()
    panel.draw(panel.Recommender.of_large(run))
