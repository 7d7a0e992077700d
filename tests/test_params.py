"""Knobs as data: what is refused, with which code, and how typed words are read."""

from typing import Self

import pydantic
import pytest

from dlkit.params import (
    BaseParams,
    ParamsError,
    choice,
    drawing,
    integer,
    real,
    refuse,
    switch,
    text,
)


class Sample(BaseParams):
    """One knob of each kind, and a rule across two of them."""

    units: int = integer(64, low=8, high=256, step=8)
    rate: float = real(0.001, low=1e-6, high=1.0, scale="log", live=True)
    activation: str = choice("relu", "relu", "tanh")
    normalise: bool = switch(False, group="network")
    layers: str = text("8, 8", pattern=r"^\d+(, \d+)*$")
    sheet: list[list[int]] = drawing(2, 2)
    photo: list[list[list[int]]] = drawing(1, 2, channels=3)

    @pydantic.model_validator(mode="after")
    def _rule(self) -> Self:
        if self.normalise and self.units < 16:
            refuse("normalise", "out_of_range", given=self.units, low=16, high=256)
        return self


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("units", 4, "out_of_range"),
        ("units", 300, "out_of_range"),
        ("units", 8.5, "not_an_integer"),
        ("units", True, "not_an_integer"),
        ("units", None, "not_an_integer"),
        ("rate", float("inf"), "not_a_number"),
        ("rate", "fast", "not_a_number"),
        ("rate", 2.0, "out_of_range"),
        ("activation", "cubic", "not_an_option"),
        ("normalise", 1, "not_a_switch"),
        ("layers", "8; 8", "wrong_form"),
        ("layers", 8, "not_a_text"),
        ("sheet", [[0, 0]], "not_a_drawing"),
        ("sheet", [[0, 0], [0, 256]], "not_a_drawing"),
        ("photo", [[[0, 0, 0], [0, 0]]], "not_a_drawing"),
        ("photo", [[[0, 0, 0], [0, 0, -1]]], "not_a_drawing"),
        ("colour", 1, "unknown_knob"),
    ],
)
def test_refuses_by_field_and_code(name: str, value: object, code: str) -> None:
    with pytest.raises(ParamsError) as caught:
        Sample.checked({name: value})
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == (name, code)


def test_a_drawing_says_its_shape_and_takes_grey_or_colour() -> None:
    shapes = {knob.name: knob.shape for knob in Sample.knobs() if knob.kind == "drawing"}
    assert shapes == {"sheet": (2, 2), "photo": (1, 2, 3)}
    taken = Sample.checked({"sheet": [[0, 255], [1, 2]], "photo": [[[1, 2, 3], [255, 0, 0]]]})
    assert taken.photo[0][1] == [255, 0, 0]
    assert Sample().photo == [[[0, 0, 0], [0, 0, 0]]]


def test_all_refusals_come_at_once() -> None:
    with pytest.raises(ParamsError) as caught:
        Sample.checked({"units": 1, "rate": 9.0})
    assert {problem.field for problem in caught.value.problems} == {"units", "rate"}


def test_a_rule_across_fields_names_its_field() -> None:
    with pytest.raises(ParamsError) as caught:
        Sample.checked({"normalise": True, "units": 8})
    assert caught.value.problems[0].values == {"given": 8, "low": 16, "high": 256}


def test_typed_words_are_read_by_kind_over_a_base() -> None:
    words = {"units": "32", "rate": "1", "normalise": "on", "activation": "tanh"}
    params = Sample.parsed(words, {"layers": "4"})
    assert params.values() == {
        "units": 32,
        "rate": 1.0,
        "normalise": True,
        "activation": "tanh",
        "layers": "4",
        "sheet": [[0, 0], [0, 0]],
        "photo": [[[0, 0, 0], [0, 0, 0]]],
    }


def test_frozen_and_round_trip() -> None:
    params = Sample()
    with pytest.raises(pydantic.ValidationError):
        params.units = 16  # type: ignore[misc]
    assert Sample.checked(params.values()) == params


def test_knobs_say_how_they_are_shown() -> None:
    units, rate, *_ = Sample.knobs()
    assert (units.low, units.high, units.step, units.default) == (8, 256, 8, 64)
    assert rate.scale == "log" and rate.live and not units.live
