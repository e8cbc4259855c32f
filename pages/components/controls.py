"""Controls that more than one page uses; ranges and words come from `recsys.settings`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.components import caches, frame, state
from recsys import figures
from recsys.errors import InputError
from recsys.export import disarm
from recsys.large_runs import LargeRun
from recsys.models import MODELS
from recsys.settings import CHOICES, ROWS, SETTINGS, Choice
from recsys.training import Stopping

# What is sent to the browser: a picker makes an element of each, and 20,000 of them halt the page for seconds.
LISTENERS_LISTED, ARTISTS_LISTED = 2_000, 20_000
SUGGESTED = 20
MATCHES = 8
LONGEST = 200
# The modebar keeps out of the way, and cannot send a chart's data anywhere.
CHART = {"displayModeBar": False}
# One that can be kept as a picture: the browser draws it, without the network.
PICTURE = {
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "png", "scale": 2, "filename": "encore"},
}
PERCENT = ["share_of_plays", "share", "similarity"]
MEANS = ["plays_per_listener"]


def setting(name: str, default: Any, prefix: str = "") -> Any:
    """Draw the control of one setting and return its value; it survives a page change."""
    row = ROWS[name]
    key = f"{prefix}{name}"
    if isinstance(row, Choice):
        return choice(row, list(row.options), default, key)
    # Always with its default: a control whose arguments change is a new one and forgets its value.
    if row.ladder:
        return st.select_slider(
            row.label,
            sorted({*row.ladder, default, st.session_state.get(key, default)}),
            value=default,
            format_func=lambda step: f"{step:g}",
            key=key,
            help=state.nouns().fill(row.help),
            persist_state="session",
        )
    return st.number_input(
        row.label,
        row.minimum,
        row.maximum,
        default,
        key=key,
        help=state.nouns().fill(row.help),
        persist_state="session",
    )


def choice(row: Choice, words: list[str], default: str, key: str) -> str:
    """Draw a choice among some of its words and return the chosen one; it survives a page change."""
    if st.session_state.get(key, default) not in words:
        st.session_state[key] = default
    return st.selectbox(
        row.label,
        words,
        words.index(default),
        format_func=lambda word: row.options[word],
        key=key,
        help=state.nouns().fill(row.help),
        persist_state="session",
    )


def model_choice() -> str:
    """Draw the choice of a model and return its name; it survives a page change."""
    return st.selectbox(
        "Model",
        list(MODELS),
        format_func=lambda name: MODELS[name].label,
        key="model",
        persist_state="session",
    )


def model_settings() -> tuple[str, dict[str, Any]]:
    """Draw the choice of a model and its settings; return its name and the settings by name.

    Whoever comes by a link to a run finds the settings of that run.
    """
    job = state.run()
    if job is not None and "model" not in st.session_state:
        st.session_state.model = job.run.model.name
        for wanted, default in MODELS[job.run.model.name].defaults.items():
            value = job.run.model.settings[wanted]
            steps = getattr(SETTINGS.get(wanted), "ladder", ())
            if not steps or value in (*steps, default):  # a slider stops nowhere else
                st.session_state[f"{job.run.model.name}-{wanted}"] = value
    name = model_choice()
    model = MODELS[name]
    with st.expander("What this model does", icon=":material/info:"):
        st.caption(state.nouns().fill(model.about))
    return name, {wanted: setting(wanted, default, f"{name}-") for wanted, default in model.defaults.items()}


def stopping(model: str) -> Stopping:
    """Draw the settings of early stopping that suit a model, by its name, and return them."""
    if "epochs" not in MODELS[model].defaults:
        return Stopping()
    with st.expander("Early stopping", icon=":material/timer_off:"):
        row = CHOICES["watch"]
        if MODELS[model].predicts:
            watch = choice(row, list(row.options), row.default, "watch")
        else:
            watch = choice(row, [word for word in row.options if word != "rmse"], row.default, "watch-lists")
        return Stopping(watch, int(setting("patience", SETTINGS["patience"].default)))


def split_settings(seed: int | None) -> dict[str, int]:
    """Draw the settings of the hold-out and return them by name; its seed is the model's, or else the default."""
    with st.expander("Hold-out", icon=":material/visibility_off:"):
        nouns = state.nouns()
        st.caption(
            f"Some {nouns.items} of each {nouns.user} are hidden from training, to judge the model by."
        )
        chosen = {
            name: int(setting(name, SETTINGS[name].default, "split-")) for name in ("minimum", "hidden")
        }
    return chosen | {"seed": int(SETTINGS["seed"].default) if seed is None else seed}


