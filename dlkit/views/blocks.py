"""Charts about the blocks of a network: their gradients, and what happens without each of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme
from dlkit.views.classes import percent
from dlkit.views.twin import COLORS

SMALLEST = 1e-12  # of a gradient: a logarithmic axis has no zero
SYMBOLS = ("diamond", "circle-open")
FEWEST_TICKS = 20  # blocks, up to which each has its number on the axis


def gradients(norms: Array | None, nets: Sequence[str], words: Words) -> go.Figure:
    """A bar for each block of each network: the length of its weights' gradient.

    `norms` [networks, blocks], a row for each of `nets`.
    """
    blocks = 0 if norms is None else norms.shape[1]
    figure = theme.figure(
        x_axis=_numbered(blocks, words),
        y_axis={"title": {"text": words("axis.block_gradient")}, "type": "log", "dtick": 1}
        | {"exponentformat": "power"},
        showlegend=len(nets) > 1,
    )
    if norms is None:
        return figure
    bars = [
        go.Bar(
            x=np.arange(1, blocks + 1),
            y=np.maximum(np.nan_to_num(row), SMALLEST).astype(np.float32),
            name=words(f"net.{net}"),
            marker={"color": COLORS[net]},
            hovertemplate=words("hover.block_gradient") + "<extra></extra>",
        )
        for net, row in zip(nets, norms, strict=False)
    ]
    return figure.add_traces(bars)


def bars(shares: Array, others: Mapping[str, Array], names: list[str], words: Words) -> go.Figure:
    """A bar for each class, [C] shares; marks show what `others` say, by their names."""
    winner = int(np.nanargmax(shares))
    figure = theme.figure(
        x_axis={
            "title": {"text": words("axis.probability")},
            "range": [0, 1.12],
            "tickformat": ".0%",
            "tickvals": [0, 0.25, 0.5, 0.75, 1.0],
        },
        y_axis={"autorange": "reversed", "showgrid": False, "type": "category"},
        showlegend=bool(others),
        margin={"l": 12, "r": 44, "t": 30 if others else 12, "b": 36},
    )
    traces: list[Any] = [
        go.Bar(
            x=np.asarray(shares, np.float32),
            y=names,
            orientation="h",
            marker={
                "color": [theme.TRAIN if i == winner else theme.QUIET for i in range(len(shares))]
            },
            text=[percent(float(share)) for share in shares],
            textposition="outside",
            cliponaxis=False,
            showlegend=False,
            hovertemplate="%{y}: %{x:.2%}<extra></extra>",
        )
    ]
    for (name, values), symbol in zip(others.items(), SYMBOLS, strict=False):
        traces.append(
            go.Scatter(
                x=np.asarray(values, np.float32),
                y=names,
                name=name,
                mode="markers",
                marker={"symbol": symbol, "size": 10, "color": theme.VALIDATION},
                hovertemplate="%{y}: %{x:.2%}",
            )
        )
    return figure.add_traces(traces)


def without(shares: Array, whole: Array, names: list[str], words: Words) -> go.Figure:
    """The answer without each block: a column for each, [blocks, C]; the first one is the whole."""
    labels = [words("bars.whole_short"), *(str(number) for number in range(1, len(shares) + 1))]
    figure = theme.figure(
        x_axis={"title": {"text": words("axis.block_off")}, "showgrid": False, "type": "category"},
        y_axis={"autorange": "reversed", "showgrid": False, "type": "category"},
        showlegend=False,
        margin={"l": 12, "r": 12, "t": 34, "b": 40},
        title=_titled(words("bars.without")),
    )
    return figure.add_heatmap(
        z=np.round(np.vstack([whole, shares]).T, 4).astype(np.float32),
        x=labels,
        y=names,
        zmin=0,
        zmax=1,
        colorscale=[[0.0, "rgba(128,128,128,0.06)"], [1.0, theme.TRAIN]],
        showscale=False,
        xgap=1,
        ygap=1,
        hovertemplate=words("hover.without") + "<extra></extra>",
    )


def falls(accuracies: Array, off: int, words: Words) -> go.Figure:
    """A bar for each block: how much accuracy is lost without it.

    `accuracies` [1 + blocks], of the whole network first; the bar of block `off` stands out.
    """
    lost = (accuracies[0] - accuracies[1:]).astype(np.float32)
    most = float(np.nanmax(np.abs(lost), initial=0.01))
    figure = theme.figure(
        x_axis=_numbered(len(lost), words),
        y_axis={"title": {"text": words("axis.accuracy_lost")}, "tickformat": ".0%"}
        | {"range": [min(0.0, 1.15 * float(np.nanmin(lost, initial=0.0))), 1.15 * most]},
        showlegend=False,
        margin={"l": 48, "r": 12, "t": 34, "b": 40},
        title=_titled(words("bars.falls", accuracy=percent(float(accuracies[0])))),
    )
    blocks = np.arange(1, len(lost) + 1)
    return figure.add_bar(
        x=blocks,
        y=lost,
        marker={"color": [theme.BAD if number == off else theme.TRAIN for number in blocks]},
        hovertemplate=words("hover.fall") + "<extra></extra>",
    )


def _numbered(blocks: int, words: Words) -> dict[str, Any]:
    axis = {"title": {"text": words("axis.block")}, "showgrid": False}
    return {**axis, "dtick": 1} if blocks <= FEWEST_TICKS else axis


def _titled(text: str) -> dict[str, Any]:
    return {"text": text, "font": {"size": 13}, "x": 0, "xanchor": "left"}
