"""Charts about generated things: which classes they fall into, how a discriminator scores them."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme
from dlkit.views.classes import percent


def shares(found: Array | None, names: list[str], words: Words, *, fair: float = 0.0) -> go.Figure:
    """A bar for each class: its share [C] of the generated things; a line where `fair` is."""
    figure = theme.figure(
        x_axis={"tickformat": ".0%", "rangemode": "tozero", "title": {"text": words("axis.share")}},
        y_axis={"autorange": "reversed", "showgrid": False, "type": "category"},
        showlegend=False,
        margin={"l": 12, "r": 40, "t": 12, "b": 40},
    )
    if found is None or len(found) != len(names):
        return figure
    values = np.nan_to_num(np.asarray(found, np.float64))
    figure.add_bar(
        x=values.astype(np.float32),
        y=names,
        orientation="h",
        marker={"color": [theme.TRAIN if one >= 0.3 * fair else theme.BAD for one in values]},
        text=[percent(float(one)) for one in values],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    if fair:
        line = {"color": theme.QUIET, "width": 2, "dash": "dot"}
        figure.update_layout(
            shapes=[{"type": "line", "x0": fair, "x1": fair, "yref": "paper", "y0": 0, "y1": 1}
                    | {"line": line}]
        )  # fmt: skip
    return figure


def scores(counts: Array | None, span: Array | None, words: Words) -> go.Figure:
    """How a discriminator scores real and generated things: two hills over one axis.

    `counts` [2, bins], real first, over scores from `span[0]` to `span[1]`.
    """
    figure = theme.figure(
        x_axis={"title": {"text": words("axis.score")}},
        y_axis={"visible": False, "rangemode": "tozero"},
        barmode="overlay",
        bargap=0.0,
        margin={"l": 12, "r": 12, "t": 30, "b": 40},
    )
    if counts is None or span is None or not np.isfinite(span).all():
        return figure
    edges = np.linspace(float(span[0]), float(span[1]), counts.shape[1] + 1)
    middles = ((edges[:-1] + edges[1:]) / 2).astype(np.float32)
    bars: list[dict[str, Any]] = []
    named = (("cloud.real_ones", theme.TRAIN), ("cloud.fake_ones", theme.VALIDATION))
    for row, (key, color) in zip(counts, named, strict=True):
        look = {"color": theme.tint(color, 0.55), "line": {"width": 0}}
        share = (row / max(int(row.sum()), 1)).astype(np.float32)
        text = f"{words(key)}<br>%{{x:.2f}}: %{{y:.1%}}<extra></extra>"
        bars.append({"type": "bar", "x": middles, "y": share, "name": words(key)}
                    | {"marker": look, "hovertemplate": text})  # fmt: skip
    return figure.add_traces(bars)
