"""Data sets: a catalogue that needs no loading, and `load`. NumPy in, NumPy out."""

from dlkit.datasets.catalogue import DATASETS, Dataset, find
from dlkit.datasets.drawings import centred
from dlkit.datasets.files import has_fashion_mnist
from dlkit.datasets.splits import Split, load, ranges

__all__ = ["DATASETS", "Dataset", "Split", "centred", "find", "has_fashion_mnist", "load", "ranges"]
