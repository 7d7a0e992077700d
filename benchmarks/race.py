"""Who trains more examples a second: `python -m benchmarks.race NET WAY SECONDS`.

One process trains one net in one way: "ours" (the program's own training), "keras" (plain `fit`)
or "torch" (eager PyTorch). All ways train the same net with the same optimizer and batch on the
same shuffled examples, without checking on others and without pictures. The clock starts at the
first mark after `WARM` seconds, when all is compiled. The last line on standard output is a JSON
object with the examples a second, the processor microseconds of one example, and the number of
weights.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from dlkit import datasets
from dlkit.contract import Array

WARM = 4.0
SEED = 1
WAYS = {"ours": "benchmarks.race_keras", "keras": "benchmarks.race_keras"}
WAYS |= {"torch": "benchmarks.race_torch"}


@dataclass(frozen=True)
class Race:
    """What is trained: `examples` of a data set in batches, by Adam or by SGD with momentum."""

    data: str
    examples: int
    batch: int
    optimizer: str = "adam"
    learning_rate: float = 0.001

    def load(self) -> tuple[Array, Array]:
        """Pictures [N, H, W, 1] from 0 to 255, or points [N, 2]; and classes [N]."""
        split = datasets.load(self.data, SEED)
        x, y = split.x_train[: self.examples], split.y_train[: self.examples]
        return np.array(x), np.array(y)


RACES = {
    "mlp": Race("fashion_mnist", examples=30_720, batch=128),
    "small": Race("spirals", examples=800, batch=8),
    "convnet": Race("fashion_mnist", examples=15_360, batch=128),
    "resnet": Race("fashion_mnist", 60_000, 128, optimizer="sgd", learning_rate=0.1),
}


class Clock:
    """Counts examples from the first mark after the warm-up until `seconds` have passed."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._seconds = seconds
        self._born = time.perf_counter()
        self._start: tuple[int, float, float] | None = None
        self._end: tuple[int, float, float] = (0, 0.0, 0.0)

    def mark(self, examples: int) -> bool:
        """`examples` are done; true when the time is over."""
        now = (examples, time.perf_counter(), time.process_time())
        if self._start is None:
            self._start = now if now[1] - self._born >= WARM else None
            return False
        self._end = now
        self.over = self.over or now[1] - self._start[1] >= self._seconds
        return self.over

    def found(self) -> dict[str, float]:
        """Examples a second, and processor microseconds of one."""
        if self._start is None or not self.over:
            raise RuntimeError("the race ended before its time was over")
        done, seconds, used = (b - a for a, b in zip(self._start, self._end, strict=True))
        return {"rate": done / seconds, "processor_us": 1e6 * used / done}


def main() -> None:
    """Race one net in one way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("net", choices=RACES)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("seconds", type=float)
    args = parser.parse_args()
    module: Any = import_module(WAYS[args.way])
    clock = Clock(args.seconds)
    weights = module.race(args.net, args.way, RACES[args.net], clock=clock)
    sys.stdout.write(json.dumps({**clock.found(), "weights": weights}) + "\n")


if __name__ == "__main__":
    main()