def from_address(name: str, read: Callable[[str], Any]) -> None:
    """Let a control show what the address says, if that is not what `listener` left there; before it is drawn.

    Parameters
    ----------
    name : str
        Of the parameter, and the key of the control.
    read : callable
        Turns the text into the value of the control, or raises InputError.
    """
    linked = st.query_params.get(name)
    if linked is None or linked == st.session_state.get(f"{name}_in_address"):
        return
    try:
        st.session_state[name] = read(linked)
    except InputError as error:
        frame.problem(error)


def listener(users: pd.Index, **beside: str) -> str | None:
    """Draw a listener picker that takes any id; return the id as text.

    The address says who is chosen, and what else is given as `beside`. An address that says somebody
    else goes before what was chosen.
    """
    from_address("listener", str)
    nouns = state.nouns()
    more = len(users) > LISTENERS_LISTED
    chosen = st.selectbox(
        nouns.user.capitalize(),
        [str(user) for user in users[:LISTENERS_LISTED]],
        key="listener",
        index=None,
        placeholder=f"Choose a {nouns.user}, or type an id",
        accept_new_options=True,
        filter_mode="contains",
        persist_state="session",
        help=f"{len(users):,} {nouns.users}."
        + (
            f" The first {LISTENERS_LISTED:,} are listed; type any id or a part of one, then Enter."
            if more
            else ""
        ),
    )
    _into_address(None if chosen is None else str(chosen), beside)
    return None if chosen is None else str(chosen)


def _into_address(chosen: str | None, beside: Mapping[str, str]) -> None:
    """Let the address say who is chosen and what else there is, and remember that it was put there."""
    here = {} if chosen is None else {"listener": chosen} | dict(beside)
    if not here.items() <= st.query_params.items():
        st.query_params.update(here)  # in one step: each is an entry in the browser's history
    elif chosen is None and "listener" in st.query_params:
        del st.query_params.listener
    for name in ("listener", *beside):
        st.session_state[f"{name}_in_address"] = here.get(name)


def typed_listener(run: LargeRun, **beside: str) -> str | None:
    """Draw a field for the id of a listener, for more than can be listed; return the id once it is somebody's.

    While it is not, those that begin so are there to click. The address works as with `listener`.
    """
    from_address("listener", str)
    field, button = st.columns([3, 2], vertical_alignment="bottom")
    typed = field.text_input(
        "Listener",
        key="listener",
        placeholder="Type the beginning of an id",
        icon=":material/person_search:",
        live="150ms",
        autocomplete="off",
        persist_state="session",
        help=f"{run.n_users:,} listeners. Those whose id begins so appear while you type.",
    )
    button.button(
        "Show me somebody",
        icon=":material/casino:",
        key="any-listener",
        width="stretch",
        on_click=lambda: choose_listener(run.somebody()),
    )
    wanted = (typed or "").strip()
    try:
        run.user_code(wanted)
    except InputError as error:
        # The address stays as it is: Back would otherwise lead through all that was half typed.
        found = run.users_from(wanted, SUGGESTED) if wanted else []
        if found:
            st.pills(
                "Listeners whose id begins so",
                found,
                key="similar",
                format_func=frame.escape,
                on_change=lambda: choose_listener(st.session_state.similar),
                wrap=True,
            )
        elif wanted:
            frame.problem(error)
        else:
            st.caption("Choose a listener to see their artists and what is recommended to them.")
        return None
    _into_address(wanted, beside)
    return wanted


def similar_listeners(users: pd.Index, part: str) -> None:
    """Draw the listeners whose id has this part; choosing one puts it into the picker."""
    names = users.astype(str)
    found = names[names.str.contains(part.strip(), case=False, regex=False)]
    if found.empty:
        return
    st.pills(
        f"{len(found):,} {state.nouns().users} have this in their id"
        + (f", {SUGGESTED} of them:" if len(found) > SUGGESTED else ":"),
        list(found[:SUGGESTED]),
        key="similar",
        format_func=frame.escape,
        on_change=lambda: choose_listener(st.session_state.similar),
    )


def choose_listener(user: object) -> None:
    """Put a listener into the picker; to be called before the picker is drawn, from a callback."""
    st.session_state.listener = str(user)


