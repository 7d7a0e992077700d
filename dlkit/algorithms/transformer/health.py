"""Transformer: what can be said of a training in plain words."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlkit.contract import Array, Finding, RunData
from dlkit.datasets import pairs
from dlkit.views.findings import values_of
from dlkit.views.written import decoded

ENOUGH = 8  # points before anything is said
EARLY = 0.3  # of the training, in which slow learning is no fault
LEAK = 1.0  # nats a character; no network of this size comes near it honestly
NATURAL = ("lee_news", "wikipedia", "shakespeare", "verse", "tang_poems")
MOST_UNKNOWN = 0.05  # of the held-out tokens
REPEATING = 0.4  # of four characters in a row, the share that is new
SHORT = 60  # characters that say nothing of repeating yet


def checks(data: RunData) -> Sequence[Finding]:
    """Is it learning, diverging, leaking, learning by heart, repeating itself?"""
    loss, held = values_of(data, "loss"), values_of(data, "val_loss")
    if len(loss) and not np.isfinite(loss[-1]):
        return [Finding("diverged", "warning")]
    if len(loss) < ENOUGH or not len(held):
        return []
    now, late = float(np.nanmean(loss[-3:])), data.step > EARLY * data.total_steps
    if now > 1.2 * float(np.nanmedian(loss[:3])):
        return [Finding("diverging", "warning")]
    if late and now > 0.9 * float(held[0]):
        return [Finding("not_learning", "warning")]
    return [*_leak(data, held), *_by_heart(data, held), *_repeating(data, late), *_unknown(data),
            *_learned(data)]  # fmt: skip


def _leak(data: RunData, held: Array) -> list[Finding]:
    params: Any = data.params
    if params.data in NATURAL and len(held) > 1 and float(held[-1]) < LEAK:
        return [Finding("leak", "warning", {"loss": f"{held[-1]:.2f}"})]
    return []


def _by_heart(data: RunData, held: Array) -> list[Finding]:
    known, new = values_of(data, "accuracy"), values_of(data, "val_accuracy")
    gap = len(known) > ENOUGH and len(new) and np.mean(known[-3:]) - new[-1] > 0.15
    rising = len(held) >= ENOUGH and float(np.min(held[-2:])) > 1.05 * float(np.nanmin(held))
    params: Any = data.params
    if gap or (rising and params.data not in pairs.PAIRS):
        return [Finding("by_heart", "hint")]
    return []


def _repeating(data: RunData, late: bool) -> list[Finding]:
    lines = decoded(_kept(data, "written"))
    if not late or not lines or len(lines[-1]) < SHORT:
        return []
    line = lines[-1]
    pieces = {line[start : start + 4] for start in range(len(line) - 3)}
    if len(pieces) < REPEATING * (len(line) - 3):
        return [Finding("repeating", "hint")]
    return []


def _unknown(data: RunData) -> list[Finding]:
    share = _kept(data, "unknown")
    if share is None or not float(share[0]) > MOST_UNKNOWN:
        return []
    return [Finding("few_symbols", "hint", {"share": f"{float(share[0]):.0%}"})]


def _learned(data: RunData) -> list[Finding]:
    right = values_of(data, "val_accuracy")
    if len(right) and right[-1] >= 0.97:
        return [Finding("learned", "good", {"validation": f"{right[-1]:.1%}"})]
    return []


def _kept(data: RunData, name: str) -> Array | None:
    found = data.arrays.get(name)
    return None if found is None else found.value
