"""DNN: the known traps, exact sizes, and that it learns what it must."""

import importlib
from typing import Any

import numpy as np
import pytest

from dlkit import datasets
from dlkit.algorithms.dnn.spec import ALGORITHM, Params
from dlkit.params import ParamsError


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.dnn.model")


@pytest.mark.parametrize("layers", ["2000", "8, 0", "8,,8", "8; 8", "1,2,3,4,5,6,7,8,9"])
def test_layer_lists_that_mean_nothing_are_refused(layers: str) -> None:
    with pytest.raises(ParamsError) as caught:
        Params.checked({"hidden_layers": layers})
    assert caught.value.problems[0].field == "hidden_layers"


@pytest.mark.parametrize("name", ["spirals", "iris", "wine", "breast_cancer"])
def test_every_feature_of_the_data_set_has_a_slider_over_its_range(name: str) -> None:
    inputs = ALGORITHM.inputs(Params(data=name))
    knobs = inputs.knobs()
    assert tuple(knob.name for knob in knobs) == datasets.find(name).features
    for knob, (low, _, high) in zip(knobs, datasets.ranges(name), strict=True):
        assert knob.low is not None and knob.high is not None
        assert knob.low <= low <= high <= knob.high
    assert inputs()


def test_pictures_are_asked_by_a_drawing() -> None:
    (knob,) = ALGORITHM.inputs(Params(data="digits")).knobs()
    assert knob.kind == "drawing" and knob.shape == (28, 28)


@pytest.mark.keras
def test_has_exactly_the_weights_it_should() -> None:
    model = _model().build(Params(data="spirals", hidden_layers="8, 8"))
    assert model.count_params() == (2 * 8 + 8) + (8 * 8 + 8) + (8 * 2 + 2)
    assert _model().build(Params(data="iris", hidden_layers="")).layers[-1].count_params() == 15


@pytest.mark.keras
def test_ends_in_logits_and_the_loss_knows() -> None:
    model = _model().build(Params())
    assert model.layers[-1].activation.__name__ == "linear"
    assert model.loss.get_config()["from_logits"] is True


@pytest.mark.keras
def test_the_scaler_is_fitted_on_the_training_part_only() -> None:
    model = _model().build(Params(data="wine"))
    split = datasets.load("wine", 1)
    scaler = model.layers[1]
    assert np.allclose(np.ravel(scaler.mean), split.x_train.mean(axis=0), rtol=1e-5)


@pytest.mark.keras
def test_pictures_are_scaled_once() -> None:
    model = _model().build(Params(data="digits"))
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("Rescaling") == 1 and "Normalization" not in kinds
    assert datasets.load("digits", 1).x_train.max() == 255


@pytest.mark.keras
def test_probabilities_add_up_to_one_even_for_huge_logits() -> None:
    dnn = _model()
    model = dnn.build(Params(hidden_layers=""))
    model.set_weights([np.full((2, 2), 1e4, np.float32), np.array([0, 9], np.float32)])
    shares = dnn.predict(model, np.array([[1.0, 1.0], [-1.0, -1.0]], np.float32))
    assert np.allclose(shares.sum(axis=1), 1.0) and shares[0, 1] > 0.99


@pytest.mark.keras
def test_the_plane_of_points_is_their_own_and_places_return() -> None:
    dnn = _model()
    plane = dnn._Plane.through(datasets.load("moons", 1, noise=0.05))
    place = np.array([[0.25, -0.5]], np.float32)
    assert np.allclose(plane.place(place), place)
    left, right, bottom, top = plane.frame
    assert np.isclose(right - left, top - bottom)
    table = dnn._Plane.through(datasets.load("wine", 1))
    assert np.allclose(table.axes @ table.axes.T, np.eye(2), atol=1e-5)
