"""Charts of two networks and of single blocks: what is drawn, and that nothing makes them fall."""

from typing import Any

import numpy as np
import pytest

from dlkit.algorithms.resnet.spec import Params
from dlkit.contract import RunData, Series
from dlkit.texts import words
from dlkit.views import blocks, twin

WORDS = words("en", "resnet")
BOTH = ("residual", "plain")


def _run(**curves: Any) -> RunData:
    series = {
        name: Series(np.arange(1, len(values) + 1), np.array(values, np.float64))
        for name, values in curves.items()
    }
    return RunData(Params(), step=9, total_steps=9, metrics=series)


def test_a_twin_has_a_full_and_a_dotted_line_for_each_network() -> None:
    data = _run(loss=[2, 1], val_loss=[2, 1.1], plain_loss=[2, 1.8], val_plain_loss=[2.1, 1.9])
    lines = twin.loss(data, WORDS, BOTH).data
    assert [line.line.dash for line in lines] == ["solid", "dot", "solid", "dot"]
    assert [line.y[-1] for line in lines] == [1.0, 1.1, 1.8, 1.9]
    assert len({line.line.color for line in lines}) == 2
    assert lines[0].name == "ResNet, training" and lines[3].name == "Plain, validation"


def test_a_plain_network_alone_has_the_usual_curves_under_its_name() -> None:
    data = _run(accuracy=[0.1, 0.5], val_accuracy=[0.1, 0.4])
    lines = twin.accuracy(data, WORDS, ("plain",)).data
    assert [line.name for line in lines] == ["Plain, training", "Plain, validation"]


def test_the_loss_axis_bends_only_for_a_wide_span() -> None:
    assert twin.loss(_run(loss=[2, 1]), WORDS, BOTH).layout.yaxis.type == "linear"
    wide = _run(loss=[2, 1], plain_loss=[2, 0.01])
    assert twin.loss(wide, WORDS, BOTH).layout.yaxis.type == "log"
    assert twin.loss(_run(loss=[np.nan, 0]), WORDS, BOTH).layout.yaxis.type == "linear"


def test_gradient_bars_have_a_row_for_each_network_and_no_zero() -> None:
    norms = np.array([[0.1, 0.2, 0.3], [0.0, np.nan, 5.0]])
    drawn = blocks.gradients(norms, BOTH, WORDS).data
    assert [bar.name for bar in drawn] == ["ResNet", "Plain"]
    assert all((np.asarray(bar.y) > 0).all() for bar in drawn)
    assert list(drawn[0].x) == [1, 2, 3]
    assert not blocks.gradients(None, BOTH, WORDS).data


def test_bars_mark_what_others_say() -> None:
    shares, names = np.array([0.7, 0.2, 0.1]), ["a", "b", "c"]
    alone = blocks.bars(shares, {}, names, WORDS)
    assert len(alone.data) == 1 and not alone.layout.showlegend
    other = blocks.bars(shares, {"whole": shares[::-1]}, names, WORDS)
    assert other.data[1].name == "whole" and list(other.data[1].y) == names


def test_the_answer_without_each_block_begins_with_the_whole() -> None:
    found = blocks.without(np.eye(3)[[1, 2]], np.eye(3)[0], ["a", "b", "c"], WORDS).data[0]
    assert list(found.x) == ["none", "1", "2"]
    assert np.array_equal(found.z, [[1, 0, 0], [0, 1, 0], [0, 0, 1]])


@pytest.mark.parametrize("accuracies", [[0.9, 0.5, 0.95], [0.1, 0.1, 0.1], [np.nan] * 3])
def test_falls_are_differences_to_the_whole(accuracies: list[float]) -> None:
    figure = blocks.falls(np.array(accuracies), 2, WORDS)
    wanted = accuracies[0] - np.array(accuracies[1:])
    assert np.allclose(figure.data[0].y, wanted, equal_nan=True)
    colors = figure.data[0].marker.color
    assert colors[0] != colors[1]
    assert figure.layout.yaxis.range[0] < figure.layout.yaxis.range[1]
