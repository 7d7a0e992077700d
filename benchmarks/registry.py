"""Every target and peer comparison of the project: what, how much, why, and where measured."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Benchmark:
    """One number to hold. `floor` must be met, `aim` is what we want.

    Figures beside it must be at most their `limits` and at least what `least` says. `measure` names
    the function, as `module:function`; it takes the number of repetitions.
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
    least: dict[str, float] = field(default_factory=dict)

    def holds(self, value: float, beside: dict[str, Any]) -> bool:
        """Whether the floor is met, and every figure beside that has a limit keeps it."""
        met = value <= self.floor if self.better == "less" else value >= self.floor
        low = all(beside[name] <= limit for name, limit in self.limits.items())
        return met and low and all(beside[name] >= least for name, least in self.least.items())


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
        seeds=8,
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
    Benchmark(
        id="dnn-fashion",
        what="DNN on Fashion-MNIST without augmentation: right on the test part, in at most 3 min",
        unit="%",
        floor=89.5,
        aim=90.5,
        better="more",
        source="algorithms, section 1; an MLP reaches 88.3 % in the data set's README",
        measure="benchmarks.accuracy:dnn_fashion",
        limits={"below_floor": 0, "seconds": 180.0},
    ),
    Benchmark(
        id="dnn-spirals",
        what="DNN, quick preset: right on fresh points of two spirals",
        unit="%",
        floor=99.0,
        aim=99.0,
        better="more",
        source="algorithms, section 1: at least 99 %; no other aim is named",
        measure="benchmarks.accuracy:dnn_spirals",
        limits={"below_floor": 0},
    ),
    Benchmark(
        id="dnn-tables",
        what="DNN on breast cancer: mean of five folds, folds drawn anew for each seed",
        unit="%",
        floor=97.0,
        aim=97.0,
        better="more",
        source="algorithms, section 1: at least 97 % (5-fold); no other aim is named",
        measure="benchmarks.accuracy:dnn_tables",
        limits={"below_floor": 0},
    ),
    Benchmark(
        id="dnn-speed",
        what="images/s of 784-512-512-10 over plain Keras; beside: 2-8-8-1, and over PyTorch",
        unit="x",
        floor=1.0,
        aim=1.15,
        better="more",
        source="algorithms, section 1: 1.15x, 5x for 2-8-8-1, PyTorch 1x; where only an aim is "
        "named, the floor is 1x",
        measure="benchmarks.speed:dnn",
        peer="plain Keras `fit`, and eager PyTorch, on the same net, batch and optimizer",
        seeds=5,
        least={"small_over_keras": 1.0, "over_torch": 1.0, "small_over_torch": 1.0},
    ),
    Benchmark(
        id="cnn-fashion",
        what="CNN below 100,000 weights on Fashion-MNIST: right on the test part, within 10 min",
        unit="%",
        floor=92.0,
        aim=93.5,
        better="more",
        source="algorithms, section 2; a comparable net in the data set's README has 92.5 %",
        measure="benchmarks.accuracy:cnn_fashion",
        limits={"below_floor": 0, "seconds": 600.0, "weights": 99_999},
    ),
    Benchmark(
        id="cnn-mnist5k",
        what="CNN, quick preset: right on the held-out fifth of MNIST 5k, within 60 s",
        unit="%",
        floor=97.5,
        aim=97.5,
        better="more",
        source="algorithms, section 2: at least 97.5 % in 60 s; no other aim is named",
        measure="benchmarks.accuracy:cnn_mnist5k",
        limits={"below_floor": 0, "seconds": 60.0},
    ),
    Benchmark(
        id="cnn-speed",
        what="images/s of the 34,826-weight convnet over plain Keras; beside: over PyTorch",
        unit="x",
        floor=1.0,
        aim=1.3,
        better="more",
        source="algorithms, section 2: 1.3x, PyTorch 1x; only an aim is named, the floor is 1x",
        measure="benchmarks.speed:cnn",
        peer="plain Keras `fit` of keras.io's MNIST convnet, and the same in eager PyTorch",
        seeds=5,
        least={"over_torch": 1.0},
    ),
    Benchmark(
        id="resnet-degradation",
        what="seeds in which plain-56 learns worse than plain-20 and ResNet-56 not worse than -20",
        unit="of all",
        floor=1.0,
        aim=1.0,
        better="more",
        source="algorithms, section 3: in training loss on Fashion-MNIST, 5 of 5 seeds, 5 min",
        measure="benchmarks.degradation:measure",
        seeds=5,
        limits={"seconds": 300.0},
    ),
    Benchmark(
        id="resnet-fashion",
        what="ResNet-20 of width 8 on Fashion-MNIST: right on the test part, within 15 min",
        unit="%",
        floor=92.5,
        aim=93.8,
        better="more",
        source="algorithms, section 3",
        measure="benchmarks.accuracy:resnet_fashion",
        limits={"below_floor": 0, "seconds": 900.0},
    ),
    Benchmark(
        id="resnet-speed",
        what="images/s of ResNet-20 (width 16) over PyTorch",
        unit="x",
        floor=1.0,
        aim=1.0,
        better="more",
        source="algorithms, section 3: seconds an epoch at least as good as PyTorch's",
        measure="benchmarks.speed:resnet",
        peer="the same net in eager PyTorch",
        seeds=5,
    ),
)


def find(name: str) -> Benchmark:
    """The benchmark of that id. Raises `KeyError` with the allowed ones."""
    known = {benchmark.id: benchmark for benchmark in BENCHMARKS}
    if name not in known:
        raise KeyError(f'There is no benchmark "{name}". Allowed are: {", ".join(known)}, all.')
    return known[name]
