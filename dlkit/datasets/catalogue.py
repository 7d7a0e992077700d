"""The data sets by name: what they are, without loading them."""

from dataclasses import dataclass
from typing import Literal

from dlkit.contract import CodedError


@dataclass(frozen=True)
class Dataset:
    """One set. `source`: made by a formula, embedded in a package, or from a cache.

    `shape` is that of one example: (2,) points, (F,) table rows, (height, width, 1) pictures, or
    (height, width, 3) in colour.
    `num_classes` is 0 where a number is asked for instead of a class. Things in pictures fill a
    square of `box` pixels; `mirrors` says whether a mirrored picture is still one of its class.
    """

    name: str
    kind: Literal["points", "table", "image"]
    shape: tuple[int, ...]
    num_classes: int
    source: Literal["made", "embedded", "cache"]
    features: tuple[str, ...] = ()
    box: int = 0
    mirrors: bool = False

    @property
    def asks_number(self) -> bool:
        """Whether the task is regression: the answer is a number, not a class."""
        return self.num_classes == 0


IRIS = ("sepal_length", "sepal_width", "petal_length", "petal_width")
WINE = (
    "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols",
    "flavanoids", "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue",
    "od280_od315", "proline",
)  # fmt: skip
CELLS = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
    "concave_points", "symmetry", "fractal_dimension",
)  # fmt: skip
DIABETES = ("age", "sex", "bmi", "blood_pressure", "s1", "s2", "s3", "s4", "s5", "s6")
CALIFORNIA = (
    "longitude", "latitude", "house_age", "rooms", "bedrooms", "population", "households",
    "income",
)  # fmt: skip
CANCER = tuple(f"{kind}_{name}" for kind in ("mean", "error", "worst") for name in CELLS)

_ALL = (
    Dataset("circles", "points", (2,), 2, "made", ("x", "y")),
    Dataset("xor", "points", (2,), 2, "made", ("x", "y")),
    Dataset("gaussians", "points", (2,), 3, "made", ("x", "y")),
    Dataset("moons", "points", (2,), 2, "made", ("x", "y")),
    Dataset("spirals", "points", (2,), 2, "made", ("x", "y")),
    Dataset("plane", "points", (2,), 0, "made", ("x", "y")),
    Dataset("hills", "points", (2,), 0, "made", ("x", "y")),
    Dataset("iris", "table", (4,), 3, "embedded", IRIS),
    Dataset("wine", "table", (13,), 3, "embedded", WINE),
    Dataset("breast_cancer", "table", (30,), 2, "embedded", CANCER),
    Dataset("diabetes", "table", (10,), 0, "embedded", DIABETES),
    Dataset("california_housing", "table", (8,), 0, "cache", CALIFORNIA),
    Dataset("digits", "image", (8, 8, 1), 10, "embedded", box=8),
    Dataset("mnist_5k", "image", (28, 28, 1), 10, "embedded", box=20),
    Dataset("fashion_mnist", "image", (28, 28, 1), 10, "cache", box=28, mirrors=True),
    Dataset("mnist", "image", (28, 28, 1), 10, "cache", box=20),
    Dataset("cifar10", "image", (32, 32, 3), 10, "cache", box=32, mirrors=True),
)
DATASETS = {dataset.name: dataset for dataset in _ALL}


def find(name: str) -> Dataset:
    """The data set called `name`. Raises `CodedError("not_an_option")`."""
    if name not in DATASETS:
        raise CodedError("not_an_option", given=name, allowed=", ".join(DATASETS))
    return DATASETS[name]
