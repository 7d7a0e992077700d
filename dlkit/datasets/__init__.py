"""Data sets: a catalogue that needs no loading, and `load`. NumPy in, NumPy out."""

from dlkit.datasets.catalogue import DATASETS, Dataset, find
from dlkit.datasets.drawings import centred
from dlkit.datasets.files import has_fashion_mnist
from dlkit.datasets.neighbours import nearest
from dlkit.datasets.plane import Plane
from dlkit.datasets.splits import Split, load, ranges
from dlkit.datasets.tables import has_california

__all__ = [
    "DATASETS",
    "Dataset",
    "Plane",
    "Split",
    "centred",
    "find",
    "has_california",
    "has_fashion_mnist",
    "load",
    "nearest",
    "ranges",
]
