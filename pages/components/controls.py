"""Controls that more than one page uses; ranges and words come from `recsys.settings`."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.components import state
from recsys.models import MODELS
from recsys.settings import CHOICES, SETTINGS
from recsys.training import Stopping

LISTED = 2_000
COLUMNS = {
    "rank": st.column_config.NumberColumn("Rank", format="localized", width="small"),
    "artist": st.column_config.TextColumn("Artist", width="medium"),
    "listener": st.column_config.TextColumn("Listener"),
    "listeners": st.column_config.NumberColumn("Listeners", format="localized"),
    "plays": st.column_config.NumberColumn("Plays", format="localized"),
    "plays_per_listener": st.column_config.NumberColumn("Plays per listener", format="localized", step=1),
    "share_of_plays": st.column_config.NumberColumn("Share of plays", format="percent"),
    "share_of_listeners": st.column_config.NumberColumn("Share of listeners", format="percent"),
    "share": st.column_config.ProgressColumn("Share of plays", format="percent", min_value=0, max_value=1),
    "shared": st.column_config.NumberColumn("Listeners of both", format="localized"),
    "similarity": st.column_config.ProgressColumn("Overlap", format="percent", min_value=0, max_value=1),
    "score": st.column_config.NumberColumn("Score", format="%.4f"),
    "popularity_rank": st.column_config.NumberColumn("Popularity rank", format="localized"),
    "hit": st.column_config.TextColumn("Hit", width="small"),
}


def setting(name: str, default: int | float, prefix: str = "") -> int | float:
    """Draw the control of one setting and return its value; it survives a page change."""
    row = SETTINGS[name]
    key = f"{prefix}{name}"
    if row.ladder:
        return st.select_slider(
            row.label,
            sorted({*row.ladder, default}),
            value=default,
            format_func=lambda value: f"{value:g}",
            key=key,
            help=row.help,
            persist_state="session",
        )
    return st.number_input(
        row.label, row.minimum, row.maximum, default, key=key, help=row.help, persist_state="session"
    )


def model_settings() -> tuple[str, dict[str, int | float]]:
    """Draw the choice of a model and its settings; return its name and the settings by name."""
    name = st.selectbox(
        "Model",
        list(MODELS),
        format_func=lambda name: MODELS[name].label,
        key="model",
        persist_state="session",
    )
    model = MODELS[name]
    with st.expander("What this model does", icon=":material/info:"):
        st.caption(model.about)
    return name, {wanted: setting(wanted, default, f"{name}-") for wanted, default in model.defaults.items()}


def stopping() -> Stopping:
    """Draw the settings of early stopping and return them."""
    with st.expander("Early stopping", icon=":material/timer_off:"):
        row = CHOICES["watch"]
        watch = st.selectbox(
            row.label,
            list(row.options),
            format_func=lambda word: row.options[word],
            key="watch",
            help=row.help,
            persist_state="session",
        )
        return Stopping(watch, int(setting("patience", SETTINGS["patience"].default)))


def split_settings(seed: int) -> dict[str, int]:
    """Draw the settings of the hold-out and return them by name."""
    with st.expander("Hold-out", icon=":material/visibility_off:"):
        st.caption("Some artists of each listener are hidden from training, to judge the model by.")
        chosen = {
            name: int(setting(name, SETTINGS[name].default, "split-")) for name in ("minimum", "hidden")
        }
    return chosen | {"seed": seed}


def listener(users: pd.Index) -> str | None:
    """Draw a listener picker that takes any id; return the id as text."""
    chosen = st.selectbox(
        "Listener",
        [str(user) for user in users[:LISTED]],
        key="listener",
        index=None,
        placeholder="Choose a listener, or type an id",
        accept_new_options=True,
        filter_mode="contains",
        bind="query-params",
        help=f"{len(users):,} listeners. The first {min(len(users), LISTED):,} are listed; type any id.",
    )
    return None if chosen is None else str(chosen)


def choose_listener(user: object) -> None:
    """Put a listener into the picker; to be called before the picker is drawn, from a callback."""
    st.session_state.listener = str(user)


def artist_search(table: pd.DataFrame) -> pd.DataFrame:
    """Draw a search field and return the rows of a rank table whose artist matches."""
    wanted = st.text_input(
        "Find an artist", key="search", placeholder="Part of a name", icon=":material/search:"
    )
    if not wanted.strip():
        return table
    return table[table["artist"].str.contains(wanted.strip(), case=False, regex=False)]


def artist_table(table: pd.DataFrame, key: str, columns: list[str], height: int | None = None) -> None:
    """Draw a table of artists with these columns; choosing a row opens that artist's page.

    Its column `item` says which artist a row is about; it need not be shown.
    """
    chosen = _table(table, key, columns, height)
    if chosen is not None:
        open_artist(str(table["item"].iloc[chosen]))


def listener_table(table: pd.DataFrame, key: str) -> None:
    """Draw a table of listeners and their plays; choosing a row opens that listener's recommendations."""
    chosen = _table(table, key, ["listener", "plays"], None)
    if chosen is not None:
        st.switch_page(
            "pages/recommend.py",
            query_params=state.place() | {"listener": str(table["listener"].iloc[chosen])},
        )


def _table(table: pd.DataFrame, key: str, columns: list[str], height: int | None) -> int | None:
    """Draw a table and return the place of the chosen row."""
    shown = table[columns]
    for column in shown.columns.intersection(["listener"]):
        shown = shown.assign(**{column: shown[column].astype(str)})
    event: Any = st.dataframe(
        shown,
        hide_index=True,
        column_config={column: COLUMNS[column] for column in columns},
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        height=height or "auto",
    )
    rows = event.selection.rows
    return rows[0] if rows and rows[0] < len(table) else None


def artist_chart(figure: go.Figure, key: str, alt: str) -> None:
    """Draw a chart whose points carry an item; choosing one opens that artist's page."""
    event: Any = st.plotly_chart(figure, key=key, on_select="rerun", selection_mode="points", alt=alt)
    if event.selection.points:
        open_artist(str(event.selection.points[0]["customdata"][0]))


def open_artist(item: str) -> None:
    """Go to an artist's page."""
    st.switch_page("pages/artist.py", query_params=state.place() | {"artist": item})
