"""Figures: what they show for known values."""

import base64
import dataclasses
import io

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from dlkit.algorithms.dnn.spec import Params
from dlkit.contract import Array, Finding, RunData, Series, Snapshot
from dlkit.texts import words
from dlkit.views import answers, classes, curves, findings, histograms, neurons, pictures, plane

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
    fine = [classes.fine_percent(share) for share in (0.0, 0.0004, 0.023, 0.43)]
    assert fine == ["0 %", "< 0.1 %", "2.3 %", "43 %"]


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


def _pixels(figure: go.Figure) -> Array:
    """What a figure of pictures shows, [H, W, 4]."""
    (trace,) = figure.data
    with Image.open(io.BytesIO(base64.b64decode(trace.source.partition(",")[2]))) as opened:
        return np.asarray(opened)


def test_samples_of_any_colour_are_shown_as_they_are() -> None:
    shares, truth = np.array([[0.9, 0.1]]), np.array([0])
    grey = np.full((1, 8, 8, 1), 255, np.uint8)
    red = np.zeros((1, 8, 8, 3), np.uint8)
    red[..., 0] = 200
    top = 2 * pictures.BAND
    shown = _pixels(pictures.samples(grey, shares, truth, names=["a", "b"]))
    assert shown[top, 0].tolist() == [244, 244, 240, 255] and shown[0, 0, 3] == 0
    shown = _pixels(pictures.samples(red, shares, truth, names=["a", "b"]))
    assert shown[top + 7, 7].tolist() == [200, 0, 0, 255]


def test_feature_maps_stand_below_the_picture_in_bands() -> None:
    maps = np.zeros((2, 3, 8, 8), np.uint8)
    maps[1, 2] = 255
    figure = pictures.feature_maps(maps, np.zeros((8, 8, 3), np.uint8), words("en", "cnn"))
    shown, band = _pixels(figure), pictures.NAME_BAND + 8 + pictures.GAP
    assert shown.shape[:2] == (3 * band, 3 * 8 + 2 * pictures.GAP)
    assert shown[2 * band + pictures.NAME_BAND, -1].tolist() == [255, 224, 138, 255]
    assert [note.y for note in figure.layout.annotations] == [-0.5, band - 0.5, 2 * band - 0.5]


def test_filters_are_bright_above_zero_and_coloured_if_they_see_colours() -> None:
    weights = np.zeros((2, 3, 3, 1), np.float32)
    weights[0, 0, 0], weights[1, 2, 2] = 0.5, -0.5
    shown = _pixels(pictures.filters(weights))
    assert shown[0, 0, 0] == 244 and shown[14, 15 + pictures.GAP + 14, 0] == 17
    assert abs(int(shown[7, 7, 0]) - 130) < 3
    color = np.zeros((1, 1, 1, 3), np.float32)
    color[..., 0] = 1.0
    assert _pixels(pictures.filters(color))[0, 0].tolist() == [255, 127, 127, 255]


def test_heat_is_orange_for_and_blue_against() -> None:
    heat = np.zeros((4, 4))
    heat[0, 0], heat[3, 3] = 0.2, -0.1
    shown = _pixels(pictures.heat_over(np.zeros((4, 4), np.uint8), heat, "why"))
    assert shown[0, 0, 0] > 150 > shown[0, 0, 2]
    assert shown[3, 3, 2] > 80 > shown[3, 3, 0]
    assert shown[1, 1, :3].max() < 30


def test_behind_a_cell_are_its_pictures() -> None:
    gallery = np.zeros((3, 4, 4, 1), np.uint8)
    gallery[2] = 255
    cells = np.full((2, 2, 6), -1, np.int32)
    cells[0, 1, :1] = 2
    place = {"x": "dog", "y": "cat", "curve": 0, "number": [0, 1]}
    figure = pictures.behind_cell(gallery, cells, place, ["cat", "dog"], WORDS)
    assert _pixels(figure)[0, 0, 0] == 244
    assert "cat" in figure.layout.annotations[0].text
    empty = pictures.behind_cell(gallery, cells, {"x": "cat", "y": "dog"}, ["cat", "dog"], WORDS)
    assert not empty.data and empty.layout.annotations
    for odd in ({}, {"x": 3, "y": None}, {"x": "cow", "y": "cat"}):
        assert not pictures.behind_cell(gallery, cells, odd, ["cat", "dog"], WORDS).data
    assert not pictures.behind_cell(None, None, place, ["cat", "dog"], WORDS).data


