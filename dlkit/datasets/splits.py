"""A data set as a training uses it: a part to learn from and a part to check, never mixed."""

from dataclasses import dataclass

import numpy as np

from dlkit.contract import Array
from dlkit.datasets import caches, images, shapes
from dlkit.datasets.catalogue import find
from dlkit.datasets.graph_sets import CITATIONS, GRAPH_SETS, MUTAG
from dlkit.datasets.tables import CALIFORNIA, CALIFORNIA_RANGES, table

POINTS_TRAIN = 800
POINTS_VAL = 400
HELD_OUT = 0.2
_OFFICIAL = {
    "fashion_mnist": images.fashion_mnist,
    "mnist": images.mnist,
    "cifar10": images.cifar10,
}
_CACHED = {one.name: one for one in (images.FASHION, images.MNIST, images.CIFAR, CALIFORNIA)}
_GRAPHS_CACHED = {**CITATIONS, "mutag": MUTAG}


@dataclass(frozen=True)
class Split:
    """Examples with the first axis counting them; classes are whole numbers, other answers [N, 1].

    `mean` and `variance` are those of each feature over the *training* part, for a scaler.
    """

    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array
    mean: Array
    variance: Array


def load(name: str, seed: int, *, noise: float = 0.0) -> Split:
    """The data set called `name`, split by `seed`. Raises `CodedError("data_missing")`.

    Shapes are made new for the check; sets with an official test part keep it; of the rest a fifth
    is held out, the same share of each class. `noise` is for shapes only.
    """
    dataset = find(name)
    if dataset.kind == "points":
        learned = shapes.make(name, POINTS_TRAIN, noise=noise, seed=2 * seed)
        return _split(*learned, *shapes.make(name, POINTS_VAL, noise=noise, seed=2 * seed + 1))
    if name in _OFFICIAL:
        return _split(*_OFFICIAL[name]())
    readers = {"digits": images.digits, "mnist_5k": images.mnist_5k}
    x, y = readers[name]() if name in readers else table(name)
    train, held = hold_out(np.zeros(len(y)) if dataset.asks_number else y, seed)
    return _split(x[train], y[train], x[held], y[held])


def is_there(name: str) -> bool:
    """Whether the data set called `name` can be had without a download."""
    if name in GRAPH_SETS:
        return name not in _GRAPHS_CACHED or caches.is_there(_GRAPHS_CACHED[name])
    return find(name).source != "cache" or caches.is_there(_CACHED[name])


def hold_out(labels: Array, seed: int) -> tuple[Array, Array]:
    """Indices of the training part and of the held-out fifth, with equal shares of each class."""
    random = np.random.default_rng(seed)
    train, held = [], []
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        cut = round(len(members) * HELD_OUT)
        held.append(members[:cut])
        train.append(members[cut:])
    return np.sort(np.concatenate(train)), np.sort(np.concatenate(held))


def ranges(name: str) -> tuple[tuple[float, float, float], ...]:
    """Least, middle and greatest value of each feature of a table or of points, for sliders."""
    if find(name).kind == "points":
        return ((-1.0, 0.0, 1.0), (-1.0, 0.0, 1.0))
    if name == "california_housing":
        return CALIFORNIA_RANGES
    columns = table(name)[0].T
    return tuple((float(c.min()), float(np.median(c)), float(c.max())) for c in columns)


def spread(count: int, most: int) -> Array:
    """At most `most` of `count` places, evenly spread: the first ones may all be of one kind."""
    return np.linspace(0, count - 1, min(count, most)).astype(int)


def _split(x_train: Array, y_train: Array, x_val: Array, y_val: Array) -> Split:
    wide = x_train.dtype != np.uint8  # pictures are scaled by a fixed rule instead
    mean = x_train.mean(axis=0) if wide else np.zeros(1, np.float32)
    variance = x_train.var(axis=0) if wide else np.ones(1, np.float32)
    return Split(x_train, y_train, x_val, y_val, mean, variance)
