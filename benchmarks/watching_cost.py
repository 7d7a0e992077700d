"""What watching costs: a training in the studio with two viewers against the bare Keras training.

Both train the same model on the same data from the same seed and save it at the end; both clocks
run from the plan of the training to the saved model. The bare one runs in a process of its own with
a `Run` that drops everything, and without pictures and checkpoints.

Trainings of one algorithm make a chain: bare, watched, bare, ..., watched, bare, so a machine that
slowly gets slower or faster hits both kinds alike. What else goes on in the machine can only make a
training longer, so the fastest watched one is held against the fastest bare one, as `timeit` does
(of bare ones there is one more, which makes the cost a little too high rather than too low). Beside
it stands the median of each watched one against the mean of its two neighbours, `median_percent`,
with its spread; and each bare one inside the chain against its bare neighbours in the same way:
this control says what difference noise alone makes.

Many short trainings say more than few long ones, so they have fewer epochs than the quick preset.
What comes once in a training however long it is (first picture, connecting, storing the model)
would then count too much: it is measured apart, by a chain of trainings that end almost at once, as
`fixed_s`. The cost in per cent is that of the quick preset as a whole: what runs along, and the
fixed seconds over the preset's full time.

Limits. The viewers read their streams in this process, on the same machine; a person's browser
draws them elsewhere, and that is not counted. `processor_percent` is steadier, because it does not
care who else works here: processor seconds of worker, web process, supervisor and answerer together
over those of the bare training. It is an upper bound of the delay where a core is free, and says
nothing of waiting. It is sampled every 50 ms, so up to that much is lost at each end.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from benchmarks import fresh
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread
from benchmarks.studio import Viewer, empty_home, served, warm_supervisor
from dlkit import engine
from dlkit.algorithms import find
from dlkit.contract import ENDED
from dlkit.store import Store, runs, supervisors
from dlkit.store.runs import RunRow

LENGTHS = {"dnn": (4, 200), "cnn": (1, 5)}  # epochs: ends at once; long enough to measure
SHORT_RUNS = 3
VIEWERS = 2
PATIENCE = 900.0
SAMPLE = 0.05


@dataclass(frozen=True)
class Timed:
    """Seconds of a training, and processor seconds of each kind of process that took part."""

    seconds: float
    processor: Mapping[str, float]

    @property
    def used(self) -> float:
        """Processor seconds of all."""
        return sum(self.processor.values())


@dataclass(frozen=True)
class Chain:
    """One watched training between each two bare ones."""

    bare: list[Timed]
    watched: list[Timed]

    def fastest(self) -> tuple[float, float]:
        """Seconds of the fastest watched training and of the fastest bare one."""
        return min(one.seconds for one in self.watched), min(one.seconds for one in self.bare)

    def extra(self) -> list[float]:
        """Seconds by which each watched training is longer than the mean of its neighbours."""
        return [one.seconds - _mean(self.bare, i) for i, one in enumerate(self.watched)]

    def control(self) -> list[float]:
        """The same in per cent of each bare training that has two bare neighbours."""
        found = []
        for before, one, after in zip(self.bare, self.bare[1:], self.bare[2:], strict=False):
            mean = (before.seconds + after.seconds) / 2
            found.append(100.0 * (one.seconds - mean) / mean)
        return found

    def processor(self) -> list[float]:
        """Processor seconds beyond the neighbours' in per cent of theirs."""
        pairs = zip(self.watched, self.bare, self.bare[1:], strict=False)
        means = [(one.used, (before.used + after.used) / 2) for one, before, after in pairs]
        return [100.0 * (used - mean) / mean for used, mean in means]


def measure(seeds: int) -> Measured:
    """The dearer algorithm's cost in per cent, over `seeds` watched trainings of each."""
    with empty_home() as store:
        warm_supervisor(store)
        with served(store) as (url, web):
            studio = Studio(store, url, web)
            found = {name: cost(studio, name, seeds) for name in LENGTHS}
    dearer = max(found, key=lambda name: float(found[name]["percent"]))
    beside = {f"{name}_{key}": value for name, of in found.items() for key, value in of.items()}
    value, bare = found[dearer]["percent"], found[dearer]["bare_s"]
    ratio = 1.0 + value / 100.0
    return Measured(value, found[dearer]["spread_percent"], bare, ratio, beside=beside)


@dataclass(frozen=True)
class Studio:
    """Where the watched trainings run."""

    store: Store
    url: str
    web: psutil.Process


