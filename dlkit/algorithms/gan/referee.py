"""The referee of the game: who is winning, how much of the data is seen, in plain words."""

from collections.abc import Sequence

import numpy as np

from dlkit.contract import Array, Finding, RunData
from dlkit.views.classes import percent
from dlkit.views.findings import values_of

ENOUGH = 8  # points before anything is said
EARLY = 0.15  # of the training, in which anything may happen
BEATEN = 0.97  # of pairs told apart: the discriminator has won
BLIND = 0.42  # fewer than that: it is worse than a coin
EVEN = 0.8  # up to here it is a game between equals
COLLAPSED = 0.6  # of the modes
FALLEN = 0.6  # of the best coverage so far
GOOD = 0.8  # coverage


def checks(data: RunData, modes: int) -> Sequence[Finding]:
    """Who is winning, and what is made of the data's `modes`; the gravest first."""
    loss, apart = values_of(data, "loss"), values_of(data, "told_apart")
    if len(loss) and not np.isfinite(loss[-1]):
        return [Finding("diverged", "warning")]
    if len(apart) < ENOUGH or not data.total_steps or data.step < EARLY * data.total_steps:
        return []
    found = [*_seen(data, modes), *_winner(apart)]
    return sorted(found, key=lambda one: ("warning", "hint", "good").index(one.level))


def _winner(apart: Array) -> list[Finding]:
    now = float(np.nanmean(apart[-5:]))
    share = {"share": percent(now)}
    if now >= BEATEN:
        return [Finding("discriminator_wins", "warning", share)]
    if now <= BLIND:
        return [Finding("generator_wins", "hint", share)]
    if now <= EVEN:
        return [Finding("even", "good", share)]
    return [Finding("discriminator_leads", "hint", share)]


def _seen(data: RunData, modes: int) -> list[Finding]:
    seen, covered = values_of(data, "val_classes"), values_of(data, "val_coverage")
    if not len(seen) or not np.isfinite(seen[-1]):
        return []
    counts = {"seen": int(seen[-1]), "modes": modes}
    if counts["seen"] < COLLAPSED * modes:
        return [Finding("collapse", "warning", counts)]
    best = float(np.nanmax(covered)) if np.isfinite(covered).any() else 0.0
    if best > 0.3 and covered[-1] < FALLEN * best:
        return [Finding("falling_back", "warning", {"best": percent(best)})]
    if counts["seen"] < modes:
        return [Finding("modes_missing", "hint", counts)]
    level = Finding("all_seen", "good", counts)
    return [level] if best < GOOD else [Finding("good_pictures", "good", counts)]
