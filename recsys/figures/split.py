"""Picture of a split: what it hides of some users."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.data.nouns import Nouns
from recsys.data.splitting import Split
from recsys.figures.style import finish, text

PARTS = ("Training", "Given when they come", "Validation", "Test")
PART_COLOURS = ("#8a8a99", "#0a8f8a", "#6e62eb", "#d9660a")
PART_SYMBOLS = ("square-open", "square", "diamond", "x")


def split_sketch(
    split: Split,
    whole: Interactions,
    first: NDArray[np.datetime64] | None,
    nouns: Nouns,
    n_users: int = 14,
) -> go.Figure:
    """Draw which pairs of some users a split hides: a row for each user, a square for each item.

    Parameters
    ----------
    split : Split
    whole : Interactions
        The data that was split.
    first : datetime64[s] array or None
        When each pair of the data began, NaT where that is not known: then users are drawn along time; without, along
        their items, those with the highest value first.
    nouns : Nouns
    n_users : int
        How many users are drawn, evenly chosen from those who hide something, and a few who do not.
    """
    hides = split.test.user_counts > 0
    knows = split.before_test.user_counts > 0
    chosen = [
        users[np.linspace(0, len(users) - 1, min(len(users), count)).astype(int)]
        for users, count in (
            (np.flatnonzero(hides), n_users - 4),
            (np.flatnonzero(knows & ~hides), 4),
        )
        if len(users)
    ]
    rows = {int(user): row for row, user in enumerate(np.concatenate(chosen))}
    parts = [split.train, split.given, split.validation if split.has_validation else None, split.test]
    keys = whole.user_codes.astype(np.int64) * whole.n_items + whole.item_codes
    figure = go.Figure()
    for name, part, colour, symbol in zip(PARTS, parts, PART_COLOURS, PART_SYMBOLS, strict=True):
        if part is None:
            continue
        at = np.flatnonzero(np.isin(part.user_codes, list(rows)))
        if not len(at):
            continue
        place = np.searchsorted(
            keys, part.user_codes[at].astype(np.int64) * part.n_items + part.item_codes[at]
        )
        x = first[place] if first is not None else _places(whole)[place]
        figure.add_scatter(
            x=x,
            y=[rows[user] for user in part.user_codes[at].tolist()],
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": 7, "color": colour},
            text=[text(item) for item in part.names[part.item_codes[at]]],
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_xaxes(
        title="First time" if first is not None else f"{nouns.items.capitalize()}, most {nouns.values} first"
    )
    figure.update_yaxes(
        title=nouns.users.capitalize(), showticklabels=False, autorange="reversed", zeroline=False
    )
    return finish(figure, height=110 + 16 * len(rows))


def _places(whole: Interactions) -> NDArray[np.int64]:
    """Return the place of each pair among those of its user, the highest value first."""
    order = np.lexsort((-whole.values, whole.user_codes))
    places = np.empty(len(whole), np.int64)
    places[order] = np.arange(len(whole)) - whole.user_starts[whole.user_codes[order]]
    return places
