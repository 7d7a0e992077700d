"""Gradients against cases computed by hand, and against small changes of the weights."""

import importlib
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras


def _keras() -> Any:
    return importlib.import_module("keras")


def _gradients() -> Any:
    return importlib.import_module("dlkit.gradients")


def _line(weight: list[list[float]], loss: Any) -> Any:
    """One dense layer with the given weights and no bias."""
    keras = _keras()
    inputs = keras.Input((len(weight),))
    model = keras.Model(inputs, keras.layers.Dense(len(weight[0]), use_bias=False)(inputs))
    model.set_weights([np.array(weight)])
    model.compile("sgd", loss)
    return model


def test_weight_gradient_of_a_line_is_that_of_the_formula() -> None:
    model = _line([[2.0], [1.0]], "mse")
    x, y = np.array([[1.0, 2.0], [3.0, 0.0]]), np.array([[1.0], [5.0]])
    # answers 4 and 6, errors 3 and 1: 2/N sum(error * x) = ((3*1 + 1*3), (3*2 + 1*0))
    (found,) = _gradients().weight_gradients(model, x, y)
    assert np.allclose(found, [[6.0], [6.0]])


def test_weight_gradients_follow_the_order_of_the_weights_and_small_changes() -> None:
    keras = _keras()
    keras.utils.set_random_seed(3)
    inputs = keras.Input((4,))
    hidden = keras.layers.Dropout(0.5)(keras.layers.Dense(3, activation="tanh")(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.BatchNormalization()(hidden)))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    random = np.random.default_rng(1)
    x, y = random.normal(size=(8, 4)).astype(np.float32), random.integers(0, 2, 8)
    found = _gradients().weight_gradients(model, x, y)
    assert [g.shape for g in found] == [tuple(w.shape) for w in model.trainable_weights]
    for weight, gradient in zip(model.trainable_weights, found, strict=True):
        start = np.array(weight.numpy())
        nudge = np.zeros_like(start)
        nudge.flat[0] = 1e-2
        losses = []
        for sign in (1, -1):
            weight.assign(start + sign * nudge)
            losses.append(float(model.compute_loss(y=y, y_pred=model(x, training=False))))
        weight.assign(start)
        assert (losses[0] - losses[1]) / 2e-2 == pytest.approx(gradient.flat[0], abs=1e-3)


def test_weight_gradients_change_nothing() -> None:
    model = _line([[2.0], [1.0]], "mse")
    before = [np.array(value.numpy()) for value in model.variables]
    _gradients().weight_gradients(model, np.ones((2, 2)), np.ones((2, 1)))
    for old, variable in zip(before, model.variables, strict=True):
        assert np.array_equal(old, variable.numpy())


def test_a_training_steps_gradient_moves_neither_statistics_nor_chance() -> None:
    keras = _keras()
    keras.utils.set_random_seed(3)
    inputs = keras.Input((4,))
    x = keras.layers.BatchNormalization()(keras.layers.Dropout(0.5)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    random = np.random.default_rng(1)
    rows, labels = random.normal(5.0, 2.0, (8, 4)).astype(np.float32), random.integers(0, 2, 8)
    before = [np.array(variable.numpy()) for variable in model.variables]
    checked = _gradients().weight_gradients(model, rows, labels)
    trained = _gradients().weight_gradients(model, rows, labels, training=True)
    again = _gradients().weight_gradients(model, rows, labels, training=True)
    assert not np.allclose(checked[0], trained[0])
    assert all(np.array_equal(one, other) for one, other in zip(trained, again, strict=True))
    for old, variable in zip(before, model.variables, strict=True):
        assert np.array_equal(old, variable.numpy())


def test_input_gradient_of_a_line_is_the_column_of_the_class() -> None:
    weight = [[2.0, -1.0], [0.5, 3.0]]
    model = _line(weight, "mse")
    found = _gradients().input_gradient(model, np.zeros((3, 2), np.uint8), np.array([0, 1, 1]))
    assert np.allclose(found, [[2.0, 0.5], [-1.0, 3.0], [-1.0, 3.0]])
