"""What a network answers at every place of a plane, with the examples on it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme

SHADES = 60  # of each class, from undecided to certain
_NEAR = "#8a6ad9"
_REAL_OR_FAKE = [[0.0, theme.tint(theme.VALIDATION, 0.45)], [0.5, "rgba(128,128,128,0.04)"],
                 [1.0, theme.tint(theme.TRAIN, 0.45)]]  # fmt: skip
_SPAN = [[0.0, theme.VALIDATION], [0.5, "#d9d9d9"], [1.0, theme.TRAIN]]


def surface(
    probabilities: Array | None,
    frame: Array | None,
    *,
    points: Array | None,
    names: list[str],
    axes: tuple[str, str],
) -> go.Figure:
    """Colour tells the winning class, strength how sure it is; a ringed point is of the validation.

    `probabilities` [N, N, C] from 0 to 255, `frame` (left, right, bottom, top), `points` [M, 4]:
    place, class, 1 for validation.
    """
    figure = _framed(frame, axes)
    traces = [] if points is None else _examples(points, names)
    if probabilities is not None and frame is not None:
        traces.insert(0, _map(probabilities, frame))
    return figure.add_traces(traces)


def heights(
    values: Array | None, frame: Array | None, *, points: Array | None, axes: tuple[str, str]
) -> go.Figure:
    """Colour tells the predicted number, and in the points the true one, on one scale.

    `values` [N, N], `points` [M, 4]: place, number, 1 for validation.
    """
    figure = _framed(frame, axes)
    true = None if points is None else points[:, 2]
    known = [one for one in (true, values) if one is not None and np.isfinite(one).any()]
    low, high = (float(np.nanmin(known[0])), float(np.nanmax(known[0]))) if known else (0.0, 1.0)
    shades = {"colorscale": _SPAN, "cmin": low, "cmax": high}
    traces = []
    if values is not None and frame is not None:
        bar = {"thickness": 10, "outlinewidth": 0}
        look = {"colorscale": _SPAN, "zmin": low, "zmax": high, "opacity": 0.7, "colorbar": bar}
        shape = {**_spread(frame, len(values)), "zsmooth": "best", "hoverinfo": "skip"}
        traces.append({"type": "heatmap", "z": values.astype(np.float32), **look, **shape})
    if points is not None:
        text = "%{x:.2f}, %{y:.2f}: %{marker.color:.4~g}<extra></extra>"
        look = {"color": points[:, 2].astype(np.float32), **shades}
        traces.append(_dots(points, look, hovertemplate=text, showlegend=False))
    return figure.add_traces(traces)


def behind_cell(
    answered: go.Figure,
    judged: Array | None,
    answers: Array | None,
    place: Mapping[str, Any],
    names: list[str],
    *,
    words: Words,
) -> go.Figure:
    """The examples behind a clicked cell of `classes.confusion`, on the surface `answered`.

    `judged` [K, 3] holds place and true class, `answers` [K] the classes given.
    """
    true, said = place.get("y"), place.get("x")
    if judged is None or answers is None or true not in names or said not in names:
        return answered
    chosen = judged[:, 2] == names.index(true)
    if len(answers) == len(judged):
        chosen &= answers == names.index(said)
    mine = judged[chosen]
    key = "cell.title" if len(mine) else "cell.empty"
    above = {"x": 0, "xref": "paper", "y": 1, "yref": "paper", "yanchor": "bottom"}
    note = theme.label(words(key, true=true, said=said), **above, xanchor="left")
    answered.update_layout(annotations=[note], showlegend=False)
    color = theme.CLASSES[names.index(true) % len(theme.CLASSES)]
    ring = {"size": 10, "color": color, "line": {"width": 2, "color": "#1a1a1a"}}
    return answered.add_scatter(
        x=mine[:, 0].astype(np.float32),
        y=mine[:, 1].astype(np.float32),
        mode="markers",
        marker=ring,
        hovertemplate="%{x:.2f}, %{y:.2f}<extra></extra>",
    )


def cloud(
    real: Array | None,
    fake: Array | None,
    frame: Array | None,
    words: Words,
    *,
    belief: Array | None = None,
    moves: Array | None = None,
) -> go.Figure:
    """Generated points [N, 2] on real ones [M, 2], in the `frame` (left, right, bottom, top).

    `belief` [S, S] from 0 to 255 tells how real a discriminator finds each place, bottom row first.
    `moves` [K, 4] are short ways: a place and how far it goes.
    """
    figure = _framed(frame, (words("axis.x"), words("axis.y")))
    traces: list[dict[str, Any]] = []
    if belief is not None and frame is not None:
        look = {"colorscale": _REAL_OR_FAKE, "zmin": 0, "zmax": 255, "showscale": False}
        shape = {**_spread(frame, len(belief)), "zsmooth": "best", "hoverinfo": "skip"}
        traces.append({"type": "heatmap", "z": belief.astype(np.uint8), **look, **shape})
    if real is not None:
        traces.append(_specks(real, words("cloud.real"), theme.TRAIN, opacity=0.45))
    if moves is not None and len(moves):
        traces.append(_ways(moves, words("cloud.moves")))
    if fake is not None:
        traces.append(_specks(fake, words("cloud.fake"), theme.VALIDATION, opacity=0.8))
    return figure.add_traces(traces)


def mesh(
    places: Array | None, frame: Array | None, words: Words, *, real: Array | None = None
) -> go.Figure:
    """Where the lines of a sheet of squared paper come to lie: `places` [R, C, 2]."""
    figure = _framed(frame, (words("axis.x"), words("axis.y")))
    if places is None or places.ndim != 3:
        return figure
    traces = [] if real is None else [_specks(real, words("cloud.real"), theme.TRAIN, opacity=0.3)]
    gap = np.full((1, 2), np.nan, np.float32)
    for lines in (places, places.transpose(1, 0, 2)):
        row = np.concatenate([np.concatenate([line, gap]) for line in lines]).astype(np.float32)
        look = {"color": theme.VALIDATION, "width": 1}
        traces.append({"type": "scatter", "x": row[:, 0], "y": row[:, 1], "mode": "lines",
                       "line": look, "hoverinfo": "skip", "showlegend": False})  # fmt: skip
    return figure.add_traces(traces)


def _specks(points: Array, name: str, color: str, *, opacity: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": points[:, 0].astype(np.float32),
        "y": points[:, 1].astype(np.float32),
        "mode": "markers",
        "name": name,
        "marker": {"size": 4, "color": color, "opacity": opacity},
        "hovertemplate": "%{x:.2f}, %{y:.2f}<extra></extra>",
    }


def _ways(moves: Array, name: str) -> dict[str, Any]:
    """Each way as a short line."""
    ends = moves[:, :2] + moves[:, 2:]
    gap = np.full((len(moves), 1, 2), np.nan)
    line = np.stack([moves[:, :2], ends], axis=1)
    whole = np.concatenate([line, gap], axis=1).reshape(-1, 2).astype(np.float32)
    look = {"color": theme.BAD, "width": 1.2}
    return {"type": "scatter", "x": whole[:, 0], "y": whole[:, 1], "mode": "lines",
            "name": name, "line": look, "hoverinfo": "skip"}  # fmt: skip


def add_place(figure: go.Figure, place: Array, label: str) -> go.Figure:
    """Mark one place, such as the example that was asked about."""
    return figure.add_scatter(
        x=place[:1],
        y=place[1:2],
        mode="markers",
        name=label,
        marker={"symbol": "star", "size": 20, "color": "#ffd34d"}
        | {"line": {"width": 2, "color": "#1a1a1a"}},
    )


def add_near(figure: go.Figure, near: Array, texts: list[str], label: str) -> go.Figure:
    """Ring the nearest training examples [K, 3], their places first; `texts` name them."""
    return figure.add_scatter(
        x=near[:, 0].astype(np.float32),
        y=near[:, 1].astype(np.float32),
        mode="markers",
        name=label,
        text=texts,
        marker={"symbol": "circle-open", "size": 14, "color": _NEAR, "line": {"width": 2.5}},
        hovertemplate="%{text}<extra></extra>",
    )


def _framed(frame: Array | None, axes: tuple[str, str]) -> go.Figure:
    along: dict[str, Any] = {"title": {"text": axes[0]}, "showgrid": False, "constrain": "domain"}
    up = {**along, "title": {"text": axes[1]}, "scaleanchor": "x"}
    if frame is not None:
        left, right, bottom, top = (float(edge) for edge in frame)
        along["range"], up["range"] = [left, right], [bottom, top]
    return theme.figure(x_axis=along, y_axis=up, margin={"l": 40, "r": 12, "t": 30, "b": 40})


def _spread(frame: Array, size: int) -> dict[str, float]:
    """Where the `size` times `size` values of a map lie."""
    left, right, bottom, top = (float(edge) for edge in frame)
    across, up = (right - left) / (size - 1), (top - bottom) / (size - 1)
    return {"x0": left, "dx": across, "y0": bottom, "dy": up}


def _map(probabilities: Array, frame: Array) -> dict[str, Any]:
    size, _, classes = probabilities.shape
    winner = probabilities.argmax(axis=2)
    share = probabilities.max(axis=2) / 255.0
    least = 1.0 / classes
    sure = np.clip((share - least) / (1.0 - least), 0.0, 1.0)
    shade = winner * (SHADES + 1) + np.rint(sure * SHADES)
    return {
        "type": "heatmap",
        "z": shade.astype(np.uint8 if shade.max() < 256 else np.uint16),
        **_spread(frame, size),
        "zmin": 0,
        "zmax": classes * (SHADES + 1) - 1,
        "colorscale": _scale(classes),
        "showscale": False,
        "hoverinfo": "skip",
    }


def _scale(classes: int) -> list[list[float | str]]:
    whole = classes * (SHADES + 1) - 1
    scale: list[list[float | str]] = []
    for number in range(classes):
        start, color = number * (SHADES + 1), theme.CLASSES[number % len(theme.CLASSES)]
        scale += [[start / whole, theme.tint(color, 0.04)]]
        scale += [[(start + SHADES) / whole, theme.tint(color, 0.5)]]
    return scale


def _examples(points: Array, names: list[str]) -> list[dict[str, Any]]:
    traces = []
    for number, name in enumerate(names):
        look = {"color": theme.CLASSES[number % len(theme.CLASSES)]}
        text = f"{name}<br>%{{x:.2f}}, %{{y:.2f}}<extra></extra>"
        traces.append(_dots(points[points[:, 2] == number], look, name=name, hovertemplate=text))
    return traces


def _dots(points: Array, look: dict[str, Any], **named: Any) -> dict[str, Any]:
    held = points[:, 3] > 0
    marker = {
        "size": 6,
        "line": {"width": np.where(held, 1.6, 0.6), "color": "#ffffff"},
        "symbol": np.where(held, "diamond", "circle"),
    }
    return {
        "type": "scatter",
        "x": points[:, 0].astype(np.float32),
        "y": points[:, 1].astype(np.float32),
        "mode": "markers",
        "marker": {**marker, **look},
        **named,
    }
