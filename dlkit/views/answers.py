"""Charts about single answers: a predicted number, and what an answer hangs on."""

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme
from dlkit.views.classes import percent

MOST_BARS = 8


def plain(value: float) -> str:
    """A number as a person reads it: four digits, no powers of ten."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def agreement(truth: Array | None, predicted: Array | None, name: str, words: Words) -> go.Figure:
    """True numbers [N] against predicted ones [N]; on the line they are the same."""
    figure = theme.figure(
        x_axis={"title": {"text": words("axis.true_value", name=name)}},
        y_axis={"title": {"text": words("axis.predicted_value")}},
        showlegend=False,
        margin={"l": 48, "r": 12, "t": 12, "b": 40},
    )
    if truth is None or predicted is None or not len(truth):
        return figure
    both = np.concatenate([truth, predicted])
    ends = [float(np.nanmin(both)), float(np.nanmax(both))] if np.isfinite(both).any() else []
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": theme.QUIET, "width": 2}, hoverinfo="skip"
    )
    return figure.add_scatter(
        x=truth.astype(np.float32),
        y=predicted.astype(np.float32),
        mode="markers",
        marker={"size": 5, "color": theme.VALIDATION, "opacity": 0.6},
        hovertemplate=words("hover.agreement") + "<extra></extra>",
    )


def number(value: float, among: Array, name: str, words: Words) -> go.Figure:
    """A predicted number among those of the training examples [N]."""
    figure = theme.figure(
        x_axis={"title": {"text": name}},
        y_axis={"visible": False},
        showlegend=False,
        margin={"l": 12, "r": 12, "t": 44, "b": 40},
        bargap=0.03,
        annotations=[
            {"text": f"<b>{plain(value)}</b>", "x": value, "y": 1, "yref": "paper"}
            | {"yanchor": "bottom", "showarrow": False, "font": {"size": 20}}
        ],
    )
    counts, edges = np.histogram(among, 30)
    figure.add_bar(
        x=((edges[:-1] + edges[1:]) / 2).astype(np.float32),
        y=counts.astype(np.int32),
        marker={"color": theme.QUIET},
        hovertemplate=words("hover.among") + "<extra></extra>",
    )
    return figure.add_scatter(
        x=[value, value],
        y=[0, int(counts.max())],
        mode="lines",
        line={"color": theme.TRAIN, "width": 3},
        hoverinfo="skip",
    )


def influence(changes: Array, features: list[str], words: Words, *, share: bool) -> go.Figure:
    """How much the answer hangs on each feature: the mean change [F] when its value is replaced.

    `share` tells that the answer is a probability. Only the strongest few are shown.
    """
    order = np.argsort(-changes, kind="stable")[:MOST_BARS]
    chosen = changes[order]
    texts = [_share(float(one)) if share else plain(float(one)) for one in chosen]
    figure = theme.figure(
        x_axis={"range": [0, max(float(chosen.max()) * 1.25, 1e-6)], "visible": False},
        y_axis={"autorange": "reversed", "showgrid": False, "type": "category"},
        showlegend=False,
        margin={"l": 12, "r": 44, "t": 12, "b": 12},
        title={"text": words("answer.influence"), "font": {"size": 13}, "x": 0, "xanchor": "left"},
    )
    return figure.add_bar(
        x=chosen.astype(np.float32),
        y=[features[place] for place in order],
        orientation="h",
        marker={"color": theme.TRAIN},
        text=texts,
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )


def _share(value: float) -> str:
    """A share that may be small: it has a bar, so it is never said to be nothing."""
    return percent(value) if value >= 0.01 else f"{100 * value:.1g} %"
