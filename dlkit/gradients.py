"""Gradients that Keras has no call for: those of charts and explanations, and those of gradients.

No call for them works on every backend, so the functions here hold a path for TensorFlow and one
for JAX (docs/decisions/0008, 0012). The first two are for outside of training and unless told
otherwise run in inference mode: no dropout, no augmentation, normalisation by its running
statistics. `slope` is for losses that punish a gradient.
"""

import importlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from dlkit.contract import Array


def weight_gradients(model: Any, x: Any, y: Any, *, training: bool = False) -> list[Array]:
    """Gradient of the compiled loss over `x`, `y` for each of `model.trainable_weights`.

    With `training` it is that of a training step: normalisation by the batch itself, which in deep
    networks changes gradients by orders of magnitude. Whatever such a step moves besides the
    weights (running statistics, random state) is put back.
    """
    backend = _backend()
    weights = model.trainable_variables
    kept = [np.array(variable.numpy()) for variable in model.non_trainable_variables]

    def loss() -> Any:
        answers = model(x, training=training)
        return model.compute_loss(x=x, y=y, y_pred=answers, training=training)

    if keras.backend.backend() == "jax":

        def loss_at(values: Any) -> Any:
            with keras.StatelessScope(state_mapping=list(zip(weights, values, strict=True))):
                return loss()

        found = backend.grad(loss_at)([weight.value for weight in weights])
    else:
        with backend.GradientTape() as tape:
            value = loss()
        found = tape.gradient(value, [weight.value for weight in weights])
    for variable, value in zip(model.non_trainable_variables, kept, strict=True):
        variable.assign(value)
    return [
        np.zeros(weight.shape, np.float32) if gradient is None else np.asarray(gradient)
        for weight, gradient in zip(weights, found, strict=True)
    ]


def input_gradient(model: Any, x: Array, classes: Array) -> Array:
    """How each logit `classes[i]` changes with each number of example `x[i]`, shaped like `x`.

    `model` maps x [N, ...] to logits [N, C].
    """
    backend = _backend()
    numbers = keras.ops.convert_to_tensor(np.asarray(x, np.float32))
    chosen = keras.ops.one_hot(np.asarray(classes, np.int32), model.output_shape[-1])

    def total(values: Any) -> Any:
        return keras.ops.sum(model(values, training=False) * chosen)

    if keras.backend.backend() == "jax":
        return np.asarray(backend.grad(total)(numbers))
    with backend.GradientTape() as tape:
        tape.watch(numbers)
        value = total(numbers)
    return np.asarray(tape.gradient(value, numbers))


def slope(function: Callable[[Any], Any], x: Any) -> Any:
    """How the sum of `function(x)` changes with each number of `x`, shaped like it.

    A loss may be made of it: its own gradient is known. `function` must not move any state.
    """
    backend = _backend()
    if keras.backend.backend() == "jax":
        return backend.grad(lambda values: keras.ops.sum(function(values)))(x)
    with backend.GradientTape() as tape:
        tape.watch(x)
        value = keras.ops.sum(function(x))
    return tape.gradient(value, x)


def _backend() -> Any:
    """TensorFlow or JAX, whichever Keras runs on; the other one need not be installed."""
    return importlib.import_module(keras.backend.backend())
