"""Curves of training and validation over the steps."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import ENDED, Array, RunData, Series, Words
from dlkit.views import theme

MOST_POINTS = 600
LOG_SPAN = 30.0


def loss(data: RunData, words: Words) -> go.Figure:
    """The loss on training and validation data; logarithmic where it spans more than a decade."""
    up = {"title": {"text": words("metric.loss")}, "type": _axis_type(data)}
    return _pair(data, words, "loss", up=up)


def accuracy(data: RunData, words: Words) -> go.Figure:
    """The share of right answers on training and validation data."""
    up = {"title": {"text": words("metric.accuracy")}, "tickformat": ".0%", "rangemode": "normal"}
    return _pair(data, words, "accuracy", up=up)


def explained(data: RunData, words: Words) -> go.Figure:
    """The explained share of the variance (R²) on training and validation data."""
    title = {"text": words("metric.explained_share")}
    up = {"title": title, "tickformat": ".0%", "rangemode": "normal"}
    return _pair(data, words, "explained_share", up=up)


def error(data: RunData, words: Words) -> go.Figure:
    """By how much predicted numbers are off on average, in the unit of the target."""
    up = {"title": {"text": words("metric.mean_absolute_error")}}
    return _pair(data, words, "mean_absolute_error", up=up)


def single(data: RunData, words: Words, name: str) -> go.Figure:
    """One curve, such as the learning rate."""
    figure = _frame(data, words, up={"title": {"text": words(f"metric.{name}")}}, legend=False)
    _add(figure, data, name, label=words(f"metric.{name}"), color=theme.TRAIN)
    return figure


def several(
    data: RunData, words: Words, names: Sequence[str], *, up: Mapping[str, Any] | None = None
) -> go.Figure:
    """Some curves in one chart, each by the name of its metric."""
    figure = _frame(data, words, up=up or {}, legend=len(names) > 1)
    for number, name in enumerate(names):
        color = theme.CLASSES[number % len(theme.CLASSES)]
        _add(figure, data, name, label=words(f"metric.{name}"), color=color)
    return figure


def _pair(data: RunData, words: Words, name: str, *, up: Mapping[str, Any]) -> go.Figure:
    figure = _frame(data, words, up=up, legend=True)
    _add(figure, data, name, label=words("curve.train"), color=theme.TRAIN)
    _add(figure, data, f"val_{name}", label=words("curve.validation"), color=theme.VALIDATION)
    return figure


def _frame(data: RunData, words: Words, *, up: Mapping[str, Any], legend: bool) -> go.Figure:
    along: dict[str, Any] = {"title": {"text": words("axis.step")}}
    along |= {"rangemode": "tozero", "tickformat": "~s"}
    if data.total_steps and data.state not in ENDED:
        along["range"] = [0, data.total_steps]
    return theme.figure(x_axis=along, y_axis=up, hovermode="x unified", showlegend=legend)


def _add(figure: go.Figure, data: RunData, name: str, *, label: str, color: str) -> None:
    series = data.metrics.get(name)
    if series is None or len(series.steps) == 0:
        return
    steps, values = thinned(series)
    figure.add_scatter(
        x=steps,
        y=values,
        name=label,
        mode="lines" if len(steps) > 1 else "markers",
        line={"color": color, "width": theme.LINE},
        marker={"color": color, "size": 8},
        hovertemplate="%{y:.4~g}",
        connectgaps=False,
    )


def thinned(series: Series) -> tuple[Array, Array]:
    """At most `MOST_POINTS` of a curve: least and greatest of each bucket, first and last point."""
    steps, values = np.asarray(series.steps), np.asarray(series.values, np.float64)
    if len(steps) <= MOST_POINTS:
        return steps, values
    places = np.concatenate([_least(values), _least(-values)])
    finite = places[np.isfinite(values[places])]
    chosen = np.unique([0, len(steps) - 1, *finite])
    return steps[chosen], values[chosen]


def _least(values: Array) -> Array:
    """The place of the least finite value of each bucket."""
    width = -(-len(values) // (MOST_POINTS // 2 - 1))
    buckets = -(-len(values) // width)
    padded = np.full(buckets * width, np.inf)
    padded[: len(values)] = np.where(np.isfinite(values), values, np.inf)
    least: Array = padded.reshape(buckets, width).argmin(axis=1) + np.arange(buckets) * width
    return least


def _axis_type(data: RunData) -> str:
    positive = _positive(data.metrics)
    return "log" if len(positive) and positive.max() > LOG_SPAN * positive.min() else "linear"


def _positive(metrics: Mapping[str, Series]) -> Array:
    curves = [metrics[name].values for name in ("loss", "val_loss") if name in metrics]
    values = np.concatenate([np.asarray(curve, np.float64) for curve in curves] or [np.empty(0)])
    positive: Array = values[np.isfinite(values) & (values > 0)]
    return positive
