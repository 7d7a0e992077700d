"""What a network decides at every place of a plane, with the examples on it."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array
from dlkit.views import theme

SHADES = 60  # of each class, from undecided to certain


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
    along: dict[str, Any] = {"title": {"text": axes[0]}, "showgrid": False, "constrain": "domain"}
    up = {**along, "title": {"text": axes[1]}, "scaleanchor": "x"}
    if frame is not None:
        left, right, bottom, top = (float(edge) for edge in frame)
        along["range"], up["range"] = [left, right], [bottom, top]
    figure = theme.figure(x_axis=along, y_axis=up, margin={"l": 40, "r": 12, "t": 30, "b": 40})
    traces = [] if points is None else _examples(points, names)
    if probabilities is not None and frame is not None:
        traces.insert(0, _map(probabilities, frame))
    return figure.add_traces(traces)


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


def _map(probabilities: Array, frame: Array) -> dict[str, Any]:
    size, _, classes = probabilities.shape
    winner = probabilities.argmax(axis=2)
    share = probabilities.max(axis=2) / 255.0
    least = 1.0 / classes
    sure = np.clip((share - least) / (1.0 - least), 0.0, 1.0)
    shade = winner * (SHADES + 1) + np.rint(sure * SHADES)
    left, right, bottom, top = (float(edge) for edge in frame)
    return {
        "type": "heatmap",
        "z": shade.astype(np.uint8 if shade.max() < 256 else np.uint16),
        "x0": left,
        "dx": (right - left) / (size - 1),
        "y0": bottom,
        "dy": (top - bottom) / (size - 1),
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
        mine = points[points[:, 2] == number]
        held = mine[:, 3] > 0
        marker = {
            "size": 6,
            "color": theme.CLASSES[number % len(theme.CLASSES)],
            "line": {"width": np.where(held, 1.6, 0.6), "color": "#ffffff"},
            "symbol": np.where(held, "diamond", "circle"),
        }
        traces.append(
            {
                "type": "scatter",
                "x": mine[:, 0].astype(np.float32),
                "y": mine[:, 1].astype(np.float32),
                "mode": "markers",
                "name": name,
                "marker": marker,
                "hovertemplate": f"{name}<br>%{{x:.2f}}, %{{y:.2f}}<extra></extra>",
            }
        )
    return traces
