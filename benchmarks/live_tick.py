"""One live tick of a run that really trains: its cost, its size; and a number's way to a viewer."""

import time
from collections.abc import Callable

from benchmarks import written_run
from benchmarks.registry import Measured
from benchmarks.spread import middle, percentile, spread
from benchmarks.studio import Viewer, empty_home, served, warm_supervisor
from dlkit import engine
from dlkit.algorithms import find
from dlkit.store import Store, runs
from dlkit.store.runs import RunRow
from dlkit.ui.figures import Picture, picture
from dlkit.ui.signing import Watch

ALGORITHMS = ("dnn", "cnn")
WARM_STEPS = 500
TICK = 1.0
LONG = {"dnn": 20_000, "cnn": 500}  # epochs: longer than the measurement
PATIENCE = 60.0


def measure(seeds: int) -> Measured:
    """The dearer algorithm's median milliseconds over `seeds` ticks, one a second."""
    with empty_home() as store:
        warm_supervisor(store)
        ticks = {name: _ticks(store, name, seeds) for name in ALGORITHMS}
        sizes = {name: max(size for _, size in rows) / 1024 for name, rows in ticks.items()}
    with empty_home() as store:
        row = written_run.begin(store, "dnn", steps=WARM_STEPS)
        with served(store) as (url, _):
            warm_supervisor(store)
            delays = latencies(store, url, row, seeds=seeds, viewers=1)
    costs = {name: [cost for cost, _ in rows] for name, rows in ticks.items()}
    dearer = max(costs, key=lambda name: middle(costs[name]))
    beside = {f"{name}_ms": middle(values) for name, values in costs.items()}
    beside |= {f"{name}_kib": size for name, size in sizes.items()}
    beside |= {"latency_s": middle(delays), "latency_p95_s": percentile(delays, 0.95)}
    return Measured(middle(costs[dearer]), spread(costs[dearer]), beside=beside)


def _ticks(store: Store, name: str, count: int) -> list[tuple[float, int]]:
    """(milliseconds of processor time, bytes) of ticks at which something had changed."""
    spec = find(name)
    params = spec.params.checked({**spec.presets["quick"].values(), "epochs": LONG[name]})
    run_id = engine.start(store, name, params=params)
    watch, before = Watch(run_id, "en"), Picture()
    rows: list[tuple[float, int]] = []
    until = time.monotonic() + PATIENCE + count * TICK
    while len(rows) < count and time.monotonic() < until:
        time.sleep(TICK)
        began = time.process_time()
        now = picture(store, watch, before=before)
        cost = 1000.0 * (time.process_time() - began)
        changed = [f for f in now.frames.values() if before.frames.get(f.view) is not f]
        if changed and now.step > 0 and before.step > 0:
            rows.append((cost, sum(len(frame.payload) for frame in changed)))
        before = now
    engine.control(store, run_id, "stop")
    while runs.get(store, run_id).state not in ("stopped", "finished", "failed"):
        time.sleep(0.1)
    return rows


def latencies(store: Store, url: str, row: RunRow, *, seeds: int, viewers: int) -> list[float]:
    """Seconds from each of `seeds` writes until the last of `viewers` streams has shown it."""
    looking = [Viewer(url, row.id) for _ in range(viewers)]
    for viewer in looking:
        viewer.start()
    _until(lambda: all(viewer.seen for viewer in looking))
    delays = []
    for i in range(seeds):
        step = WARM_STEPS + 1 + i
        written_run.announce(store, row, step)
        time.sleep(TICK * (2 + 0.37 * (i % 3)))  # not in step with the server's own clock
        written = written_run.write(store, row, step)
        delays.append(_last_arrival(looking, step) - written)
    written_run.end(store, row)
    _until(lambda: all(viewer.ended.is_set() for viewer in looking))
    return delays


def _last_arrival(looking: list[Viewer], step: int) -> float:
    _until(lambda: all(viewer.arrival(step) for viewer in looking))
    return max(viewer.arrival(step) or 0.0 for viewer in looking)


def _until(true: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > until:
            raise TimeoutError("a viewer did not see what was written")
        time.sleep(0.005)
