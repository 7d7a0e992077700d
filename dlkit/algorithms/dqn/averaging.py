"""The mean of all networks of a training, in which later ones count more.

Ohad Shamir and Tong Zhang, 2013, "Stochastic gradient descent for non-smooth optimization"
(https://arxiv.org/abs/1212.1824), call it polynomial-decay averaging: it never lags by more than a
fixed share of the training, and needs no length to be chosen.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlkit.contract import Array, CodedError

LATER = 2  # the n-th network counts about n times to this power


class Average:
    """The mean of the trainable weights of `model` at each call of `add`."""

    def __init__(self, model: Any, *, on: bool) -> None:
        """Where it is not `on` it is the last network alone."""
        self._model, self._on, self._count = model, on, 0
        self._weights = self._now()

    def add(self) -> None:
        """Take in the network as it is now."""
        self._count += 1
        share = (LATER + 1) / (self._count + LATER) if self._on else 1.0
        pairs = zip(self._weights, self._now(), strict=True)
        self._weights = [old + share * (new - old) for old, new in pairs]

    def put_into(self, model: Any) -> None:
        """Give the mean to a network of the same build."""
        for weight, mean in zip(model.trainable_variables, self._weights, strict=True):
            weight.assign(mean)

    def state(self) -> dict[str, Array]:
        """The mean, by each weight's place in the network: the playground answers with it."""
        return {
            "average/count": np.array(self._count),
            **dict(zip(self._names(), self._weights, strict=True)),
        }

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from `state`. Raises `CodedError`."""
        missing = [name for name in ("average/count", *self._names()) if name not in state]
        if missing:
            raise CodedError("file_damaged", name=missing[0])
        self._count = int(state["average/count"])
        self._weights = [np.array(state[name]) for name in self._names()]

    def _now(self) -> list[Array]:
        return [np.array(weight.numpy()) for weight in self._model.trainable_variables]

    def _names(self) -> list[str]:
        places = {id(variable): number for number, variable in enumerate(self._model.variables)}
        return [f"average/{places[id(one)]:04d}" for one in self._model.trainable_variables]