def test_mistakes_leave_out_what_is_not_there() -> None:
    gallery, truth = np.zeros((3, 4, 4, 1), np.uint8), np.array([0, 1, 1])
    places, shares = np.array([1, -1, 99]), np.array([[0.9, 0.1]] * 3)
    figure = pictures.mistakes(gallery, truth, places, shares, names=["cat", "dog"])
    (text,) = (note.text for note in figure.layout.annotations)
    assert "cat" in text and "90 %" in text and "≠ dog" in text
    perfect = pictures.mistakes(
        gallery, truth, np.full(3, -1), shares, names=["cat", "dog"], none="not one"
    )
    assert not perfect.data and perfect.layout.annotations[0].text == "not one"


def test_predicted_heights_and_true_ones_share_a_scale() -> None:
    values = np.array([[0.0, 1.0], [2.0, 9.0]], np.float32)
    points = np.array([[0, 0, -1, 0], [0.5, 0.5, 3, 1]], np.float32)
    frame = np.array([-1, 1, -1, 1], np.float32)
    ground, dots = plane.heights(values, frame, points=points, axes=("x", "y")).data
    assert (ground.zmin, ground.zmax) == (dots.marker.cmin, dots.marker.cmax) == (-1.0, 3.0)
    assert np.asarray(ground.z)[1, 1] == 9.0 and list(dots.marker.color) == [-1.0, 3.0]


def test_behind_a_cell_lie_the_examples_of_that_class_with_that_answer() -> None:
    judged = np.array([[0, 0, 0], [1, 1, 0], [2, 2, 1]], np.float32)
    said = np.array([1, 0, 1], np.float32)
    place, names = {"x": "dog", "y": "cat"}, ["cat", "dog"]
    figure = plane.behind_cell(go.Figure(), judged, said, place, names, words=WORDS)
    assert list(figure.data[0].x) == [0.0]
    assert "cat" in figure.layout.annotations[0].text
    for nothing in ({}, {"x": "cow", "y": "cat"}):
        empty = plane.behind_cell(go.Figure(), judged, said, nothing, names, words=WORDS)
        assert len(empty.data) == 0
    assert len(plane.behind_cell(go.Figure(), None, None, place, names, words=WORDS).data) == 0


def test_each_neuron_has_a_map_with_its_first_row_at_the_bottom() -> None:
    tiles = np.zeros((1, 8, 4, 4), np.uint8)
    tiles[0, 0] = 128
    tiles[0, 0, 0] = 255
    figure = neurons.maps(tiles, [16], WORDS)
    canvas = np.asarray(figure.data[0].z)
    assert list(canvas[neurons.BAND + 3, :4]) == [255] * 4
    assert list(canvas[neurons.BAND, :4]) == [128] * 4
    assert "8 of 16" in figure.layout.annotations[0].text
    assert len(neurons.maps(None, [16], WORDS).data) == 0


def test_hills_stand_one_below_the_other_in_the_order_of_the_layers() -> None:
    counts = np.array([[0, 4, 0], [2, 0, 0]])
    first, second = histograms.weights(counts, 1.5, WORDS).data
    assert min(first.y) == pytest.approx(-histograms.TALL) and min(second.y) < 1.0 == max(second.y)
    assert first.x[np.argmin(first.y)] == 0.0 and second.x[np.argmin(second.y)] == -1.0
    decades = histograms.gradients(counts, (-10, 2), WORDS)
    assert decades.layout.xaxis.ticktext[0].startswith("≤")


def test_only_a_layer_that_is_mostly_idle_stands_out() -> None:
    (bars,) = histograms.idle(np.array([0.1, 0.8]), WORDS).data
    assert bars.marker.color[0] != bars.marker.color[1]


def test_a_predicted_number_stands_among_the_known_ones() -> None:
    figure = answers.number(157.44, np.arange(100.0), "Height", WORDS)
    assert "157.4" in figure.layout.annotations[0].text
    assert answers.plain(206_613.4) == "206,613" and answers.plain(-0.05034) == "-0.05034"
    assert sum(figure.data[0].y) == 100


def test_the_strongest_influence_comes_first() -> None:
    changes = np.array([0.1, 0.5, 0.0])
    (bars,) = answers.influence(changes, ["a", "b", "c"], WORDS, share=True).data
    assert list(bars.y) == ["b", "a", "c"] and list(bars.text) == ["50 %", "10 %", "0 %"]


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


