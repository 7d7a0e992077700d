"""Small pictures side by side: what a layer sees, and samples with the answer given to each."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme
from dlkit.views.classes import percent

GAP = 3
BAND = 9  # room for a line of text above a row of tiles
# 0 is the gap between tiles; 1 to 255 are the values.
HEAT: list[list[float | str]] = [
    [0.0, "rgba(0,0,0,0)"],
    [0.5 / 255, "rgba(0,0,0,0)"],
    [1 / 255, "rgba(128,128,128,0.13)"],
    [0.4, "#2a5f9e"],
    [0.7, "#d98324"],
    [1.0, "#ffe08a"],
]
INK: list[list[float | str]] = [
    [0.0, "rgba(0,0,0,0)"],
    [0.5 / 255, "rgba(0,0,0,0)"],
    [1 / 255, "#111418"],
    [1.0, "#f4f4f0"],
]


def feature_maps(maps: Array | None, probe: Array | None, words: Words) -> go.Figure:
    """A row for each block: how strongly its first filters answer to the picture in the first row.

    `maps` [blocks, tiles, H, W] from 0 to 255, `probe` [H, W] from 0 to 255.
    """
    if maps is None or probe is None:
        return _drawn(None, HEAT)
    tiles = maps.shape[1]
    rows = [_row(probe[None], tiles), *(_row(block, tiles) for block in maps)]
    names = [words("maps.picture")]
    names += [words("maps.block", number=number) for number in range(1, len(maps) + 1)]
    tops = np.cumsum([0, *(len(row) for row in rows[:-1])])
    labels = [
        _said(name, x=0.0, y=top, anchor="left") for name, top in zip(names, tops, strict=True)
    ]
    return _drawn(np.concatenate(rows), HEAT, labels=labels)


def samples(
    pictures: Array | None, probabilities: Array | None, truth: Array | None, *, names: list[str]
) -> go.Figure:
    """Pictures [N, H, W] with the class given to each; wrong ones also say the true class."""
    if pictures is None or probabilities is None or truth is None:
        return _drawn(None, INK)
    columns = 6
    blocks = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    canvas = np.concatenate([_row(block, columns, band=2 * BAND) for block in blocks])
    height, width = len(canvas) // len(blocks), pictures.shape[2] + GAP
    labels = []
    for number, shares in enumerate(probabilities):
        row, column = divmod(number, columns)
        said, true = int(shares.argmax()), int(truth[number])
        color = theme.GOOD if said == true else theme.BAD
        text = f"<b style='color:{color}'>{names[said]}</b> {percent(float(shares.max()))}"
        if said != true:
            text = f"<b style='color:{color}'>{names[said]}</b><br>≠ {names[true]}"
        middle = column * width + pictures.shape[2] / 2
        labels.append(_said(text, x=middle, y=row * height, anchor="center"))
    return _drawn(canvas, INK, labels=labels)


def picture(grey: Array, label: str) -> go.Figure:
    """One picture [H, W] from 0 to 255."""
    place = {"x": 0, "xref": "paper", "y": 1, "yref": "paper", "yanchor": "bottom"}
    canvas = np.clip(grey, 1, 255).astype(np.uint8)
    return _drawn(canvas, INK, labels=[theme.label(label, **place)], top=28)


def _row(tiles: Array, columns: int, *, band: int = BAND) -> Array:
    """Tiles [K, H, W] side by side under an empty band, [band + H + GAP, columns (W + GAP)]."""
    count, height, width = tiles.shape
    canvas = np.zeros((band + height + GAP, columns * (width + GAP) - GAP), np.uint8)
    for number in range(min(count, columns)):
        left = number * (width + GAP)
        canvas[band : band + height, left : left + width] = np.clip(tiles[number], 1, 255)
    return canvas


def _drawn(
    canvas: Array | None,
    colors: list[list[float | str]],
    *,
    labels: Sequence[dict[str, Any]] = (),
    top: int = 4,
) -> go.Figure:
    """`canvas` [H, W] from 0 to 255 without axes, the first row on top; an empty figure if None."""
    along: dict[str, Any] = {"visible": False, "showgrid": False, "constrain": "domain"}
    up = {**along, "scaleanchor": "x", "constraintoward": "middle"}
    if canvas is not None:
        height, width = canvas.shape
        along["range"], up["range"] = [-0.5, width - 0.5], [height - 0.5, -0.5]
    figure = theme.figure(
        x_axis=along,
        y_axis=up,
        showlegend=False,
        margin={"l": 4, "r": 4, "t": top, "b": 4},
        annotations=list(labels),
    )
    if canvas is None:
        return figure
    return figure.add_heatmap(
        z=canvas, zmin=0, zmax=255, colorscale=colors, showscale=False, hoverinfo="skip"
    )


def _said(text: str, *, x: float, y: float, anchor: str) -> dict[str, Any]:
    place = {"x": x - 0.5, "y": y - 0.5, "xanchor": anchor, "yanchor": "top", "align": anchor}
    return theme.label(text, **place, font={"size": 11}, borderpad=0)
