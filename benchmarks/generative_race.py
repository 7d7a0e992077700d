"""Who learns from more pictures a second: `python -m benchmarks.generative_race WAY SECONDS`.

Trained on Fashion-MNIST, without looks: "gan" and "diffusion" are the standard presets, "dcgan" and
"ddim" the recipes of keras.io with their own nets (`recipes`). The ways ending in "_same" train one
net both ways: the preset's, without the parts that the recipe has no word for. The last line is a
JSON object with the pictures a second, the processor microseconds of one, and the weights.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks import fresh
from benchmarks.race import SEED, Clock
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread
from dlkit import datasets
from dlkit.contract import Array

SECONDS, DATA, EXAMPLES = 10.0, "fashion_mnist", 1280
ALIKE: dict[str, dict[str, Any]] = {
    "gan": {
        "loss": "non_saturating", "conditional": False, "normalisation": "none",
        "spectral_norm": False, "shift": 0, "average": 0.0,
    },
    "diffusion": {"conditional": False, "average": 0.999},
}  # fmt: skip
PEERS = {"gan": "dcgan", "diffusion": "ddim"}
WAYS = [f"{way}{end}" for pair in PEERS.items() for way in pair for end in ("", "_same")]


@dataclass(frozen=True)
class Things:
    """What `training.fit` learns from, and the few examples it checks."""

    x_train: Any
    x_val: Any
    y_train: None = None
    y_val: None = None


def speed(ours: str, seeds: int, *, seconds: float = SECONDS) -> Measured:
    """Our pictures a second over the recipe's, round by round; beside it, the same net."""
    peer = PEERS[ours]
    ways = (ours, peer, f"{ours}_same", f"{peer}_same")
    rounds = []
    for turn in range(seeds):
        order = ways[turn % 4 :] + ways[: turn % 4]
        words = {way: ("benchmarks.generative_race", way, str(seconds)) for way in order}
        rounds.append({way: fresh.call(*words[way]) for way in order})
    if any(one[ways[2]]["weights"] != one[ways[3]]["weights"] for one in rounds):
        raise RuntimeError("not the same net")
    times = _ratios(rounds, *ways[:2])
    beside = {f"{way}_rate": middle([one[way]["rate"] for one in rounds]) for way in ways}
    beside["same_net"] = middle(_ratios(rounds, *ways[2:]))
    theirs = beside[f"{peer}_rate"]
    return Measured(middle(times), spread(times), theirs, middle(times), beside=beside)


def _ratios(rounds: Sequence[dict[str, Any]], ours: str, peer: str) -> list[float]:
    return [one[ours]["rate"] / one[peer]["rate"] for one in rounds]


def main() -> None:
    """Race one way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("seconds", type=float)
    args = parser.parse_args()
    clock = Clock(args.seconds)
    name, _, same = args.way.partition("_")
    weights = (_ours if name in PEERS else _recipe)(name, clock, alike=bool(same))
    sys.stdout.write(json.dumps({**clock.found(), "weights": weights}) + "\n")


def _ours(name: str, clock: Clock, *, alike: bool) -> int:
    """Train with the program's own model and loop until the clock is over."""
    training: Any = import_module("dlkit.training")
    racing: Any = import_module("benchmarks.race_keras")
    training.CHECKPOINT_SECONDS = float("inf")
    params = _params(name, alike=alike)
    model: Any = import_module(f"dlkit.algorithms.{name}.model").build(params)
    x, y = _pictures()
    learned: Any = (x, y) if name == "gan" else {"example": x}
    if name == "diffusion" and params.conditional:
        learned["label"] = y[:, None]
    if name == "gan":
        model.judge = lambda: {"coverage": 0.0}  # a race needs no judge
    few = import_module("keras").tree.map_structure(lambda part: part[: params.batch_size], learned)
    training.fit(model, Things(learned, few), params, racing.Racer(params, clock))
    return int(sum(np.prod(one.shape) for one in model.trainable_variables))


def _recipe(name: str, clock: Clock, *, alike: bool) -> int:
    """Train with plain `fit`: the recipe's own net, or ours."""
    keras, recipes = import_module("keras"), import_module("benchmarks.recipes")
    marks = import_module("benchmarks.race_keras").Marks
    keras.utils.set_random_seed(SEED)
    model = _ours_its_way(name, recipes) if alike else getattr(recipes, name)()
    x = model.prepared(_pictures()[0])
    watch = [marks(clock, examples=len(x))]
    model.fit(x, batch_size=model.batch, epochs=100_000, verbose=0, callbacks=watch)
    sides = [model.generator, model.discriminator] if name == "dcgan" else [model.network]
    return int(sum(np.prod(one.shape) for side in sides for one in side.trainable_variables))


def _ours_its_way(name: str, recipes: Any) -> Any:
    """The net of the same params, with the recipe's steps."""
    ours = next(own for own, peer in PEERS.items() if peer == name)
    params = _params(ours, alike=True)
    module = import_module(f"dlkit.algorithms.{ours}.model")
    if name == "ddim":
        return recipes.Ddim(module.build(params).get_layer("network"))
    sides = module.make_generator(params), module.make_discriminator(params)
    return recipes.Dcgan(*sides, noise_size=params.noise_size)


def _params(name: str, *, alike: bool) -> Any:
    spec = import_module("dlkit.algorithms").find(name)
    values = {**spec.presets["standard"].values(), "data": DATA, "batch_size": 64, "seed": SEED}
    values |= {"epochs": 2000, "schedule": "constant"}
    return spec.params.checked({**values, **(ALIKE[name] if alike else {})})


def _pictures() -> tuple[Array, Array]:
    """The first examples [N, 28, 28, 1] from 0 to 255, and their classes [N]."""
    split = datasets.load(DATA, SEED)
    return np.array(split.x_train[:EXAMPLES]), split.y_train[:EXAMPLES].astype(np.int32)


if __name__ == "__main__":
    main()
