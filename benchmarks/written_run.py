"""A run whose numbers are written by hand, so that their way to the screen can be timed."""

import time

import numpy as np

from dlkit.algorithms import find
from dlkit.store import Store, metrics, runs
from dlkit.store.metrics import Point
from dlkit.store.runs import RunRow

TOTAL = 100_000
LEASE = 3600.0


def begin(store: Store, algorithm: str, *, steps: int) -> RunRow:
    """A running DNN or CNN with `steps` points on each of its curves; no worker belongs to it."""
    spec = find(algorithm)
    params = spec.presets["quick"].values()
    row = runs.create(store, algorithm, params=params, owner="benchmark")
    taken = runs.claim(store, host="benchmark", lease=LEASE)
    if taken is None or taken.id != row.id:
        raise RuntimeError("another run was waiting")
    runs.move(store, row.id, taken.attempt, state="running", total_steps=TOTAL, steps_per_epoch=100)
    falling = 2.3 * np.exp(-np.arange(1, steps + 1) / steps)
    names = [name for name in spec.metrics if name != "memory"]
    points = [Point(n, i + 1, float(v)) for n in names for i, v in enumerate(falling)]
    metrics.write(store, row.id, taken.attempt, points)
    return taken


def announce(store: Store, row: RunRow, step: int) -> None:
    """Say that the run is at `step`, which the next figure will be marked with."""
    runs.beat(store, row.id, row.attempt, lease=LEASE, step=step, seconds=1.0)


def write(store: Store, row: RunRow, step: int) -> float:
    """One more point on each curve; gives the moment at which it stood in the store."""
    names = [name for name in find(row.algorithm).metrics if name != "memory"]
    metrics.write(store, row.id, row.attempt, [Point(name, step, 0.5) for name in names])
    return time.time()


def end(store: Store, row: RunRow) -> None:
    """Let the run end, and its streams with it."""
    runs.move(store, row.id, row.attempt, state="finished", ended=time.time(), lease=None)
