"""A run's views as messages for the browser: built once for all viewers, sent when changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dlkit import engine
from dlkit.algorithms import find
from dlkit.contract import ENDED, Algorithm, RunData, View, Words
from dlkit.store import Store
from dlkit.texts import words
from dlkit.ui.numbers import short
from dlkit.ui.signing import Watch


@dataclass(frozen=True)
class Frame:
    """One view at one moment: its data as JSON text, and a mark that changes with what it shows."""

    view: str
    mark: tuple[Any, ...]
    payload: str


@dataclass(frozen=True)
class Picture:
    """All views of a run at one moment."""

    step: int = 0
    ended: bool = False
    frames: Mapping[str, Frame] = field(default_factory=dict)
    data: RunData | None = None


def picture(store: Store, watch: Watch, *, before: Picture | None = None) -> Picture:
    """The views as they are now; what did not change since `before` is not built again."""
    row = engine.state(store, watch.run)
    algorithm = find(row.algorithm)
    shown = words(watch.language, row.algorithm)
    views = applying(algorithm, algorithm.params.checked(row.params))
    arrays = sorted({name for view in views for name in view.arrays})
    known, old = (None, {}) if before is None else (before.data, before.frames)
    data = engine.read(store, row.id, at=watch.at, arrays=arrays, before=known)
    frames = {view.name: _frame(view, data, shown, old.get(view.name)) for view in views}
    ended = row.state in ENDED or watch.at is not None
    return Picture(step=data.step, ended=ended, frames=frames, data=data)


def applying(algorithm: Algorithm, params: Any) -> list[View]:
    """The views that make sense for these params."""
    return [view for view in algorithm.views if view.applies(params)]


def spoken(view: View, data: RunData, shown: Words) -> str:
    """The view in words for who cannot see it: its name and the latest values."""
    parts = [
        f"{shown(f'metric.{name}')} {short(float(data.metrics[name].values[-1]))}"
        for name in view.metrics
        if name in data.metrics and len(data.metrics[name].values)
    ]
    title = shown(f"view.{view.name}")
    return f"{title}: {', '.join(parts)}" if parts else title


def _frame(view: View, data: RunData, shown: Words, before: Frame | None) -> Frame:
    mark = _mark(view, data)
    if before is not None and before.mark == mark:
        return before
    figure = view.build(data, shown).to_json()
    label = json.dumps(spoken(view, data, shown))
    name = json.dumps(view.name)
    payload = f'{{"view":{name},"step":{data.step},"label":{label},"figure":{figure}}}'
    return Frame(view.name, mark, payload)


def _mark(view: View, data: RunData) -> tuple[Any, ...]:
    curves = [data.metrics[name] for name in view.metrics if name in data.metrics]
    ends = tuple((len(c.steps), int(c.steps[-1])) for c in curves if len(c.steps))
    made = tuple(data.arrays[name].step for name in view.arrays if name in data.arrays)
    return (ends, made, data.state if not (ends or made) else "")
