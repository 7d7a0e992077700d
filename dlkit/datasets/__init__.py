"""Data sets: a catalogue that needs no loading, and `load`. NumPy in, NumPy out."""

from dlkit.datasets.catalogue import DATASETS, Dataset, find
from dlkit.datasets.drawings import centred
from dlkit.datasets.graph_sets import ATOMS, GRAPH_SETS, GRAPHS, MOLECULES, GraphSet
from dlkit.datasets.neighbours import nearest
from dlkit.datasets.own_graph import graph_set
from dlkit.datasets.plane import Plane
from dlkit.datasets.splits import Split, is_there, load, ranges, spread

__all__ = [
    "ATOMS",
    "DATASETS",
    "GRAPHS",
    "GRAPH_SETS",
    "MOLECULES",
    "Dataset",
    "GraphSet",
    "Plane",
    "Split",
    "centred",
    "find",
    "graph_set",
    "is_there",
    "load",
    "nearest",
    "ranges",
    "spread",
]