@st.fragment
def artist_finder(columns: list[str], height: int | None = None) -> None:
    """Draw a search field and the artists that match; choosing one opens that artist's page."""
    table, nouns = caches.ranks(), state.nouns()
    wanted = st.text_input(
        f"Find {nouns.an_item}", key="search", placeholder="Part of a name", icon=":material/search:"
    ).strip()
    found = table[table["artist"].str.contains(wanted, case=False, regex=False)] if wanted else table
    said = f"{len(found):,} of {len(table):,} {nouns.items}. Click a name to see that {nouns.item}."
    if len(found) > ARTISTS_LISTED:
        said += f" The {ARTISTS_LISTED:,} with most {nouns.values} are listed; a search finds any."
    st.caption(said)
    if wanted and len(found):
        first = found.iloc[0]
        st.page_link(
            "pages/artist.py",
            label=frame.escape(first["artist"], 80),
            icon=":material/arrow_forward:",
            query_params=state.place() | {"artist": str(first["item"])},
        )
    listed = None if wanted else _ranks(tuple(columns))
    artist_table(found.head(ARTISTS_LISTED), "ranks", columns, height, shown=listed)


def _ranks(columns: tuple[str, ...]) -> pd.DataFrame:
    return _all_ranks(state.dataset().interactions.fingerprint, columns)


@caches.remembered(show_spinner=False, max_entries=8)
def _all_ranks(fingerprint: str, columns: tuple[str, ...]) -> pd.DataFrame:
    return _clickable(caches.ranks().head(ARTISTS_LISTED), list(columns), ["artist"])


@st.fragment
def top_charts() -> None:
    """Draw the artists with the most plays and those with the most listeners, as many as wanted."""
    nouns = state.nouns()
    shown = st.slider(
        f"{nouns.items.capitalize()} in the charts",
        5,
        50,
        20,
        key="top",
        persist_state="session",
    )
    for column, by in zip(st.columns(2), ("plays", "listeners"), strict=True):
        with column:
            word = nouns.values if by == "plays" else nouns.users
            st.subheader(f"Most {word}", anchor=False)
            figure = caches.figure(
                "top",
                partial(figures.top_artists, caches.ranks(), by, shown, nouns),
                by,
                shown,
            )
            artist_chart(figure, f"{by}-chart", f"{nouns.items.capitalize()} with the most {word}")


@st.fragment
def artist_search(key: str, choose: Callable[[int], None], fragment: str) -> None:
    """Draw a search field whose matches appear while somebody types; a click hands the item code on.

    Parameters
    ----------
    key : str
        Begins the keys of its controls.
    choose : callable
        Called with the item code.
    fragment : str
        Key of the fragment that is drawn anew then.
    """
    catalogue, nouns = state.catalogue(), state.nouns()

    def chosen(code: int) -> None:
        st.session_state[f"{key}-search"] = ""
        choose(code)

    part = st.text_input(
        f"Find {nouns.an_item}",
        key=f"{key}-search",
        placeholder="Type a part of a name",
        icon=":material/search:",
        live="150ms",
        autocomplete="off",
        help=f"Looks through all {catalogue.n_items:,} {nouns.items} while you type.",
    )
    found = catalogue.named(part, MATCHES)
    if found:
        artist_pills("Matches", found, f"{key}-found", chosen, fragment)
    elif part.strip():
        st.caption(f"No {nouns.item} has this in its name.")


def artist_pills(
    label: str, codes: list[int], key: str, choose: Callable[[int], None], fragment: str
) -> None:
    """Draw artists to click, by their item codes; then as `artist_search`."""

    def clicked() -> None:
        code = st.session_state[key]
        st.session_state[key] = None
        if code is not None:
            choose(code)
        st.rerun(fragment)

    st.pills(label, codes, key=key, format_func=artist_name, on_change=clicked, label_visibility="collapsed")


def artist_name(code: int) -> str:
    """Return the name of an artist of the data that is shown, as Markdown shows it as it is."""
    return frame.escape(str(state.catalogue().names[code]), 60)


def badges(tags: Iterable[str]) -> str:
    """Return tags as Markdown: each in a box of its own."""
    return " ".join(f":violet-badge[{frame.escape(tag, 40)}]" for tag in tags)


def artist_table(
    table: pd.DataFrame,
    key: str,
    columns: list[str],
    height: int | None = None,
    tints: Sequence[str] | None = None,
    shown: pd.DataFrame | None = None,
) -> int | None:
    """Draw a table of artists with these columns; a click on a name opens that artist's page.

    Its column `item` says which artist a row is about; it need not be shown. Where there is a column
    `because`, the row whose reason was just clicked is returned. Tints are a CSS colour for each row.
    A long table may come as it is shown, if it was made before.
    """
    links = ["artist", *(["because"] if "because" in columns else [])]
    column, row = _table(table, key, columns, links, height, tints, shown)
    if row is not None and column == "artist":
        open_artist(str(table["item"].iloc[row]))
    return row


