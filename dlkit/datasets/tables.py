"""Tables: rows of features with a class or a number to predict.

Those of scikit-learn are read straight from the files inside the package: importing it takes two
seconds. California housing is looked for like any other set that no package carries.
"""

import functools
import hashlib
import io
import os
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np

from dlkit.contract import Array, CodedError
from dlkit.datasets.files import ORIGIN, TIMEOUT, frozen, package

CALIFORNIA = "california_housing.npz"
CALIFORNIA_HASH = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"


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


def has_california() -> bool:
    """Whether California housing can be had without a download."""
    return any(path.is_file() for path in _california_places())


def _diabetes() -> tuple[Array, Array]:
    """442 patients, ten measurements each (Bradley Efron and others, 2004)."""
    folder = package("sklearn") / "datasets" / "data"
    rows = np.loadtxt(folder / "diabetes_data_raw.csv.gz", dtype=np.float64)
    return rows, np.loadtxt(folder / "diabetes_target.csv.gz", dtype=np.float64)


def _california() -> tuple[Array, Array]:
    """20,640 districts of the census of 1990, eight features each (Kelley Pace, Ronald Barry)."""
    paths = [path for path in _california_places() if path.is_file()]
    content = paths[0].read_bytes() if paths else _download()
    if hashlib.sha256(content).hexdigest() != CALIFORNIA_HASH:
        raise CodedError("file_damaged", name=CALIFORNIA)
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        return held["x"], held["y"]


def _california_places() -> list[Path]:
    given = [Path(one) for one in os.environ.get("DLKIT_DATA", "").split(os.pathsep) if one]
    keras = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    folders = [*(folder / "keras" / "datasets" for folder in given), _cache()]
    return [folder / CALIFORNIA for folder in (*folders, keras / "datasets")]


def _cache() -> Path:
    return Path(os.environ.get("DLKIT_HOME", Path.home() / ".dlkit")) / "data"


def _download() -> bytes:
    """The file from where Keras has it, kept in the cache if it is the right one."""
    try:
        with urllib.request.urlopen(f"{ORIGIN}{CALIFORNIA}", timeout=TIMEOUT) as answer:
            content: bytes = answer.read()
        if hashlib.sha256(content).hexdigest() == CALIFORNIA_HASH:
            _cache().mkdir(parents=True, exist_ok=True)
            part = _cache() / f"{CALIFORNIA}.part"
            part.write_bytes(content)
            part.rename(_cache() / CALIFORNIA)
    except (OSError, urllib.error.URLError) as error:
        places = ", ".join(str(path.parent) for path in _california_places())
        raise CodedError(
            "data_missing", name="california_housing", places=places, instead="diabetes"
        ) from error
    return content
