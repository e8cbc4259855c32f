"""Tables of artists and listeners with links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.components import navigation
from pages.components.session import cached, session
from pages.components.shell import layout
from pages.components.widgets import listening
from pages.components.widgets.pickers import LONGEST, artist_field, onward, open_artist
from recsys.storage.tables import disarm

ARTISTS_LISTED = 20_000
ROW = 35  # pixels
PERCENT = ["share_of_plays", "share_of_members", "share", "similarity", "top_share"]


MEANS = ["plays_per_listener"]


@st.fragment
def artist_finder(columns: list[str], height: int | None = None) -> None:
    """Draw a search field and the artists that match; choosing one opens that artist's page."""
    table = cached.ranks()
    wanted = artist_field("search")
    found = table[table["artist"].str.contains(wanted, case=False, regex=False)] if wanted else table
    artist_list(found, wanted, columns, height, bool(wanted))


def artist_list(
    found: pd.DataFrame, wanted: str, columns: list[str], height: int | None, filtered: bool
) -> None:
    """Draw rows of the rank table, how many there are and, after a search, a link to the first.

    Parameters
    ----------
    found : DataFrame
        Rows of the rank table.
    wanted : str
        What was searched for; "" for nothing.
    columns : list of str
        What is shown of them.
    height : int or None
        Of the table, in pixels.
    filtered : bool
        Whether these may be fewer than all.
    """
    nouns = session.nouns()
    st.caption(
        f"{len(found):,} of {len(cached.ranks()):,} {nouns.items}. Click a name to see that {nouns.item}."
    )
    if wanted and len(found):
        first = found.iloc[0]
        layout.link(
            navigation.page("artist"),
            label=layout.escape(first["artist"], 80),
            icon=":material/arrow_forward:",
            query=session.place() | {"artist": str(first["item"])},
        )
    listed = part(found, "ranks", columns)
    artist_table(listed, "ranks", columns, height, fixed=listed is found and not filtered)


