"""Chart of the item map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.data.nouns import MUSIC, Nouns
from recsys.figures.style import LEGEND, text, unchecked

# Seen on light and dark ground alike.
GREY, COLD, WARM = "#9a95b8", "#6e62eb", "#e8590c"
GROUPS = (
    "#6e62eb", "#e8590c", "#12a594", "#c2437a", "#7f9c22", "#2f8fd8", "#a0522d", "#b58900", "#b07ce8", "#0e7490",
    "#e05d5d", "#5f9e6e", "#d48806", "#7a6fa0",
)  # fmt: skip
OTHERS = "others"
HEIGHT = 640
# Names on the map keep this far apart, in its unit across and up.
APART = (0.34, 0.09)
NAMED = 30
# Half the width of what is shown around an artist.
CLOSE = 0.12


@dataclass(frozen=True)
class Colours:
    """Values that colour the points of a map.

    Attributes
    ----------
    title : str
        What it is called.
    values : Series
        By item code: numbers, or names of groups; what is missing is grey.
    diverging : bool
        Whether numbers have a middle at 0.
    """

    title: str
    values: pd.Series
    diverging: bool = False

    @classmethod
    def by_listeners(cls, interactions: Interactions, nouns: Nouns = MUSIC) -> Colours:
        """Colour by the logarithm of the number of listeners."""
        return cls(nouns.users.capitalize(), pd.Series(np.log10(np.maximum(interactions.item_counts, 1))))

    @classmethod
    def along(cls, title: str, item_factors: NDArray[np.floating], feature: int) -> Colours:
        """Colour by how far each artist points along a feature: q_if / |q_i|, -1 to 1."""
        lengths = np.maximum(np.linalg.norm(item_factors, axis=1), 1e-12)
        return cls(title, pd.Series(item_factors[:, feature] / lengths), diverging=True)


@dataclass(frozen=True)
class Drawn:
    """A map and what its points are.

    Attributes
    ----------
    figure : go.Figure
    codes : list of int64 array
        The item codes of the points of each curve.
    """

    figure: go.Figure
    codes: list[NDArray[np.int64]]


def draw_map(
    table: pd.DataFrame,
    colours: Colours,
    lit: Mapping[str, Sequence[int]] | None = None,
    found: int | None = None,
    nouns: Nouns = MUSIC,
    regions: pd.DataFrame | None = None,
) -> Drawn:
    """Draw artists where they lie.

    Parameters
    ----------
    table : DataFrame
        From `ArtistMap`: the artists to show.
    colours : Colours
    lit : dict of str to sequence of int, optional
        Artists that stand out, by what they are: their item codes. The others fade.
    found : int, optional
        Item code of the artist in the middle; the map is zoomed to it.
    nouns : Nouns
        What the data is about.
    regions : DataFrame, optional
        `x` and `y` of names of parts of the map, by name.

    Returns
    -------
    Drawn
        Its figure is drawn by WebGL, and has no axes: only nearness means something.
    """
    traces: list[dict[str, Any]] = []
    codes = []

    def add(part: pd.DataFrame, name: str, **marker: object) -> None:
        codes.append(part.index.to_numpy(np.int64))
        traces.append(
            {
                "type": "scattergl",
                "x": part["x"].to_numpy(np.float32),
                "y": part["y"].to_numpy(np.float32),
                "text": [
                    f"{text(artist)}<br>{listeners:,} {nouns.user if listeners == 1 else nouns.users}"
                    for artist, listeners in zip(part["artist"], part["listeners"], strict=True)
                ],
                "hovertemplate": "%{text}<extra></extra>",
                "mode": "markers",
                "name": name,
                "legendrank": 2_000 if name == OTHERS else 1_000,
                "marker": {"line": {"width": 0}} | marker,
            }
        )

    lit = {name: table.index.intersection(list(items)) for name, items in (lit or {}).items()}
    faint = 0.25 if any(map(len, lit.values())) else 0.75
    values = colours.values.reindex(table.index)
    if pd.api.types.is_numeric_dtype(values):
        shown = table.assign(value=values).sort_values("value", kind="stable")
        size = _sizes(shown)
        add(
            shown,
            colours.title,
            size=size,
            opacity=faint,
            color=shown["value"].to_numpy(np.float32),
            **_scale(colours, shown["value"]),
        )
    else:
        common = values.value_counts().index[: len(GROUPS)]
        groups = {OTHERS: ~values.isin(common)} | {str(name): values == name for name in common}
        for (name, mine), colour in zip(groups.items(), (GREY, *GROUPS), strict=False):
            part = table[mine]
            grey = name == OTHERS
            add(part, text(name), size=_sizes(part), opacity=faint * (0.6 if grey else 1), color=colour)
    symbols = ("circle", "star", "diamond")
    for (name, items), symbol, colour in zip(lit.items(), symbols, (COLD, WARM, GREY), strict=False):
        add(
            table.loc[items],
            name,
            size=13 if symbol == "star" else 10,
            symbol=symbol,
            color=colour,
            opacity=1,
            line={"width": 1, "color": "white"},
        )
    middle, reach, names = (0.0, 0.0), 1.04, []
    if found is not None and found in table.index:
        middle, reach = tuple(table.loc[found, ["x", "y"]].astype(float)), CLOSE
        names.append(_pointer(table.loc[found]))
    inside = (table[["x", "y"]] - np.array(middle)).abs().max(axis=1) < reach
    names += _region_names(regions, middle, reach) if regions is not None else []
    names += _names(table[inside].drop(index=[found], errors="ignore"), reach, names)
    axes = {
        axis: {
            "range": [centre - reach, centre + reach],
            "visible": False,
            "showgrid": False,
            "zeroline": False,
        }
        for axis, centre in zip(("xaxis", "yaxis"), middle, strict=True)
    }
    layout = axes | {
        "annotations": names,
        "hovermode": "closest",
        "dragmode": "pan",
        # another artist in the middle moves the map; all else leaves it where the reader has it
        "uirevision": str(found),
        "legend": LEGEND | {"itemsizing": "constant"},
        "margin": {"l": 0, "r": 0, "t": 40, "b": 0},
    }
    return Drawn(unchecked(traces, layout, HEIGHT), codes)


def _sizes(part: pd.DataFrame) -> NDArray[np.float32]:
    """Return the diameter of each point, in pixels: it grows with the logarithm of the listeners."""
    return (3 + 2.5 * np.log10(np.maximum(part["listeners"].to_numpy(np.float32), 1))).astype(np.float32)


def _scale(colours: Colours, values: pd.Series) -> dict[str, object]:
    bar = {
        "orientation": "h",
        "thickness": 8,
        "len": 0.4,
        "x": 0.5,
        "y": 0,
        "yanchor": "top",
        "outlinewidth": 0,
    }
    if colours.diverging:
        far = float(values.abs().max())
        scale, ends = [[0, WARM], [0.5, GREY], [1, COLD]], {"cmin": -far, "cmax": far}
    else:
        powers = range(int(np.ceil(values.max())) + 1)
        scale, ends = [[0, GREY], [0.5, COLD], [1, WARM]], {}
        bar |= {"tickvals": list(powers), "ticktext": [f"{10**power:,}" for power in powers]}
    return {"showscale": True, "colorscale": scale, "colorbar": bar} | ends


def _region_names(regions: pd.DataFrame, middle: tuple[float, float], reach: float) -> list[dict[str, Any]]:
    """Return the names of the parts of the map that are shown."""
    return [
        {
            "x": float(row.x),
            "y": float(row.y),
            "text": f"<b>{text(row.Index, 30)}</b>",
            "showarrow": False,
            "font": {"size": 15},
        }
        for row in regions.itertuples()
        if max(abs(row.x - middle[0]), abs(row.y - middle[1])) < reach
    ]


def _names(table: pd.DataFrame, reach: float, others: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the names of the most listened artists that lie far enough from each other and from other names."""
    named: list[dict[str, Any]] = []
    for row in table.nlargest(600, "listeners").itertuples():
        if len(named) == NAMED:
            break
        if all(
            abs(row.x - name["x"]) > APART[0] * reach or abs(row.y - name["y"]) > APART[1] * reach
            for name in (*others, *named)
        ):
            named.append(
                {
                    "x": float(row.x),
                    "y": float(row.y),
                    "text": text(row.artist, 20),
                    "showarrow": False,
                    "yshift": 9,
                    "font": {"size": 11},
                }
            )
    return named


def _pointer(row: pd.Series) -> dict[str, Any]:
    return {
        "x": float(row["x"]),
        "y": float(row["y"]),
        "text": f"<b>{text(row['artist'])}</b>",
        "arrowcolor": WARM,
        "arrowwidth": 2,
        "standoff": 4,
        "ax": 0,
        "ay": -44,
        "font": {"size": 14},
    }
