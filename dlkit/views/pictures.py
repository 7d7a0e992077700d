"""Small pictures side by side: what a layer sees, and samples with the answer given to each."""

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
    figure = theme.bare(theme.figure(showlegend=False, margin={"l": 4, "r": 4, "t": 4, "b": 4}))
    if maps is None or probe is None:
        return figure
    tiles = maps.shape[1]
    first = _row(np.repeat(probe[None], 1, axis=0), tiles)
    rows = [first, *(_row(block, tiles) for block in maps)]
    labels = [words("maps.picture")]
    labels += [words("maps.block", number=number) for number in range(1, len(maps) + 1)]
    canvas = np.concatenate(rows)
    _show(figure, canvas, HEAT)
    for number, label in enumerate(labels):
        _say(figure, label, x=0.0, y=sum(len(row) for row in rows[:number]), anchor="left")
    return figure


def samples(
    pictures: Array | None, probabilities: Array | None, truth: Array | None, *, names: list[str]
) -> go.Figure:
    """Pictures [N, H, W] with the class given to each; wrong ones also say the true class."""
    figure = theme.bare(theme.figure(showlegend=False, margin={"l": 4, "r": 4, "t": 4, "b": 4}))
    if pictures is None or probabilities is None or truth is None:
        return figure
    columns = 6
    blocks = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    canvas = np.concatenate([_row(block, columns, band=2 * BAND) for block in blocks])
    _show(figure, canvas, INK)
    height, width = len(canvas) // len(blocks), pictures.shape[2] + GAP
    for number, shares in enumerate(probabilities):
        row, column = divmod(number, columns)
        said, true = int(shares.argmax()), int(truth[number])
        color = theme.GOOD if said == true else theme.BAD
        text = f"<b style='color:{color}'>{names[said]}</b> {percent(float(shares.max()))}"
        if said != true:
            text = f"<b style='color:{color}'>{names[said]}</b><br>≠ {names[true]}"
        middle = column * width + pictures.shape[2] / 2
        _say(figure, text, x=middle, y=row * height, anchor="center")
    return figure


def picture(grey: Array, label: str) -> go.Figure:
    """One picture [H, W] from 0 to 255."""
    figure = theme.bare(theme.figure(showlegend=False, margin={"l": 4, "r": 4, "t": 28, "b": 4}))
    _show(figure, np.clip(grey, 1, 255).astype(np.uint8), INK)
    return figure.add_annotation(
        text=label, x=0, xref="paper", y=1, yref="paper", yanchor="bottom", showarrow=False
    )


def _row(tiles: Array, columns: int, *, band: int = BAND) -> Array:
    """Tiles [K, H, W] side by side under an empty band, [band + H + GAP, columns (W + GAP)]."""
    count, height, width = tiles.shape
    canvas = np.zeros((band + height + GAP, columns * (width + GAP) - GAP), np.uint8)
    for number in range(min(count, columns)):
        left = number * (width + GAP)
        canvas[band : band + height, left : left + width] = np.clip(tiles[number], 1, 255)
    return canvas


def _show(figure: go.Figure, canvas: Array, colors: list[list[float | str]]) -> None:
    figure.add_heatmap(
        z=canvas, zmin=0, zmax=255, colorscale=colors, showscale=False, hoverinfo="skip"
    )
    height, width = canvas.shape
    figure.update_xaxes(range=[-0.5, width - 0.5], constrain="domain")
    figure.update_yaxes(range=[height - 0.5, -0.5], scaleanchor="x", constrain="domain")
    figure.update_yaxes(constraintoward="middle")


def _say(figure: go.Figure, text: str, *, x: float, y: float, anchor: str) -> None:
    figure.add_annotation(
        text=text,
        x=x - 0.5,
        y=y - 0.5,
        xanchor=anchor,
        yanchor="top",
        align=anchor,
        showarrow=False,
        font={"size": 11},
        borderpad=0,
    )
