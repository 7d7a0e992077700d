"""A studio for ten deep-learning algorithms: train them, watch them learn, play with the result.

Three calls do from Python what the studio does with buttons::

    import dlkit

    run = dlkit.train("dnn", preset="quick", epochs=5)
    model = dlkit.load(run)
    dlkit.runs()

`import dlkit` itself loads nothing; the engine is loaded by the first call.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlkit.api import load, runs, train

__all__ = ["load", "runs", "train"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'dlkit' has no attribute '{name}'")
    return getattr(import_module("dlkit.api"), name)
