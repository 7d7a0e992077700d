"""Charts about classes: how sure a network is of each, and which ones it mixes up."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme


def names_of(dataset: str, count: int, words: Words) -> list[str]:
    """The classes of a data set in words; a class without a word of its own is its number."""
    return [words.table.get(f"class.{dataset}.{number}", str(number)) for number in range(count)]


def bars(probabilities: Array, names: list[str], words: Words) -> go.Figure:
    """One bar for each class, [C] shares; the winner stands out."""
    shares = np.asarray(probabilities, np.float64)
    winner = int(shares.argmax())
    colors = [theme.TRAIN if i == winner else theme.QUIET for i in range(len(shares))]
    figure = theme.figure(
        x_axis={
            "title": {"text": words("axis.probability")},
            "range": [0, 1.1],
            "tickformat": ".0%",
            "tickvals": [0, 0.25, 0.5, 0.75, 1.0],
        },
        y_axis={"autorange": "reversed", "showgrid": False, "type": "category"},
        showlegend=False,
        margin={"l": 12, "r": 44, "t": 12, "b": 36},
    )
    return figure.add_bar(
        x=shares,
        y=names,
        orientation="h",
        marker={"color": colors},
        text=[percent(share) for share in shares],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.2%}<extra></extra>",
    )


def confusion(counts: Array | None, names: list[str], words: Words) -> go.Figure:
    """Rows are the true classes, columns what the network said; the diagonal is right."""
    # Ranges and categories stand from the start: Plotly does not fit a square to what comes later.
    edges = [-0.5, len(names) - 0.5]
    along = {"showgrid": False, "constrain": "domain", "type": "category"}
    along |= {"categoryorder": "array", "categoryarray": names, "tickvals": names}
    figure = theme.figure(
        x_axis={**along, "title": {"text": words("axis.predicted")}, "range": edges},
        y_axis={**along, "title": {"text": words("axis.true")}}
        | {"range": edges[::-1], "scaleanchor": "x"},
        showlegend=False,
        margin={"l": 56, "r": 12, "t": 12, "b": 56},
        annotations=[] if counts is None else _counted(counts, names),
    )
    if counts is None:
        return figure
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    right = np.eye(len(counts), dtype=bool)
    return figure.add_heatmap(
        z=np.where(right, share, -share).astype(np.float32),
        x=names,
        y=names,
        zmin=-1,
        zmax=1,
        colorscale=[
            [0.0, theme.tint(theme.VALIDATION, 0.95)],
            [0.4, theme.tint(theme.VALIDATION, 0.6)],
            [0.5, "rgba(128,128,128,0.06)"],
            [1.0, theme.tint(theme.TRAIN, 0.6)],
        ],
        showscale=False,
        xgap=1,
        ygap=1,
        text=counts.astype(int).astype(str),
        customdata=share.astype(np.float32),
        hovertemplate=words("hover.confusion") + "<extra></extra>",
    )


def percent(share: float) -> str:
    """A share as a person reads it: never 100 % where something is missing."""
    if not np.isfinite(share):
        return "–"
    if 0.995 <= share < 0.9995:
        return f"{share:.1%}".replace("%", " %")
    return f"{share:.0%}".replace("%", " %")


def fine_percent(share: float) -> str:
    """A share of which also small parts matter: with a decimal place below a tenth."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    return f"{share:.1%}".replace("%", " %") if 0 < share < 0.1 else percent(share)


def _counted(counts: Array, names: list[str]) -> list[dict[str, Any]]:
    """The numbers of the cells, as annotations: a heat map's own texts ignore the page's colour."""
    return [
        theme.label(str(int(counts[row, column])), x=names[column], y=names[row])
        for row, column in zip(*np.nonzero(counts), strict=True)
    ]
