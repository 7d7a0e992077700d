"""What the playground of this chapter asks a trained network. It comes in as a function."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from dlkit.algorithms.gnn.shown import links_among
from dlkit.contract import Array
from dlkit.datasets import graphs
from dlkit.datasets.graphs import Graph

NEIGHBOURS = 16  # of a node asked about, taken away in turn
PATHS = 12  # from the node that was changed to others that changed their mind
PARTNERS = 8  # that a node may be missing

Judge = Callable[[Array, Array], Array]


def about_a_node(
    ask: Judge, graph: Graph, inputs: Mapping[str, Any], seed: int
) -> dict[str, Array]:
    """What `ask`, edges [E, 2] and features [N, F] -> shares [N, C], says of a node and an edit."""
    node, given, count = inputs["node"], graph.features, len(graph.labels)
    edges, features = edited(graph, node, inputs["edit"], inputs["partner"])
    after, before, alone = ask(edges, features), ask(graph.edges, given), ask(edges[:0], given)
    near, said = within(edges, node, 2, NEIGHBOURS), int(after[node].argmax())
    silenced = [ask(without(edges, one), features)[node, said] for one in near]
    group = np.concatenate([[node], near])
    group_links = links_among(edges, group, len(features))
    answers, labels = after.argmax(axis=1), graph.labels
    everyone = (after[:count], before, alone)
    right = [(one.argmax(axis=1) == labels)[graph.test].mean() for one in everyone]
    drawn, flipped = graphs.drawn(graph), answers[:count] != before.argmax(axis=1)
    source = count if len(features) > count else node
    ways = paths(np.concatenate([graph.edges, edges]), source, np.flatnonzero(flipped))
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
        "numbers": drawn,
        "places": graphs.layout(len(drawn), links_among(graph.edges, drawn, count), seed),
        "links": links_among(edges[(edges < count).all(axis=1)], drawn, count),
        "paths": links_among(ways[(ways < count).all(axis=1)], drawn, count),
        "answers": answers[drawn],
        "flipped": flipped[drawn],
    }


def about_a_link(
    ask: Judge, graph: Graph, inputs: Mapping[str, Any], seed: int
) -> dict[str, Array]:
    """What `ask`, edges [E, 2] and pairs [P, 2] -> shares [P, 2], says of two nodes.

    Beside it: on whom that hangs, and whom else the first one should know by the network.
    """
    node, partner, count = inputs["node"], inputs["partner"], len(graph.features)
    pair = np.array([[node, partner]], np.int32)
    around = within(graph.edges, node, 1, NEIGHBOURS // 2)
    others = within(graph.edges, partner, 1, NEIGHBOURS // 2)
    near = np.setdiff1d(np.concatenate([around, others]), pair)
    group = np.concatenate([pair[0], near]) if partner != node else np.concatenate([[node], near])
    here = ask(graph.edges, pair)[0]
    fallen = np.array([here[1] - ask(without(graph.edges, one), pair)[0, 1] for one in near])
    chance = ask(graph.edges, np.stack([np.full(count, node), np.arange(count)], axis=1))[:, 1]
    known = [node, *within(graph.edges, node, 1, count)]
    best = np.setdiff1d(np.argsort(-chance, kind="stable")[: PARTNERS + len(known)], known)
    best = best[np.argsort(-chance[best], kind="stable")][:PARTNERS]
    group_links = links_among(graph.edges, group, count)
    kinds = graph.labels if graph.kinds is None else graph.kinds
    beside, largest = len(group) - 1 - len(near), np.abs(fallen).max(initial=1e-6)
    hidden = np.asarray(graph.pairs)[graph.labels == 1]
    known_edges = np.concatenate([graph.edges, hidden])
    return {
        "node": pair[0],
        "probabilities": here,
        "truth": np.array([int((known_edges == np.sort(pair)).all(axis=1).any())]),
        "group": group,
        "group_links": group_links,
        "group_places": graphs.layout(len(group), group_links, seed),
        "group_answers": kinds[group],
        "influence": np.concatenate([np.full(beside, largest), fallen]).astype(np.float32),
        "best": best,
        "chances": chance[best],
    }


def about_a_graph(
    ask: Judge, graph: Graph, inputs: Mapping[str, Any], seed: int
) -> dict[str, Array]:
    """What `ask`, edges [E, 2] and features [N, F] -> shares [G, C], says of one small graph.

    Beside it: by how much the answer falls without each node, and what is left without edges.
    """
    number, features = inputs["graph"], graph.features
    members = np.flatnonzero(graph.owners == number)
    before, alone = ask(graph.edges, features), ask(graph.edges[:0], features)
    said, kinds = int(before[number].argmax()), graph.kinds
    fallen = []
    for one in members.tolist():
        bare = features.copy()
        bare[one] = 0.0
        fallen.append(before[number, said] - ask(without(graph.edges, one), bare)[number, said])
    inside = links_among(graph.edges, members, len(features))
    right = [(one.argmax(axis=1) == graph.labels)[graph.test].mean() for one in (before, alone)]
    return {
        "graph": np.array([number]),
        "truth": graph.labels[number : number + 1],
        "probabilities": before[number],
        "places": graphs.layout(len(members), inside, seed),
        "links": inside,
        "kinds": members[:0] if kinds is None else kinds[members],
        "influence": np.array(fallen, np.float32),
        "accuracies": np.array(right, np.float32),
    }


def edited(graph: Graph, node: int, edit: str, partner: int) -> tuple[Array, Array]:
    """The edges [E, 2] and features [N, F] after an edit; a node that joins is the last."""
    edges, features = graph.edges, graph.features
    if edit == "toggle":
        return toggled(edges, node, partner), features
    if edit == "remove":
        return without(edges, node), features
    if edit == "features":
        changed = features.copy()
        changed[node] = features[partner]
        return edges, changed
    if edit == "join":
        ends = sorted({node, partner})
        joined = np.array([[end, len(features)] for end in ends], np.int32)
        alike = features[ends].mean(axis=0, keepdims=True)
        return np.concatenate([edges, joined]), np.concatenate([features, alike])
    return edges, features


def paths(edges: Array, source: int, others: Array) -> Array:
    """The edges of the shortest ways from `source` to the nearest of `others`, [L, 2]."""
    wide = nx.Graph(edges.tolist())
    ways = nx.single_source_shortest_path(wide, source) if source in wide else {}
    nearest = sorted((ways[one] for one in others.tolist() if one in ways), key=len)[:PATHS]
    steps = {tuple(sorted(step)) for way in nearest for step in itertools.pairwise(way)}
    return np.array(sorted(steps), np.int32).reshape(-1, 2)


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
