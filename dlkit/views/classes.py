"""Charts about classes: how sure a network is of each, and which ones it mixes up."""

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
    figure = theme.figure(showlegend=False, margin={"l": 12, "r": 44, "t": 12, "b": 36})
    figure.add_bar(
        x=shares,
        y=names,
        orientation="h",
        marker={"color": colors},
        text=[percent(share) for share in shares],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.2%}<extra></extra>",
    )
    figure.update_xaxes(range=[0, 1.1], tickformat=".0%", title_text=words("axis.probability"))
    figure.update_xaxes(tickvals=[0, 0.25, 0.5, 0.75, 1.0])
    return figure.update_yaxes(autorange="reversed", showgrid=False, type="category")


def confusion(counts: Array | None, names: list[str], words: Words) -> go.Figure:
    """Rows are the true classes, columns what the network said; the diagonal is right."""
    figure = theme.figure(showlegend=False, margin={"l": 56, "r": 12, "t": 12, "b": 56})
    figure.update_xaxes(title_text=words("axis.predicted"), showgrid=False, constrain="domain")
    figure.update_yaxes(title_text=words("axis.true"), showgrid=False, autorange="reversed")
    figure.update_yaxes(scaleanchor="x", constrain="domain")
    if counts is None:
        return figure
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    right = np.eye(len(counts), dtype=bool)
    figure.add_heatmap(
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
    for row, column in zip(*np.nonzero(counts), strict=True):
        # Annotations take the page's text colour; texts of a heat map do not.
        figure.add_annotation(
            x=names[column], y=names[row], text=str(int(counts[row, column])), showarrow=False
        )
    return figure.update_xaxes(type="category").update_yaxes(type="category")


def percent(share: float) -> str:
    """A share as a person reads it: never 100 % where something is missing."""
    if not np.isfinite(share):
        return "–"
    if 0.995 <= share < 0.9995:
        return f"{share:.1%}".replace("%", " %")
    return f"{share:.0%}".replace("%", " %")
