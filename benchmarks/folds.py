"""Five-fold cross-validation of a table: `python -m benchmarks.folds ALGORITHM SEED PARAMS`.

The program holds out one fifth by its seed; here its loader is replaced by one that gives each of
five folds in turn, with equal shares of each class, so that every row is judged exactly once, by a
network that has not seen it. The scaler is fitted on the four learned folds only. The last line on
standard output is a JSON object: the accuracy of each fold after the last step, and the seconds.
"""

import json
import sys
import time
from importlib import import_module
from typing import Any

from sklearn.model_selection import StratifiedKFold

from benchmarks.bare_training import Nobody
from dlkit import datasets
from dlkit.algorithms import find, model_module
from dlkit.contract import Array
from dlkit.datasets import Split
from dlkit.datasets.tables import table

FOLDS = 5


def main(algorithm: str, seed: int, values: dict[str, Any]) -> None:
    """Train on each four folds and judge by the fifth."""
    params = find(algorithm).params.checked({**values, "seed": seed})
    model = import_module(model_module(algorithm))
    x, y = table(values["data"])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, y)
    began = time.monotonic()
    accuracies = []
    for learned, held in folds:
        _give(_split(x, y, learned=learned, held=held))
        run = Nobody(params)
        model.train(params, run)
        accuracies.append(run.last()["val_accuracy"])
    found = {"accuracies": accuracies, "seconds": time.monotonic() - began}
    sys.stdout.write(json.dumps(found) + "\n")


def _split(x: Array, y: Array, *, learned: Array, held: Array) -> Split:
    mean, variance = x[learned].mean(axis=0), x[learned].var(axis=0)
    return Split(x[learned], y[learned], x[held], y[held], mean, variance)


def _give(split: Split) -> None:
    """From now on, the program's loader gives this split."""
    datasets.load = lambda *_, **__: split


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]))
