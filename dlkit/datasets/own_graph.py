"""A graph that a person writes down: "0-1, 1-2" and, where they know them, classes "0:red, 2:blue".

Its name holds all of it, so that whoever has the name has the graph.
"""

import functools
import re
from dataclasses import dataclass

import numpy as np

from dlkit.contract import Array
from dlkit.datasets.graph_sets import GRAPH_SETS, GraphSet

PREFIX = "own "
EDGES = r"^\s*\d{1,3}\s*-\s*\d{1,3}([\s,;]+\d{1,3}\s*-\s*\d{1,3})*[\s,;]*$"
LABELS = r"^\s*$|^\s*\d{1,3}\s*:\s*\w{1,20}([\s,;]+\d{1,3}\s*:\s*\w{1,20})*[\s,;]*$"
UNKNOWN = -1


@dataclass(frozen=True)
class Written:
    """`edges` [E, 2] each once, `labels` [N] numbers of `names`, or `UNKNOWN`.

    `strangers` are nodes with a label that no edge names.
    """

    edges: Array
    labels: Array
    names: tuple[str, ...]
    strangers: tuple[int, ...]


def named(edges: str, labels: str) -> str:
    """The name of the graph with these edges and labels."""
    return f"{PREFIX}{edges}|{labels}"


@functools.lru_cache(maxsize=64)
def written(name: str) -> Written:
    """What the name of an own graph says."""
    edges, _, labels = name.removeprefix(PREFIX).partition("|")
    pairs = {tuple(sorted(map(int, one))) for one in re.findall(r"(\d+)\s*-\s*(\d+)", edges)}
    kept = sorted(pair for pair in pairs if pair[0] != pair[1])
    ends = np.array(kept, np.int32).reshape(-1, 2)
    classes = {int(one): word for one, word in re.findall(r"(\d+)\s*:\s*(\w+)", labels)}
    count = max((max(pair) for pair in pairs), default=0) + 1
    names = tuple(dict.fromkeys(classes[node] for node in sorted(classes)))
    found = np.full(count, UNKNOWN, np.int32)
    for node, word in classes.items():
        if node < count:
            found[node] = names.index(word)
    return Written(ends, found, names, tuple(node for node in classes if node >= count))


def graph_set(name: str) -> GraphSet:
    """What is known of a graph, or a set of graphs, without loading it; also of an own one."""
    if not name.startswith(PREFIX):
        return GRAPH_SETS[name]
    count, names = len(written(name).labels), written(name).names
    return GraphSet("own", count, count, max(1, len(names)), "made")
