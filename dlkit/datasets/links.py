"""The edges of a graph as examples: some held back, and as many pairs that have none."""

import dataclasses

import numpy as np

from dlkit.contract import Array
from dlkit.datasets.graphs import Graph, parted

HELD = 10  # one of so many edges is held back to check with, and as many for the test


def links(graph: Graph, seed: int) -> Graph:
    """`graph` with pairs of nodes for examples: class 1 has an edge, class 0 has none.

    Edges that are held back carry no message either: a network that may pass messages along an
    edge knows that it is there.
    """
    random = np.random.default_rng(seed)
    there = random.permutation(graph.edges)
    absent = unlinked(graph.edges, len(graph.features), len(there), random)
    held, count = max(1, len(there) // HELD), len(there)
    halves = [np.array([0, held, 2 * held, count]) + start for start in (0, count)]
    parts = [np.concatenate([np.arange(h[i], h[i + 1]) for h in halves]) for i in range(3)]
    kept = there[2 * held :]
    return dataclasses.replace(
        graph,
        edges=kept[np.lexsort(kept.T[::-1])],
        labels=np.repeat([1, 0], count).astype(np.int32),
        **dict(zip(("validation", "test", "train"), parted(*parts), strict=True)),
        kinds=np.maximum(graph.labels, 0),
        pairs=np.concatenate([there, absent]).astype(np.int32),
    )


def unlinked(edges: Array, num_nodes: int, count: int, random: np.random.Generator) -> Array:
    """`count` different pairs of nodes without an edge, the lower first, [count, 2]."""
    known, found = edges @ (num_nodes, 1), np.empty(0, np.int64)
    while len(found) < count:
        drawn = np.sort(random.integers(0, num_nodes, (2 * count, 2)), axis=1)
        codes = drawn[drawn[:, 0] < drawn[:, 1]] @ (num_nodes, 1)
        found = np.unique(np.concatenate([found, codes[~np.isin(codes, known)]]))
    return np.stack(np.divmod(random.permutation(found)[:count], num_nodes), axis=1)
