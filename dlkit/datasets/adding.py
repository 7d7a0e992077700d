"""The adding problem: two numbers of a long row are marked, and their sum is asked for.

A task made to test memory over time (Sepp Hochreiter, Jürgen Schmidhuber, 1997). Who always answers
1, the mean, is wrong by `BASELINE`, the mean square.
"""

import numpy as np

from dlkit.contract import Array

BASELINE = 1 / 6


def adding(count: int, length: int, *, seed: int) -> tuple[Array, Array]:
    """Rows [count, length, 2] of a number from 0 to 1 and a mark, and sums [count, 1].

    One mark stands in the first half of a row, one in the second.
    """
    random = np.random.default_rng(seed)
    rows = np.zeros((count, length, 2), np.float32)
    rows[..., 0] = random.random((count, length))
    half, every = length // 2, np.arange(count)
    first = random.integers(0, half, count)
    second = random.integers(half, length, count)
    rows[every, first, 1] = rows[every, second, 1] = 1
    return rows, marked(rows)


def marked(rows: Array) -> Array:
    """The sum of the marked numbers of each row, [count, 1]."""
    sums: Array = (rows[..., 0] * rows[..., 1]).sum(axis=1, keepdims=True)
    return sums
