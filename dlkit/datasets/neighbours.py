"""Which training examples are nearest to a new one."""

import numpy as np

from dlkit.contract import Array
from dlkit.datasets.splits import Split, spread

AMONG = 10_000  # so many training examples are compared at most


def nearest(split: Split, example: Array, count: int) -> Array:
    """Places in the training part of the `count` examples nearest to `example`, nearest first.

    The features of a table are brought to one scale first, so that none decides alone by its unit;
    pixels and the two of a plane have one already.
    """
    table = split.x_train.shape[1:] != (2,)
    scale = np.sqrt(split.variance) + 1e-9 if table else 1.0
    among = spread(len(split.x_train), AMONG)
    rows = split.x_train[among].astype(np.float32) / scale
    gaps = rows - example.astype(np.float32) / scale
    far = np.square(gaps).reshape(len(rows), -1).sum(axis=1)
    return among[np.argsort(far, kind="stable")[:count]]
