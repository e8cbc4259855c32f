"""The comparison a visitor started: its leaderboard while it grows, and what can be seen in it."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler
from streamlit.delta_generator import DeltaGenerator

from pages.components import article_story, comparison_choice, controls, frame, state
from recsys import figures
from recsys.background import BackgroundRun
from recsys.errors import InputError
from recsys.export import disarm, to_csv
from recsys.leaderboard import Leaderboard, compare
from recsys.metrics import METRICS
from recsys.side_by_side import side_by_side

MOST_COLUMNS = 4
TABS = ["Leaderboard", "Side by side", "Difference", "Why the article's model loses"]
# Half transparent, to suit both a light and a dark page.
MARKED = {
    "best": "font-weight: bold; background-color: rgba(110, 98, 235, 0.35)",
    "close": "background-color: rgba(110, 98, 235, 0.14)",
    "": "",
}
SHARED = "rgba(110, 98, 235, 0.30)"
SOME = "rgba(10, 143, 138, 0.28)"
UNIQUE = "rgba(217, 102, 10, 0.28)"
NAMES = {
    "model": "Model",
    "ndcg": "NDCG",
    "recall": "Recall",
    "precision": "Precision",
    "map": "MAP",
    "mrr": "MRR",
    "coverage": "Coverage",
    "novelty": "Novelty (bits)",
    "popularity_rank": "Popularity rank",
    "gini": "Gini",
    "seconds": "Seconds",
}
# Decimal places of a figure and of its interval.
PLACES = dict.fromkeys((*METRICS, "coverage", "gini"), 4) | {"novelty": 2, "popularity_rank": 0, "seconds": 2}
NOTHING_HIDDEN = "This {nouns.user} has too few {nouns.items}: none was hidden, so there is nothing to find."
HELP = {
    "ndcg": "How many hidden {nouns.items} the lists find, those at the top counting most.",
    "recall": "Found hidden {nouns.items} as a share of all hidden ones.",
    "precision": "Hidden {nouns.items} as a share of the list.",
    "map": "Mean precision at the places of the hits.",
    "mrr": "1 over the place of the first hit.",
    "coverage": "Share of all {nouns.items} that somebody is recommended. Its interval, as that of Gini, by the "
    "jackknife: all lists but one, for each {nouns.user} in turn.",
    "novelty": "How few {nouns.users} the recommended {nouns.items} have: 1 bit more is half as many.",
    "popularity_rank": "Mean rank of the recommended {nouns.items}, 1 for the most popular.",
    "gini": "How unevenly recommendations fall on {nouns.items}: 0 is evenly.",
    "seconds": "Time to train, on this server as busy as it was.",
}


def draw() -> None:
    """Draw the comparison, and keep it up to date while it goes on."""
    job, nouns = state.comparison(), state.nouns()
    if job is None:
        st.query_params.pop("comparison", None)
        st.info(
            "Nothing has been compared on this data yet. Choose the models and press Compare: each learns from "
            f"the same pairs, and is asked for the {nouns.items} that were hidden.",
            icon=":material/leaderboard:",
        )
        return
    if st.query_params.get("comparison") != job.id:
        st.query_params.comparison = job.id
    st.fragment(_progress, run_every=None if job.ended else 0.5)(job, job.ended)
    if not job.run.measured:
        return
    board, one, two, story = st.tabs(TABS, default=_last_tab(), on_change="rerun", key="comparison-tab")
    st.session_state["last-tab"] = st.query_params.tab = st.session_state["comparison-tab"]
    if board.open:
        with board:
            st.fragment(_leaderboard, run_every=None if job.ended else 1.0)(job.run)
    if one.open:
        with one:
            _one_listener(job)
    if two.open:
        with two:
            _difference(job.run)
    if story.open:
        with story:
            article_story.draw(job.run)


def _last_tab() -> str:
    """Return the tab that the address names or, back from another page, the one that was open."""
    wanted = st.query_params.get("tab", st.session_state.get("last-tab"))
    return wanted if wanted in TABS else TABS[0]


def _progress(job: BackgroundRun[Leaderboard], ended: bool) -> None:
    state.runs().get(job.id)
    first = "measured" not in st.session_state or st.session_state.measured != (
        job.id,
        bool(job.run.measured),
    )
    st.session_state.measured = (job.id, bool(job.run.measured))
    if job.ended != ended or first:
        st.rerun()
    if not job.ended:
        with st.container(horizontal=True, vertical_alignment="center"):
            at = next((entry.label for entry in job.run.entries if entry.done < 1), "")
            st.progress(job.run.progress, f"Training and measuring: {frame.escape(at)}")
            st.button(
                "Cancel",
                icon=":material/stop:",
                on_click=state.runs().cancel,
                args=(job,),
                key="cancel-comparison",
            )
    if job.state == "cancelled":
        st.caption(f"Cancelled: {len(job.run.measured)} of {len(job.run.entries)} models were measured.")
    for entry in job.run.entries:
        if entry.message:
            st.warning(frame.escape(f"{entry.label}: {entry.message}"))


def _leaderboard(board: Leaderboard) -> None:
    measured = board.measured  # another one may be measured while this is drawn
    table, marks = board.table(measured), board.marks(measured)
    split, nouns = board.split, state.nouns()
    st.caption(
        f"Lists of {board.n} for {len(board.users):,} {nouns.users}; hold-out {split.minimum}/{split.hidden}, seed "
        f"{split.seed}. ± is the 95 % confidence interval over the {nouns.users}. Bold: the best of a column. "
        "Tinted: not clearly worse."
    )
    st.dataframe(
        _styled(table.assign(model=table["model"].map(disarm)), marks),
        hide_index=True,
        height="content",
        column_config={NAMES["model"]: st.column_config.TextColumn(pinned=True, width=190)}
        | {NAMES[name]: st.column_config.Column(help=nouns.fill(words)) for name, words in HELP.items()},
        key="leaderboard",
    )
    comparison_choice.notes(measured)
    st.download_button(
        "Download as CSV",
        lambda: to_csv(table),
        "leaderboard.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="download-leaderboard",
    )
    against = st.segmented_control(
        "Accuracy against",
        ["novelty", "coverage"],
        default="novelty",
        required=True,
        format_func=lambda name: NAMES[name],
        key="against",
        persist_state="session",
    )
    st.caption(
        "Up and to the right is better. The larger a point, the longer the training; bars are the intervals."
    )
    st.plotly_chart(
        figures.trade_off(table, str(against), NAMES[str(against)]),
        key="trade-off",
        alt=f"NDCG against {against}, larger points took longer to train",
        config=controls.CHART,
    )


def _styled(table: pd.DataFrame, marks: pd.DataFrame) -> Styler:
    """Show each figure with its interval; the table sorts by the figure."""
    styled = table[list(NAMES)].round(PLACES).rename(columns=NAMES).style
    for name, places in PLACES.items():
        for row, half in enumerate(table.get(f"{name}_interval", [math.nan] * len(table))):
            interval = "" if math.isnan(half) else f" ± {half:.{places}f}"
            styled = styled.format(f"{{:.{places}f}}{interval}", subset=pd.IndexSlice[[row], [NAMES[name]]])
    for name in marks:
        styled = styled.apply(lambda _, name=name: marks[name].map(MARKED), subset=[NAMES[name]])
    return styled


def _difference(board: Leaderboard) -> None:
    entries = {entry.label: entry for entry in board.measured}
    if len(entries) < 2:
        st.info("A difference needs two models.")
        return
    labels = list(entries)
    first_column, second_column, measure_column = st.columns(3)
    first = _pick(first_column, "Model", labels, "first")
    second = _pick(second_column, "against", [label for label in labels if label != first], "second")
    measure = measure_column.selectbox(
        "by", list(METRICS), format_func=lambda name: NAMES[name], key="measure", persist_state="session"
    )
    nouns = state.nouns()
    offset = compare(entries[first], entries[second], measure)
    st.metric(
        f"{NAMES[measure]}: {frame.escape(str(first))} minus {frame.escape(str(second))}",
        f"{offset.mean:+.4f}",
        f"± {offset.interval:.4f} (95 %), p = {offset.p_value:.2g}",
        delta_color="off",
        delta_arrow="off",
        border=True,
    )
    if offset.is_clear:
        better, worse = (first, second) if offset.mean > 0 else (second, first)
        st.success(
            f"{frame.escape(better)} is better than {frame.escape(worse)}, and hardly by chance: of "
            f"{len(board.users):,} {nouns.users} {max(offset.wins, offset.losses):,} get a better list, "
            f"{min(offset.wins, offset.losses):,} a worse one."
        )
    else:
        st.info("This may well be chance. Do not read it as progress.")
    st.caption(
        f"A paired t-test over the {nouns.users}. One in twenty such tests finds a difference where there is none: "
        "whoever compares many settings will see some win by luck. Another seed of the hold-out tells."
    )


def _pick(column: DeltaGenerator, label: str, options: list[str], key: str) -> str:
    _keep(key, st.session_state.get(key) if st.session_state.get(key) in options else options[0])
    return str(column.selectbox(label, options, key=key, persist_state="session"))


def _one_listener(job: BackgroundRun[Leaderboard]) -> None:
    board, nouns = job.run, state.nouns()
    labels = [entry.label for entry in board.measured]
    picker, models = st.columns(2)
    with picker:
        wanted = controls.listener(job.dataset.interactions.users)
    with models:
        _keep("beside", [name for name in st.session_state.get("beside", labels[:3]) if name in labels])
        shown = st.multiselect(
            "Models beside each other",
            labels,
            default=labels[:3],
            max_selections=MOST_COLUMNS,
            wrap=True,
            key="beside",
            persist_state="session",
        )
    if wanted is None or not shown:
        st.info(f"Choose a {nouns.user} and two to four models to see their lists beside each other.")
        return
    try:
        user = job.dataset.interactions.user_code(wanted)
    except InputError as error:
        frame.problem(error)
        return
    lists = side_by_side(board, shown, user)
    st.markdown(
        f":violet-badge[In all lists: {lists.everywhere}] :green-badge[In some] :orange-badge[In one only] "
        + (
            f"✓ is a hit: one of the {lists.hidden} {nouns.items} that were hidden."
            if lists.hidden
            else nouns.fill(NOTHING_HIDDEN)
        )
    )
    for place, (column, label) in enumerate(zip(st.columns(len(shown)), shown, strict=True)):
        table = lists.tables[label]
        with column:
            st.markdown(f"**{frame.escape(label, 24)}**")
            st.caption(f"Hits: {(table['hit'] != '').sum()}")
            controls.artist_table(
                table,
                f"beside-{place}",
                ["artist", "hit", "where"],
                tints=[
                    SHARED if count == len(shown) else UNIQUE if count == 1 else SOME
                    for count in table["lists"]
                ]
                if len(shown) > 1
                else None,
            )
    if len(shown) > 1:
        st.subheader("How much the lists have in common", anchor=False)
        st.caption(
            f"The {nouns.items} that two lists share and, below, the Jaccard index: shared ones over all in either "
            "list."
        )
        st.plotly_chart(
            figures.overlap(shown, lists.shared, lists.jaccard),
            key="overlap",
            alt=f"Shared {nouns.items} of each pair of lists",
            config=controls.CHART,
        )


def _keep(key: str, value: object) -> None:
    """Put a choice back into a control that is about to be drawn, where it has been chosen before."""
    if key in st.session_state and st.session_state[key] != value:
        st.session_state[key] = value
