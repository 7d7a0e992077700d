"""Graphs whose nodes have classes: NumPy arrays, one layout, and no library of layers."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import networkx as nx
import numpy as np

from dlkit.contract import Array, CodedError
from dlkit.datasets.citation import citation
from dlkit.datasets.graph_sets import GRAPHS
from dlkit.datasets.own_graph import PREFIX, written

LABELLED = {"les_miserables": 2, "florentine": 1}  # of each class
OWN_LABELLED = 2
BLOCK, BLOCK_LABELLED, BLOCK_VALIDATION = 60, 5, 60
INSIDE, ACROSS = 0.1, 0.012  # the chance of an edge within a block and between two
SIGNAL = 0.45  # how far the features of a class lie from zero, in standard deviations
DRAWN = 3000  # nodes drawn of a graph
EXACT = 500  # nodes up to which networkx' own layout is quick enough


@dataclass(frozen=True)
class Graph:
    """Nodes are numbers from 0; `edges` [E, 2] holds each edge once, the lower node first.

    `features` [N, F]; `labels` [X] are classes of examples, `train`, `validation` and `test`
    numbers of examples, in no two parts. An example is a node; with `pairs` [X, 2] it is two nodes,
    linked or not; with `owners` [N], the number of each node's graph, it is a graph. `kinds` [N]
    are what nodes are, where that is not asked for. `strengths` [N, N] tell how strong edges are,
    where somebody counted. A training takes all this for a split.
    """

    features: Array
    edges: Array
    labels: Array
    train: Array
    validation: Array
    test: Array
    kinds: Array | None = None
    pairs: Array | None = None
    owners: Array | None = None
    strengths: Array | None = None

    def strength(self, edges: Array) -> Array:
        """How strong edges [E, 2] are, [E] float32: one where nobody counted."""
        found = np.ones(len(edges), np.float32)
        if self.strengths is not None:
            old = (edges < len(self.strengths)).all(axis=1)
            counted = self.strengths[edges[old, 0], edges[old, 1]]
            found[old] = np.where(counted > 0, counted, 1.0)
        return found

    @property
    def x_train(self) -> Array:
        """The numbers of the nodes or graphs to learn from, or pairs of nodes."""
        return self.train if self.pairs is None else self.pairs[self.train]

    @property
    def y_train(self) -> Array:
        """Their classes."""
        return self.labels[self.train]

    @property
    def x_val(self) -> Array:
        """Those to check with."""
        return self.validation if self.pairs is None else self.pairs[self.validation]

    @property
    def y_val(self) -> Array:
        """Their classes."""
        return self.labels[self.validation]


def load(name: str, seed: int) -> Graph:
    """The graph called `name`. Raises `CodedError` not_an_option or data_missing.

    The citation graphs have their public split. Of the small ones a few nodes of each class are
    labelled, and `seed` shares out the rest; it also draws the block model.
    """
    if name.startswith(PREFIX):
        own = written(name)
        taught = _best_connected(own.edges, own.labels, OWN_LABELLED)
        return _featureless(own.edges, own.labels, taught, seed)
    if name not in GRAPHS:
        raise CodedError("not_an_option", given=name, allowed=", ".join(GRAPHS))
    if name == "blocks":
        return _blocks(seed)
    return _social(name, seed) if name in _READERS else Graph(*citation(name))


def _blocks(seed: int) -> Graph:
    """A stochastic block model: more edges inside a block; features that hardly tell a class."""
    random = np.random.default_rng(seed)
    one = GRAPHS["blocks"]
    labels = random.permutation(np.repeat(np.arange(one.num_classes), BLOCK)).astype(np.int32)
    first, second = np.triu_indices(len(labels), 1)
    chance = np.where(labels[first] == labels[second], INSIDE, ACROSS)
    chosen = random.random(len(first)) < chance
    edges = np.stack([first[chosen], second[chosen]], axis=1).astype(np.int32)
    centres = random.normal(size=(one.num_classes, one.num_features)) * SIGNAL
    features = centres[labels] + random.normal(size=(len(labels), one.num_features))
    order = [random.permutation(np.flatnonzero(labels == c)) for c in range(one.num_classes)]
    train = np.concatenate([nodes[:BLOCK_LABELLED] for nodes in order])
    rest = random.permutation(np.concatenate([nodes[BLOCK_LABELLED:] for nodes in order]))
    return Graph(
        features.astype(np.float32),
        edges,
        labels,
        *parted(train, rest[:BLOCK_VALIDATION], rest[BLOCK_VALIDATION:]),
    )


def _social(name: str, seed: int) -> Graph:
    """A small graph of networkx. Its nodes have no features, so each is told by its number alone.

    The karate club's classes are the two clubs it broke into (Wayne Zachary, 1977). The others have
    no true classes: theirs are communities found by modularity (Aaron Clauset and others, 2004).
    """
    graph, labels = _READERS[name]()
    number = {node: i for i, node in enumerate(graph)}
    edges = np.sort([(number[a], number[b]) for a, b in graph.edges()], axis=1)
    strengths = nx.to_numpy_array(graph, dtype=np.float32)  # without weights all are one
    if name == "karate":
        taught = _leaders_and_torn(strengths, labels)
    else:
        taught = _best_connected(edges, labels, LABELLED[name])
    found = _featureless(edges, labels, taught, seed)
    return dataclasses.replace(found, strengths=strengths)


def _leaders_and_torn(strengths: Array, labels: Array) -> Array:
    """Of each club the member with most contacts, and the one whose share in others is largest."""
    everyone = strengths.sum(axis=1)
    across = (strengths * (labels[:, None] != labels)).sum(axis=1) / everyone
    taught = [
        np.where(labels == label, measure, -1.0).argmax()
        for label in range(labels.max() + 1)
        for measure in (everyone, across)
    ]
    return np.array(taught)


def _best_connected(edges: Array, labels: Array, count: int) -> Array:
    """Of each class the `count` nodes with most edges."""
    degrees, taught = np.bincount(edges.ravel(), minlength=len(labels)), [np.empty(0, np.int64)]
    for label in range(int(labels.max(initial=-1)) + 1):
        members = np.flatnonzero(labels == label)
        taught.append(members[np.argsort(-degrees[members], kind="stable")[:count]])
    return np.concatenate(taught)


def _featureless(edges: Array, labels: Array, taught: Array, seed: int) -> Graph:
    """The nodes `taught` teach; those of no known class do nothing.

    A third of the others checks, two thirds are the test.
    """
    rest = np.setdiff1d(np.flatnonzero(labels >= 0), taught)
    rest = np.random.default_rng(seed).permutation(rest)
    return Graph(
        np.eye(len(labels), dtype=np.float32),
        edges.astype(np.int32),
        labels,
        *parted(taught, rest[: len(rest) // 3], rest[len(rest) // 3 :]),
    )


def _karate() -> tuple[nx.Graph, Array]:
    graph = nx.karate_club_graph()
    clubs = [graph.nodes[node]["club"] == "Officer" for node in graph]
    return graph, np.array(clubs, np.int32)


def _les_miserables() -> tuple[nx.Graph, Array]:
    graph = nx.les_miserables_graph()
    return graph, _communities(graph, weight="weight")


def _florentine() -> tuple[nx.Graph, Array]:
    graph = nx.florentine_families_graph()
    return graph, _communities(graph, weight=None)


_READERS: dict[str, Callable[[], tuple[nx.Graph, Array]]] = {
    "karate": _karate,
    "les_miserables": _les_miserables,
    "florentine": _florentine,
}


def _communities(graph: nx.Graph, *, weight: str | None) -> Array:
    """The number of each node's community, the largest first."""
    found = nx.community.greedy_modularity_communities(graph, weight=weight)
    community = {node: number for number, members in enumerate(found) for node in members}
    return np.array([community[node] for node in graph], np.int32)


