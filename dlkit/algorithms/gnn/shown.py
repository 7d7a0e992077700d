"""What the charts and the playground of this chapter are made from: arrays in, arrays out.

A network comes in only as a function that answers.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dlkit import judging
from dlkit.contract import Array
from dlkit.datasets import graphs
from dlkit.datasets.graphs import Graph

NEIGHBOURS = 16  # of a node asked about, taken away in turn
TRAIN, VALIDATION, TEST, NO_PART = 0, 1, 2, 3


def parts(graph: Graph) -> Array:
    """Which part of the split each node is in, [N] int8."""
    found = np.full(len(graph.labels), NO_PART, np.int8)
    for part, nodes in ((TRAIN, graph.train), (VALIDATION, graph.validation), (TEST, graph.test)):
        found[nodes] = part
    return found


def links_among(edges: Array, chosen: Array, num_nodes: int) -> Array:
    """The edges between chosen nodes [M], as places in `chosen`, [L, 2] int32."""
    place = np.full(num_nodes, -1, np.int32)
    place[chosen] = np.arange(len(chosen))
    links = place[edges]
    inside: Array = links[(links >= 0).all(axis=1)]
    return inside


def variety(nodes: Array) -> float:
    """How different nodes [N, D] are: 1 minus the mean cosine between any two, at least 0.

    0 says that all point the same way, which is what over-smoothing leads to. Nodes that are all
    zero count as alike.
    """
    length = np.linalg.norm(nodes, axis=1, keepdims=True)
    zeros = float((length == 0).mean())
    mean = (nodes / np.where(length > 0, length, 1.0)).mean(axis=0)
    return float(max(0.0, 1.0 - np.square(mean).sum() - zeros**2))


def cloud(nodes: Array, before: Array) -> Array:
    """The two main components of nodes [N, D], turned to lie as `before` [N, 2] as far as possible.

    Without the turn (Peter Schönemann, 1966) the picture would spin and flip from look to look.
    """
    centred = np.nan_to_num(nodes - nodes.mean(axis=0)).astype(np.float64)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1]
    flat = centred @ axes  # [N, 2]
    if flat.shape[1] < 2:
        flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    flat /= max(float(np.abs(flat).max()), 1e-9)
    left, _, right = np.linalg.svd(flat.T @ (before - before.mean(axis=0)))
    turned: Array = (flat @ left @ right).astype(np.float32)
    return turned


def within(edges: Array, node: int, steps: int, most: int) -> Array:
    """The nodes at most `steps` edges away from `node`, the nearest first, `node` left out."""
    reached, border = [node], np.array([node])
    for _ in range(steps):
        from_first = edges[np.isin(edges[:, 0], border), 1]
        from_second = edges[np.isin(edges[:, 1], border), 0]
        border = np.setdiff1d(np.concatenate([from_first, from_second]), reached)
        reached += border.tolist()
    return np.array(reached[1 : most + 1], np.int32)


def without(edges: Array, node: int) -> Array:
    """The edges when `node` says nothing and hears nothing."""
    kept: Array = edges[(edges != node).all(axis=1)]
    return kept


def toggled(edges: Array, first: int, second: int) -> Array:
    """The edges with one more between two nodes, or without the one there was."""
    if first == second:
        return edges
    pair = np.array([[min(first, second), max(first, second)]], np.int32)
    there = (edges == pair).all(axis=1)
    return edges[~there] if there.any() else np.concatenate([edges, pair])


class Look:
    """What a training shows: one way through the graph answers all of it."""

    def __init__(self, inside: Callable[[], list[Array]], graph: Graph, seed: int) -> None:
        """`inside` gives what leaves each layer, [N, ...], the logits last."""
        self._inside, self._graph, self._drawn = inside, graph, graphs.drawn(graph)
        self._links = links_among(graph.edges, self._drawn, len(graph.labels))
        self._places = graphs.layout(len(self._drawn), self._links, seed)
        self._cloud, self._given = self._places, variety(graph.features)
        self.step, self.said = 0, np.zeros(len(graph.labels), np.int64)

    def fixed(self) -> dict[str, Array]:
        """What never changes: where the nodes lie, their links, classes and parts."""
        return {
            "numbers": self._drawn,
            "places": self._places,
            "links": self._links,
            "truth": self._graph.labels[self._drawn].astype(np.int8),
            "part": parts(self._graph)[self._drawn],
        }

    def pictures(self, step: int) -> dict[str, Array]:
        """The answer for every node, where the last layers put them, and how alike they are."""
        found = self._inside()
        self.step, self.said = step, found[-1].argmax(axis=1)
        last = found[-2] if len(found) > 1 else found[-1]
        self._cloud = cloud(last[self._drawn], self._cloud)
        held, labels = self._graph.validation, self._graph.labels
        return {
            "answers": self.said[self._drawn].astype(np.int8),
            "cloud": self._cloud,
            "variety": np.array([self._given, *map(variety, found)], np.float32),
            "confusion": judging.confusion(labels[held], self.said[held], found[-1].shape[1]),
        }


def asked(
    ask: Callable[[Array], Array], graph: Graph, inputs: Mapping[str, Any], seed: int
) -> dict[str, Array]:
    """What `ask`, edges [E, 2] -> class probabilities [N, C], says about one node and one edge."""
    node, edges = inputs["node"], graph.edges
    if inputs["edit"] == "toggle":
        edges = toggled(edges, node, inputs["partner"])
    after, before, alone = ask(edges), ask(graph.edges), ask(edges[:0])
    near, said = within(edges, node, 2, NEIGHBOURS), int(after[node].argmax())
    silenced = [ask(without(edges, one))[node, said] for one in near]
    group = np.concatenate([[node], near])
    group_links = links_among(edges, group, len(graph.labels))
    answers, labels = after.argmax(axis=1), graph.labels
    right = [(one.argmax(axis=1) == labels)[graph.test].mean() for one in (after, before, alone)]
    return {
        "node": group[:1],
        "truth": labels[node : node + 1],
        "probabilities": after[node],
        "group": group,
        "group_links": group_links,
        "group_places": graphs.layout(len(group), group_links, seed),
        "group_answers": answers[group],
        "influence": (after[node, said] - np.array(silenced)).astype(np.float32),
        "accuracies": np.array(right, np.float32),
        **_map(graph, edges, seed),
        "answers": answers[graphs.drawn(graph)],
        "flipped": (answers != before.argmax(axis=1))[graphs.drawn(graph)],
    }


def _map(graph: Graph, edges: Array, seed: int) -> dict[str, Array]:
    """Where the nodes lie, as in the training, with the links as they are now."""
    drawn = graphs.drawn(graph)
    num_nodes = len(graph.labels)
    given = links_among(graph.edges, drawn, num_nodes)
    return {
        "numbers": drawn,
        "places": graphs.layout(len(drawn), given, seed),
        "links": links_among(edges, drawn, num_nodes),
    }
