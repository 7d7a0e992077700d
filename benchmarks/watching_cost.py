"""What watching costs: a training in the studio with two viewers against the bare Keras training.

Two parts are measured apart. What runs along with a training (numbers, pictures, checkpoints,
store, streams) is seen inside one training that is watched and not watched by turns: `pulsed` tells
how. Its cost is the mean over the watched stretches of how much longer a step takes than in the
bare stretches around it (the mean, because pictures come in few of them, and of logarithms, because
a mean of ratios grows with the noise); `error_percent` is its standard error. The control is the
same of pairs of bare stretches: what difference noise alone makes. Two vCPUs of a machine that
others use too give steps that differ by a fifth from second to second, so it takes a hundred
stretches to see three per cent.

What comes once in a training however long it is (first picture, connecting, storing the model) is
`fixed_s`: whole trainings that end almost at once, watched in the studio and bare in a process of
their own by turns, the median difference. The cost in per cent is that of the quick preset as a
whole: what runs along, and the fixed seconds over the preset's full time.

Limit: the viewers read their streams in this process, on the same machine; a person's browser draws
them elsewhere, and that is not counted.
"""

import itertools
import json
import math
import statistics
from dataclasses import dataclass
from typing import Any

import psutil

from benchmarks import fresh, pulsed
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread
from benchmarks.studio import Viewer, empty_home, finish, served, warm_supervisor
from dlkit import engine
from dlkit.algorithms import find
from dlkit.store import Store, runs, supervisors

SHORT = {"dnn": 4, "cnn": 1}  # epochs: ends almost at once
ENDLESS = {"dnn": 20_000, "cnn": 500}  # epochs: more than the stretches of a training take
AT_ONCE = 20  # watched stretches of one training
SHORT_RUNS = 4
VIEWERS = 2
PATIENCE = 900.0
LEASE = 60.0


@dataclass(frozen=True)
class Studio:
    """Where the watched trainings run."""

    store: Store
    url: str
    web: psutil.Process

    def processes(self) -> list[int]:
        """The web process, the supervisor and its children: all that works beside a training."""
        head = psutil.Process(supervisors.supervisors(self.store)[0].pid)
        return [one.pid for one in (self.web, head, *head.children(recursive=True))]


def measure(seeds: int) -> Measured:
    """The dearer algorithm's cost in per cent, over `seeds` watched stretches of each."""
    with empty_home() as store:
        warm_supervisor(store)
        with served(store) as (url, web):
            studio = Studio(store, url, web)
            found = {name: cost(studio, name, seeds) for name in SHORT}
    dearer = max(found, key=lambda name: found[name]["percent"])
    beside = {f"{name}_{key}": value for name, of in found.items() for key, value in of.items()}
    value, whole = found[dearer]["percent"], found[dearer]["whole_s"]
    ratio = 1.0 + value / 100.0
    return Measured(value, found[dearer]["spread_percent"], whole, ratio, beside=beside)


def cost(studio: Studio, name: str, count: int) -> dict[str, float]:
    """What watching adds to the quick preset of an algorithm; see the module's words."""
    fixed = _fixed(studio, name)
    steps, seconds = _stretches(studio, name, count)
    extras, control = compared(seconds)
    running = statistics.mean(extras)
    whole = steps * middle(seconds[::3] + seconds[2::3])
    return {
        "percent": running + 100.0 * fixed / whole,
        "running_percent": running,
        "error_percent": _error(extras),
        "spread_percent": spread(extras),
        "fixed_s": fixed,
        "whole_s": whole,
        "control_percent": statistics.mean(control),
        "control_error_percent": _error(control),
    }


def compared(stretches: list[float]) -> tuple[list[float], list[float]]:
    """Per cent by which watched stretches are slower than their bare neighbours; bare than bare."""
    triples = list(zip(stretches[::3], stretches[1::3], stretches[2::3], strict=True))
    extras = [100.0 * math.log(on / math.sqrt(before * after)) for before, on, after in triples]
    pairs = itertools.pairwise(triples)
    return extras, [100.0 * math.log(late[0] / early[2]) for early, late in pairs]


def _error(values: list[float]) -> float:
    """The standard error of the mean."""
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.inf


def _stretches(studio: Studio, name: str, count: int) -> tuple[int, list[float]]:
    """The steps of the whole quick preset; and the seconds a step of each stretch."""
    quick = find(name).presets["quick"].values()
    steps, seconds = 0, list[float]()
    for left in range(count, 0, -AT_ONCE):
        epoch, found = _training(studio, name, min(left, AT_ONCE), quick)
        steps, seconds = epoch * int(quick["epochs"]), seconds + found
    return steps, seconds


def _training(
    studio: Studio, name: str, count: int, quick: dict[str, Any]
) -> tuple[int, list[float]]:
    """The steps of an epoch; and the seconds a step of each stretch of one training."""
    spec = find(name)
    params = spec.params.checked({**quick, "epochs": ENDLESS[name], "schedule": "constant"})
    others = studio.processes()
    with pulsed.still(others):  # else the supervisor might take it
        row = runs.create(studio.store, name, params=params.values(), owner="benchmark")
        taken = runs.claim(studio.store, host="benchmark", lease=LEASE)
    if taken is None or taken.id != row.id:
        raise RuntimeError("another run was waiting")
    viewers = _viewers(studio, row.id)
    words = [row.id, str(count), "--others", *map(str, others)]
    seconds = fresh.call("benchmarks.pulsed", *words)["stretches"]
    _check(viewers)
    return runs.get(studio.store, row.id).steps_per_epoch, seconds


def _fixed(studio: Studio, name: str) -> float:
    """Seconds that watching adds to a training of almost no steps."""
    bare = [_bare(name)]
    watched = []
    for _ in range(SHORT_RUNS):
        watched.append(_watched(studio, name))
        bare.append(_bare(name))
    around = zip(watched, bare, bare[1:], strict=False)
    return middle([one - (before + after) / 2 for one, before, after in around])


def _bare(name: str) -> float:
    values = json.dumps({"epochs": SHORT[name]})
    return float(fresh.call("benchmarks.bare_training", name, "--values", values)["seconds"])


def _watched(studio: Studio, name: str) -> float:
    spec = find(name)
    params = spec.params.checked({**spec.presets["quick"].values(), "epochs": SHORT[name]})
    run_id = engine.start(studio.store, name, params=params)
    viewers = _viewers(studio, run_id)
    row = finish(studio.store, run_id, seconds=PATIENCE)
    _check(viewers)
    return float(row.seconds)


def _viewers(studio: Studio, run_id: str) -> list[Viewer]:
    viewers = [Viewer(studio.url, run_id) for _ in range(VIEWERS)]
    for viewer in viewers:
        viewer.start()
    return viewers


def _check(viewers: list[Viewer]) -> None:
    if not all(viewer.seen for viewer in viewers):
        raise RuntimeError("a viewer saw nothing, so nothing was measured")
