"""Tables: rows of features with a class or a number to predict.

Those of scikit-learn are read straight from the files inside the package: importing it takes two
seconds. California housing is looked for like any other set that no package carries.
"""

import functools
import io

import numpy as np

from dlkit.contract import Array
from dlkit.datasets import caches
from dlkit.datasets.caches import Cached, File
from dlkit.datasets.files import frozen, package

CALIFORNIA = Cached(
    "california_housing",
    (
        File(
            ("california_housing.npz",),
            "california_housing.npz",
            "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
        ),
    ),
    instead="diabetes",
)

# Least, middle and greatest value of each feature, so that a form needs no file.
CALIFORNIA_RANGES = (
    (-124.35, -118.49, -114.31),
    (32.54, 34.26, 41.95),
    (1.0, 29.0, 52.0),
    (2.0, 2127.0, 39320.0),
    (1.0, 435.0, 6445.0),
    (3.0, 1166.0, 35682.0),
    (1.0, 409.0, 6082.0),
    (0.4999, 3.5348, 15.0001),
)


@functools.cache
def table(name: str) -> tuple[Array, Array]:
    """Features [N, F] and classes [N], or numbers to predict [N, 1]. Raises `CodedError`."""
    readers = {"diabetes": _diabetes, "california_housing": _california}
    if name in readers:
        x, y = readers[name]()
        return frozen(x.astype(np.float32)), frozen(y.astype(np.float32).reshape(-1, 1))
    file = {"iris": "iris.csv", "wine": "wine_data.csv", "breast_cancer": "breast_cancer.csv"}[name]
    path = package("sklearn") / "datasets" / "data" / file
    rows = np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.float64)
    return frozen(rows[:, :-1].astype(np.float32)), frozen(rows[:, -1].astype(np.int32))


def _diabetes() -> tuple[Array, Array]:
    """442 patients, ten measurements each (Bradley Efron and others, 2004)."""
    folder = package("sklearn") / "datasets" / "data"
    rows = np.loadtxt(folder / "diabetes_data_raw.csv.gz", dtype=np.float64)
    return rows, np.loadtxt(folder / "diabetes_target.csv.gz", dtype=np.float64)


def _california() -> tuple[Array, Array]:
    """20,640 districts of the census of 1990, eight features each (Kelley Pace, Ronald Barry)."""
    with np.load(io.BytesIO(caches.contents(CALIFORNIA)[0]), allow_pickle=False) as held:
        return held["x"], held["y"]
