"""A `Run` in memory: keeps all it is told, and can pause, lead step by step, or break."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dlkit.contract import Array, Checkpoint
from dlkit.params import BaseParams

FREE = 1 << 30


class Broken(Exception):
    """Thrown out of a `RecordingRun` where it was told to break: a stand-in for SIGKILL."""


class RecordingRun:
    """Everything written stays in `points[name][step]`, `arrays[name][step]`, `checkpoints`.

    `grants` are the answers of `allowed`, one a call, then it is free. `breaks_at` counts calls of
    any method from 1 and raises `Broken` there; what was written before stays, as in a store.
    """

    def __init__(
        self,
        params: BaseParams,
        *,
        start: Checkpoint | None = None,
        grants: list[int] | None = None,
        breaks_at: int | None = None,
        stops: Callable[["RecordingRun"], bool] = lambda run: False,
    ) -> None:
        self.points: dict[str, dict[int, float]] = {}
        self.arrays: dict[str, dict[int, Array]] = {}
        self.notes: list[tuple[int, str, dict[str, Any]]] = []
        self.checkpoints: list[Checkpoint] = []
        self.steps: list[int] = []
        self.knobs = {knob.name: getattr(params, knob.name) for knob in params.knobs() if knob.live}
        self.total_steps = self.steps_per_epoch = 0
        self.calls = 0
        self._start, self._breaks_at, self._stops = start, breaks_at, stops
        self._grants = list(grants or [])

    def plan(self, *, total_steps: int, steps_per_epoch: int) -> None:
        self._called()
        self.total_steps, self.steps_per_epoch = total_steps, steps_per_epoch

    def scalars(self, step: int, /, **values: float) -> None:
        self._called(step)
        for name, value in values.items():
            self.points.setdefault(name, {})[step] = float(value)

    def array(self, step: int, name: str, value: Array) -> None:
        self._called(step)
        self.arrays.setdefault(name, {})[step] = np.array(value)

    def note(self, step: int, key: str, /, **values: Any) -> None:
        self._called(step)
        self.notes.append((step, key, values))

    def knob(self, name: str) -> Any:
        self._called()
        return self.knobs[name]

    def allowed(self, step: int, epoch_left: int) -> int:
        self._called(step)
        if self._stops(self):
            return 0
        return self._grants.pop(0) if self._grants else FREE

    def should_stop(self) -> bool:
        self._called()
        return self._stops(self)

    def checkpoint(self, step: int, state: Mapping[str, Array]) -> None:
        self._called(step)
        self.checkpoints.append(Checkpoint(step, dict(state)))

    def restored(self) -> Checkpoint | None:
        self._called()
        return self._start

    def _called(self, step: int | None = None) -> None:
        self.calls += 1
        if self.calls == self._breaks_at:
            raise Broken
        if step is not None:
            self.steps.append(step)