def part(table: pd.DataFrame, key: str, columns: list[str]) -> pd.DataFrame:
    """Return the rows of a table that are listed: all, or of very many those of a page, sorted on the server.

    A table in the browser sorts the rows that it was given; of more than it can hold, another page would be missing.
    """
    if len(table) <= ARTISTS_LISTED:
        return table
    labels = {name: str(_columns()[name]["label"]) for name in columns if name in _columns()}
    labels |= {name: _links()[name][0] for name in columns if name in _links()}
    pages = -(-len(table) // ARTISTS_LISTED)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"{key}-part"):
        by = st.selectbox(
            "Sort all by",
            columns,
            index=columns.index("plays") if "plays" in columns else 0,
            format_func=labels.__getitem__,
            key=f"{key}-by",
            width=200,
        )
        up = st.toggle("Ascending", key=f"{key}-up")
        place = st.pagination(pages, key=f"{key}-page") - 1
        rows = slice(place * ARTISTS_LISTED, min(len(table), (place + 1) * ARTISTS_LISTED))
        st.caption(f"Rows {rows.start + 1:,} to {rows.stop:,} of {len(table):,}")
    return table.sort_values(by, ascending=up, kind="stable")[rows]


def badges(tags: Iterable[str]) -> str:
    """Return tags as Markdown: each in a box of its own."""
    return " ".join(f":violet-badge[{layout.escape(tag, 40)}]" for tag in tags)


def artist_table(
    table: pd.DataFrame,
    key: str,
    columns: list[str],
    height: int | None = None,
    tints: Sequence[str] | None = None,
    fixed: bool = False,
) -> int | None:
    """Draw a table of artists with these columns; a click on a name opens that artist's page.

    Its column `item` says which artist a row is about; it need not be shown. Where there is a column
    `because`, the row whose reason was just clicked is returned. Tints are a CSS colour for each row.
    A fixed table is the same as long as the data is, and prepared once.
    """
    links = ["artist", *(["because"] if "because" in columns else [])]
    column, row = _table(table, key, columns, links, height, tints, fixed)
    if row is not None and column == "artist":
        open_artist(str(table["item"].iloc[row]))
    return row


def listener_table(table: pd.DataFrame, key: str, to: str = "recommend") -> None:
    """Draw a table of listeners; a click on one opens the page `to` with that listener."""
    _, row = _table(table, key, list(table), ["listener"], None)
    if row is not None:
        st.switch_page(
            navigation.page(to).path,
            query_params=onward(listener=str(table["listener"].iloc[row])),
        )


def scene_table(table: pd.DataFrame, key: str, columns: list[str]) -> int | None:
    """Draw a table of scenes with these columns; return the row whose name was just clicked."""
    return _table(table, key, columns, ["scene"], ROW * (len(table) + 1) + 2)[1]


def _table(
    table: pd.DataFrame,
    key: str,
    columns: list[str],
    links: list[str],
    height: int | None,
    tints: Sequence[str] | None = None,
    fixed: bool = False,
) -> tuple[str, int | None]:
    """Draw a table in which the cells of some columns can be clicked; return the column and the row that just were.

    Buttons and not selected cells: a selection follows the keyboard, and moving through
    the table would open another page.
    """
    service = listening.service() if "artist" in links else ""
    shown: Any = (
        _prepared(
            session.dataset().interactions.fingerprint, key, tuple(columns), tuple(links), service, table
        )
        if fixed
        else _clickable(table, columns, links, service)
    )
    buttons: dict[str, Any] = {}
    for column in links:
        label, width, help_text = _links()[column]
        buttons[column] = st.column_config.ButtonColumn(
            label,
            type="tertiary",
            alignment="left",
            width=width,
            help=help_text,
            key=f"{key}-{column}",
        )
    if service:
        buttons["listen"] = st.column_config.LinkColumn(
            "♫", display_text="♫", width=36, help=f"Search {service} for it, in a new tab."
        )
    st.dataframe(
        shown
        if tints is None
        else shown.style.apply(lambda _: [f"background-color: {tint}" for tint in tints]),
        hide_index=True,
        column_config=_columns() | buttons,
        key=key,
        height=height or "auto",
        placeholder="",  # where a row has no such number
    )
    for column in links:
        click = st.session_state.get(f"{key}-{column}")
        if click and click["row"] < len(table):
            return column, click["row"]
    return "", None


@cached.remembered(show_spinner=False, max_entries=16)
def _prepared(
    fingerprint: str,
    key: str,
    columns: tuple[str, ...],
    links: tuple[str, ...],
    service: str,
    _table: pd.DataFrame,
) -> pa.Table:
    shown = _clickable(_table, list(columns), list(links), service)
    return pa.Table.from_pandas(shown, preserve_index=False)


def _clickable(table: pd.DataFrame, columns: list[str], links: list[str], service: str) -> pd.DataFrame:
    """Return these columns of a table as they are shown, with texts that a button can hold in some of them.

    With a service to listen at, the last column is each artist's address there.
    """
    shown = table[columns].copy()
    shown[shown.columns.intersection(PERCENT)] *= 100
    shown = shown.round(dict.fromkeys(MEANS, 0 if session.nouns().counted else 2))
    for column in links:
        shown[column] = shown[column].astype(str).str[:LONGEST]
        # a button shows this directive as an icon
        shown[column] = shown[column].str.replace(":material/", ":\N{WORD JOINER}material/")
        # the table's own download is not guarded against what a spreadsheet would take for a formula
        shown[column] = shown[column].map(disarm)
    if service:
        shown["listen"] = listening.addresses(table["artist"], service)
    return shown


def _columns() -> dict[str, Any]:
    """Return how each column of a table is shown, in the words of the data."""
    nouns = session.nouns()
    users, values = nouns.users.capitalize(), nouns.values.capitalize()
    number, text, share = (
        partial(st.column_config.NumberColumn, format="localized"),
        st.column_config.TextColumn,
        partial(st.column_config.ProgressColumn, format="%.1f%%", max_value=100, width=120),
    )
    return {
        "rank": number("Rank", width=60),
        "first_time": st.column_config.DateColumn(
            f"First {nouns.done}", format="D MMM YYYY", width=110, help=f"By any {nouns.user}, in UTC."
        ),
        "plays_before": number(f"{values} before", width=100, help="In the first half of the months."),
        "plays_after": number(f"{values} after", width=100, help="In the second half of the months."),
        "fell": text("Fell most", width=130, help=f"By its share of the {nouns.values} of the {nouns.user}."),
        "rose": text("Rose most", width=130, help=f"By its share of the {nouns.values} of the {nouns.user}."),
        "where": text("In lists", width=80, help="In how many of the lists it stands."),
        "change": text("Change", width=70, help="Places up or down."),
        "friends": number(
            "Friends", format=None, width=60, help=f"How many of the {nouns.user}'s friends {nouns.do} it."
        ),
        "here": text("Here", width=110, help=f"Where the {nouns.item} stands in the two lists above."),
        "hit": text("Hit", width=50, help="Hidden from the model, and found."),
        "listener": text(nouns.user.capitalize()),
        "listeners": number(users, width=80),
        "plays": number(values, width=90),
        "value": number(nouns.value.capitalize(), width=90),
        "plays_per_listener": number(nouns.mean.capitalize(), width=130),
        "share_of_plays": number(f"Share of {nouns.values}", format="%.2f%%", width=110),
        "share": share(f"Share of {nouns.values}"),
        "shared": number("Both", width=60, help=f"{users} of both."),
        "similarity": share("Overlap"),
        "lift": number(
            "Lift", format="%.1f", width=60, help=f"Times as many {users.lower()} of both as by chance."
        ),
        "cosine": share("Cosine", format="%.2f", max_value=1, help="1 if both point the same way."),
        "reason": text(
            "Because of", width=235, help=f"What the {nouns.user} {nouns.does} that adds most to the score."
        ),
        "artists": number(nouns.items.capitalize(), width=80),
        "mainstream": share(
            "Mainstream",
            format="%.0f",
            help=f"Mean popularity percentile of the {nouns.items}: 100 for nothing but the most popular one.",
        ),
        "favourite": text(f"First {nouns.item}", width=150),
        "top_share": share("Its share", help=f"Share of the {nouns.values} of the {nouns.user}."),
        "unusual": text("Unusual", width=160, help="Beyond Tukey's fences: 1.5 interquartile ranges."),
        "hidden": number("Hidden", width=70, help=f"How many {nouns.items} were hidden."),
        "found": number("Found", width=70, help=f"How many of the hidden {nouns.items} the list has."),
        "figure": number("Figure", format="%.3f", width=70, help="The figure that is chosen above."),
        "both": number("Both", width=60, help=f"{nouns.items.capitalize()} of both."),
        "sharing": text("Such as", width=260),
        "before": number("Before", width=70, help="Place in the list before."),
        "after": number("After", width=70, help="Place in the list now."),
        "misplaced": text(f"{nouns.item.capitalize()} in the article's table", width=190),
        "contacts": number("Friends", width=80),
        "sharing_mean": number(
            f"{nouns.items.capitalize()} shared", format="%.1f", width=130, help="With a friend, on average."
        ),
        "members": number(users, width=80),
        "share_of_members": share(f"Share of {nouns.users}"),
        "first": text("Best known", width=380),
        "score": number("Score", format="%.4f", width=70),
        "popularity_rank": number("Popularity", width=90, help=f"Rank by {nouns.users}, 1 for the most."),
    }


def _links() -> dict[str, tuple[str, int, str | None]]:
    """Return the columns of buttons: their names, widths in pixels and what they are for."""
    nouns = session.nouns()
    return {
        "artist": (nouns.item.capitalize(), 150, None),
        "listener": (nouns.user.capitalize(), 150, None),
        "scene": ("Name", 280, None),
        "because": (
            "Because of",
            235,
            f"What the {nouns.user} {nouns.does} that adds most to the score. Click to see all of it.",
        ),
    }
