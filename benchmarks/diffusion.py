"""How good the points of a diffusion are, and how quickly pictures are made.

`python -m benchmarks.diffusion points SEED` trains in a process of its own, measures, and writes a
JSON object on the last line; so does `sampling`. How its pictures stand beside the recipe of
keras.io: see `imitation` and `generative_race`.
"""

import json
import sys
import time
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks import fresh, generative_race, imitation
from benchmarks.bare_training import Nobody
from benchmarks.listed import find as target
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread
from dlkit.algorithms import find, model_module
from dlkit.algorithms.diffusion import shown, spec
from dlkit.algorithms.diffusion.sampling import Sampler
from dlkit.datasets import clouds

POINTS: dict[str, Any] = {
    "data": "spiral", "conditional": False, "width": 128, "batch_size": 256, "epochs": 120,
    "learning_rate": 0.003, "average": 0.998, "guidance": 1.0,
}  # fmt: skip
MADE = 2500  # points compared with as many real ones
WAY: dict[str, Any] = {"sampler": "dpm_solver", "sampling_steps": 20, "seed": 1}
PICTURES, ROUNDS = 64, 5


def points(seeds: int) -> Measured:
    """Sliced Wasserstein distance of made and real points, over that of real and real ones."""
    found = [fresh.call("benchmarks.diffusion", "points", str(seed)) for seed in _each(seeds)]
    ratios = [one["ratio"] for one in found]
    floor = target("diffusion-2d").floor
    beside = {
        "highest": max(ratios),
        "above_floor": sum(ratio > floor for ratio in ratios),
        "seconds": max(one["seconds"] for one in found),
    }
    return Measured(middle(ratios), spread(ratios), beside=beside)


def sampling(seeds: int) -> Measured:
    """Seconds for 64 pictures in 20 steps with guidance, by the standard preset's network."""
    found = [fresh.call("benchmarks.diffusion", "sampling", str(seed)) for seed in _each(seeds)]
    times = [one["seconds"] for one in found]
    beside = {"first": max(one["first"] for one in found), "weights": found[0]["weights"]}
    return Measured(middle(times), spread(times), beside=beside)


def fashion(seeds: int) -> Measured:
    """Distance of our pictures over that of the DDIM recipe's, after equal time."""
    return imitation.against("diffusion", "ddim", seeds)


def speed(seeds: int) -> Measured:
    """Pictures a second over those of the DDIM recipe."""
    return generative_race.speed("diffusion", seeds)


def _each(seeds: int) -> range:
    return range(1, seeds + 1)


def _points(seed: int) -> dict[str, float]:
    """Train, make points and compare them with real ones that were in no other comparison."""
    params = spec.Params.checked({**POINTS, "seed": seed})
    began = time.monotonic()
    model = import_module(model_module("diffusion")).train(params, Nobody(params))
    seconds = time.monotonic() - began
    made = clouds.cloud(params.data, params.strokes)
    heaps = [made.draw(MADE, 1_000_000 + 10 * seed + number)[0] for number in range(8)]
    start = np.random.default_rng(seed).standard_normal((MADE, 2)).astype(np.float32)
    sample = Sampler(model.get_layer("network"), params)
    ends = sample(start, np.zeros(MADE), guidance=1.0, **WAY).samples
    among = [
        shown.sliced_wasserstein(one, other)
        for place, one in enumerate(heaps)
        for other in heaps[:place]
    ]
    away = [shown.sliced_wasserstein(ends, heap) for heap in heaps]
    return {"ratio": float(np.mean(away) / np.mean(among)), "seconds": seconds}


def _sampling(seed: int) -> dict[str, float]:
    """The middle of several rounds; the first, which also compiles, apart."""
    preset = find("diffusion").presets["standard"].values()
    params = spec.Params.checked({**preset, "seed": seed})
    model = import_module(model_module("diffusion")).build(params)
    sample = Sampler(model.get_layer("network"), params)
    shape, labels = spec.shape_of(params), np.arange(PICTURES) % spec.num_classes(params)
    start = np.random.default_rng(seed).standard_normal((PICTURES, *shape)).astype(np.float32)
    times = []
    for _ in range(ROUNDS + 1):
        began = time.monotonic()
        sample(start, labels, guidance=2.0, **WAY)
        times.append(time.monotonic() - began)
    return {"seconds": middle(times[1:]), "first": times[0], "weights": model.count_params()}


if __name__ == "__main__":
    run = {"points": _points, "sampling": _sampling}[sys.argv[1]]
    sys.stdout.write(json.dumps(run(int(sys.argv[2]))) + "\n")
