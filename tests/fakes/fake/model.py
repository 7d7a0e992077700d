"""The do-nothing algorithm's model: y = a x + b, with dropout so that random state matters."""

import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from dlkit.contract import Array, Run
from dlkit.training import fit, seed_everything
from tests.fakes.fake.spec import Inputs, Params


@dataclass(frozen=True)
class Points:
    """Forty points to learn from, twenty to check."""

    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array


def build(params: Params) -> keras.Model:
    """Place [B, 1] -> height [B, 1]."""
    seed_everything(params.seed)
    place = keras.Input((1,))
    hidden = keras.layers.Dense(4, activation="tanh")(place)  # [B, 4]
    hidden = keras.layers.Dropout(0.25)(hidden)
    model = keras.Model(place, keras.layers.Dense(1)(hidden))
    model.compile(keras.optimizers.Adam(params.learning_rate), "mse")
    return model


def train(params: Params, run: Run) -> keras.Model:
    """Learn the line, or fail as asked."""
    model = build(params)
    grid = np.linspace(-1, 1, 21, dtype=np.float32)[:, None]

    def pictures(step: int) -> dict[str, Array]:
        return {"line": model.predict_on_batch(grid)[:, 0]}

    return fit(model, _points(params), params, _Slow(run, params), pictures=pictures)


def play(model: keras.Model, params: Params, inputs: Inputs) -> dict[str, Array]:
    """The height at one place."""
    return {"height": model.predict_on_batch(np.array([[inputs.where]], np.float32))[0]}


def _points(params: Params) -> Points:
    random = np.random.default_rng(params.seed)
    x = random.uniform(-1, 1, (60, 1)).astype(np.float32)
    y = 2 * x + 0.5 + random.normal(0, 0.1, x.shape).astype(np.float32)
    if params.fail == "diverge":
        y = np.full_like(y, np.nan)
    return Points(x[:40], y[:40], x[40:], y[40:])


class _Slow:
    """A run that waits `delay` seconds after each window, and fails half-way if asked to."""

    def __init__(self, run: Run, params: Params) -> None:
        self._run, self._params = run, params
        self._half = params.epochs * 40 // params.batch_size // 2

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def scalars(self, step: int, /, **values: float) -> None:
        self._run.scalars(step, **values)
        if "loss" not in values:
            return
        ends = time.monotonic() + self._params.delay
        while time.monotonic() < ends and not self._run.should_stop():
            time.sleep(0.01)
        if step >= self._half:
            _fail(self._params.fail)


def _fail(how: str) -> None:
    if how == "raise":
        raise RuntimeError("asked to fail")
    if how == "memory":
        np.ones(1 << 44)
    if how == "hoard":
        hoard = np.ones(1 << 27)  # 1 GiB that are really used
        time.sleep(5.0)
        hoard.sum()
