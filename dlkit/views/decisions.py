"""Charts about decisions: what actions are worth, where which is best, what episodes brought."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme
from dlkit.views.games import above

BARE: dict[str, Any] = {"visible": False, "showgrid": False, "constrain": "domain"}
VALUES = [[0.0, theme.VALIDATION], [0.5, "#d9d9d9"], [1.0, theme.TRAIN]]


def worth(
    values: Array | None, moments: Sequence[str], actions: Sequence[str], words: Words
) -> go.Figure:
    """Q-values [2, P, A] of a few moments: bars of the network, lines of the target network."""
    figure = theme.figure(
        x_axis={"type": "category", "showgrid": False},
        y_axis={"title": {"text": words("axis.worth")}, "zeroline": True}
        | {"zerolinecolor": theme.QUIET},
    )
    if values is None or values.shape[1:] != (len(moments), len(actions)):
        return figure
    for number, name in enumerate(actions):
        color = theme.CLASSES[number % len(theme.CLASSES)]
        figure.add_bar(
            x=list(moments),
            y=values[0, :, number].astype(np.float32),
            name=name,
            marker={"color": color},
            customdata=values[1, :, number].astype(np.float32),
            hovertemplate=words("hover.worth") + "<extra></extra>",
            error_y=_towards(values[1, :, number] - values[0, :, number]),
        )
    return figure


def value_maps(
    values: Array | None, titles: Sequence[str], spans: Array | None, axes: tuple[str, str]
) -> go.Figure:
    """What the best action is worth, [K, R, C] maps beside each other on one scale of colour."""
    count = len(titles)
    layout: dict[str, Any] = {"showlegend": False, "margin": {"l": 48, "r": 8, "t": 28, "b": 44}}
    figure = theme.figure(**layout)
    if values is None or not values.size or spans is None:
        return figure
    shown = np.asarray(values[:count], np.float32)
    limits = {"zmin": float(np.nanmin(shown)), "zmax": float(np.nanmax(shown))}
    share, notes = 1.0 / len(shown), []
    for number, plane in enumerate(shown):
        end = "" if number == 0 else str(number + 1)
        domain = [number * share + (0.04 if number else 0.0), (number + 1) * share - 0.02]
        figure.update_layout({
            f"xaxis{end}": {"domain": domain, "title": {"text": axes[0]}, "showgrid": False},
            f"yaxis{end}": {"anchor": f"x{end}", "title": {"text": axes[1] if not number else ""},
                            "showgrid": False, "showticklabels": not number},
        })  # fmt: skip
        notes.append(above(titles[number], x=domain[0]))
        figure.add_heatmap(
            z=plane,
            **_spread(spans, plane.shape),
            colorscale=VALUES,
            **limits,
            xaxis=f"x{end}",
            yaxis=f"y{end}",
            showscale=number == len(shown) - 1,
            colorbar={"thickness": 10, "outlinewidth": 0},
            hovertemplate="%{x:.3~g}, %{y:.3~g}: %{z:.3~g}<extra></extra>",
        )
    return figure.update_layout(annotations=notes)


def action_map(
    values: Array | None, names: Sequence[str], spans: Array | None, axes: tuple[str, str]
) -> go.Figure:
    """Which action is best where, [R, C, A]; the paler, the less it matters."""
    titles = {"x_axis": {"title": {"text": axes[0]}, "showgrid": False}}
    figure = theme.figure(**titles, y_axis={"title": {"text": axes[1]}, "showgrid": False})
    if values is None or spans is None or values.shape[-1] != len(names):
        return figure
    ordered = np.sort(values, axis=2)
    lead = ordered[..., -1] - ordered[..., -2]
    typical = float(np.nanmedian(lead)) or 1.0
    strength = np.clip(0.25 + 0.75 * lead / (2 * typical), 0.25, 1.0)
    winner = values.argmax(axis=2)
    for number, name in enumerate(names):
        color = theme.CLASSES[number % len(theme.CLASSES)]
        there = np.where(winner == number, strength, np.nan).astype(np.float32)
        figure.add_heatmap(
            z=there,
            **_spread(spans, there.shape),
            zmin=0.0,
            zmax=1.0,
            colorscale=[[0.0, theme.tint(color, 0.0)], [1.0, theme.tint(color, 0.8)]],
            showscale=False,
            hovertemplate=f"{name}<extra></extra>",
        )
        figure.add_scatter(
            x=[None], y=[None], name=name, mode="markers", marker={"color": color, "size": 10}
        )
    return figure


def arrows(
    values: Array | None, signs: Sequence[str], titles: Sequence[str], blank: Array | None
) -> go.Figure:
    """The best action of each place as a sign over what it is worth, one map for each of K.

    `values` are [K, R, C, A]; `blank` [R, C] marks places where nothing can be decided.
    """
    figure = theme.figure(showlegend=False, margin={"l": 8, "r": 8, "t": 28, "b": 8})
    if values is None or values.ndim != 4 or values.shape[-1] != len(signs):
        return figure
    rows, columns = values.shape[1:3]
    best = values.max(axis=3).astype(np.float32)
    if blank is not None and blank.shape == best.shape[1:]:
        best = np.where(blank, np.nan, best)
    stacked = columns > 8  # wide worlds stand below each other
    notes = []
    for number, plane in enumerate(best):
        end = "" if number == 0 else str(number + 1)
        part = _part(number, len(best))
        across, up = ([0.0, 0.97], part[::-1]) if stacked else (part, [0.0, 0.97])
        up = [1.0 - one for one in up] if stacked else up
        figure.update_layout({
            f"xaxis{end}": {**BARE, "domain": across, "range": [-0.5, columns - 0.5]},
            f"yaxis{end}": {**BARE, "domain": up, "range": [rows - 0.5, -0.5], "anchor": f"x{end}",
                            "scaleanchor": f"x{end}", "constraintoward": "top"},
        })  # fmt: skip
        notes.append(above(titles[number], x=across[0], y=up[1]))
        figure.add_heatmap(
            z=plane, xaxis=f"x{end}", yaxis=f"y{end}", colorscale=VALUES, showscale=False,
            zmin=float(np.nanmin(best)), zmax=float(np.nanmax(best)), xgap=1, ygap=1, opacity=0.75,
            hovertemplate="%{z:.3f}<extra></extra>",
        )  # fmt: skip
        for row, column in np.argwhere(np.isfinite(plane)):
            sign = signs[int(values[number, row, column].argmax())]
            place = {"x": int(column), "y": int(row), "xref": f"x{end}", "yref": f"y{end}"}
            notes.append(theme.label(sign, **place, font={"size": 15}))
    return figure.update_layout(annotations=notes)


def errors(counts: Array | None, limit: float, words: Words) -> go.Figure:
    """How far what was said was off what it should have been, [bins] between -limit and limit."""
    figure = theme.figure(
        x_axis={"title": {"text": words("axis.error")}},
        y_axis={"visible": False},
        showlegend=False,
        bargap=0.05,
    )
    if counts is None or not len(counts):
        return figure
    edges = np.linspace(-limit, limit, len(counts) + 1)
    return figure.add_bar(
        x=((edges[:-1] + edges[1:]) / 2).astype(np.float32),
        y=counts.astype(np.int32),
        marker={"color": theme.TRAIN},
        hovertemplate="%{x:.3~g}: %{y}<extra></extra>",
    )


def agreement(said: Array | None, true: Array | None, words: Words) -> go.Figure:
    """Learned Q-values against those of value iteration; on the line they are the same."""
    figure = theme.figure(
        x_axis={"title": {"text": words("axis.true_worth")}},
        y_axis={"title": {"text": words("axis.worth")}},
        showlegend=False,
    )
    if said is None or true is None or said.size != true.size or not said.size:
        return figure
    ends = [float(np.nanmin(true)), float(np.nanmax(true))]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": theme.QUIET, "width": 2}, hoverinfo="skip"
    )
    return figure.add_scatter(
        x=true.ravel().astype(np.float32),
        y=said.ravel().astype(np.float32),
        mode="markers",
        marker={"size": 5, "color": theme.TRAIN, "opacity": 0.6},
        hovertemplate="%{x:.3f} → %{y:.3f}<extra></extra>",
    )


def compared(groups: Sequence[Array], names: Sequence[str], title: str) -> go.Figure:
    """What single episodes brought, a row of points for each group, its mean as a bar."""
    means = [float(np.mean(one)) for one in groups]
    rows = [f"{name}<br>{mean:.4g}" for name, mean in zip(names, means, strict=True)]
    figure = theme.figure(
        x_axis={"zeroline": True, "zerolinecolor": theme.QUIET},
        y_axis={"type": "category", "autorange": "reversed", "showgrid": False},
        showlegend=False,
        margin={"l": 12, "r": 44, "t": 12, "b": 36},
        title={"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
        height=240,
    )
    figure.add_bar(
        x=np.array(means, np.float32), y=rows, orientation="h", opacity=0.55, hoverinfo="skip",
        marker={"color": [theme.TRAIN, theme.VALIDATION][: len(means)]},
    )  # fmt: skip
    for row, group in zip(rows, groups, strict=True):
        figure.add_scatter(
            x=np.asarray(group, np.float32),
            y=[row] * len(group),
            mode="markers",
            marker={"size": 6, "color": "rgba(128,128,128,0.9)"},
            hovertemplate="%{x:.4~g}<extra></extra>",
        )
    return figure


def _towards(differences: Array) -> dict[str, Any]:
    rising = np.maximum(differences, 0).astype(np.float32)
    falling = np.maximum(-differences, 0).astype(np.float32)
    look = {"color": "rgba(128,128,128,0.9)", "thickness": 2, "width": 6}
    return {"type": "data", "symmetric": False, "array": rising, "arrayminus": falling, **look}


def _spread(spans: Array, shape: tuple[int, ...]) -> dict[str, float]:
    left, right, bottom, top = (float(one) for one in spans)
    rows, columns = shape
    return {"x0": left, "dx": (right - left) / max(1, columns - 1),
            "y0": bottom, "dy": (top - bottom) / max(1, rows - 1)}  # fmt: skip


def _part(number: int, count: int) -> list[float]:
    return [number / count + (0.02 if number else 0.0), (number + 1) / count - 0.02]
