"""Where heads of attention look: all of them small, or one with the names of its places."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme
from dlkit.views.written import seen

MOST = 8  # layers, and heads, that are shown
GAP = 1  # places between two small maps
SCALE = [
    [0.0, "rgba(128,128,128,0.08)"],
    [0.4, theme.tint(theme.TRAIN, 0.75)],
    [1.0, theme.VALIDATION],
]
HIDDEN = {"showgrid": False, "zeroline": False, "ticks": ""}


def heads(maps: Array | None, words: Words) -> go.Figure:
    """Maps [layers, heads, T, S] from 0 to 255: a row for each layer, a column for each head."""
    along: dict[str, Any] = {**HIDDEN, "side": "top"}
    up: dict[str, Any] = dict(HIDDEN)
    if maps is None or maps.ndim != 4 or not maps.size:
        return theme.figure(x_axis={"visible": False}, y_axis={"visible": False}, showlegend=False)
    layers, count, height, width = maps.shape
    tiles = np.zeros((layers, count, height + GAP, width + GAP), np.uint8)
    tiles[:, :, :height, :width] = np.nan_to_num(maps)
    canvas = tiles.transpose(0, 2, 1, 3).reshape(layers * (height + GAP), -1)
    along |= _named(count, width, words("attention.head"))
    up |= _named(layers, height, words("attention.layer"))
    # Said outright: what is turned round by itself may turn back when the chart is updated.
    along["range"], up["range"] = [-0.5, canvas.shape[1] - 1.5], [canvas.shape[0] - 1.5, -0.5]
    figure = theme.figure(
        x_axis=along, y_axis=up, showlegend=False, margin={"l": 40, "r": 8, "t": 30, "b": 8}
    )
    lines = [_across(number * (height + GAP) - 1, canvas.shape[1]) for number in range(1, layers)]
    lines += [_down(number * (width + GAP) - 1, canvas.shape[0]) for number in range(1, count)]
    figure.update_layout(shapes=lines)
    return figure.add_heatmap(
        z=canvas,
        zmin=0,
        zmax=255,
        colorscale=SCALE,
        showscale=False,
        hovertemplate="<extra></extra>",
    )


def clicked(maps: Array | None, place: Mapping[str, Any]) -> tuple[int, int]:
    """Which layer and head of `heads` a click belongs to, counted from 1."""
    if maps is None or maps.ndim != 4:
        return 1, 1
    layers, count, height, width = maps.shape
    layer, head = (
        int(_number(place.get(name)) // (size + GAP)) + 1
        for name, size in (("y", height), ("x", width))
    )
    return min(max(layer, 1), layers), min(max(head, 1), count)


def one(
    maps: Array | None,
    rows: Sequence[str],
    columns: Sequence[str],
    which: tuple[int, int],
    words: Words,
) -> go.Figure:
    """One map with the names of its places; layer or head 0 means the mean over all of them."""
    if maps is None or maps.ndim != 4 or maps.shape[2:] != (len(rows), len(columns)):
        return theme.figure(x_axis={"visible": False}, y_axis={"visible": False}, showlegend=False)
    layer, head = which
    chosen = maps[layer - 1 : layer] if layer else maps
    chosen = chosen[:, head - 1 : head] if head else chosen
    shares = np.asarray(chosen, np.float32).mean(axis=(0, 1)) / 255  # [T, S]
    axis = {**HIDDEN, "tickfont": {"family": "monospace", "size": 11}, "tickangle": 0}
    named = [seen(one) for one in rows], [seen(one) for one in columns]
    figure = theme.figure(
        x_axis={**axis, "side": "top", "range": [-0.5, len(columns) - 0.5]}
        | {"tickvals": list(range(len(columns))), "ticktext": named[1]},
        y_axis={**axis, "range": [len(rows) - 0.5, -0.5]}
        | {"tickvals": list(range(len(rows))), "ticktext": named[0]},
        showlegend=False,
        margin={"l": 40, "r": 8, "t": 44, "b": 8},
        title={"text": _title(which, words), "font": {"size": 13}, "x": 0, "xanchor": "left"},
    )
    return figure.add_heatmap(
        z=np.round(shares, 3),
        zmin=0,
        zmax=max(0.2, float(shares.max())),
        colorscale=SCALE,
        showscale=False,
        xgap=1,
        ygap=1,
        customdata=np.array([[[row, column] for column in named[1]] for row in named[0]]),
        hovertemplate=words("hover.attention") + "<extra></extra>",
    )


def _title(which: tuple[int, int], words: Words) -> str:
    layer, head = which
    if not layer and not head:
        return words("attention.mean")
    if not head:
        return words("attention.of_layer", layer=layer)
    if not layer:
        return words("attention.of_head", head=head)
    return words("attention.one", layer=layer, head=head)


def _named(count: int, size: int, name: str) -> dict[str, Any]:
    middles = [number * (size + GAP) + (size - 1) / 2 for number in range(count)]
    numbers = [str(number) for number in range(1, count + 1)]
    return {"tickvals": middles, "ticktext": numbers, "title": {"text": name, "standoff": 4}}


def _across(place: int, width: int) -> dict[str, Any]:
    line = {"color": theme.QUIET, "width": 1}
    return {"type": "line", "x0": -0.5, "x1": width - 0.5, "y0": place, "y1": place, "line": line}


def _down(place: int, height: int) -> dict[str, Any]:
    line = {"color": theme.QUIET, "width": 1}
    return {"type": "line", "x0": place, "x1": place, "y0": -0.5, "y1": height - 0.5, "line": line}


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
