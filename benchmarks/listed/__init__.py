"""Every target and peer comparison of the project: what, how much, why, and where measured.

One module a chapter, each with a tuple `BENCHMARKS`, found by a scan of the folder.
"""

import pkgutil
from importlib import import_module

from benchmarks.registry import Benchmark

_MODULES = sorted(found.name for found in pkgutil.iter_modules(__path__))
BENCHMARKS: tuple[Benchmark, ...] = tuple(
    benchmark for name in _MODULES for benchmark in import_module(f"{__name__}.{name}").BENCHMARKS
)


def find(name: str) -> Benchmark:
    """The benchmark of that id. Raises `KeyError` with the allowed ones."""
    known = {benchmark.id: benchmark for benchmark in BENCHMARKS}
    if name not in known:
        raise KeyError(f'There is no benchmark "{name}". Allowed are: {", ".join(known)}, all.')
    return known[name]
