"""Curves of several runs in one chart, over the same clock."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, RunData, Series, Words
from dlkit.views import theme
from dlkit.views.curves import thinned

CLOCK = "seconds"  # of training, noted at each look of a run with a time budget
Named = Sequence[tuple[str, RunData]]


def curves(runs: Named, metric: str, words: Words, *, up: str) -> go.Figure:
    """One metric of each run: over the seconds of training where all know them, else the steps.

    `up` is the title of the upward axis.
    """
    clocked = has_clock(runs)
    along: dict[str, Any] = {"rangemode": "tozero"} | ({} if clocked else {"tickformat": "~s"})
    along["title"] = {"text": words("compare.seconds" if clocked else "axis.step")}
    figure = theme.figure(x_axis=along, y_axis={"title": {"text": up}}, hovermode="x unified")
    for number, (name, data) in enumerate(runs):
        found = data.metrics.get(metric)
        if found is None or not len(found.steps):
            continue
        steps, values = thinned(found)
        color = theme.CLASSES[number % len(theme.CLASSES)]
        look: dict[str, Any] = {"mode": "lines+markers" if len(steps) < 40 else "lines"}
        figure.add_scatter(
            x=_clock(data, steps) if clocked else steps, y=values, name=name, **look,
            line={"color": color, "width": theme.LINE}, marker={"color": color, "size": 5},
            hovertemplate="%{y:.4~g}", connectgaps=False,
        )  # fmt: skip
    return figure


def at_the_same_second(runs: Named, metric: str) -> tuple[float, list[float]] | None:
    """The last second that all runs have reached, and what each had then; None before there is one.

    Between two looks a run has what it had at the earlier one.
    """
    found = [data.metrics.get(metric) for _, data in runs]
    if len(runs) < 2 or not has_clock(runs) or not all(_begun(one) for one in found):
        return None
    curves = [one for one in found if one is not None]
    clocks = [_clock(data, one.steps) for (_, data), one in zip(runs, curves, strict=True)]
    now = float(min(clock[-1] for clock in clocks))
    places = [int(np.searchsorted(clock, now, "right")) - 1 for clock in clocks]
    values = [float(one.values[place]) for one, place in zip(curves, places, strict=True)]
    return (now, values) if now > 0 else None


def has_clock(runs: Named) -> bool:
    """Whether the seconds are known of every run that has begun."""
    begun = [data for _, data in runs if any(map(_begun, data.metrics.values()))]
    return bool(begun) and all(_begun(data.metrics.get(CLOCK)) for data in begun)


def _begun(series: Series | None) -> bool:
    return series is not None and len(series.steps) > 0


def _clock(data: RunData, steps: Array) -> Array:
    """The seconds of training after so many steps."""
    known = data.metrics[CLOCK]
    found: Array = np.round(np.interp(steps, known.steps, known.values), 2)
    return found
