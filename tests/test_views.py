"""Figures: what they show for known values."""

import numpy as np
import pytest

from dlkit.algorithms.dnn.spec import Params
from dlkit.contract import RunData, Series
from dlkit.texts import words
from dlkit.views import classes, curves, findings, pictures, plane

WORDS = words("en", "dnn")


def _run(**metrics: list[float]) -> RunData:
    curves = {name: Series(np.arange(1, len(v) + 1), np.array(v)) for name, v in metrics.items()}
    return RunData(Params(), state="running", step=90, total_steps=100, metrics=curves)


def test_thinned_curves_keep_ends_and_extremes() -> None:
    values = np.sin(np.arange(50_000) / 700)
    values[31_234] = 7.0
    steps, kept = curves.thinned(Series(np.arange(50_000), values))
    assert len(steps) <= curves.MOST_POINTS
    assert steps[0] == 0 and steps[-1] == 49_999
    assert kept.max() == 7.0 and 31_234 in steps
    assert np.all(np.diff(steps) > 0)


def test_a_gap_of_not_a_number_is_not_bridged() -> None:
    figure = curves.loss(_run(loss=[1.0, float("nan"), 0.5]), WORDS)
    assert figure.data[0].connectgaps is False


def test_the_loss_axis_turns_logarithmic_only_over_a_wide_span() -> None:
    assert curves.loss(_run(loss=[2.0, 1.0]), WORDS).layout.yaxis.type == "linear"
    assert curves.loss(_run(loss=[2.0, 0.001]), WORDS).layout.yaxis.type == "log"


def test_the_surface_codes_winner_and_certainty() -> None:
    probabilities = np.zeros((4, 4, 2), np.uint8)
    probabilities[..., 0] = 255
    probabilities[0, 0] = (0, 255)
    probabilities[0, 1] = (128, 127)
    frame = np.array([-1, 1, -1, 1], np.float32)
    points = np.array([[0, 0, 0, 0], [0.5, 0.5, 1, 1]], np.float32)
    figure = plane.surface(probabilities, frame, points=points, names=["a", "b"], axes=("x", "y"))
    shade = np.asarray(figure.data[0].z)
    assert shade[0, 0] == 2 * (plane.SHADES + 1) - 1
    assert shade[1, 1] == plane.SHADES and shade[0, 1] <= 1
    assert [trace.name for trace in figure.data[1:]] == ["a", "b"]


def test_bars_show_each_class_and_mark_the_winner() -> None:
    figure = classes.bars(np.array([0.2, 0.7, 0.1]), ["a", "b", "c"], WORDS)
    assert list(figure.data[0].text) == ["20 %", "70 %", "10 %"]
    colors = figure.data[0].marker.color
    assert colors[1] not in (colors[0], colors[2])


def test_percent_never_rounds_up_to_certainty() -> None:
    assert classes.percent(0.9975) == "99.8 %"
    assert classes.percent(1.0) == "100 %"
    assert classes.percent(float("nan")) == "–"


def test_confusion_puts_right_answers_above_zero_and_wrong_below() -> None:
    figure = classes.confusion(np.array([[8, 2], [0, 10]]), ["a", "b"], WORDS)
    shown = np.asarray(figure.data[0].z)
    assert shown[0, 0] == pytest.approx(0.8) and shown[0, 1] == pytest.approx(-0.2)
    assert [note.text for note in figure.layout.annotations] == ["8", "2", "10"]


def test_samples_name_the_truth_only_where_the_answer_is_wrong() -> None:
    shown = np.full((2, 8, 8), 100, np.uint8)
    shares = np.array([[0.9, 0.1], [0.8, 0.2]])
    figure = pictures.samples(shown, shares, np.array([0, 1]), names=["cat", "dog"])
    right, wrong = (note.text for note in figure.layout.annotations)
    assert "dog" not in right and "≠ dog" in wrong


def test_findings_name_the_trouble() -> None:
    steps = 12
    gone = _run(loss=[1.0] * 11 + [float("nan")], val_loss=[1.0])
    assert [one.key for one in findings.classification(gone, num_classes=2)] == ["diverged"]
    guess = _run(loss=[0.7] * steps, val_loss=[0.7] * steps, accuracy=[0.5] * steps,
                 val_accuracy=[0.5] * steps)  # fmt: skip
    assert [one.key for one in findings.classification(guess, num_classes=2)] == ["not_learning"]
    heart = _run(loss=[0.01] * steps, val_loss=[0.2] * steps, accuracy=[1.0] * steps,
                 val_accuracy=[0.8] * steps)  # fmt: skip
    assert [one.key for one in findings.classification(heart, num_classes=2)] == ["overfitting"]
    fine = _run(loss=[0.1] * steps, val_loss=[0.1] * steps, accuracy=[0.99] * steps,
                val_accuracy=[0.99] * steps)  # fmt: skip
    assert [one.key for one in findings.classification(fine, num_classes=2)] == ["learned"]
    assert findings.classification(_run(), num_classes=2) == []