def listener_table(table: pd.DataFrame, key: str) -> None:
    """Draw a table of listeners and their plays; a click on one opens that listener's recommendations."""
    _, row = _table(table, key, list(table), ["listener"], None)
    if row is not None:
        st.switch_page(
            "pages/recommend.py",
            query_params=state.place() | {"listener": str(table["listener"].iloc[row])},
        )


def _table(
    table: pd.DataFrame,
    key: str,
    columns: list[str],
    links: list[str],
    height: int | None,
    tints: Sequence[str] | None = None,
    shown: pd.DataFrame | None = None,
) -> tuple[str, int | None]:
    """Draw a table in which the cells of some columns can be clicked; return the column and the row that just were.

    Buttons and not selected cells: a selection follows the keyboard, so that whoever only passes
    through the table would find themselves on another page.
    """
    if shown is None:
        shown = _clickable(table, columns, links)
    buttons = {}
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
    st.dataframe(
        shown
        if tints is None
        else shown.style.apply(lambda _: [f"background-color: {tint}" for tint in tints]),
        hide_index=True,
        column_config=_columns() | buttons,
        key=key,
        height=height or "auto",
    )
    for column in links:
        click = st.session_state.get(f"{key}-{column}")
        if click and click["row"] < len(table):
            return column, click["row"]
    return "", None


def _clickable(table: pd.DataFrame, columns: list[str], links: list[str]) -> pd.DataFrame:
    """Return these columns of a table as they are shown, with texts that a button can hold in some of them."""
    shown = table[columns].copy()
    shown[shown.columns.intersection(PERCENT)] *= 100
    shown = shown.round(dict.fromkeys(MEANS, 0 if state.nouns().counted else 2))
    for column in links:
        shown[column] = shown[column].astype(str).str[:LONGEST]
        # a button shows this directive as an icon
        shown[column] = shown[column].str.replace(":material/", ":\N{WORD JOINER}material/")
        # the table's own download is not guarded against what a spreadsheet would take for a formula
        shown[column] = shown[column].map(disarm)
    return shown


def _columns() -> dict[str, Any]:
    """Return how each column of a table is shown, in the words of the data."""
    nouns = state.nouns()
    users, values = nouns.users.capitalize(), nouns.values.capitalize()
    number, text, share = (
        partial(st.column_config.NumberColumn, format="localized"),
        st.column_config.TextColumn,
        partial(st.column_config.ProgressColumn, format="%.1f%%", max_value=100, width=120),
    )
    return {
        "rank": number("Rank", width=60),
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
        "cosine": share("Cosine", format="%.2f", max_value=1, help="1 if both point the same way."),
        "reason": text(
            "Because of", width=235, help=f"What the {nouns.user} {nouns.does} that adds most to the score."
        ),
        "score": number("Score", format="%.4f", width=70),
        "popularity_rank": number("Popularity", width=90, help=f"Rank by {nouns.users}, 1 for the most."),
    }


def _links() -> dict[str, tuple[str, int, str | None]]:
    """Return the columns of buttons: their names, widths in pixels and what they are for."""
    nouns = state.nouns()
    return {
        "artist": (nouns.item.capitalize(), 150, None),
        "listener": (nouns.user.capitalize(), 150, None),
        "because": (
            "Because of",
            235,
            f"What the {nouns.user} {nouns.does} that adds most to the score. Click to see all of it.",
        ),
    }


def artist_chart(figure: go.Figure, key: str, alt: str, config: dict[str, Any] = CHART) -> None:
    """Draw a chart whose points carry an item, or an empty text; choosing an item opens that artist's page."""
    event: Any = st.plotly_chart(
        figure, key=key, on_select="rerun", selection_mode="points", alt=alt, config=config
    )
    if event.selection.points and (item := event.selection.points[0]["customdata"][0]):
        open_artist(str(item))


def to_recommend(label: str, more: Mapping[str, str] | None = None) -> None:
    """Draw a link to the Recommend page, with more in its address than the data and the run."""
    st.page_link(
        "pages/recommend.py",
        label=label,
        icon=":material/arrow_back:",
        query_params=state.place() | dict(more or {}),
    )


def open_artist(item: str) -> None:
    """Go to an artist's page."""
    st.switch_page("pages/artist.py", query_params=state.place() | {"artist": item})
