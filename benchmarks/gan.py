"""How well GANs imitate, and whether the judge that says so can be believed.

Each GAN is trained in a fresh process as in the studio, pictures included; the measures are those
of its last look. Seconds are those of the whole call, from reading the data to the saved model.
"""

import itertools
from typing import Any

from benchmarks.accuracy import trained
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread
from dlkit import datasets, judge
from dlkit.judge_network import RECIPES, judge_of

GRID: dict[str, Any] = {}
MEASURES = ("distance", "kernel_distance", "coverage")


def judge_ladder(seeds: int) -> Measured:
    """The share of ladders on MNIST 5k that sort strictly: of each judge, measure and seed."""
    split, sorted_ones, beside = datasets.load("mnist_5k", 1), [], {}
    some = datasets.spread(len(split.x_train), len(split.x_val))
    for number in RECIPES:
        judged = judge_of("mnist_5k", number)
        known = judged.see(split.x_train[some])
        beside[f"accuracy_{number}"] = 100.0 * judged.accuracy
        for seed in range(1, seeds + 1):
            rungs = judge.ladder(split.x_val, split.y_val, seed)
            found = {name: judge.compared(known, judged.see(heap)) for name, heap in rungs.items()}
            for measure in MEASURES:
                values = [found[name][measure] for name in judge.RUNGS]
                sorted_ones.append(_is_sorted(values, falling=measure == "coverage"))
        beside |= {f"{name}_{number}": found[name]["distance"] for name in judge.RUNGS}
    return Measured(sum(sorted_ones) / len(sorted_ones), 0.0, beside=beside)


def grid(seeds: int) -> Measured:
    """Per cent of good points on the grid of 25; beside it the modes hit and the seconds."""
    found = [trained("gan", "quick", {**GRID, "seed": seed}) for seed in range(1, seeds + 1)]
    shares = [100.0 * one["last"]["val_good"] for one in found]
    beside = {
        "lowest": min(shares),
        "modes": min(one["last"]["val_classes"] for one in found),
        "coverage": 100.0 * min(one["last"]["val_coverage"] for one in found),
        "seconds": max(one["whole_seconds"] for one in found),
    }
    return Measured(middle(shares), spread(shares), beside=beside)


def _is_sorted(values: list[float], *, falling: bool) -> bool:
    pairs = list(itertools.pairwise(values))
    return all(one > other if falling else one < other for one, other in pairs)
