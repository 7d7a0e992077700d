"""Reads Cora, Citeseer and Pubmed with their public split (Zhilin Yang and others, 2016).

The files are pickles. Each is taken only with its known SHA-256, and read by an unpickler that can
make arrays, sparse matrices and lists, nothing else. Spektral's own reader is not used: it calls
`.A` on sparse matrices, which SciPy 1.14 removed, and it needs TensorFlow.
"""

import collections
import io
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dlkit.contract import Array
from dlkit.datasets import caches
from dlkit.datasets.graph_sets import CITATIONS, PARTS

VALIDATION = 500

Parts = tuple[Array, Array, Array, Array, Array, Array]


def citation(name: str) -> Parts:
    """Features [N, F], edges [E, 2], classes [N], nodes of training, validation and test."""
    held = dict(zip(PARTS, caches.contents(CITATIONS[name]), strict=True))
    index = np.array([int(line) for line in held.pop("test.index").split()], np.int64)
    found = {part: _read(content) for part, content in held.items()}
    return assembled(found, index)


def assembled(found: Mapping[str, Any], index: Array) -> Parts:
    """The parts put together. Row `i` of `tx` and `ty` belongs to node `index[i]`.

    Citeseer has isolated test nodes that have no row: their features are zero and they are in no
    part of the split.
    """
    num_nodes = max(len(found["allx"]) + len(found["tx"]), int(index.max()) + 1)
    features = np.zeros((num_nodes, found["allx"].shape[1]), np.float32)
    classes = np.zeros((num_nodes, found["ally"].shape[1]), np.float32)
    known = len(found["allx"])
    features[:known], classes[:known] = found["allx"], found["ally"]
    features[index], classes[index] = found["tx"], found["ty"]
    total = features.sum(axis=1, keepdims=True)
    features /= np.where(total > 0, total, 1.0)
    labelled = len(found["y"])
    return (
        features,
        undirected(found["graph"]),
        classes.argmax(axis=1).astype(np.int32),
        np.arange(labelled, dtype=np.int32),
        np.arange(labelled, min(labelled + VALIDATION, known), dtype=np.int32),
        np.sort(index).astype(np.int32),
    )


def undirected(neighbours: Mapping[int, Sequence[int]]) -> Array:
    """Each edge once, the lower node first, without loops: [E, 2] int32."""
    pairs = {(min(a, b), max(a, b)) for a, others in neighbours.items() for b in others if a != b}
    return np.array(sorted(pairs), np.int32).reshape(-1, 2)


def _read(content: bytes) -> Any:
    held = _GraphsOnly(io.BytesIO(content), encoding="latin1").load()
    return held.dense() if isinstance(held, _Sparse) else held


class _Sparse:
    """Stands in for SciPy's matrix of compressed rows, whose class has moved since."""

    def dense(self) -> Array:
        """The matrix with all its zeros."""
        held = vars(self)
        matrix = np.zeros(held["_shape"], np.float32)
        rows = np.repeat(np.arange(len(matrix)), np.diff(held["indptr"]))
        matrix[rows, held["indices"]] = held["data"]
        return matrix


class _GraphsOnly(pickle.Unpickler):
    """Makes what the eight files hold and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        """A class or maker by the name it had when the files were written."""
        makers = {
            ("numpy", "_reconstruct"): np.ndarray.__new__,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): _dtype,
            ("scipy", "csr_matrix"): _Sparse,
            ("collections", "defaultdict"): collections.defaultdict,
            ("__builtin__", "list"): list,
        }
        maker = makers.get((module.partition(".")[0], name))
        if maker is None:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return maker


def _dtype(name: str, *old: int) -> np.dtype[Any]:
    """A type by its name. Old pickles also pass two switches, which NumPy no longer wants so."""
    return np.dtype(name)
