"""Health checks that several chapters share: honest first words on how a training goes."""

import numpy as np

from dlkit.contract import Array, Finding, RunData

ENOUGH = 8  # points before anything is said
GUESSING = 1.3  # times the accuracy of pure chance
GAP = 0.08  # of accuracy between training and validation
RISE = 1.15  # of the validation loss above its own best


def classification(data: RunData, *, num_classes: int) -> list[Finding]:
    """Findings on the curves of a classifier, the gravest first."""
    loss, val_loss = _values(data, "loss"), _values(data, "val_loss")
    accuracy, val_accuracy = _values(data, "accuracy"), _values(data, "val_accuracy")
    if len(loss) and not np.isfinite(loss[-1]):
        return [Finding("diverged", "warning")]
    if len(loss) < ENOUGH or not len(val_loss):
        return []
    if loss[-1] > 1.5 * loss[0] and loss[-1] > np.log(num_classes):
        return [Finding("diverging", "warning")]
    late = data.total_steps and data.step > 0.3 * data.total_steps
    if late and len(accuracy) and accuracy[-1] < GUESSING / num_classes:
        return [Finding("not_learning", "warning", {"chance": f"{1 / num_classes:.0%}"})]
    found = []
    if len(val_accuracy) and _mean(accuracy) - _mean(val_accuracy) > GAP:
        shares = {"train": f"{_mean(accuracy):.0%}", "validation": f"{_mean(val_accuracy):.0%}"}
        found.append(Finding("overfitting", "hint", shares))
    elif len(val_loss) >= ENOUGH and _mean(val_loss) > RISE * val_loss.min() + 0.01:
        found.append(Finding("overconfident", "hint"))
    if not found and len(val_accuracy) and val_accuracy[-1] >= 0.97:
        found.append(Finding("learned", "good", {"validation": f"{val_accuracy[-1]:.1%}"}))
    return found


def _values(data: RunData, name: str) -> Array:
    series = data.metrics.get(name)
    return np.asarray(series.values if series else [], np.float64)


def _mean(values: Array) -> float:
    """The mean of the last few points, which jump less than the last one."""
    few = min(3, max(1, len(values) // 4))
    return float(values[-few:].mean()) if len(values) else float("nan")
