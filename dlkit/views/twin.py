"""Curves of two networks in one chart: one with shortcuts, one without."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import ENDED, RunData, Words
from dlkit.views import theme
from dlkit.views.curves import LOG_SPAN, thinned

COLORS = {"residual": theme.TRAIN, "plain": theme.VALIDATION}


def loss(data: RunData, words: Words, nets: Sequence[str]) -> go.Figure:
    """The losses of `nets`; logarithmic where they span more than a decade."""
    return _curves(data, words, nets, name="loss", up={"type": _axis_type(data, nets)})


def accuracy(data: RunData, words: Words, nets: Sequence[str]) -> go.Figure:
    """The shares of right answers of `nets`."""
    up = {"tickformat": ".0%", "rangemode": "normal"}
    return _curves(data, words, nets, name="accuracy", up=up)


def _curves(
    data: RunData, words: Words, nets: Sequence[str], *, name: str, up: Mapping[str, Any]
) -> go.Figure:
    """A full line for training and a dotted one for validation, each network in its colour."""
    along: dict[str, Any] = {"title": {"text": words("axis.step")}}
    along |= {"rangemode": "tozero", "tickformat": "~s"}
    if data.total_steps and data.state not in ENDED:
        along["range"] = [0, data.total_steps]
    figure = theme.figure(
        x_axis=along,
        y_axis={"title": {"text": words(f"metric.{name}")}, **up},
        hovermode="x unified",
    )
    lines = []
    for net in nets:
        for part, prefix, dash in (("train", "", "solid"), ("validation", "val_", "dot")):
            series = data.metrics.get(prefix + _metric(net, name, nets))
            if series is None or not len(series.steps):
                continue
            steps, values = thinned(series)
            lines.append(
                go.Scatter(
                    x=steps,
                    y=values,
                    name=words(f"twin.{part}", net=words(f"net.{net}")),
                    mode="lines" if len(steps) > 1 else "markers",
                    line={"color": COLORS[net], "width": theme.LINE, "dash": dash},
                    marker={"color": COLORS[net], "size": 8},
                    hovertemplate="%{y:.4~g}",
                    connectgaps=False,
                )
            )
    return figure.add_traces(lines)


def _metric(net: str, name: str, nets: Sequence[str]) -> str:
    """Beside another network, the plain one's curves have its name."""
    return f"{net}_{name}" if net == "plain" and len(nets) > 1 else name


def _axis_type(data: RunData, nets: Sequence[str]) -> str:
    names = [prefix + _metric(net, "loss", nets) for net in nets for prefix in ("", "val_")]
    held = [np.asarray(data.metrics[name].values) for name in names if name in data.metrics]
    values = np.concatenate([*held, np.empty(0)])
    positive = values[np.isfinite(values) & (values > 0)]
    return "log" if len(positive) and positive.max() > LOG_SPAN * positive.min() else "linear"
