"""How well pictures are imitated after equal time: `python -m benchmarks.imitation WAY [options]`.

One process trains in one way: "gan" and "diffusion" are the program's own, pictures for the screen
included; "wgan_gp" and "ddim" are the recipes of keras.io (`recipes`), whose clock also starts
before the data are read and the net is built, and which learn until the time is over. Ours learn
for `LEARNING` of the time, so that reading, looks and pictures come on top. Then all make the same
number of pictures, and both judges compare them with as many that nobody learned from. "ladder"
compares heaps of known quality instead. The last line is a JSON object.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks import fresh, ladder
from benchmarks.bare_training import Nobody
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread
from dlkit import datasets, judge, training
from dlkit.algorithms import find, model_module
from dlkit.algorithms.diffusion import shown as diffusion_shown
from dlkit.algorithms.diffusion.sampling import Sampler
from dlkit.algorithms.gan import shown as gan_shown
from dlkit.contract import Array
from dlkit.judge_network import RECIPES, judge_of

SECONDS, DATA = 600.0, "fashion_mnist"
LEARNING = 0.9
MADE, AT_ONCE = 2500, 250  # pictures in all, pictures made in one call
DISTANCES = [f"distance_{number}" for number in RECIPES]
WAY_BACK: dict[str, Any] = {"sampler": "dpm_solver", "sampling_steps": 20, "guidance": 1.5}
OURS: dict[str, dict[str, Any]] = {  # what differs from the standard preset
    "gan": {"epochs": 1000, "schedule": "cosine", "average": 0.999},
    "diffusion": {"epochs": 1000, "average": 0.999},
}


def against(
    ours: str,
    peer: str,
    seeds: int,
    *,
    seconds: float = SECONDS,
    data: str = DATA,
    made: int = MADE,
) -> Measured:
    """Our distance over the peer's, by the judge that likes us less; turn and turn about."""
    given = ["--data", data, "--seconds", str(seconds), "--made", str(made)]
    beside = fresh.call("benchmarks.imitation", "ladder", *given)
    rounds = []
    for turn in range(seeds):
        order = (ours, peer) if turn % 2 == 0 else (peer, ours)
        words = [*given, "--seed", str(turn + 1)]
        rounds.append({way: fresh.call("benchmarks.imitation", way, *words) for way in order})
    times = [farther(one[ours], one[peer]) for one in rounds]
    found = [one[ours] for one in rounds]
    for way in (ours, peer):
        beside |= {
            f"{way}_{name}": middle([one[way][name] for one in rounds]) for name in DISTANCES
        }
    for name in ("classes", "smallest_class", "agreement"):
        beside |= {name: min(one[name] for one in found)} if name in found[0] else {}
    for name in ("largest_class", "seconds", "weights"):
        beside[name] = max(one[name] for one in found)
    beside["peer_classes"] = middle([one[peer]["classes"] for one in rounds])
    theirs = beside[f"{peer}_{DISTANCES[0]}"]
    return Measured(middle(times), spread(times), theirs, middle(times), beside=beside)


def farther(ours: Mapping[str, float], peer: Mapping[str, float]) -> float:
    """Our distance over the peer's, by the judge that likes us less."""
    return max(ours[name] / peer[name] for name in DISTANCES)


