"""Many gradient steps in one compiled call, for a training whose loop is its own (deep Q-learning).

`model.fit` can do this too, but each of its calls costs more than a hundred small steps, and
between two blocks an agent has to act. Keras has no gradient that works on every backend outside
of `fit`, so this holds the TensorFlow way (docs/decisions/0014).
"""

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from dlkit.contract import CodedError

Loss = Callable[..., tuple[Any, Any]]


def updates(
    loss: Loss, weights: Sequence[Any], optimizer: Any, *, then: Callable[..., None]
) -> Callable[..., Any]:
    """A function that takes batches [K, B, ...] and makes K steps, one after the other.

    `loss(*batch)` gives what is to become small and a number for each example, [B]. After each
    step `then(*batch)` is called. Returned are losses [K], lengths of the gradients [K] and the
    numbers of the examples [K, B]. Raises `CodedError` on a backend other than TensorFlow.
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise CodedError("needs_tensorflow", given=backend)
    tensorflow = importlib.import_module(backend)

    def update(carry: Any, batch: tuple[Any, ...]) -> tuple[Any, Any]:
        with tensorflow.GradientTape() as tape:
            value, said = loss(*batch)
        gradients = tape.gradient(value, [weight.value for weight in weights])
        length = ops.sqrt(sum(ops.sum(ops.square(gradient)) for gradient in gradients))
        optimizer.apply(gradients, weights)
        then(*batch)
        found = (value, length, said)
        return found, found

    @tensorflow.function(jit_compile=True)
    def block(*batches: Any) -> Any:
        nothing = ops.zeros(()), ops.zeros(()), ops.zeros((batches[0].shape[1],))
        return ops.scan(update, nothing, batches)[1]  # Keras wants both results of one form

    optimizer.build(weights)
    return block