def cost(studio: Studio, name: str, count: int) -> dict[str, float]:
    """What watching adds to the quick preset of an algorithm; see the module's words."""
    short, long = LENGTHS[name]
    once, running = chain(studio, name, short, SHORT_RUNS), chain(studio, name, long, count)
    watched, bare = once.fastest()
    fixed = watched - bare
    watched, bare = running.fastest()
    along = 100.0 * (watched - fixed - bare) / bare
    whole = bare * find(name).presets["quick"].values()["epochs"] / long
    extras = enumerate(running.extra())
    each = [100.0 * extra / _mean(running.bare, place) for place, extra in extras]
    found = {
        "percent": along + 100.0 * fixed / whole,
        "running_percent": along,
        "fixed_s": fixed,
        "bare_s": bare,
        "median_percent": middle(each),
        "spread_percent": spread(each),
        "control_percent": middle(running.control()) if count > 1 else 0.0,
        "control_spread_percent": spread(running.control()) if count > 1 else 0.0,
        "processor_percent": middle(running.processor()),
    }
    kinds = running.watched[0].processor
    used = {kind: middle([one.processor[kind] for one in running.watched]) for kind in kinds}
    used["worker"] -= middle([one.used for one in running.bare])
    return found | {f"{kind}_processor_s": seconds for kind, seconds in used.items()}


def chain(studio: Studio, name: str, epochs: int, count: int) -> Chain:
    """`count` watched trainings and the bare ones around them."""
    bare, watched_ones = [_bare(name, epochs)], []
    for _ in range(count):
        watched_ones.append(_watched(studio, name, epochs))
        bare.append(_bare(name, epochs))
    return Chain(bare, watched_ones)


def _bare(name: str, epochs: int) -> Timed:
    values = json.dumps({"epochs": epochs})
    found = fresh.call("benchmarks.bare_training", name, "--values", values)
    return Timed(found["seconds"], {"worker": found["processor_seconds"]})


def _watched(studio: Studio, name: str, epochs: int) -> Timed:
    spec = find(name)
    params = spec.params.checked({**spec.presets["quick"].values(), "epochs": epochs})
    run_id = engine.start(studio.store, name, params=params)
    viewers = [Viewer(studio.url, run_id) for _ in range(VIEWERS)]
    for viewer in viewers:
        viewer.start()
    row, processor = _followed(studio, run_id)
    if row.state != "finished":
        raise RuntimeError(f"the training ended as {row.state}: {row.error}")
    if not all(viewer.seen for viewer in viewers):
        raise RuntimeError("a viewer saw nothing, so nothing was measured")
    return Timed(float(row.seconds), processor)


def _followed(studio: Studio, run_id: str) -> tuple[RunRow, dict[str, float]]:
    """The run at its end, and what each kind of process used from its plan until then."""
    until = time.monotonic() + PATIENCE
    meter: Meter | None = None
    while (row := runs.get(studio.store, run_id)).state not in ENDED:
        if time.monotonic() > until:
            raise TimeoutError("the run did not end in time")
        if meter is None and row.state == "running":
            meter = Meter(_family(studio, row))
        elif meter is not None:
            meter.look()
        time.sleep(SAMPLE)
    if meter is None:
        raise RuntimeError("the run ended before it was seen running")
    return row, meter.used()


def _family(studio: Studio, row: RunRow) -> dict[str, list[psutil.Process]]:
    """The processes behind a running training, by kind."""
    head = psutil.Process(supervisors.supervisors(studio.store)[0].pid)
    others = [one for one in head.children(recursive=True) if one.pid != row.pid]
    return {"worker": [psutil.Process(row.pid)], "web": [studio.web], "engine": [head, *others]}


class Meter:
    """Processor seconds since it was made, by kind; a process that is gone keeps its last."""

    def __init__(self, family: Mapping[str, list[psutil.Process]]) -> None:
        self._family = family
        self._last: dict[psutil.Process, float] = {}
        self.look()
        self._first = dict(self._last)

    def look(self) -> None:
        """Read the times of those that are still there."""
        for members in self._family.values():
            for one in members:
                try:
                    times = one.cpu_times()
                except psutil.Error:
                    continue
                self._last[one] = float(times.user + times.system)

    def used(self) -> dict[str, float]:
        """Seconds of each kind."""
        return {
            kind: sum(self._last.get(one, 0.0) - self._first.get(one, 0.0) for one in members)
            for kind, members in self._family.items()
        }


def _mean(bare: list[Timed], place: int) -> float:
    """The mean of the bare trainings on both sides of a watched one."""
    return (bare[place].seconds + bare[place + 1].seconds) / 2
