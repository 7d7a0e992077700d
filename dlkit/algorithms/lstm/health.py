"""LSTM: what can be said of a training in plain words."""

from typing import Any

import numpy as np

from dlkit.algorithms.lstm import writing
from dlkit.contract import Array, Finding, RunData
from dlkit.datasets.adding import BASELINE
from dlkit.views.findings import values_of

ENOUGH = 8  # points before anything is said
EARLY = 0.3  # of the training, in which slow learning is no fault
TOO_GOOD = 1.0  # nats a character that no honest network of this size reaches on real English
ENGLISH = ("lee_news", "wikipedia", "shakespeare")
PIECE = 8  # characters; a text that repeats has few different pieces
SOLVED, LOST = 0.02, 0.1  # of the adding problem
GUESSED, JUDGES = 0.6, 0.85  # of the reviews, judged rightly; half of them praise
NARROW = 0.6  # of the true values inside a cone that should hold 0.8


def checks(data: RunData) -> list[Finding]:
    """Does it learn, too well to be true, by heart? Does it repeat itself? Is it of any use?"""
    loss, held = values_of(data, "loss"), values_of(data, "val_loss")
    if len(loss) and not np.isfinite(loss[-1]):
        return [Finding("diverged", "warning")]
    if len(loss) < ENOUGH or not len(held):
        return []
    if np.nanmedian(loss[-3:]) > 1.5 * max(np.nanmedian(loss[:3]), held[0]):
        return [Finding("diverging", "warning")]
    params: Any = data.params
    tasks = {"text": _text, "series": _series, "sentiment": _sentiment, "adding": _adding}
    return tasks[params.task](data, held)


def _text(data: RunData, held: Array) -> list[Finding]:
    params: Any = data.params
    now = float(held[-1])
    if params.data in ENGLISH and now < TOO_GOOD:
        return [Finding("too_good", "warning", {"value": f"{now:.2f}"})]
    if _late(data) and now > 0.9 * held[0]:
        return [Finding("no_text", "warning")]
    best = float(np.nanmin(held))
    train = float(np.nanmean(values_of(data, "loss")[-3:]))
    if len(held) >= 3 and now > 1.03 * best:
        values = {"train": f"{train:.2f}", "validation": f"{now:.2f}", "best": f"{best:.2f}"}
        return [Finding("by_heart", "hint", values)]
    found = _repeating(data)
    if not found and data.step >= data.total_steps > 0 and now < 0.6 * held[0]:
        found = [Finding("writes", "good", {"value": f"{now:.2f}"})]
    return found


def _repeating(data: RunData) -> list[Finding]:
    shot = data.arrays.get("timeline")
    if shot is None or not _late(data) or not len(shot.value):
        return []
    text = writing.read(shot.value[-1])
    pieces = [text[place : place + PIECE] for place in range(len(text) - PIECE)]
    if len(pieces) > 60 and len(set(pieces)) < 0.5 * len(pieces):
        return [Finding("repeats", "hint")]
    return []


def _series(data: RunData, held: Array) -> list[Finding]:
    error, coverage = values_of(data, "val_error"), values_of(data, "val_coverage")
    plain = [values_of(data, f"val_{name}_error") for name in ("naive", "seasonal")]
    if not len(error) or not all(len(one) for one in plain):
        return []
    best = min(float(one[-1]) for one in plain)
    share = 1.0 - float(error[-1]) / max(best, 1e-9)
    if _late(data) and share < 0.02:
        return [Finding("no_use", "warning")]
    if _late(data) and len(coverage) and coverage[-1] < NARROW:
        return [Finding("narrow", "hint", {"share": f"{coverage[-1]:.0%}"})]
    if len(held) >= 3 and held[-1] > 1.1 * np.nanmin(held):
        return [Finding("rising_again", "hint")]
    if share > 0.1:
        return [Finding("foretells", "good", {"share": f"{share:.0%}"})]
    return []


def _sentiment(data: RunData, held: Array) -> list[Finding]:
    right = values_of(data, "val_accuracy")
    if not len(right):
        return []
    if _late(data) and right[-1] < GUESSED:
        return [Finding("guesses", "warning")]
    if len(held) >= 3 and held[-1] > 1.1 * np.nanmin(held):
        return [Finding("reviews_by_heart", "hint")]
    if right[-1] > JUDGES:
        return [Finding("judges", "good", {"share": f"{right[-1]:.0%}"})]
    return []


def _adding(data: RunData, held: Array) -> list[Finding]:
    simple = values_of(data, "val_simple_loss")
    if held[-1] < SOLVED:
        beside = len(simple) and simple[-1] > LOST
        return [Finding("remembers_alone" if beside else "remembers", "good")]
    if _late(data) and held[-1] > 0.9 * BASELINE:
        return [Finding("forgets", "hint")]
    return []


def _late(data: RunData) -> bool:
    return bool(data.total_steps) and data.step > EARLY * data.total_steps
