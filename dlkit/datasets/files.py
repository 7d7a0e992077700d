"""What all readers of data files need: folders of packages, and arrays that stay as they are."""

import importlib.util
from pathlib import Path

from dlkit.contract import Array, CodedError


def package(name: str, *, instead: str = "spirals") -> Path:
    """The folder of an installed package, without importing it. Raises `CodedError`."""
    spec = importlib.util.find_spec(name)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        reason = f"pip install {name}"
        raise CodedError("data_missing", name=name, places=name, instead=instead, reason=reason)
    return Path(folders[0])


def frozen(array: Array) -> Array:
    """The same array, safe from being changed by accident."""
    array.setflags(write=False)
    return array
