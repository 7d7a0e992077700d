"""What the charts of this chapter are made from: arrays in, arrays out.

A network comes in only as a function that answers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlkit import judging
from dlkit.contract import Array
from dlkit.datasets import graphs
from dlkit.datasets.graphs import Graph
from dlkit.datasets.links import links
from dlkit.datasets.molecules import molecules

PICTURED = 12  # small graphs that are drawn
COLUMNS = 4  # of them side by side
PAIRS = 400  # held-back pairs that are drawn
TRAIN, VALIDATION, TEST, NO_PART = 0, 1, 2, 3


@dataclass(frozen=True)
class Inside:
    """What a network makes of everything it was given.

    `layers` are the nodes [N, ...] after each layer, `spots` [S, D] what lies ready for the answer,
    `answers` the logits of all examples [X, C]; `heard`, sparse [N, N], is the attention.
    """

    layers: list[Array]
    spots: Array
    answers: Array
    heard: Any = None


def graph_of(task: str, name: str, seed: int) -> Graph:
    """The examples of a task, from the graph or the set of graphs called `name`."""
    if task == "graph":
        return molecules(name, seed)
    graph = graphs.load(name, seed)
    return links(graph, seed) if task == "link" else graph


def parts(graph: Graph) -> Array:
    """Which part of the split each example is in, [X] int8."""
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


def cloud(nodes: Array, before: Array | None) -> Array:
    """The two main components of nodes [N, D], turned to lie as `before` [N, 2] as far as possible.

    Without the turn (Peter Schönemann, 1966) the picture would spin and flip from look to look.
    """
    centred = np.nan_to_num(nodes - nodes.mean(axis=0)).astype(np.float64)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1]
    flat = centred @ axes  # [N, 2]
    if flat.shape[1] < 2:
        flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    flat /= max(float(np.abs(flat).max()), 1e-9)
    turn = np.eye(2)
    if before is not None:
        left, _, right = np.linalg.svd(flat.T @ (before - before.mean(axis=0)))
        turn = left @ right
    turned: Array = (flat @ turn).astype(np.float32)
    return turned


class Look:
    """What a training shows: one way through the graph answers all of it."""

    def __init__(self, inside: Callable[[], Inside], graph: Graph, seed: int) -> None:
        """`inside` gives what leaves each layer, and the answers."""
        self._inside, self._graph = inside, graph
        self._drawn = graphs.drawn(graph) if graph.owners is None else pictured(graph)
        self._links = links_among(graph.edges, self._drawn, len(graph.features))
        if graph.owners is None:
            self._places = graphs.layout(len(self._drawn), self._links, seed)
        else:
            self._places = beside(graph.owners[self._drawn], self._links, seed)
        self._held = held_pairs(graph, self._drawn)
        # What the cloud shows: nodes, or whole graphs.
        self._whole = self._drawn if graph.owners is None else np.arange(len(graph.labels))
        self._cloud: Array | None = None
        self._given = variety(graph.features)
        self.step, self.said = 0, np.zeros(len(graph.labels), np.int64)

    def fixed(self) -> dict[str, Array]:
        """What never changes: where the nodes lie, their links, classes and parts."""
        graph, drawn = self._graph, self._drawn
        whose = drawn if graph.owners is None else graph.owners[drawn]
        kinds = graph.labels if graph.kinds is None else graph.kinds
        found = {
            "numbers": whose.astype(np.int32),
            "places": self._places,
            "links": self._links,
            "kinds": kinds[drawn].astype(np.int8),
            "cloud_truth": (graph.labels if graph.owners is not None else kinds)[
                self._whole
            ].astype(np.int8),
            "cloud_numbers": self._whole.astype(np.int32),
        }
        if graph.pairs is None:
            found["truth"] = graph.labels[whose].astype(np.int8)
            found["part"] = parts(graph)[whose]
            return found
        found["held"] = links_among(graph.pairs[self._held], drawn, len(graph.features))
        return {**found, "truth": graph.labels[self._held].astype(np.int8)}

    def pictures(self, step: int) -> dict[str, Array]:
        """The answer for every example, where the last layers put them, and how alike they are."""
        found, graph = self._inside(), self._graph
        self.step, self.said = step, found.answers.argmax(axis=1)
        spots = found.spots[self._whole]
        before = self._places if self._cloud is None and graph.owners is None else self._cloud
        self._cloud = cloud(spots, before)
        held, labels = graph.validation, graph.labels
        whose = self._held if graph.pairs is not None else self._drawn
        whose = whose if graph.owners is None else graph.owners[self._drawn]
        shown = {
            "answers": self.said[whose].astype(np.int8),
            "cloud": self._cloud,
            "variety": np.array([self._given, *map(variety, found.layers)], np.float32),
            "confusion": judging.confusion(labels[held], self.said[held], found.answers.shape[1]),
        }
        if found.heard is not None:
            ends = self._drawn[self._links]
            both = [found.heard[ends[:, i], ends[:, 1 - i]] for i in (0, 1)]
            shown["heard"] = np.maximum(*map(np.ravel, map(np.asarray, both))).astype(np.float32)
        return shown


def pictured(graph: Graph) -> Array:
    """The nodes of a few held-back graphs, class by class in turn."""
    held, labels = graph.validation, graph.labels
    order = np.argsort(np.concatenate([np.arange(c) for c in _counts(labels[held])]), kind="stable")
    chosen = held[np.argsort(labels[held], kind="stable")][order][:PICTURED]
    return np.flatnonzero(np.isin(np.asarray(graph.owners), chosen)).astype(np.int32)


def _counts(labels: Array) -> list[int]:
    return [int((labels == label).sum()) for label in np.unique(labels)]


def beside(owners: Array, edges: Array, seed: int) -> Array:
    """A place for each node [N, 2] where small graphs lie side by side, each laid out alone."""
    places = np.zeros((len(owners), 2), np.float32)
    for number, owner in enumerate(np.unique(owners)):
        members = np.flatnonzero(owners == owner)
        inside = links_among(edges, members, len(owners))
        row, column = divmod(number, COLUMNS)
        places[members] = graphs.layout(len(members), inside, seed) * 0.36 + (column, -row)
    return places


def held_pairs(graph: Graph, drawn: Array) -> Array:
    """Numbers of the held-back pairs whose nodes are both drawn, some of them."""
    if graph.pairs is None:
        return np.empty(0, np.int64)
    there = np.isin(graph.pairs[graph.validation], drawn).all(axis=1)
    held: Array = graph.validation[there]
    return held[:: max(1, -(-len(held) // PAIRS))]
