"""Charts about noise and the way back from it: sheets of pictures, ways, clouds of points.

Pictures are whole numbers from 0 to 255.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import pictures, theme

SHADES = 16  # of grey in a matrix: noise shows no more, and takes half the room
EDGE, FAR = 1.25, 2.0  # of the plane that is drawn: where points end, and where they begin


def matrix(
    rows: Array | None, names: Sequence[str], *, ends: tuple[str, str], title: str = ""
) -> go.Figure:
    """Rows of pictures [R, C, H, W] with a name beside each; `ends` say what is left and right."""
    if rows is None or not rows.size:
        return pictures.sheet(None)
    count, columns, height, width = rows.shape
    coarse = (rows // SHADES * (255 // (SHADES - 1))).astype(np.uint8)
    figure = pictures.sheet(coarse.reshape(-1, height, width, 1), columns=columns)
    small = {"font": {"size": 11}}
    right, bottom = columns * (width + 1) - 1.5, count * (height + 1) - 1.5
    below = {"y": bottom, "yanchor": "top", **small}
    notes = [
        theme.label(ends[0], x=-0.5, xanchor="left", **below),
        theme.label(ends[1], x=right, xanchor="right", **below),
    ]
    for number, name in enumerate([*names][:count]):
        middle = (number + 0.5) * (height + 1) - 0.5
        beside = {"x": -0.5, "xanchor": "right", "xshift": -2}
        notes.append(theme.label(name, y=middle, yanchor="middle", **beside, **small))
    margin = {"l": 58, "r": 4, "t": 4, "b": 22}
    look = {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"}
    return figure.update_layout(annotations=notes, margin=margin, title=look)


def levels(now: Array | None, unlearned: Array | None, words: Words) -> go.Figure:
    """The loss at each share of the time, [L, 2], beside that of a network that says nothing."""
    figure = theme.figure(
        x_axis={"title": {"text": words("axis.noise")}, "range": [0, 1], "tickformat": ".0%"},
        y_axis={"title": {"text": words("metric.val_loss")}, "rangemode": "tozero"},
    )
    kinds = (
        (unlearned, "levels.unlearned", {"color": theme.BAD, "width": 1.5, "dash": "dot"}),
        (now, "levels.now", {"color": theme.VALIDATION, "width": theme.LINE}),
    )
    for values, name, line in kinds:
        if values is not None and len(values):
            figure.add_scatter(
                x=values[:, 0].astype(np.float32),
                y=values[:, 1].astype(np.float32),
                name=words(name),
                mode="lines+markers",
                line=line,
                hovertemplate="%{x:.0%}: %{y:.3f}<extra></extra>",
            )
    return figure


def cloud(made: Array | None, real: Array | None, words: Words, *, title: str = "") -> go.Figure:
    """Points made [N, 3] (place, class) over real ones [M, 3] in grey."""
    figure = _plane(title=title)
    if real is not None and len(real):
        figure.add_scatter(**_dots(real, {"color": theme.QUIET}, 5), name=words("cloud.real"))
    if made is not None and len(made):
        figure.add_scatter(**_dots(made, _colors(made[:, 2]), 5), name=words("cloud.made"))
    return figure


def ways(paths: Array | None, words: Words) -> go.Figure:
    """The ways of points [F, N, 2], from where they begin to where they end."""
    figure = _plane(reach=FAR)
    if paths is None or len(paths) < 2:
        return figure
    count = paths.shape[1]
    gap = np.full((1, count, 2), np.nan, np.float32)
    line = np.concatenate([paths, gap]).swapaxes(0, 1).reshape(-1, 2).astype(np.float32)
    figure.add_scatter(
        x=line[:, 0],
        y=line[:, 1],
        mode="lines",
        line={"width": 1, "color": theme.QUIET},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(**_dots(paths[0], {"color": theme.VALIDATION}, 4), name=words("cloud.noise"))
    figure.add_scatter(**_dots(paths[-1], {"color": theme.TRAIN}, 5), name=words("cloud.made"))
    return figure


def film(
    frames: Array, shares: Sequence[float], labels: Array, *, words: Words, title: str
) -> go.Figure:
    """Points [F, N, 2] at F moments, one at a time: a slider goes through them.

    `shares` says how much of the time is still to go back at each.
    """
    figure = _plane(reach=FAR, title=title)
    colors = _colors(labels)
    last = len(frames) - 1
    for number, places in enumerate(frames):
        look = _dots(places, colors, 5)
        figure.add_scatter(**look, visible=number == last, showlegend=False)
    steps = [
        {
            "label": f"{share:.0%}",
            "method": "restyle",
            "args": [{"visible": [number == place for place in range(len(frames))]}],
        }
        for number, share in enumerate(shares)
    ]
    slider = {
        "active": last,
        "steps": steps,
        "pad": {"t": 28},
        "currentvalue": {"prefix": words("film.noise"), "font": {"size": 12}},
        "font": {"size": 10},
    }
    return figure.update_layout(sliders=[slider], height=460, margin={"b": 90})


def _plane(*, reach: float = EDGE, title: str = "") -> go.Figure:
    along = {"range": [-reach, reach], "showgrid": False, "constrain": "domain"}
    return theme.figure(
        x_axis=along,
        y_axis={**along, "scaleanchor": "x"},
        margin={"l": 32, "r": 8, "t": 30, "b": 28},
        title={"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
    )


def _dots(places: Array, look: Mapping[str, Any], size: float) -> dict[str, Any]:
    return {
        "x": places[:, 0].astype(np.float32),
        "y": places[:, 1].astype(np.float32),
        "mode": "markers",
        "marker": {"size": size, "line": {"width": 0}, **look},
        "hoverinfo": "skip",
    }


def _colors(labels: Array) -> dict[str, Any]:
    """A colour for each class, as numbers and a scale: names of colours take ten times the room."""
    last = len(theme.CLASSES) - 1
    numbers = np.nan_to_num(np.asarray(labels, np.float64)).astype(int) % (last + 1)
    if not numbers.any():
        return {"color": theme.CLASSES[0]}
    scale = [[place / last, color] for place, color in enumerate(theme.CLASSES)]
    return {"color": numbers.astype(np.uint8), "colorscale": scale, "cmin": 0, "cmax": last}