def _said(data: RunData, classes: int = 4) -> list[str]:
    return [one.key for one in findings.classification(data, num_classes=classes)]


def test_steps_that_are_too_large_are_told_from_steps_that_are_too_small() -> None:
    steps = 12
    small = _run(loss=[1.386] * steps, val_loss=[1.386] * steps, accuracy=[0.25] * steps)
    assert _said(small) == ["not_learning"]
    large = _run(loss=[9.0] + [1.4] * (steps - 1), val_loss=[1.5] * 3, accuracy=[0.25] * steps)
    assert _said(large) == ["not_learning_too_fast"]
    wild = _run(loss=[1.4] * 6 + [30.0] * 6, val_loss=[9.0] * steps, accuracy=[0.25] * steps)
    assert _said(wild) == ["diverging"]


def test_nothing_is_said_before_it_can_be_known() -> None:
    few = _run(loss=[3.0] * 3, val_loss=[3.0], accuracy=[0.1] * 3)
    assert _said(few) == []
    early = dataclasses.replace(
        _run(loss=[1.386] * 12, val_loss=[1.386] * 12, accuracy=[0.25] * 12), step=20
    )
    assert _said(early) == []
    shot = Snapshot(20, np.array([[5, 0], [5, 0]]))
    assert _said(dataclasses.replace(early, arrays={"confusion": shot}), 2) == []


def test_steps_that_were_too_large_are_named_long_before_slow_learning_would_be() -> None:
    jumped = _run(loss=[9.0] + [1.4] * 11, val_loss=[1.5] * 3, accuracy=[0.25] * 12)
    assert _said(dataclasses.replace(jumped, step=10)) == ["not_learning_too_fast"]
    assert _said(dataclasses.replace(jumped, step=2)) == []


def test_classes_that_are_never_said_are_counted() -> None:
    data = _run(loss=[0.5] * 12, val_loss=[0.5] * 12, accuracy=[0.6] * 12)
    shot = Snapshot(90, np.array([[9, 0, 1], [8, 0, 2], [0, 0, 9]]))
    (found,) = findings.classification(
        dataclasses.replace(data, arrays={"confusion": shot}), num_classes=3
    )
    assert found.key == "never_said" and found.values == {"missing": 1, "classes": 3}
    absent = Snapshot(90, np.array([[9, 0, 1], [0, 0, 0], [0, 0, 9]]))
    assert _said(dataclasses.replace(data, arrays={"confusion": absent}), 3) == []


def test_idle_layers_are_named_and_silence_what_follows_from_them() -> None:
    stuck = [Finding("not_learning", "warning", {"chance": "50%"})]

    def found(shares: list[float], activation: str, *before: Finding) -> list[tuple[str, str]]:
        shot = {"idle": Snapshot(90, np.array(shares))}
        data = dataclasses.replace(_run(), arrays=shot)
        return [(one.key, one.level) for one in findings.with_idle([*before], data, activation)]

    assert found([0.1, 0.7], "relu") == [("dead", "hint")]
    assert found([0.1, 0.7], "relu", *stuck) == [("dead", "warning")]
    assert found([1.0, 0.7], "relu") == [("all_dead", "warning")]
    assert found([0.9], "tanh") == [("saturated", "hint")]
    assert found([0.9], "gelu", *stuck) == [("not_learning", "warning")]
    assert found([0.4], "relu") == found([], "relu") == found([float("nan")], "relu") == []
    good = Finding("learned", "good", {"validation": "99%"})
    assert found([0.8], "relu", good) == [("learned", "good")]


def test_predicted_numbers_are_held_against_the_mean() -> None:
    def said(loss: float, share: float, val_share: float) -> list[str]:
        n = 12
        data = _run(loss=[loss] * n, val_loss=[1 - val_share] * n, explained_share=[share] * n,
                    val_explained_share=[val_share] * n)  # fmt: skip
        return [one.key for one in findings.regression(data)]

    assert said(1.0, 0.0, 0.0) == ["no_better_than_mean"]
    assert said(2.4, -1.4, 0.0) == ["no_better_than_mean_too_fast"]
    assert said(0.1, 0.9, -0.3) == ["worse_than_mean"]
    assert said(0.2, 0.8, 0.5) == ["overfitting_numbers"]
    assert said(0.05, 0.95, 0.94) == ["learned_numbers"]
    assert said(0.5, 0.5, 0.45) == []
