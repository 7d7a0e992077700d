"""The catalogue of algorithms: every sub-package with a `spec.py`, found by scanning the folder.

An eleventh algorithm is a new folder here. `DLKIT_EXTRA_ALGORITHMS` may name further packages to
scan (tests use it). Only `spec.py` is imported; `model.py` is loaded by name, in a worker.
"""

import functools
import importlib
import os
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from dlkit.contract import Algorithm, CodedError

EXTRA = "DLKIT_EXTRA_ALGORITHMS"


def catalogue() -> Mapping[str, Algorithm]:
    """All algorithms by name, in the order of their chapters."""
    return _scan(os.environ.get(EXTRA, ""))[0]


def find(name: str) -> Algorithm:
    """The algorithm called `name`. Raises `CodedError("algorithm_unknown")`."""
    found = catalogue()
    if name not in found:
        raise CodedError("algorithm_unknown", given=name, allowed=", ".join(found))
    return found[name]


def model_module(name: str) -> str:
    """The module with `build`, `train` and `play` of an algorithm, to be imported in a worker."""
    return _module(name, "model")


def stage_module(name: str) -> str:
    """The module with the `Stage` of an algorithm's games, to be imported where they are played."""
    return _module(name, "stage")


def _module(name: str, part: str) -> str:
    find(name)
    return f"{_scan(os.environ.get(EXTRA, ''))[1][name]}.{part}"


@functools.cache
def _scan(extra: str) -> tuple[Mapping[str, Algorithm], Mapping[str, str]]:
    found: dict[str, tuple[Algorithm, str]] = {}
    for package in (__name__, *filter(None, extra.split(","))):
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
            if module.ispkg:
                path = f"{package}.{module.name}"
                algorithm: Algorithm = importlib.import_module(f"{path}.spec").ALGORITHM
                found[algorithm.name] = algorithm, path
    ordered = sorted(found.items(), key=lambda item: item[1][0].chapter)
    algorithms = {name: algorithm for name, (algorithm, _) in ordered}
    paths = {name: path for name, (_, path) in ordered}
    return MappingProxyType(algorithms), MappingProxyType(paths)
