"""Which examples are looked at again and again."""

import numpy as np

from dlkit.contract import Array


def spread(count: int, most: int) -> Array:
    """At most `most` of `count` places, evenly spread: some sets are sorted by class."""
    return np.linspace(0, count - 1, min(most, count)).astype(int)


def one_of_each(labels: Array, most: int) -> Array:
    """Places of the first example of each class, and of others up to `most`."""
    firsts = [int(np.flatnonzero(labels == label)[0]) for label in np.unique(labels)]
    others = [place for place in range(len(labels)) if place not in firsts]
    return np.array((firsts + others)[:most])
