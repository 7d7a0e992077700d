"""Does depth hurt a plain network and not a residual one? Four nets a seed, on Fashion-MNIST.

A twin run trains the plain and the residual network of one depth side by side, on the same pictures
in the same order; two runs, of 20 and of 56 layers, make the four nets. A net's training loss is
the mean over the last tenth of the steps, as training itself sees it. A seed shows the degradation
(He and others, 2016) if plain-56 ends higher than plain-20, and ResNet-56 no higher than ResNet-20.
The seconds are those of both runs of the slowest seed, from reading the data to the saved models,
pictures included; starting Python is left out.
"""

from typing import Any

from benchmarks.accuracy import trained
from benchmarks.registry import Measured
from benchmarks.spread import middle

RECIPE: dict[str, Any] = {
    "data": "fashion_mnist",
    "twin": True,
    "shortcut": True,
    "width": 4,
    "batch_size": 128,
    "epochs": 1,
    "shift": 0,
    "flip": False,
}
DEPTHS = {20: 3, 56: 9}  # layers: blocks of a stage


def measure(seeds: int) -> Measured:
    """The share of the seeds 1, 2, ... in which the degradation shows."""
    found = [losses(seed) for seed in range(1, seeds + 1)]
    shares = [float(shown(one)) for one in found]
    beside = {name: middle([one[name] for one in found]) for name in found[0] if name != "seconds"}
    beside["plain_56_over_20"] = middle([one["plain_56"] / one["plain_20"] for one in found])
    beside["residual_56_over_20"] = middle(
        [one["residual_56"] / one["residual_20"] for one in found]
    )
    beside["seconds"] = max(one["seconds"] for one in found)
    return Measured(sum(shares) / seeds, max(shares) - min(shares), beside=beside)


def losses(seed: int, **values: Any) -> dict[str, float]:
    """The training losses of the four nets, and the seconds that they took."""
    found: dict[str, float] = {"seconds": 0.0}
    for depth, blocks in DEPTHS.items():
        params = {**RECIPE, "blocks": blocks, "seed": seed, **values}
        one = trained("resnet", "quick", params)
        found[f"residual_{depth}"] = one["late"]["loss"]
        found[f"plain_{depth}"] = one["late"]["plain_loss"]
        found["seconds"] += one["whole_seconds"]
    return found


def shown(found: dict[str, float]) -> bool:
    """Whether depth hurts the plain network and not the residual one."""
    hurts = found["plain_56"] > found["plain_20"]
    return hurts and found["residual_56"] <= found["residual_20"]
