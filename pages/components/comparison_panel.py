"""The comparison a visitor started: its leaderboard while it grows, and what can be seen in it."""

from __future__ import annotations

import streamlit as st

from pages.components import article_story, controls, frame, state
from recsys import figures
from recsys.background import BackgroundRun
from recsys.errors import InputError
from recsys.export import to_csv
from recsys.leaderboard import Leaderboard, best_of, compare, listed
from recsys.metrics import METRICS
from recsys.models import MODELS, make_model
from recsys.models.base import Model

HOLD_OUT = {"minimum": 35, "hidden": 15, "seed": 0}
MOST_COLUMNS = 4
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
HELP = {
    "ndcg": "How many hidden artists the lists find, those at the top counting most.",
    "recall": "Found hidden artists as a share of all hidden ones.",
    "precision": "Hidden artists as a share of the list.",
    "map": "Mean precision at the places of the hits.",
    "mrr": "1 over the place of the first hit.",
    "coverage": "Share of all artists that somebody is recommended.",
    "novelty": "How few listeners the recommended artists have: 1 bit more is half as many.",
    "popularity_rank": "Mean rank of the recommended artists, 1 for the most popular.",
    "gini": "How unevenly recommendations fall on artists: 0 is evenly.",
    "seconds": "Time to train, on this server as busy as it was.",
}


def choose_models() -> list[tuple[str, Model]]:
    """Draw the choice of models and return those chosen, untrained, with their labels."""
    mine = state.run()
    words = {name: model.label for name, model in MODELS.items()}
    if mine is not None:
        words["mine"] = f"Your run: {MODELS[mine.run.model.name].label}, your settings"
    names = st.pills(
        "Models",
        list(words),
        selection_mode="multi",
        default=list(MODELS),
        format_func=lambda name: words[name],
        key="compared",
        persist_state="session",
        help="Each with its own default settings; your run with those you chose on the Train page.",
    )
    models = {name: make_model(name) for name in names if name != "mine"}
    if mine is not None and "mine" in names:
        models["mine"] = make_model(mine.run.model.name, **mine.run.model.settings)
    return [(words[name], model) for name, model in models.items()]


def draw() -> None:
    """Draw the comparison, and keep it up to date while it goes on."""
    job = state.comparison()
    if job is None:
        st.info(
            "Nothing has been compared on this data yet. Choose the models and press Compare: each learns from "
            "the same plays, and is asked for the artists that were hidden.",
            icon=":material/leaderboard:",
        )
        return
    st.fragment(_progress, run_every=None if job.ended else 0.5)(job, job.ended)
    if not job.run.measured:
        return
    board, one, two, story = st.tabs(
        ["Leaderboard", "One listener", "Difference", "Why does the article's model lose?"],
        on_change="rerun",
        key="tab",
    )
    with board:
        st.fragment(_leaderboard, run_every=None if job.ended else 1.0)(job.run)
    with one:
        _one_listener(job)
    with two:
        _difference(job.run)
    if story.open:
        with story:
            article_story.draw(job.run)


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
    for entry in job.run.entries:
        if entry.message:
            st.warning(frame.escape(f"{entry.label}: {entry.message}"))


def _leaderboard(board: Leaderboard) -> None:
    table = board.table()
    shown = table[list(NAMES)].rename(columns=NAMES)
    best = {NAMES[name]: row for name, row in best_of(table).items()}
    st.caption(
        f"Lists of {board.n}, means over {len(board.users):,} listeners; the best of each column is marked. "
        f"NDCG is known to ±{table['ndcg_interval'].max():.4f} (95 %)."
    )
    st.dataframe(
        shown.style.apply(
            lambda column: [
                "font-weight: bold; background-color: rgba(110, 98, 235, 0.25)"
                if row == best.get(column.name)
                else ""
                for row in range(len(column))
            ]
        ).format(
            dict.fromkeys([NAMES[name] for name in (*METRICS, "coverage", "gini")], "{:.4f}"), precision=2
        ),
        hide_index=True,
        column_config={NAMES[name]: st.column_config.Column(help=words) for name, words in HELP.items()},
        key="leaderboard",
    )
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
    st.plotly_chart(
        figures.trade_off(table, str(against), NAMES[str(against)]),
        key="trade-off",
        alt=f"NDCG against {against}, larger points took longer to train",
        config=controls.CHART,
    )


def _difference(board: Leaderboard) -> None:
    entries = {entry.label: entry for entry in board.measured}
    if len(entries) < 2:
        st.info("A difference needs two models.")
        return
    labels = list(board.table()["model"])
    first_column, second_column, measure_column = st.columns(3)
    first = first_column.selectbox("Model", labels, key="first")
    second = second_column.selectbox("against", [label for label in labels if label != first], key="second")
    measure = measure_column.selectbox(
        "by", list(METRICS), format_func=lambda name: NAMES[name], key="measure"
    )
    a, b = entries[str(first)].lists, entries[str(second)].lists
    if a is None or b is None:
        return
    offset = compare(a, b, measure)
    st.metric(
        f"{NAMES[measure]}: {frame.escape(str(first))} minus {frame.escape(str(second))}",
        f"{offset.mean:+.4f}",
        f"± {offset.interval:.4f} (95 %), p = {offset.p_value:.2g}",
        delta_color="off",
        delta_arrow="off",
        border=True,
    )
    if offset.is_clear:
        better = first if offset.mean > 0 else second
        st.success(
            f"{frame.escape(str(better))} is better, and not by chance: of {len(a.users):,} listeners "
            f"{max(offset.wins, offset.losses):,} get a better list, {min(offset.wins, offset.losses):,} a worse."
        )
    else:
        st.info("This may well be chance. Do not read it as progress.")


def _one_listener(job: BackgroundRun[Leaderboard]) -> None:
    board = job.run
    labels = list(board.table()["model"])
    picker, models = st.columns(2)
    with picker:
        wanted = controls.listener(job.dataset.interactions.users)
    with models:
        shown = st.multiselect(
            "Models beside each other", labels, default=labels[:3], max_selections=MOST_COLUMNS, key="beside"
        )
    if wanted is None or not shown:
        st.info("Choose a listener and two to four models to see their lists beside each other.")
        return
    try:
        user = job.dataset.interactions.user_code(wanted)
    except InputError as error:
        frame.problem(error)
        return
    columns, shared = listed(board, shown, user)
    st.caption(f"{shared} of {board.n} artists are in every list. ✓ is a hit: an artist that was hidden.")
    for place, (column, label) in enumerate(zip(st.columns(len(shown)), shown, strict=True)):
        with column:
            st.markdown(f"**{frame.escape(label)}**")
            controls.artist_table(columns[label], f"beside-{place}", ["artist", "hit", "also"])
