"""All numbers of a model as plain arrays, and back. Needs nothing of Keras but the model itself."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from dlkit.contract import Array, CodedError


def state_of(model: Any) -> dict[str, Array]:
    """Every variable of a model and its optimizer, copied: weights, slots, random state, means.

    Where a moving average of the weights is kept, it is also there as "average/NNNN".
    """
    state = {
        f"{part}/{number:04d}": np.array(variable.numpy())
        for part, variables in _parts(model).items()
        for number, variable in enumerate(variables)
    }
    averages = _averages(model).items()
    return state | {f"average/{n:04d}": np.array(mean.numpy()) for n, mean in averages}


def load_state(model: Any, state: Mapping[str, Array], *, optimizer: bool = True) -> None:
    """Put what `state_of` gave back into a model of the same build. Raises `CodedError`.

    With the optimizer it is the state to train on from; without, the one to use: there weights that
    have a moving average take its value.
    """
    parts = _parts(model) if optimizer else {"model": model.variables}
    for part, variables in parts.items():
        for number, variable in enumerate(variables):
            value = state.get(f"{part}/{number:04d}")
            if not optimizer:
                value = state.get(f"average/{number:04d}", value)
            if value is None or tuple(value.shape) != tuple(variable.shape):
                raise CodedError("file_damaged", name=f"{part}/{number:04d}")
            variable.assign(value)


@contextlib.contextmanager
def averaged(model: Any, *, keep: bool = False) -> Iterator[None]:
    """Inside, the model uses the moving average of its weights, if its optimizer keeps one.

    With `keep` it goes on using it afterwards.
    """
    averages = _averages(model)
    weights = {number: model.variables[number] for number in averages}
    kept = {number: np.array(weight.numpy()) for number, weight in weights.items()}
    for number, mean in averages.items():
        weights[number].assign(mean)
    try:
        yield
    finally:
        if not keep:
            for number, value in kept.items():
                weights[number].assign(value)


def _parts(model: Any) -> dict[str, list[Any]]:
    optimizer = getattr(model, "optimizer", None)
    return {"model": model.variables, "optimizer": optimizer.variables if optimizer else []}


def _averages(model: Any) -> dict[int, Any]:
    """The moving average of each weight that has one, by the weight's place in the model.

    Before the first step there is none: what Keras keeps until then is all zero.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not optimizer.use_ema or not int(optimizer.iterations.numpy()):
        return {}
    places = {id(variable): number for number, variable in enumerate(model.variables)}
    pairs = zip(
        optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True
    )
    return {places[id(weight)]: mean for weight, mean in pairs}
