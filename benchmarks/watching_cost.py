"""What watching costs: a training in the studio with two viewers against the bare Keras training.

Both train the same model on the same data from the same seed and save it at the end. The bare one
runs in a process of its own with a `Run` that drops everything, and without pictures. Turn and turn
about, so that a busy machine disturbs both.
"""

import json
import subprocess
import sys

from benchmarks.registry import Measured
from benchmarks.spread import middle, spread
from benchmarks.studio import (
    ROOT,
    Viewer,
    empty_home,
    finish,
    quiet_environment,
    served,
    warm_supervisor,
)
from dlkit import engine
from dlkit.algorithms import find
from dlkit.store import Store

ALGORITHMS = ("dnn", "cnn")
VIEWERS = 2
PATIENCE = 900.0


def measure(seeds: int) -> Measured:
    """The dearer algorithm's median of extra seconds in per cent, pair by pair."""
    costs: dict[str, list[float]] = {name: [] for name in ALGORITHMS}
    bare: dict[str, list[float]] = {name: [] for name in ALGORITHMS}
    with empty_home() as store:
        warm_supervisor(store)
        with served(store) as (url, _):
            for turn in range(seeds):
                for name in ALGORITHMS:
                    without, watched = _pair(store, url, name, turn=turn)
                    bare[name].append(without)
                    costs[name].append(100.0 * (watched - without) / without)
    dearer = max(costs, key=lambda name: middle(costs[name]))
    beside = {f"{name}_percent": middle(values) for name, values in costs.items()}
    beside |= {f"{name}_bare_s": middle(values) for name, values in bare.items()}
    percent, seconds = middle(costs[dearer]), middle(bare[dearer])
    ratio = 1.0 + percent / 100.0
    return Measured(percent, spread(costs[dearer]), seconds, ratio, beside=beside)


def _pair(store: Store, url: str, name: str, *, turn: int) -> tuple[float, float]:
    """Seconds bare and watched; the order changes from turn to turn."""
    if turn % 2:
        watched = _watched(store, url, name, seed=turn)
        return _bare(name, seed=turn), watched
    without = _bare(name, seed=turn)
    return without, _watched(store, url, name, seed=turn)


def _watched(store: Store, url: str, name: str, *, seed: int) -> float:
    spec = find(name)
    params = spec.params.checked({**spec.presets["quick"].values(), "seed": seed})
    run_id = engine.start(store, name, params=params)
    viewers = [Viewer(url, run_id) for _ in range(VIEWERS)]
    for viewer in viewers:
        viewer.start()
    row = finish(store, run_id, seconds=PATIENCE)
    if not all(viewer.seen for viewer in viewers):
        raise RuntimeError("a viewer saw nothing, so nothing was measured")
    return float(row.seconds)


def _bare(name: str, *, seed: int) -> float:
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.bare_training", name, str(seed)],
        cwd=ROOT,
        env=quiet_environment(),
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return float(json.loads(answer.stdout.splitlines()[-1])["seconds"])
