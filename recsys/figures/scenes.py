"""Charts of scenes: their users, and how users share them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from recsys.data.nouns import MUSIC, Nouns
from recsys.figures.style import finish, text

MOST_LIFT = 3.0  # where the colours end
LONGEST, LONGEST_BESIDE_CELLS = 26, 16  # of a name, in characters
# From rarer than by chance over neutral to more often; told apart by the colour-blind, on light and dark pages.
LIFTS = ((0.0, "#e08214"), (1 / MOST_LIFT, "#dedbef"), (1.0, "#4338ca"))


def members_by_scene(table: pd.DataFrame, nouns: Nouns = MUSIC, height: int = 380) -> go.Figure:
    """Draw how many users belong to each scene, as bars with percentages.

    Parameters
    ----------
    table : DataFrame
        From `scenes.scene_table`.
    nouns : Nouns
        What the data is about.
    height : int
        Of the chart, in pixels.

    Returns
    -------
    go.Figure
        Its bars carry the name of the scene as customdata.
    """
    rows = table.sort_values("members", kind="stable")
    figure = go.Figure(
        go.Bar(
            x=rows["members"],
            y=np.arange(len(rows)),
            orientation="h",
            text=[f"{share:.1%}" for share in rows["share_of_members"]],
            textposition="outside",
            cliponaxis=False,
            customdata=np.column_stack([rows["scene"], rows["first"].map(lambda names: text(names, 90))]),
            hovertemplate=f"%{{x:,}} {nouns.users}, %{{text}} of all<br>%{{customdata[1]}}<extra></extra>",
        )
    )
    figure.update_yaxes(
        tickvals=np.arange(len(rows)),
        ticktext=[text(name, LONGEST) for name in rows["scene"]],
        automargin=True,
    )
    figure.update_xaxes(title=f"{nouns.users.capitalize()} (with the share of all)", rangemode="tozero")
    figure.update_layout(bargap=0.25)
    return finish(figure, height)


def scene_overlap(
    names: tuple[str, ...],
    both: NDArray[np.int64],
    lift: NDArray[np.float64],
    nouns: Nouns = MUSIC,
    height: int = 380,
) -> go.Figure:
    """Draw how many users belong to both of each two scenes, coloured by how that compares with chance.

    Parameters
    ----------
    names : tuple of str
    both : int64 array, shape (n_scenes, n_scenes)
    lift : float64 array, shape (n_scenes, n_scenes)
        From `scenes.overlap`.
    nouns : Nouns
        What the data is about.
    height : int
        Of the chart, in pixels.

    Returns
    -------
    go.Figure
        Its cells carry the names of both scenes as customdata.
    """
    shown = [text(name) for name in names]
    places = np.arange(len(names))
    customdata = np.empty((*both.shape, 3), object)
    customdata[:, :, 0] = np.array(shown, object)[:, None]
    customdata[:, :, 1] = np.array(shown, object)[None, :]
    customdata[:, :, 2] = np.where(
        np.isnan(lift),
        "",
        np.char.add(np.char.mod("%.1f", np.nan_to_num(lift)), " times as many as by chance"),
    )
    figure = go.Figure(
        go.Heatmap(
            z=np.minimum(lift, MOST_LIFT),
            x=places,
            y=places,
            text=both,
            texttemplate="%{text:,}",
            textfont={"size": 10},
            customdata=customdata,
            colorscale=LIFTS,
            zmin=0,
            zmax=MOST_LIFT,
            xgap=1,
            ygap=1,
            hovertemplate=f"%{{customdata[0]}}<br>%{{customdata[1]}}<br>%{{text:,}} {nouns.users} of both<br>"
            "%{customdata[2]}<extra></extra>",
            colorbar={
                "title": {"text": "Lift", "side": "top"},
                "orientation": "h",
                "y": -0.02,
                "yanchor": "top",
                "x": 0.5,
                "xanchor": "center",
                "tickvals": [0, 1, 2, 3],
                "ticktext": ["0", "1 (chance)", "2", "3 or more"],
                "thickness": 12,
                "outlinewidth": 0,
            },
        )
    )
    figure.update_xaxes(
        tickvals=places,
        ticktext=[str(place + 1) for place in places],
        side="top",
        showgrid=False,
        tickangle=0,
    )
    figure.update_yaxes(
        tickvals=places,
        ticktext=[f"{text(name, LONGEST_BESIDE_CELLS)} {place + 1}" for place, name in enumerate(names)],
        autorange="reversed",
        automargin=True,
        showgrid=False,
    )
    return finish(figure, height)
