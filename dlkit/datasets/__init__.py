"""Data sets: a catalogue that needs no loading, and `load`. NumPy in, NumPy out."""

from dlkit.datasets.catalogue import DATASETS, Dataset, find
from dlkit.datasets.drawings import centred
from dlkit.datasets.graph_sets import GRAPHS, GraphSet
from dlkit.datasets.neighbours import nearest
from dlkit.datasets.plane import Plane
from dlkit.datasets.splits import Split, is_there, load, ranges, spread

__all__ = [
    "DATASETS",
    "GRAPHS",
    "Dataset",
    "GraphSet",
    "Plane",
    "Split",
    "centred",
    "find",
    "is_there",
    "load",
    "nearest",
    "ranges",
    "spread",
]
