"""The fused batch normalisation does what Keras' own layer does."""

import contextlib
import importlib
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras


def _network() -> Any:
    keras = importlib.import_module("keras")
    keras.utils.set_random_seed(3)
    layers = keras.layers
    picture = keras.Input((6, 6, 2))
    x = layers.BatchNormalization(momentum=0.8)(layers.Conv2D(4, 3)(picture))
    x = layers.BatchNormalization(momentum=0.8, scale=False)(layers.ReLU()(x))  # as Keras does it
    model = keras.Model(picture, layers.Dense(1)(layers.GlobalAveragePooling2D()(x)))
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    return model


def _trained(*, fused: bool) -> Any:
    module = importlib.import_module("dlkit.fused")
    random = np.random.default_rng(5)
    x, y = random.normal(2.0, 3.0, (48, 6, 6, 2)), random.normal(size=(48, 1))
    model = _network()
    with module.fused_normalisation(model) if fused else contextlib.nullcontext():
        if fused:
            assert [n for n, one in enumerate(model.layers) if "call" in vars(one)] == [2]
        model.fit(x, y, batch_size=12, epochs=3, shuffle=False, verbose=0)
    return model


def test_weights_and_moving_averages_are_those_of_keras_own_layer() -> None:
    plain, fused = _trained(fused=False), _trained(fused=True)
    for ours, theirs in zip(fused.weights, plain.weights, strict=True):
        assert np.allclose(ours.numpy(), theirs.numpy(), atol=2e-5), ours.path


def test_outside_nothing_is_left_of_it() -> None:
    model = _trained(fused=True)
    assert all("call" not in vars(layer) for layer in model.layers)
    x = np.ones((2, 6, 6, 2), np.float32)
    assert np.array_equal(model(x, training=False), model.predict(x, verbose=0))
