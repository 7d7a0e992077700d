"""What graph networks reach on the citation graph Cora and in the karate club.

Test nodes are judged once, after the last step: no moment is picked by validation, which the
published figures do. The recipes were chosen by validation accuracy after a few tries.
"""

from typing import Any

from benchmarks.accuracy import trained
from benchmarks.listed import find
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread

CORA: dict[str, Any] = {"data": "cora", "optimizer": "adam", "weight_decay": 0.0}
FAR = {**CORA, "layer": "appnp", "width": 64, "dropout": 0.5, "learning_rate": 0.01, "l2": 0.005,
       "schedule": "constant", "epochs": 400}  # fmt: skip
DEEP = {**CORA, "layer": "gcnii", "depth": 16, "width": 64, "dropout": 0.6, "learning_rate": 0.01,
        "l2": 0.0005, "schedule": "constant", "epochs": 400}  # fmt: skip


def cora_gcn(seeds: int) -> Measured:
    """Per cent of the test nodes right, with the standard preset."""
    return _reached("gnn-cora-gcn", seeds, preset="standard")


def cora_far(seeds: int) -> Measured:
    """The same with APPNP."""
    return _reached("gnn-cora-gat", seeds, **FAR)


def cora_best(seeds: int) -> Measured:
    """The same with GCNII of 16 layers."""
    return _reached("gnn-cora-best", seeds, **DEEP)


def karate(seeds: int) -> Measured:
    """Per cent of the members without a label whose side is told, from four that have one."""
    return _reached("gnn-karate", seeds, data="karate", layer="appnp", epochs=200)


def _reached(name: str, seeds: int, *, preset: str = "quick", **values: Any) -> Measured:
    found = [trained("gnn", preset, {**values, "seed": seed}) for seed in range(1, seeds + 1)]
    shares = [100.0 * one["last"]["test_accuracy"] for one in found]
    mean = sum(shares) / len(shares)
    beside = {
        "lowest": min(shares),
        "highest": max(shares),
        "median": middle(shares),
        "below_floor": sum(share < find(name).floor for share in shares),
        "seconds": max(one["whole_seconds"] for one in found),
    }
    return Measured(mean, spread(shares), beside=beside)
