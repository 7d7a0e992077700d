"""A network drawn from its layers: a box each, in reading order, with arrows and shortcuts."""

import math
import re
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dlkit.contract import Layer, Words
from dlkit.views import theme

COLUMN = 108  # pixels that a box needs with its words
ROW = 168  # pixels
SIDE = 58  # pixels of the largest drawing in a box
MIDDLE = 6 + SIDE / 2  # pixels from a place up to the middle of its drawing
SHEETS = (1, 3, 16, 64)  # a picture of more channels than this is drawn with one sheet more
NEURONS = 5  # drawn at most in a column
LINE = 15  # characters of a label; a Chinese one counts as two
INK = "rgba(128,128,128,0.95)"
SHORTCUT = "#c061a6"
COLORS = {
    "data": "#7d8a8a",
    "dense": theme.TRAIN,
    "convolution": theme.VALIDATION,
    "pooling": "#8a6ad9",
    "other": "#1aa6b8",
    "answer": theme.GOOD,
}
Parts = list[dict[str, Any]]
Place = tuple[int, int]


def stack(layers: Sequence[Layer], words: Words, *, columns: int = 5) -> go.Figure:
    """The layers from left to right, `columns` in a row; an empty figure for none.

    Pictures are sheets, one behind the other for their channels; lists of numbers are columns of
    neurons. The largest of each kind fills its place, the others are drawn in proportion.
    """
    rows = max(1, math.ceil(len(layers) / columns))
    wide = min(columns, max(1, len(layers)))
    still: dict[str, Any] = {"visible": False, "showgrid": False, "fixedrange": True}
    places = [(number % columns, -(number // columns)) for number in range(len(layers))]
    shapes: Parts = []
    texts: Parts = []
    for number, (layer, place) in enumerate(zip(layers, places, strict=True)):
        shapes += _glyph(layer, place, layers)
        texts += _words(layer, place, words)
        if number:
            line, arrow = _way(places[number - 1], place, wide)
            shapes, texts = [*line, *shapes], [*texts, *arrow]
        if 0 < layer.skips <= number:
            line, arrow = _shortcut(places[number - layer.skips], place, wide)
            shapes, texts = [*line, *shapes], [*texts, *arrow]
    return theme.figure(
        x_axis={**still, "range": [-0.5, wide - 0.5]},
        y_axis={**still, "range": [0.5 - rows, 0.5]},
        showlegend=False,
        dragmode=False,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        height=rows * ROW,
        shapes=shapes,
        annotations=texts,
    )


def total(layers: Sequence[Layer]) -> int:
    """All weights of the network."""
    return sum(layer.weights * layer.repeats for layer in layers)


def spoken(layers: Sequence[Layer], words: Words) -> str:
    """The drawing in words, for who cannot see it."""
    return "; ".join(
        ", ".join(part for part in (_name(layer), *_facts(layer, words)) if part)
        for layer in layers
    )


def _name(layer: Layer) -> str:
    return layer.label if layer.repeats == 1 else f"{layer.label} ×{layer.repeats}"


def _facts(layer: Layer, words: Words) -> list[str]:
    """The shape that leaves the layer, and its weights."""
    facts = ["×".join(str(size) for size in layer.shape)]
    if layer.weights:
        facts.append(words("architecture.weights", count=f"{layer.weights:,}"))
    return facts


def _words(layer: Layer, place: Place, words: Words) -> Parts:
    at = {"x": place[0], "y": place[1], "font": {"size": 11}}
    name = "<br>".join(_wrapped(layer.label))
    shape, *weights = _facts(layer, words)
    text = "<br>".join([f"<b>{name}</b>", shape, *weights])
    said = [theme.label(text, **at, yshift=-2, yanchor="top", align="center", borderpad=0)]
    if layer.repeats > 1:
        more = {"xshift": SIDE / 2 - 4, "yshift": SIDE + 12, "xanchor": "left", "yanchor": "top"}
        said.append(theme.label(f"<b>×{layer.repeats}</b>", **at, **more))
    return said


def _wrapped(label: str) -> list[str]:
    """The label in short lines: Chinese breaks anywhere, other words stay whole."""
    lines = [""]
    for part in re.findall(r"[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+", label):
        if lines[-1] and _length(lines[-1]) + _length(part.rstrip()) > LINE:
            lines.append("")
        lines[-1] += part
    return lines


def _length(text: str) -> int:
    return sum(2 if letter >= "\u2e80" else 1 for letter in text)


def _way(start: Place, end: Place, wide: int) -> tuple[Parts, Parts]:
    """The arrow from one layer to the next; to a new row it goes around."""
    height = MIDDLE / ROW
    if start[1] == end[1]:
        return [], [_arrow((start[0], start[1] + height), (end[0], end[1] + height))]
    between, right, left = start[1] - 0.5, wide - 0.54, -0.46
    corners = [
        (start[0] + 0.36, start[1] + height),
        (right, start[1] + height),
        (right, between),
        (left, between),
        (left, end[1] + height),
    ]
    arrow = _arrow(corners[-1], (end[0], end[1] + height)) | {"startstandoff": 0}
    return [_line("M" + "L".join(f"{x},{y}" for x, y in corners), INK)], [arrow]


def _shortcut(start: Place, end: Place, wide: int) -> tuple[Parts, Parts]:
    """An arc above the layers that it passes; over rows it leaves on the right, enters left."""
    low, high = (MIDDLE + SIDE / 2 + 4) / ROW, (MIDDLE + SIDE / 2 + 22) / ROW
    (x0, y0), (x1, y1) = start, end
    if y0 == y1:
        paths = [f"M{x0},{y0 + low}C{x0},{y0 + high} {x1},{y1 + high} {x1},{y1 + low}"]
    else:
        out = f"M{x0},{y0 + low}C{x0},{y0 + high} {x0},{y0 + high} {wide - 0.5},{y0 + high}"
        paths = [out, f"M-0.5,{y1 + high}C{x1},{y1 + high} {x1},{y1 + high} {x1},{y1 + low}"]
    head = _arrow((x1, y1 + (low + high) / 2), (x1, y1 + low))
    head |= {"standoff": 0, "startstandoff": 0, "arrowcolor": SHORTCUT}
    return [_line(path, SHORTCUT) for path in paths], [head]


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> dict[str, Any]:
    away = SIDE / 2 + 5
    return {
        "text": "",
        "showarrow": True,
        "x": end[0],
        "y": end[1],
        "ax": start[0],
        "ay": start[1],
        "axref": "x",
        "ayref": "y",
        "standoff": away,
        "startstandoff": away,
        "arrowcolor": INK,
        "arrowwidth": 1.5,
        "arrowhead": 2,
        "arrowsize": 0.9,
    }


def _line(path: str, color: str) -> dict[str, Any]:
    return {"type": "path", "path": path, "line": {"color": color, "width": 1.5}}


def _glyph(layer: Layer, place: Place, layers: Sequence[Layer]) -> Parts:
    """Sheets for a picture or a table, neurons for a list of numbers."""
    color = COLORS[layer.kind]
    if len(layer.shape) > 1:
        return _sheets(layer.shape, place, color, most=_largest(layers))
    return _neurons(math.prod(layer.shape), place, color)


def _largest(layers: Sequence[Layer]) -> int:
    return max(max(layer.shape[:2]) for layer in layers if len(layer.shape) > 1)


def _sheets(shape: tuple[int, ...], place: Place, color: str, *, most: int) -> Parts:
    height, width = (max(7.0, (SIDE - 14) * size / most) for size in shape[:2])
    channels = shape[2] if len(shape) > 2 else 1
    count = 1 + sum(channels > limit for limit in SHEETS)
    back = 14 / len(SHEETS)  # pixels from one sheet to the one behind it
    left = -(width + back * (count - 1)) / 2
    bottom = MIDDLE - (height + back * (count - 1)) / 2
    return [
        _box(place, left + back * i, bottom + back * i, width, height, color)
        for i in reversed(range(count))
    ]


def _neurons(count: int, place: Place, color: str) -> Parts:
    shown = min(count, NEURONS)
    height = SIDE * (0.45 + 0.55 * min(1.0, math.log2(max(count, 1)) / 10))
    step = height / NEURONS
    bottom = MIDDLE - step * shown / 2
    column = _box(place, -step / 2 - 3, bottom - 3, step + 6, step * shown + 6, color)
    return [
        column,
        *(
            _round(place, bottom + step * (i + 0.5), 0.36 * step, color)
            for i in range(shown)
            if count <= NEURONS or i != NEURONS // 2
        ),
        *(
            _round(place, bottom + step * (NEURONS // 2 + 0.5 + i), 0.1 * step, color)
            for i in (-0.3, 0, 0.3)
            if count > NEURONS
        ),
    ]


def _box(
    place: Place, left: float, bottom: float, width: float, height: float, color: str
) -> dict[str, Any]:
    return {
        **_pixels(place, (left, left + width), (bottom, bottom + height)),
        "type": "rect",
        "fillcolor": theme.tint(color, 0.28),
        "line": {"color": color, "width": 1.4},
    }


def _round(place: Place, middle: float, radius: float, color: str) -> dict[str, Any]:
    return {
        **_pixels(place, (-radius, radius), (middle - radius, middle + radius)),
        "type": "circle",
        "fillcolor": color,
        "line": {"width": 0},
    }


def _pixels(place: Place, across: tuple[float, float], up: tuple[float, float]) -> dict[str, Any]:
    """A shape around `place`, measured in pixels, so that it keeps its size on any screen."""
    return {
        "xsizemode": "pixel",
        "ysizemode": "pixel",
        "xanchor": place[0],
        "yanchor": place[1],
        "x0": across[0],
        "x1": across[1],
        "y0": up[0],
        "y1": up[1],
    }
