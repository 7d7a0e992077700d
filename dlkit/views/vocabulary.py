"""Charts about words: where they lie on a map, who is near whom, what an analogy is answered."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme

BARE = {"visible": False, "showgrid": False}
NAMED = 50  # words written on a map that is not live; the others tell their names by hover


def word_map(places: Array | None, names: Sequence[str]) -> go.Figure:
    """Words at their places [N, 2]; what is close together is used alike."""
    far = 1.0 if places is None or not len(places) else float(np.nanmax(np.abs(places), initial=0))
    edge = max(0.5, np.ceil(far * 2.2) / 2)  # in steps, so that the map does not breathe
    figure = theme.figure(
        x_axis={**BARE, "range": [-edge, edge]},
        y_axis={**BARE, "range": [-edge, edge]},
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )
    if places is None or len(places) != len(names):
        return figure
    return figure.add_scatter(
        x=places[:, 0].astype(np.float32),
        y=places[:, 1].astype(np.float32),
        text=list(names),
        mode="markers+text",
        textposition="top center",
        textfont={"size": 10},
        marker={"size": 4, "color": theme.TRAIN},
        hovertemplate="%{text}<extra></extra>",
    )


def explored(
    places: Array, names: Sequence[str], groups: Array, title: str, *, sought: int
) -> go.Figure:
    """Words at their places [N, 2 or 3], a colour for each group; the first `sought` stand out.

    The very first is the word that was looked for. Of the others some are named; all are by hover.
    """
    named = [name if number < NAMED else "" for number, name in enumerate(names)]
    look = {"mode": "markers+text", "textposition": "top center", "showlegend": False}
    figure = theme.figure(
        x_axis={**BARE, "range": [-1.12, 1.12]},
        y_axis={**BARE, "range": [-1.12, 1.12]},
        scene={f"{axis}axis": {"visible": False} for axis in "xyz"},
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        height=560,
        title={"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
    )
    add = figure.add_scatter3d if places.shape[1] == 3 else figure.add_scatter
    for group in np.unique(groups).tolist():
        for first in (False, True):
            chosen = (groups == group) & ((np.arange(len(names)) < sought) == first)
            there = np.flatnonzero(chosen).tolist()
            color = theme.CLASSES[group % len(theme.CLASSES)]
            add(
                **{
                    axis: places[there, number]
                    for number, axis in enumerate("xyz"[: places.shape[1]])
                },
                text=[f"<b>{names[one]}</b>" if one == 0 else named[one] for one in there],
                hovertext=[names[one] for one in there],
                hovertemplate="%{hovertext}<extra></extra>",
                textfont={"size": 13 if first else 10},
                marker={"size": 9 if first else 5, "color": color, "opacity": 1 if first else 0.6},
                **look,
            )
    return figure


def neighbours(
    probes: Sequence[str], near: Sequence[Sequence[str]], newcomers: Array | None, words: Words
) -> go.Figure:
    """A line for each probe: the words nearest to it, those that are new there in colour."""
    figure = _grid(len(probes), columns=1 + max((len(row) for row in near), default=5))
    if not near or len(near) != len(probes):
        return figure
    new = np.zeros((len(near), len(near[0])), bool)
    if newcomers is not None and newcomers.shape == new.shape:
        new = newcomers > 0
    rows, columns = np.indices(new.shape)
    texts = np.array([list(row) for row in near], object)
    _write(figure, np.zeros(len(probes)), np.arange(len(probes)), [f"<b>{p}</b>" for p in probes])
    _write(figure, columns[~new] + 1, rows[~new], texts[~new], name=words("grid.stayed"))
    color = theme.VALIDATION
    _write(figure, columns[new] + 1, rows[new], texts[new], name=words("grid.new"), color=color)
    return figure


def board(questions: Sequence[Sequence[str]], answers: Sequence[str], words: Words) -> go.Figure:
    """A line for each analogy: the question, what it is answered, and the right answer."""
    figure = _grid(len(questions), columns=3)
    if not answers or len(answers) != len(questions):
        return figure
    asked = [words("grid.question", a=row[0], b=row[1], c=row[2]) for row in questions]
    right = np.array([row[3] == said for row, said in zip(questions, answers, strict=True)])
    lines, said = np.arange(len(questions)), np.array([f"<b>{one}</b>" for one in answers], object)
    wanted = [
        "" if good else words("grid.wanted", word=row[3])
        for row, good in zip(questions, right, strict=True)
    ]
    _write(figure, np.zeros(len(asked)), lines, asked)
    for good, color, name in ((True, theme.GOOD, "right"), (False, theme.BAD, "wrong")):
        chosen = lines[right == good]
        place = np.full(len(chosen), 1.5)
        _write(figure, place, chosen, said[chosen], name=words(f"grid.{name}"), color=color)
    _write(figure, np.full(len(asked), 2.2), lines, wanted)
    return figure


def likeness(names: Sequence[str], cosines: Array, title: str, *, low: int = -1) -> go.Figure:
    """A bar for each word: its cosine. The word number `low` stands out, if there is one."""
    colors = [theme.BAD if place == low else theme.TRAIN for place in range(len(names))]
    least = min(0.0, float(np.nanmin(cosines, initial=0.0)) * 1.2)
    figure = theme.figure(
        x_axis={"range": [least, 1.18], "visible": False},
        y_axis={"autorange": "reversed", "showgrid": False, "type": "category"},
        showlegend=False,
        margin={"l": 12, "r": 44, "t": 12, "b": 12},
        title={"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
    )
    return figure.add_bar(
        x=np.asarray(cosines, np.float32),
        y=list(names),
        orientation="h",
        marker={"color": colors},
        text=[f"{cosine:.2f}" for cosine in cosines],
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )


def _grid(rows: int, *, columns: int) -> go.Figure:
    return theme.figure(
        x_axis={**BARE, "range": [-0.05, columns]},
        y_axis={**BARE, "range": [rows - 0.4, -0.6]},
        margin={"l": 8, "r": 8, "t": 30, "b": 8},
    )


def _write(
    figure: go.Figure,
    x: Array,
    y: Array,
    texts: Sequence[str] | Array,
    *,
    name: str = "",
    color: str | None = None,
) -> None:
    look = {"size": 12} | ({"color": color} if color else {})
    figure.add_scatter(
        x=np.asarray(x, np.float32),
        y=np.asarray(y, np.float32),
        text=list(texts),
        mode="markers+text" if name else "text",
        marker={"size": 5, "color": color or theme.QUIET},
        textposition="middle right",
        textfont=look,
        name=name,
        showlegend=bool(name),
        hoverinfo="skip",
    )
