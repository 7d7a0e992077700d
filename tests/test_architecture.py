"""The drawing of a network: every layer in words, counted weights, shortcuts, rows."""

import pytest

from dlkit.algorithms import catalogue
from dlkit.contract import Layer
from dlkit.texts import LANGUAGES, words
from dlkit.views.architecture import LINE, spoken, stack, total

LAYERS = (
    Layer("Picture", (28, 28, 1), kind="data"),
    Layer("Convolution", (28, 28, 16), 160, kind="convolution"),
    Layer("Residual block", (28, 28, 16), 4640, kind="convolution", repeats=3, skips=1),
    Layer("Mean over the picture", (16,), kind="pooling"),
    Layer("Answer", (10,), 170, kind="answer"),
)


def texts(figure: object) -> list[str]:
    """What stands on the drawing."""
    return [one.text for one in figure.layout.annotations if one.text]  # type: ignore[attr-defined]


@pytest.mark.parametrize("columns", [2, 3, 5, 8])
def test_every_layer_is_named_with_shape_and_weights(columns: int) -> None:
    said = texts(stack(LAYERS, words("en"), columns=columns))
    assert "<b>Convolution</b><br>28×28×16<br>160 weights" in said
    assert "<b>×3</b>" in said
    assert len(said) == len(LAYERS) + 1


@pytest.mark.parametrize(("columns", "rows"), [(2, 3), (3, 2), (5, 1), (8, 1)])
def test_rows_follow_from_the_columns(columns: int, rows: int) -> None:
    figure = stack(LAYERS, words("en"), columns=columns)
    one_row = stack(LAYERS, words("en"), columns=5).layout.height
    assert figure.layout.height == rows * one_row


def test_arrows_join_all_layers_and_the_shortcut() -> None:
    arrows = [one for one in stack(LAYERS, words("en")).layout.annotations if one.showarrow]
    assert len(arrows) == len(LAYERS) - 1 + 1


@pytest.mark.parametrize("columns", [2, 3])
def test_shortcut_over_two_rows_is_drawn_in_two_parts(columns: int) -> None:
    plain = [Layer(str(number), (4,)) for number in range(4)]
    skipping = [*plain[:3], Layer("3", (4,), skips=2)]
    before = len(stack(plain, words("en"), columns=columns).layout.shapes)
    assert len(stack(skipping, words("en"), columns=columns).layout.shapes) == before + 2


def test_weights_of_repeats_are_counted_each() -> None:
    assert total(LAYERS) == 160 + 3 * 4640 + 170


def test_no_layers_make_an_empty_drawing() -> None:
    assert not stack([], words("en")).layout.shapes
    assert total([]) == 0


def test_spoken_names_each_layer() -> None:
    said = spoken(LAYERS, words("en"))
    assert said.count(";") == len(LAYERS) - 1
    assert "Residual block ×3, 28×28×16, 4,640 weights" in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*catalogue()])
def test_every_preset_is_drawn_in_short_lines(name: str, language: str) -> None:
    shown = words(language, name)
    for params in catalogue()[name].presets.values():
        layers = catalogue()[name].layers(params, shown)
        figure = stack(layers, shown)
        lines = [line for text in texts(figure) for line in text.split("<br>")]
        widths = [sum(2 if letter >= "\u2e80" else 1 for letter in line) for line in lines]
        assert max(widths, default=0) <= LINE + len("<b></b>") + 5
