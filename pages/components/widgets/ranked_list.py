"""Ranked list of items whose rows slide when it changes: what came, what went, what was found, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd
import streamlit as st

from pages.components.widgets import listening, static_files
from pages.components.widgets.pickers import open_artist
from recsys.recommendation.explanation import short

MOST_GONE = 6
MOST_REASONS = 2
LONG = 12  # rows; more are scrolled

_component = st.components.v2.component(
    "ranked_list",
    html='<div class="ranked-list"><ol></ol><p></p></div>',
    js="""
export default async function (component) {
  const { draw } = await import(new URL(component.data.script, document.baseURI));
  return draw(component);
}
""",
    css="""
.ranked-list { font: 14px var(--st-font); color: var(--st-text-color); }
.ranked-list ol { list-style: none; margin: 0; padding: 0; }
.ranked-list li { display: grid; grid-template-columns: 26px minmax(0, 1fr) auto auto auto; align-items: center;
  gap: 6px; height: 34px; border-bottom: 1px solid var(--st-border-color); position: relative; }
.ranked-list li.tall { height: 50px; }
.ranked-list li > div { min-width: 0; }
.ranked-list li > div > button { display: block; max-width: 100%; }
.ranked-list small { display: flex; gap: 4px; align-items: center; overflow: hidden; white-space: nowrap;
  font-size: 12px; margin-top: 1px; }
.ranked-list small:empty { display: none; }
.ranked-list small button { padding: 0 7px; border-radius: 999px; background: var(--st-secondary-background-color);
  flex: 0 1 auto; min-width: 0; line-height: 18px; }
.ranked-list small span { opacity: 0.8; flex: none; font-variant-numeric: tabular-nums; }
.ranked-list li > span.value { font-variant-numeric: tabular-nums; text-align: right; font-size: 13px; }
.ranked-list.long ol { max-height: 540px; overflow-y: auto; }
.ranked-list li > i { position: absolute; left: 0; bottom: -1px; height: 2px; background: var(--st-primary-color); }
.ranked-list li > span:first-child { opacity: 0.75; text-align: right; font-variant-numeric: tabular-nums; }
.ranked-list button { all: unset; cursor: pointer; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.ranked-list button:hover { text-decoration: underline; }
.ranked-list button:focus-visible, .ranked-list a:focus-visible { outline: 2px solid var(--st-primary-color);
  border-radius: 4px; }
.ranked-list b { font-size: 12px; font-weight: 600; padding: 1px 6px; border-radius: 999px; white-space: nowrap; }
.ranked-list b.hit { background: var(--st-green-background-color); color: var(--st-green-text-color); }
.ranked-list b.new { background: var(--st-blue-background-color); color: var(--st-blue-text-color); }
.ranked-list a { color: var(--st-link-color); text-decoration: none; padding: 4px; }
.ranked-list p { margin: 8px 0 0; font-size: 13px; min-height: 18px; }
@media (max-width: 640px) {
  .ranked-list li.tall { height: auto; min-height: 50px; }
  .ranked-list small { flex-wrap: wrap; padding-bottom: 4px; }
}
""",
    isolate_styles=False,
)


def ranked_list(
    recommended: pd.DataFrame, key: str, before: Sequence[str] | None = None, label: str = "Recommended"
) -> int | None:
    """Draw recommended items; a click on one opens its page, a click on a reason returns its row.

    Parameters
    ----------
    recommended : DataFrame
        Columns `item`, `artist`, `score` and, where something was hidden, `hit`; the best first. Where they are
        there, `names` (list of str) are reasons to click, `value` is a text at the end of a row, and `note` one below
        the name.
    key : str
    before : sequence of str, optional
        Names of another list: what is new against it and what is gone is marked.
    label : str
        Accessible name of the list.
    """
    tall = bool({"names", "note"} & set(recommended))
    top = float(recommended["score"].max()) if len(recommended) else 0.0
    places = {name: place for place, name in enumerate(before or (), 1)}
    to_listen = listening.addresses(recommended["artist"].astype(str), listening.service())
    rows = [
        {
            "name": str(row.artist),
            "item": str(row.item),
            "bar": round(max(float(row.score), 0.0) / top, 3) if top > 0 else 0,
            "score": f"{row.score:.3g}",
            "hit": bool(getattr(row, "hit", False)),
            "mark": _change(places, str(row.artist), place) if before is not None else "",
            "listen": listen,
            "reasons": [short(name) for name in getattr(row, "names", [])[:MOST_REASONS]],
            "value": str(getattr(row, "value", "")),
            "note": str(getattr(row, "note", "")),
        }
        for place, (row, listen) in enumerate(zip(recommended.itertuples(), to_listen, strict=True), 1)
    ]
    result = _component(
        key=key,
        data={
            "script": static_files.address("ranked_list.js"),
            "label": label,
            "rows": rows,
            "tall": tall,
            "long": len(rows) > LONG,
            "gone": _gone(before or (), recommended["artist"]),
        },
        on_open_change=_nothing,
        on_why_change=_nothing,
    )
    if result.open:
        open_artist(str(result.open))
    if not result.why:
        return None
    return next((place for place, row in enumerate(rows) if row["item"] == str(result.why)), None)


def _nothing() -> None:
    """Make Streamlit report clicks: it leaves out what has no callback."""


def _change(places: dict[str, int], name: str, place: int) -> str:
    if name not in places:
        return "new"
    moved = places[name] - place
    return "" if not moved else f"{'▲' if moved > 0 else '▼'} {abs(moved)}"


def _gone(before: Iterable[str], now: Iterable[str]) -> str:
    there = set(now)
    gone = [name for name in before if name not in there]
    more = f" and {len(gone) - MOST_GONE} more" if len(gone) > MOST_GONE else ""
    return f"Gone: {', '.join(gone[:MOST_GONE])}{more}" if gone else ""
