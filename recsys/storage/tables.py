"""CSV export of tables."""

from __future__ import annotations

import codecs

import pandas as pd

# Byte order mark, by which spreadsheets detect UTF-8.
MARK = codecs.BOM_UTF8

# The last four are full-width forms of the first.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def disarm(text: str) -> str:
    """Return text that looks the same but is no formula in a spreadsheet, for tables on the screen."""
    return f"\N{WORD JOINER}{text}" if text.startswith(FORMULA) else text


def to_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV, in UTF-8 with a byte order mark.

    Text that a spreadsheet would take for a formula gets an apostrophe in front: it comes from
    the author of the data, and a formula can send the sheet's content elsewhere.

    References
    ----------
    https://owasp.org/www-community/attacks/CSV_Injection
    """
    text = table.select_dtypes(["object", "string"])
    guarded = text.map(lambda cell: f"'{cell}" if str(cell).startswith(FORMULA) else cell)
    return table.assign(**guarded).to_csv(index=False).encode("utf-8-sig")
