"""What a network finds in a review: praise or blame, word by word."""

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme
from dlkit.views.sequences import GRID, SIGNED, grid

SIDES = (theme.VALIDATION, theme.TRAIN)  # blame, praise
BLANK = "\u00a0"
LEAST = 0.1  # the strongest word is drawn in full colour, unless it does less than this


def hills(counts: Array | None, names: Sequence[str], words: Words) -> go.Figure:
    """How many reviews of each kind [2, bins] were found how probable to praise."""
    figure = theme.figure(
        x_axis={"title": {"text": words("axis.praise")}, "range": [0, 1], "tickformat": ".0%"},
        y_axis={"title": {"text": words("axis.reviews")}, "rangemode": "tozero"},
        barmode="overlay",
        bargap=0.05,
    )
    if counts is None or not counts.sum():
        return figure
    middles = (np.arange(counts.shape[1]) + 0.5) / counts.shape[1]
    for row, name, color in zip(counts.tolist(), names, SIDES, strict=True):
        figure.add_bar(
            x=middles, y=row, name=name, marker={"color": theme.tint(color, 0.6)},
            hovertemplate="%{y}",
        )  # fmt: skip
    return figure


def influence(review: str, changes: Array | None, words: Words, *, title: str = "") -> go.Figure:
    """A review; behind each word by how much it raises the probability of praise: [words]."""
    told = review.split()
    if changes is None or len(changes) != len(told):
        return theme.figure(x_axis={"visible": False}, y_axis={"visible": False})
    strongest = max(LEAST, float(np.abs(changes).max(initial=0.0)))
    text, values, hover = "", [], []
    for word, change in zip(told, changes.tolist(), strict=True):
        room = -len(text) % GRID  # left in this line; a word that does not fit begins the next
        gap = 0 if room == 0 else room if room <= len(word) < GRID else 1
        said = words("hover.influence", word=html.escape(word), change=f"{change:+.1%}")
        text += BLANK * gap + word
        values += [np.nan] * gap + [change / strongest] * len(word)
        hover += [""] * gap + [said] * len(word)
    return grid(text, np.array(values), hover, title=title, scale=(-1.0, 1.0, SIGNED))


def reading(review: str, praise: Array, words: Words, *, title: str) -> go.Figure:
    """The probability of praise after each word."""
    told = review.split()
    places = np.arange(1, len(told) + 1)
    ticks = places if len(told) <= 30 else places[:: -(-len(told) // 30)]
    figure = theme.figure(
        x_axis={"tickvals": ticks, "ticktext": [told[one - 1] for one in ticks], "tickangle": -60},
        y_axis={"title": {"text": words("axis.praise")}, "range": [0, 1], "tickformat": ".0%"},
        showlegend=False,
        title={"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
        margin={"l": 48, "r": 12, "t": 40, "b": 70},
    )
    return figure.add_scatter(
        x=places, y=np.round(praise.astype(float), 4), mode="lines+markers", customdata=told,
        line={"color": theme.TRAIN, "width": theme.LINE},
        hovertemplate="%{customdata}: %{y:.1%}<extra></extra>",
    )  # fmt: skip
