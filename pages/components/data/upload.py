"""Upload of a dataset: its format, the roles of its columns, the validation report, and the button that uses it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.components.data import built_in
from pages.components.session import choice, keys, session, stores
from pages.components.shell import layout
from recsys.data.dataset import UPLOAD
from recsys.data.importing.base import Columns
from recsys.data.importing.readers.csv import CsvTable
from recsys.data.importing.readers.encoding import ENCODINGS
from recsys.data.importing.readers.text_dialect import DELIMITERS
from recsys.data.importing.schema import survey
from recsys.data.importing.titles import REPEATS
from recsys.data.nouns import Nouns
from recsys.data.sources.load import Report, Survey, TextForm, is_published, published_report, validate
from recsys.data.splitting import suited
from recsys.errors import InputError
from recsys.storage.tables import disarm, to_csv
from recsys.system import event_log

SHOWN_COLUMNS = 30
LONGEST = 200
NO_USER, NO_VALUE, NO_NAME, NO_TIME = (
    *("(each file or folder is one person's)", "(each row counts as one)", "(the same)", "(not known)"),
)


def draw(files: Sequence[UploadedFile]) -> None:
    """Draw the uploaded files, the choice of their columns, the report, and the button that uses them."""
    sources: list[Any] = [(file.name, file) for file in files]
    brought = hashlib.sha256("".join(file.file_id for file in files).encode()).hexdigest()[:12]
    with st.container(border=True):
        st.header(f"Uploaded: {layout.escape(_title(files), 80)}", anchor=False)
        try:
            if is_published(sources):
                report = _remembered((brought,), lambda: published_report(sources))
            else:
                report = _look(sources, brought)
        except InputError as error:
            _tell(error, brought)
            layout.problem(error)
            return
        if report is not None:
            _draw_report(report)


def _title(files: Sequence[UploadedFile]) -> str:
    return files[0].name + (f" and {len(files) - 1} more" if len(files) > 1 else "")


def _look(sources: list[Any], brought: str) -> Report | None:
    """Say what it is, let the columns be chosen, and read it."""
    text = _chosen_form(brought)
    found = _remembered((brought, text), lambda: survey(sources, text=text), "found")
    more = f" {len(found.tables):,} files like this one." if len(found.tables) > 1 else ""
    st.caption(layout.escape(f"Looks like {found.format.NAME}: {found.table.form}.{more}"))
    if found.table.notes:
        st.markdown("\n".join(f"- {layout.escape(note)}" for note in found.table.notes))
    _preview(found)
    if isinstance(found.table, CsvTable) and found.table.form.startswith("text in"):
        _choose_form(found.table, brought)
    columns = _choose_columns(found, f"{brought}-{hash(tuple(found.table.titles))}")
    if columns is None:
        return None
    return _remembered((brought, text, columns), lambda: _validate(found, columns))


def _validate(found: Survey, columns: Columns) -> Report:
    report = validate(found, columns, key=UPLOAD)
    event_log.note(
        "input read",
        reader=_reader(found.format),
        rows=report.rows,
        refused=report.left_out,
        usable=report.dataset is not None,
    )
    return report


def _reader(known: object) -> str:
    return str(getattr(known, "__name__", "?")).rsplit(".", 1)[-1]


def _tell(error: InputError, brought: str) -> None:
    """Tell the log once what was refused, and not each time that the page is drawn."""
    if st.session_state.get(keys.OWN_TOLD) != (told := (brought, event_log.places(error)[-1:])):
        st.session_state[keys.OWN_TOLD] = told
        known, found = st.session_state.get(keys.OWN_FOUND, ((), None))
        event_log.refused(_reader(found.format) if known[:1] == (brought,) else "survey", error)


def _remembered(key: tuple[Any, ...], make: Any, name: str = "report") -> Any:
    """Return what was made of the same files in the same way, or make it; it is kept for this visit alone."""
    known, value = st.session_state.get(f"own-{name}", (None, None))
    if known != key:
        with st.spinner("Reading ..."):
            value = make()
        st.session_state[f"own-{name}"] = key, value
    return value


def _preview(found: Survey) -> None:
    titles = found.table.titles[:SHOWN_COLUMNS]
    rows = [[disarm(cell[:LONGEST]) for cell in row[:SHOWN_COLUMNS]] for row in found.table.preview()]
    st.dataframe(
        {title: [row[place] for row in rows] for place, title in enumerate(titles)},
        hide_index=True,
        column_config={title: st.column_config.TextColumn(title[:60], width="small") for title in titles},
        key="own-preview",
    )


def _chosen_form(brought: str) -> TextForm:
    """Return how text is written, as far as that was changed by hand."""
    first = st.session_state.get(f"own-form-{brought}", TextForm())
    chosen = {
        name: st.session_state.get(f"own-{name}-{brought}")
        for name in ("encoding", "delimiter", "header", "skip")
    }
    return TextForm(**{name: value for name, value in chosen.items() if value != getattr(first, name)})


def _choose_form(table: CsvTable, brought: str) -> None:
    """Draw how the text is written; a change reads it anew."""
    # what was found at first, for a control whose default changes forgets what was chosen
    text = st.session_state.setdefault(f"own-form-{brought}", table.text)
    guessed = any("guessed" in note or "was taken for titles" in note for note in table.notes)
    with st.expander("Text format", icon=":material/tune:", expanded=guessed), st.container(horizontal=True):
        st.selectbox(
            "Encoding",
            list(ENCODINGS),
            list(ENCODINGS).index(text.encoding),
            format_func=lambda name: ENCODINGS[name],
            key=f"own-encoding-{brought}",
        )
        st.selectbox(
            "Columns are separated by",
            list(DELIMITERS),
            list(DELIMITERS).index(text.delimiter),
            format_func=lambda sign: DELIMITERS[sign],
            key=f"own-delimiter-{brought}",
        )
        st.number_input(
            "Lines to skip",
            0,
            1_000,
            text.skip,
            key=f"own-skip-{brought}",
            help="Lines before the first row.",
        )
        st.toggle("The first row has titles", bool(text.header), key=f"own-header-{brought}")


def _choose_columns(found: Survey, key: str) -> Columns | None:
    """Draw which column is what, as far as found; return the choice, or nothing without an item."""
    titles, known = found.table.titles, found.columns
    nouns = found.nouns(known) if known else Nouns()

    def choose(label: str, role: str, without: str) -> str:
        options = [without, *titles]
        title = getattr(known, role) if known else ""
        chosen = st.selectbox(
            label,
            options,
            options.index(title) if title else 0,
            format_func=lambda title: title[:60],
            key=f"own-{role}-{key}",
        )
        return "" if chosen == without else chosen

    with st.container(horizontal=True):
        user = choose(nouns.user.capitalize(), "user", NO_USER)
        item = choose(nouns.item.capitalize(), "item", "Choose a column")
        value = choose(nouns.value.capitalize(), "value", NO_VALUE)
        name = choose(f"Name of the {nouns.item}", "name", NO_NAME)
        time = choose("Time", "time", NO_TIME)
        repeats = st.selectbox(
            "Rows about the same pair",
            list(REPEATS),
            list(REPEATS).index(known.repeats) if known else 0,
            format_func=lambda how: REPEATS[how],
            key=f"own-repeats-{key}",
        )
    if not item:
        st.info(f"Choose the column of the {nouns.item} to go on.", icon=":material/arrow_upward:")
        return None
    chosen = {"user": user, "item": item, "value": value, "name": name, "time": time}
    changed = {role: title for role, title in chosen.items() if not known or getattr(known, role) != title}
    columns = found.choose(changed)
    return columns if known and repeats == known.repeats else replace(columns, repeats=repeats)


def _draw_report(report: Report) -> None:
    """Draw what became of the rows and, if they can be used, the button that uses them."""
    st.markdown("**Check**")
    figure_row = st.container(horizontal=True)
    figure_row.metric("Rows read", f"{report.rows:,}")
    figure_row.metric("Rows used", f"{report.used:,}")
    figure_row.metric("Refused", f"{report.left_out:,}")
    figure_row.metric("Skipped", f"{report.dropped.total():,}")
    notes = [
        *(f"Left out: {reason} ({count:,})." for reason, count in report.dropped.most_common()),
        *report.notes,
    ]
    if notes:
        st.markdown("\n".join(f"- {layout.escape(note)}" for note in notes))
    if report.refused:
        _draw_refused(report)
    if report.dataset is None:
        st.error(layout.escape(report.problem), icon=":material/error:")
        return
    known, nouns = report.dataset.interactions, report.dataset.nouns
    minimum, hidden = suited(known)
    st.caption(
        layout.escape(
            f"{known.n_users:,} {nouns.users}, {known.n_items:,} {nouns.items}, {len(known):,} pairs. To judge a "
            f"model, {nouns.users} with at least {minimum} {nouns.items} hide {hidden}: the Train page can change that."
        )
    )
    if st.button("Use this data", type="primary", icon=":material/check:", key="use-own"):
        session.show(stores.hold(report.dataset))
        choice.begin_by_itself()
        built_in.put_away()
        for name in [name for name in st.session_state if str(name).startswith("own-")]:
            del st.session_state[name]
        st.rerun()


def _draw_refused(report: Report) -> None:
    if report.left_out * 2 > report.rows:
        st.warning("More than half of the rows were refused. Are these the right columns?")
    reasons = report.refused.most_common()
    with st.expander(f"Refused rows: {report.left_out:,}", icon=":material/rule:", expanded=True):
        st.dataframe(
            {"Reason": [reason for reason, _ in reasons], "Rows": [count for _, count in reasons]},
            hide_index=True,
            key="own-reasons",
        )
        table = report.table()
        st.caption(
            f"The first {len(table):,}, each with the line it stands on."
            if report.left_out > len(table)
            else "Each with the line it stands on."
        )
        st.dataframe(
            table.assign(**{name: table[name].map(disarm) for name in ("file", "value")}),
            hide_index=True,
            height=240 if len(table) > 6 else "auto",
            key="own-refused",
        )
        st.download_button(
            "Download as CSV",
            lambda: to_csv(table),
            "refused-rows.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="own-refused-csv",
        )
