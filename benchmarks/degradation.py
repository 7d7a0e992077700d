"""Does depth hurt a plain network and not a residual one? Four nets a seed, on Fashion-MNIST.

The nets have 20 and 56 layers, with shortcuts and without, the same pictures in the same order, the
same first weights where the layers are the same, the same recipe. They learn from the first
25,600 pictures once: 800 steps, over which the learning rate rises and falls. A net's training loss
is the mean over the last fifth of the steps, as training itself sees it; nothing is averaged out or
rounded, so a tie goes either way. A seed shows the degradation (He and others, 2016) if plain-56
ends higher than plain-20, and ResNet-56 no higher than ResNet-20.

The seconds are those from the first start of Python to the last of the four saved models of a seed,
for the slowest seed. Two nets train at a time, each on one thread: layers as small as these gain
little from a second one. Pictures of the studio are not made.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

from benchmarks import fresh
from benchmarks.registry import Measured
from benchmarks.spread import middle

PICTURES = 25_600
CHECKED = 256  # accuracy is no part of the claim
RECIPE: dict[str, Any] = {
    "data": "fashion_mnist",
    "twin": False,
    "width": 4,
    "preactivation": True,
    "zero_gamma": False,
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "schedule": "one_cycle",
    "weight_decay": 0.0,
    "batch_size": 32,
    "epochs": 1,
    "shift": 0,
    "flip": False,
}
BLOCKS = {56: 9, 20: 3}  # of a stage; the longest first
KINDS = {"residual": True, "plain": False}
AT_A_TIME = 2
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1"}


def measure(seeds: int) -> Measured:
    """The share of the seeds 1, 2, ... in which the degradation shows."""
    found, seconds = [], []
    for seed in range(1, seeds + 1):
        began = time.monotonic()
        found.append(losses(seed))
        seconds.append(time.monotonic() - began)
    shares = [float(shown(one)) for one in found]
    beside = {name: middle([one[name] for one in found]) for name in found[0]}
    for kind in KINDS:
        ratios = [one[f"{kind}_56"] / one[f"{kind}_20"] for one in found]
        beside |= {f"{kind}_ratio_lowest": min(ratios), f"{kind}_ratio_highest": max(ratios)}
    beside["seconds"] = max(seconds)
    return Measured(sum(shares) / seeds, max(shares) - min(shares), beside=beside)


def losses(seed: int, *, pictures: int = PICTURES) -> dict[str, float]:
    """The training losses of the four nets."""
    names = list(product(BLOCKS, KINDS))
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        found = pool.map(lambda name: _loss(*name, seed=seed, pictures=pictures), names)
        pairs = zip(names, found, strict=True)
        return {f"{kind}_{depth}": loss for (depth, kind), loss in pairs}


def shown(found: dict[str, float]) -> bool:
    """Whether depth hurts the plain network and not the residual one."""
    hurts = found["plain_56"] > found["plain_20"]
    return hurts and found["residual_56"] <= found["residual_20"]


def _loss(depth: int, kind: str, *, seed: int, pictures: int) -> float:
    values = {**RECIPE, "blocks": BLOCKS[depth], "shortcut": KINDS[kind], "seed": seed}
    words = ["resnet", "--values", json.dumps(values), "--examples", str(pictures)]
    words += ["--checked", str(CHECKED)]
    found = fresh.call("benchmarks.bare_training", *words, environment=ONE_THREAD)
    return float(found["late"]["loss"])
