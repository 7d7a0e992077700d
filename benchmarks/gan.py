"""How well GANs imitate, and whether the judge that says so can be believed.

Each GAN is trained in a fresh process as in the studio, pictures included; on the grid the measures
are those of its last look. Seconds are those of the whole call, from reading the data on. How it
stands beside the recipes of keras.io: see `imitation` and `generative_race`.
"""

from typing import Any

from benchmarks import generative_race, imitation
from benchmarks.accuracy import trained
from benchmarks.ladder import climbed
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread

GRID: dict[str, Any] = {}


def judge_ladder(seeds: int) -> Measured:
    """The share of ladders on MNIST 5k that sort strictly: of each judge, measure and seed."""
    found = [climbed("mnist_5k", seed) for seed in range(1, seeds + 1)]
    shares = [one.pop("sorted") for one in found]
    return Measured(sum(shares) / len(shares), 0.0, beside=dict(found[-1]))


def fashion(seeds: int) -> Measured:
    """Distance of our pictures over that of the WGAN-GP recipe's, after equal time."""
    return imitation.against("gan", "wgan_gp", seeds)


def speed(seeds: int) -> Measured:
    """Pictures a second over those of the DCGAN recipe."""
    return generative_race.speed("gan", seeds)


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