def main() -> None:
    """Imitate in one way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=("ladder", *WAYS))
    parser.add_argument("--data", default=DATA)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--made", type=int, default=MADE, help="pictures that are compared")
    parser.add_argument("--sheet", type=Path, help="write a hundred of the pictures there")
    args = parser.parse_args()
    if args.way == "ladder":
        found = ladder.climbed(args.data, args.seed)
    else:
        began = time.monotonic()
        make, weights = WAYS[args.way](args.way, args.data, args.seconds, seed=args.seed)
        seconds = time.monotonic() - began
        labels = np.arange(args.made) % datasets.find(args.data).num_classes
        made = make(labels.astype(np.int32))
        if args.sheet:
            _sheet(made).save(args.sheet)
        wanted = labels if args.way in OURS else None
        judged = _judged(made, wanted, args.data, seed=args.seed)
        found = {"weights": weights, "seconds": seconds, **judged}
    sys.stdout.write(json.dumps(found) + "\n")


Trained = tuple[Callable[[Array], Array], int]  # classes [N] -> pictures; how many weights


def _ours(way: str, data: str, seconds: float, *, seed: int) -> Trained:
    """Train the standard preset with a time budget; its pictures are of the classes asked for."""
    training.CHECKPOINT_SECONDS = float("inf")
    spec = find(way)
    values = {**spec.presets["standard"].values(), **OURS[way], "data": data, "seed": seed}
    params: Any = spec.params.checked({**values, "minutes": LEARNING * seconds / 60})
    model = import_module(model_module(way)).train(params, Nobody(params))
    shape = (params.noise_size,) if way == "gan" else datasets.find(data).shape
    random = np.random.default_rng(seed)

    def some(labels: Array) -> Array:
        noise = random.standard_normal((len(labels), *shape)).astype(np.float32)
        if way == "gan":
            return gan_shown.to_bytes(model.predict_on_batch([noise, labels]))
        sample = Sampler(model.get_layer("network"), params)
        return diffusion_shown.grey(sample(noise, labels, seed=seed, **WAY_BACK).samples)

    def make(labels: Array) -> Array:
        parts = [labels[at : at + AT_ONCE] for at in range(0, len(labels), AT_ONCE)]
        return np.concatenate([some(part) for part in parts])

    return make, model.count_params()


def _recipe(way: str, data: str, seconds: float, *, seed: int) -> Trained:
    """Train a recipe, which knows no classes, until `seconds` after now."""
    until = time.monotonic() + seconds
    keras, recipes = import_module("keras"), import_module("benchmarks.recipes")
    keras.utils.set_random_seed(seed)
    pictures = datasets.load(data, seed).x_train
    model = getattr(recipes, way)()

    def check(batch: int, logs: Any) -> None:
        model.stop_training = time.monotonic() >= until

    watch = keras.callbacks.LambdaCallback(on_train_batch_end=check)
    learned = model.prepared(pictures)
    model.fit(learned, batch_size=model.batch, epochs=100_000, verbose=0, callbacks=[watch])
    weights = sum(math.prod(one.shape) for one in model.trainable_weights)
    return lambda labels: model.make(len(labels), seed), weights


def _sheet(made: Array) -> Image.Image:
    """A hundred pictures, ten in a row, twice as large; classes, where asked for, in columns."""
    rows = [np.concatenate(list(made[at : at + 10, ..., 0]), axis=1) for at in range(0, 100, 10)]
    return Image.fromarray(np.concatenate(rows).repeat(2, axis=0).repeat(2, axis=1))


def _judged(made: Array, wanted: Array | None, data: str, *, seed: int) -> dict[str, float]:
    """What both judges say; of what is not a distance, what the stricter one says."""
    held = datasets.load(data, seed).x_val
    real = held[datasets.spread(len(held), min(len(made), len(held)))]
    found: dict[str, float] = {}
    said, least, most = [], [], []
    for number in RECIPES:
        judged = judge_of(data, number)
        seen = judged.see(made)
        said.append(judge.compared(judged.see(real), seen, wanted))
        shares = 100.0 * judge.class_shares(seen.probabilities)
        least.append(float(shares.min()))
        most.append(float(shares.max()))
        found |= {f"{name}_{number}": said[-1][name] for name in ladder.MEASURES}
    found |= {"classes": min(one["classes"] for one in said)}
    found |= {"smallest_class": min(least), "largest_class": max(most)}
    if wanted is not None:
        found["agreement"] = 100.0 * min(one["agreement"] for one in said)
    return found


WAYS = {"gan": _ours, "diffusion": _ours, "wgan_gp": _recipe, "ddim": _recipe}

if __name__ == "__main__":
    main()
