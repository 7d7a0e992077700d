"""Health checks of deep Q-learning: does it explore, learn, forget, promise too much?"""

from collections.abc import Sequence

import numpy as np

from dlkit.algorithms.dqn.screens import plain
from dlkit.algorithms.dqn.worlds import world_of
from dlkit.contract import Array, Finding, RunData
from dlkit.views.findings import values_of

ENOUGH = 5  # looks before anything is said


def checks(data: RunData) -> Sequence[Finding]:
    """Does it explore, learn, forget? Do its promises run away?"""
    loss = values_of(data, "loss")
    if data.state == "failed" and len(loss) and not np.isfinite(loss[-1]):
        return [Finding("diverged", "warning")]
    judged = values_of(data, "val_return")
    if len(judged) < ENOUGH or not np.isfinite(judged).all():
        return []
    return [*_exploding(data), *_not_exploring(data), *_forgetting(data, judged)] or _learned(
        data, judged
    )


def _exploding(data: RunData) -> list[Finding]:
    promised, kept = values_of(data, "promised"), values_of(data, "kept")
    if not len(promised) or not len(kept) or not np.isfinite(promised[-1]):
        return []
    world = world_of(data.params)
    usual = max(abs(world.best), abs(world.worst), 1.0)
    if (
        abs(promised[-1]) > 3 * max(abs(kept[-1]), 0.1 * usual)
        and abs(promised[-1]) > 3 * abs(promised[0]) + 1
    ):
        return [Finding("exploding", "warning",
                        {"promised": plain(promised[-1]), "kept": plain(kept[-1])})]  # fmt: skip
    return []


def _not_exploring(data: RunData) -> list[Finding]:
    brought = values_of(data, "return")
    late = data.total_steps and data.step > 0.3 * data.total_steps
    if not late or len(brought) < ENOUGH or np.ptp(brought) > 1e-9:
        return []
    return [Finding("not_exploring", "warning", {"brought": plain(brought[-1])})]


def _forgetting(data: RunData, judged: Array) -> list[Finding]:
    world = world_of(data.params)
    best, now = float(judged.max()), float(judged[-4:].max())
    span = max(best - world.worst, 1e-9)
    if best - now > 0.4 * span and best - judged[0] > 0.4 * span:
        return [Finding("forgetting", "hint", {"best": plain(best), "now": plain(now)})]
    return []


def _learned(data: RunData, judged: Array) -> list[Finding]:
    if judged[-1] >= world_of(data.params).solved:
        return [Finding("learned", "good", {"brought": plain(judged[-1])})]
    return []
