"""A training watched and not watched by turns: `python -m benchmarks.pulsed RUN COUNT`.

Two trainings never take the same time on a machine that others use too, so a few per cent cannot be
seen between them. Here one training changes between two ways every second or two, and its speed in
one is held against its speed just before and just after in the other.

In a watched stretch it is what the studio's worker does: the engine's reporter writes to the store,
pictures and checkpoints fall due, and the other processes (`--others`: studio, supervisor and its
children) work. In a bare one all is dropped at once, the clock by which things fall due stands
still, the reporter's thread waits, and the others are stopped by SIGSTOP. Each watched stretch lies
between two bare ones that belong to it alone, so two bare ones always follow each other: how these
differ is what noise alone makes. A stretch begins and ends at a check on held-out examples.

`RUN` is a run that the caller has claimed. The last line on standard output is a JSON object:
`stretches`, the seconds a step of each, in the order bare, watched, bare, bare, watched, bare, ...
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from benchmarks.bare_training import Nobody
from dlkit import showing, training
from dlkit.algorithms import find, model_module
from dlkit.contract import Array
from dlkit.engine.reporter import Reporter
from dlkit.store import Store, open_store, runs
from dlkit.store.runs import RunRow

STRETCH = 1.5  # seconds, and up to the next check
WARM = 5.0  # seconds that are not counted: compiling, first pictures
TRIPLE = 3  # stretches that belong together: bare, watched, bare


@contextlib.contextmanager
def still(others: Sequence[int]) -> Iterator[None]:
    """Inside, other processes do nothing."""
    _send(others, signal.SIGSTOP)
    try:
        yield
    finally:
        _send(others, signal.SIGCONT)


def _send(others: Sequence[int], what: signal.Signals) -> None:
    for pid in others:
        os.kill(pid, what)


class Pulsed(Nobody):
    """A `Run` that hands everything to the reporter in watched stretches, else drops it."""

    def __init__(
        self,
        params: Any,
        reporter: Reporter,
        count: int,
        others: Sequence[int],
        bare: contextlib.ExitStack,
    ) -> None:
        """`count` watched stretches, each with a bare one before and after it.

        `bare` holds what is undone when a bare stretch ends; the caller closes it if we fail.
        """
        super().__init__(params)
        self.stretches: list[float] = []
        self._reporter, self._count, self._others, self._bare = reporter, count, others, bare
        self._watched = True
        self._away = 0.0  # seconds of the bare stretches so far
        self._from: tuple[int, float] | None = None

    def plan(self, *, total_steps: int, steps_per_epoch: int) -> None:
        """The training begins, watched."""
        super().plan(total_steps=total_steps, steps_per_epoch=steps_per_epoch)
        self._reporter.plan(total_steps=total_steps, steps_per_epoch=steps_per_epoch)

    def scalars(self, step: int, /, **values: float) -> None:
        """A check on held-out examples may end the stretch."""
        if self._watched:
            self._reporter.scalars(step, **values)
        if "val_loss" in values and step:
            self._turn(step)

    def array(self, step: int, name: str, value: Array) -> None:
        """Only asked for while watched, and at the end."""
        self._not_too_early()
        self._reporter.array(step, name, value)

    def checkpoint(self, step: int, state: Mapping[str, Array]) -> None:
        """Only asked for while watched, and at the end."""
        self._not_too_early()
        self._reporter.checkpoint(step, state)

    def allowed(self, step: int, epoch_left: int) -> int:
        """All that is left, until every stretch is over."""
        return 0 if self._over() else super().allowed(step, epoch_left)

    def should_stop(self) -> bool:
        """When every stretch is over."""
        return self._over() or (self._watched and self._reporter.should_stop())

    def clock(self) -> float:
        """Seconds by which pictures and checkpoints fall due: those of the watched stretches."""
        return time.monotonic() - self._away if self._watched else 0.0

    def _not_too_early(self) -> None:
        if not self._watched:  # the reporter's lock is ours: it would wait for ever
            raise RuntimeError("the training ended too early: it needs more epochs")

    def _over(self) -> bool:
        return len(self.stretches) == TRIPLE * self._count

    def _turn(self, step: int) -> None:
        now = time.monotonic()
        if self._from is None:
            if now - self.began > WARM:
                self._leave()
                self._from = step, time.monotonic()
            return
        seconds = now - self._from[1]
        if seconds < STRETCH or self._over():
            return
        self.stretches.append(seconds / (step - self._from[0]))
        if not self._watched:
            self._away += seconds
        if self._over() or len(self.stretches) % TRIPLE == 1:
            self._watched = True
            self._reporter._beat()  # it was silent for long; before the supervisor looks
            self._bare.close()
        elif self._watched:
            self._leave()
        self._from = step, time.monotonic()

    def _leave(self) -> None:
        self._watched = False
        self._bare.enter_context(self._reporter._lock)  # its thread waits there
        self._bare.enter_context(still(self._others))


def main() -> None:
    """Train the claimed run until every stretch is over, and leave it finished."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("count", type=int, help="watched stretches")
    parser.add_argument("--others", type=int, nargs="*", default=[], help="their process numbers")
    args = parser.parse_args()
    store = open_store()
    stretches = _train(store, runs.get(store, args.run), args.count, args.others)
    sys.stdout.write(json.dumps({"stretches": stretches}) + "\n")


def _train(store: Store, row: RunRow, count: int, others: Sequence[int]) -> list[float]:
    params = find(row.algorithm).params.checked(row.params)
    live = {knob.name: getattr(params, knob.name) for knob in params.knobs() if knob.live}
    module = import_module(model_module(row.algorithm))
    device = training.device_name
    with (
        Reporter(store, row, live=live, device=device) as reporter,
        contextlib.ExitStack() as bare,
    ):
        run = Pulsed(params, reporter, count, others, bare)
        clock: Any = SimpleNamespace(monotonic=run.clock)
        vars(showing)["time"] = vars(training)["time"] = clock
        module.train(params, run)
    reporter.check()
    runs.move(store, row.id, row.attempt, state="finished", ended=time.time(), lease=None)
    if len(run.stretches) < TRIPLE * count:
        raise RuntimeError("the training ended too early: it needs more epochs")
    return run.stretches


if __name__ == "__main__":
    main()
