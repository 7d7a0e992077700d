"""Every target and peer comparison of the project: what, how much, why, and where measured."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Benchmark:
    """One number to hold. `floor` must be met, `aim` is what we want; `limits` hold figures beside.

    `measure` names the function, as `module:function`; it takes the number of repetitions.
    """

    id: str
    what: str
    unit: str
    floor: float
    aim: float
    better: Literal["less", "more"]
    source: str
    measure: str
    peer: str = ""
    seeds: int = 3
    limits: dict[str, float] = field(default_factory=dict)

    def holds(self, value: float, beside: dict[str, Any]) -> bool:
        """Whether the floor is met, and every limited figure beside is at most its limit."""
        met = value <= self.floor if self.better == "less" else value >= self.floor
        return met and all(beside[name] <= limit for name, limit in self.limits.items())


@dataclass(frozen=True)
class Measured:
    """What a measurement gives: the middle value, its spread, the peer's figure, figures beside.

    `ratio` is ours over the peer's, where that is not simply `value / peer`.
    """

    value: float
    spread: float
    peer: float | None = None
    ratio: float | None = None
    beside: dict[str, Any] = field(default_factory=dict)


BENCHMARKS = (
    Benchmark(
        id="first-number",
        what="from the click on Train to the first number, warm supervisor",
        unit="s",
        floor=3.0,
        aim=2.0,
        better="less",
        source="design, promise 2: first number within 2 s of pressing Train",
        measure="benchmarks.first_number:measure",
        seeds=5,
    ),
    Benchmark(
        id="watching-cost",
        what="training time that pictures, store and two viewers add to DNN and CNN (the dearer)",
        unit="%",
        floor=5.0,
        aim=3.0,
        better="less",
        source="issue 2: cost of watching, aim 3 % of the training time",
        measure="benchmarks.watching_cost:measure",
        peer="the same Keras training with nothing stored or drawn, turn and turn about",
    ),
    Benchmark(
        id="live-tick",
        what="processor time of one live tick: read the run, build all its figures, write JSON",
        unit="ms",
        floor=100.0,
        aim=40.0,
        better="less",
        source="one line chart of Streamlit costs 39 ms a tick; curves at least once a second",
        measure="benchmarks.live_tick:measure",
        seeds=40,
        limits={"latency_s": 1.0},
    ),
    Benchmark(
        id="viewers",
        what="from a metric's write to the last of 20 streams while 20 pages are open too (p95)",
        unit="s",
        floor=2.0,
        aim=1.0,
        better="less",
        source="features: curves at most 1 s old, hosted 2 s",
        measure="benchmarks.viewers:measure",
        seeds=20,
        limits={"web_cpu_percent": 100.0},
    ),
)


def find(name: str) -> Benchmark:
    """The benchmark of that id. Raises `KeyError` with the allowed ones."""
    known = {benchmark.id: benchmark for benchmark in BENCHMARKS}
    if name not in known:
        raise KeyError(f'There is no benchmark "{name}". Allowed are: {", ".join(known)}, all.')
    return known[name]
