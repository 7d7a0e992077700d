"""How the numbers inside a network are spread, layer by layer: weights, gradients, idle neurons."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme
from dlkit.views.classes import percent

TALL = 0.85  # of the room between two layers


def weights(counts: Array | None, limit: float, words: Words) -> go.Figure:
    """A hill for each layer: where its weights lie between `-limit` and `limit`.

    `counts` [layers, bins].
    """
    along = {"title": {"text": words("axis.weight")}, "showgrid": True}
    places = None if counts is None else _middles(-limit, limit, counts.shape[1])
    return _hills(counts, places, along=along, words=words)


def gradients(counts: Array | None, span: tuple[int, int], words: Words) -> go.Figure:
    """A hill for each layer: how long the gradients of its weights are, by decades.

    `counts` [layers, bins] over the powers of ten from `span[0]` to `span[1]`.
    """
    powers = list(range(span[0], span[1] + 1, 2))
    labels = [f"10<sup>{power}</sup>" for power in powers]
    labels[0] = f"≤ {labels[0]}"
    along: dict[str, Any] = {
        "title": {"text": words("axis.gradient")},
        "tickvals": powers,
        "ticktext": labels,
    }
    along["range"] = [span[0] - 0.6, span[1]]
    places = None if counts is None else _middles(*span, counts.shape[1])
    return _hills(counts, places, along=along, words=words)


def idle(shares: Array | None, words: Words) -> go.Figure:
    """A bar for each hidden layer: the share of it that passes nothing on."""
    names = [] if shares is None else _names(len(shares), words)
    figure = theme.figure(
        x_axis={"range": [0, 1.08], "tickformat": ".0%", "tickvals": [0, 0.25, 0.5, 0.75, 1]},
        y_axis={"autorange": "reversed", "showgrid": False, "type": "category"},
        showlegend=False,
        margin={"l": 12, "r": 40, "t": 12, "b": 36},
        annotations=[
            theme.label(percent(float(share)), x=share, y=name, xanchor="left", xshift=4)
            for share, name in zip([] if shares is None else shares, names, strict=True)
        ],
    )
    if shares is None:
        return figure
    return figure.add_bar(
        x=shares,
        y=names,
        orientation="h",
        marker={"color": [theme.BAD if share > 0.5 else theme.QUIET for share in shares]},
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )


def _hills(
    counts: Array | None, places: Array | None, *, along: dict[str, Any], words: Words
) -> go.Figure:
    layers = 0 if counts is None else len(counts)
    up = {
        "tickvals": list(range(layers)),
        "ticktext": [words("layer.number", number=number + 1) for number in range(layers)],
        "range": [layers - 0.8, -1.0],
        "showgrid": False,
    }
    figure = theme.figure(
        x_axis=along, y_axis=up, showlegend=False, margin={"l": 12, "r": 12, "t": 12, "b": 40}
    )
    if counts is None or places is None:
        return figure
    ends = np.concatenate([places[:1], places, places[-1:]]).astype(np.float32)
    hills = []
    for number, row in enumerate(counts):
        height = TALL * row / max(int(row.max()), 1)
        color = theme.CLASSES[number % len(theme.CLASSES)]
        hills.append(
            go.Scatter(
                x=ends,
                y=(number - np.concatenate([[0], height, [0]])).astype(np.float32),
                mode="lines",
                line={"color": color, "width": 1.5, "shape": "linear"},
                fill="toself",
                fillcolor=theme.tint(color, 0.35),
                hoverinfo="skip",
            )
        )
    return figure.add_traces(hills)


def _middles(low: float, high: float, bins: int) -> Array:
    edges = np.linspace(low, high, bins + 1)
    return (edges[:-1] + edges[1:]) / 2


def _names(count: int, words: Words) -> list[str]:
    return [words("layer.number", number=number) for number in range(1, count + 1)]