def parted(*parts: Array) -> tuple[Array, ...]:
    """Numbers of examples in their order, as whole numbers of 32 bits."""
    return tuple(np.sort(part).astype(np.int32) for part in parts)


def drawn(graph: Graph) -> Array:
    """The nodes to draw: all of them, or those nearest to the best-connected one."""
    num_nodes = len(graph.features)
    if num_nodes <= DRAWN:
        return np.arange(num_nodes, dtype=np.int32)
    wide = nx.Graph(graph.edges.tolist())
    middle = int(np.bincount(graph.edges.ravel()).argmax())
    reached = [middle, *(node for _, node in nx.bfs_edges(wide, middle))]
    return np.sort(np.array(reached[:DRAWN], np.int32))


def layout(num_nodes: int, edges: Array, seed: int) -> Array:
    """A place for each node, [N, 2] float32 within [-1, 1], linked nodes near each other.

    networkx compares all pairs of nodes, which takes half a minute for Cora; of large graphs each
    node is therefore pushed away from a few others, drawn anew at every step.
    """
    if num_nodes <= EXACT:
        graph = nx.empty_graph(num_nodes)
        graph.add_edges_from(edges.tolist())
        found = nx.spring_layout(graph, seed=seed, iterations=80)
        places = np.array([found[node] for node in range(num_nodes)])
    else:
        places = _pulled_and_pushed(num_nodes, edges, seed)
    low, high = places.min(axis=0), places.max(axis=0)
    scaled: Array = 2 * (places - low) / np.maximum(high - low, 1e-9) - 1
    return scaled.astype(np.float32)


def _pulled_and_pushed(num_nodes: int, edges: Array, seed: int) -> Array:
    """Forces of Thomas Fruchterman and Edward Reingold (1991), the push from a sample of nodes."""
    random = np.random.default_rng(seed)
    places = random.normal(size=(num_nodes, 2))
    first, second = edges.T
    both, others = np.concatenate([first, second]), np.concatenate([second, first])
    sample, steps = 6, 250
    for step in range(steps):
        gap = places[others] - places[both]
        pull = np.stack([np.bincount(both, gap[:, i], num_nodes) for i in (0, 1)], axis=1)
        push = np.zeros_like(places)
        for _ in range(sample):
            away = places - places[random.permutation(num_nodes)]
            push += away / (np.square(away).sum(axis=1, keepdims=True) + 1e-3)
        force = pull + push * (30.0 / sample) - 0.08 * places
        length = np.linalg.norm(force, axis=1, keepdims=True) + 1e-9
        places = places + force / length * np.minimum(length, 3.0 * (1 - step / steps) + 0.02) * 0.3
    return places
