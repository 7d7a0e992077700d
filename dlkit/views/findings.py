"""Health checks that several chapters share: honest first words on how a training goes.

Each gives findings, the gravest first, and says nothing before it can know.
"""

from typing import Literal

import numpy as np

from dlkit.contract import Array, Finding, RunData

ENOUGH = 8  # points before anything is said
EARLY = 0.3  # of the training, in which slow learning is no fault
EARLIER = 0.05  # of the training, after which steps that were too large show
GUESSING = 1.3  # times the accuracy of pure chance
GAP = 0.08  # of accuracy between training and validation
NUMBERS_GAP = 0.2  # of explained share between training and validation
RISE = 1.15  # of the validation loss above its own best
JUMP = 1.5  # times the loss at the start or of pure guessing: the steps were too large
IDLE = 0.5  # of a layer
NEARLY_ALL = 0.995
SOON = 0.03  # of the training: what cannot change any more may be said
STUCK = ("not_learning", "not_learning_too_fast", "no_better_than_mean",
         "no_better_than_mean_too_fast")  # fmt: skip


def classification(data: RunData, *, num_classes: int) -> list[Finding]:
    """Findings on the curves and the `confusion` array of a classifier."""
    loss, val_loss = values_of(data, "loss"), values_of(data, "val_loss")
    accuracy, val_accuracy = values_of(data, "accuracy"), values_of(data, "val_accuracy")
    guessed = float(np.log(num_classes))
    grave = _exploding(loss, guessed)
    if grave or len(loss) < ENOUGH or not len(val_loss):
        return grave
    too_fast = _jumped(loss, val_loss, guessed)
    known = _late(data) or (too_fast and data.step > EARLIER * data.total_steps)
    if known and len(accuracy) and _mean(accuracy) < GUESSING / num_classes:
        key = "not_learning_too_fast" if too_fast else "not_learning"
        return [Finding(key, "warning", {"chance": f"{1 / num_classes:.0%}"})]
    found = _never_said(data)
    if len(val_accuracy) and _mean(accuracy) - _mean(val_accuracy) > GAP:
        shares = {"train": f"{_mean(accuracy):.0%}", "validation": f"{_mean(val_accuracy):.0%}"}
        found.append(Finding("overfitting", "hint", shares))
    elif len(val_loss) >= ENOUGH and _mean(val_loss) > RISE * np.nanmin(val_loss) + 0.01:
        found.append(Finding("overconfident", "hint"))
    if not found and len(val_accuracy) and val_accuracy[-1] >= 0.97:
        found.append(Finding("learned", "good", {"validation": f"{val_accuracy[-1]:.1%}"}))
    return found


def regression(data: RunData) -> list[Finding]:
    """Findings on a network that predicts a number; its loss is 1 for the mean of the target."""
    loss, val_loss = values_of(data, "loss"), values_of(data, "val_loss")
    share, val_share = values_of(data, "explained_share"), values_of(data, "val_explained_share")
    grave = _exploding(loss, 1.0)
    if grave or len(loss) < ENOUGH or not len(val_loss) or not len(val_share):
        return grave
    if _late(data) and _mean(val_share) < 0.0 and _mean(share) > NUMBERS_GAP:
        return [Finding("worse_than_mean", "warning")]
    too_fast = _jumped(loss, val_loss, 1.0)
    known = _late(data) or (too_fast and data.step > EARLIER * data.total_steps)
    if known and _mean(loss) > 0.95:
        stuck = "no_better_than_mean"
        return [Finding(f"{stuck}_too_fast" if too_fast else stuck, "warning")]
    if _late(data) and _mean(share) - _mean(val_share) > NUMBERS_GAP:
        shares = {"train": f"{_mean(share):.0%}", "validation": f"{_mean(val_share):.0%}"}
        return [Finding("overfitting_numbers", "hint", shares)]
    if len(val_loss) >= ENOUGH and _mean(val_loss) > RISE * np.nanmin(val_loss) + 0.01:
        return [Finding("rising_again", "hint")]
    if val_share[-1] >= 0.9:
        return [Finding("learned_numbers", "good", {"validation": f"{val_share[-1]:.0%}"})]
    return []


def with_idle(found: list[Finding], data: RunData, activation: str) -> list[Finding]:
    """Dead ReLU neurons or saturated answers, from the array `idle`, before the other findings.

    A network of idle neurons cannot learn however large its steps: what was found about that gives
    way. Where all is well, idle neurons are no trouble.
    """
    shot = data.arrays.get("idle")
    key = {"relu": "dead", "tanh": "saturated", "sigmoid": "saturated"}.get(activation)
    if key is None or shot is None or not np.isfinite(shot.value).any():
        return found
    layer = int(np.nanargmax(shot.value))
    share = float(shot.value[layer])
    all_dead = key == "dead" and share > NEARLY_ALL
    known = data.total_steps and data.step > (SOON if all_dead else EARLY) * data.total_steps
    if not known or share <= IDLE or any(one.level == "good" for one in found):
        return found
    values = {"layer": layer + 1, "share": f"{share:.0%}"}
    others = [one for one in found if one.key not in STUCK]
    grave = all_dead or len(others) < len(found)
    level: Literal["warning", "hint"] = "warning" if grave else "hint"
    return [Finding("all_dead" if all_dead else key, level, values), *others]


def _exploding(loss: Array, guessed: float) -> list[Finding]:
    """The loss is gone, or grows above both its start and pure guessing."""
    if len(loss) and not np.isfinite(loss[-1]):
        return [Finding("diverged", "warning")]
    if len(loss) < ENOUGH:
        return []
    now = float(np.nanmedian(loss[-3:]))
    if now > 1.5 * float(np.nanmedian(loss[:3])) and now > 1.5 * guessed:
        return [Finding("diverging", "warning")]
    return []


def _jumped(loss: Array, val_loss: Array, guessed: float) -> bool:
    """Whether the loss was ever far above where it began; `val_loss` begins before any step."""
    return bool(np.nanmax(loss) > JUMP * max(float(np.nan_to_num(val_loss[0])), guessed))


def _never_said(data: RunData) -> list[Finding]:
    shot = data.arrays.get("confusion")
    if shot is None or not _late(data):
        return []
    there, said = shot.value.sum(axis=1) > 0, shot.value.sum(axis=0) > 0
    missing = int((there & ~said).sum())
    if not missing:
        return []
    return [Finding("never_said", "warning", {"missing": missing, "classes": len(shot.value)})]


def _late(data: RunData) -> bool:
    return bool(data.total_steps) and data.step > EARLY * data.total_steps


def values_of(data: RunData, name: str) -> Array:
    """The points of a curve [N]; none where it has not begun."""
    series = data.metrics.get(name)
    return np.asarray(series.values if series else [], np.float64)


def _mean(values: Array) -> float:
    """The mean of the last few points, which jump less than the last one."""
    few = min(3, max(1, len(values) // 4))
    return float(values[-few:].mean()) if len(values) else float("nan")
