"""What single neurons answer over the plane, as TensorFlow Playground shows them."""

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme

GAP = 3
BAND = 8  # room for a line of text above a row of maps
# 0 is the gap between maps; 1 to 255 are the values, 128 is nothing.
SIGNED: list[list[float | str]] = [
    [0.0, "rgba(0,0,0,0)"],
    [0.5 / 255, "rgba(0,0,0,0)"],
    [1 / 255, theme.tint(theme.VALIDATION, 0.95)],
    [128 / 255, "rgba(128,128,128,0.10)"],
    [1.0, theme.tint(theme.TRAIN, 0.95)],
]


def maps(tiles: Array | None, widths: list[int], words: Words) -> go.Figure:
    """A row for each layer, a map for each of its first neurons.

    `tiles` [layers, K, T, T] from 1 to 255, bottom row first; 0 where there is no neuron. `widths`
    says how many neurons each layer has.
    """
    axis = {"visible": False, "constrain": "domain"}
    layout: dict[str, object] = {"margin": {"l": 4, "r": 4, "t": 4, "b": 4}, "showlegend": False}
    if tiles is None:
        return theme.figure(x_axis=axis, y_axis=axis, **layout)
    rows = [_row(layer) for layer in tiles]
    canvas = np.concatenate(rows)
    height, width = canvas.shape
    notes = []
    for number, units in enumerate(widths[: len(tiles)], start=1):
        label = words("neurons.layer", number=number, shown=min(units, tiles.shape[1]), all=units)
        top = (number - 1) * len(rows[0]) - 0.5
        notes.append(
            {"text": label, "x": -0.5, "y": top, "xanchor": "left", "yanchor": "top"}
            | {"showarrow": False, "font": {"size": 11}, "borderpad": 0}
        )
    figure = theme.figure(
        x_axis={**axis, "range": [-0.5, width - 0.5]},
        y_axis={
            **axis,
            "range": [height - 0.5, -0.5],
            "scaleanchor": "x",
            "constraintoward": "middle",
        },
        annotations=notes,
        **layout,
    )
    return figure.add_heatmap(
        z=canvas, zmin=0, zmax=255, colorscale=SIGNED, showscale=False, hoverinfo="skip"
    )


def _row(layer: Array) -> Array:
    """Maps [K, T, T] side by side under an empty band, their first row at the bottom."""
    count, side, _ = layer.shape
    canvas = np.zeros((BAND + side + GAP, count * (side + GAP) - GAP), np.uint8)
    for number in range(count):
        left = number * (side + GAP)
        canvas[BAND : BAND + side, left : left + side] = layer[number, ::-1]
    return canvas
