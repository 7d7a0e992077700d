"""The two ways of Keras: "ours" is the program's own training, "keras" is plain `fit`.

Ours is `train` of the algorithm's own module with params that make the peer's net, so everything it
decides for itself (threads, compiling, the order of the data, how many steps run as one) counts.
Left out are pictures, checkpoints and the validation set but for one batch, since the peers have
none of these. Plain is what Keras' own examples do: floating-point arrays, `compile`, `fit`.
"""

import dataclasses
import math
from importlib import import_module
from typing import Any

import keras
from keras import layers

from benchmarks.bare_training import Nobody
from benchmarks.race import SEED, Clock, Race
from dlkit import training
from dlkit.algorithms import find, model_module
from dlkit.contract import Array

# Params that make the nets of the peers: algorithm, and what differs from its quick preset.
OURS: dict[str, tuple[str, dict[str, Any]]] = {
    "mlp": ("dnn", {"hidden_layers": "512, 512", "noise": 0.0}),
    "small": ("dnn", {"hidden_layers": "8, 8", "noise": 0.0}),
    "convnet": (
        "cnn",
        {
            "filters": "32, 64",
            "padding": "valid",
            "batch_normalisation": False,
            "dense_units": 0,
            "dropout": 0.5,
            "shift": 0,
        },
    ),
    "resnet": (
        "resnet",
        {"blocks": 3, "width": 16, "twin": False, "preactivation": False, "shift": 0},
    ),
}
ALIKE = {"schedule": "constant", "weight_decay": 0.0, "seed": SEED}
LONG = {"small": 20_000}  # epochs: longer than any race; of the others 500 are


class Racer(Nobody):
    """A `Run` that marks the clock at every point of the loss, and ends when the time is over."""

    def __init__(self, params: Any, clock: Clock) -> None:
        super().__init__(params)
        self.clock = clock

    def scalars(self, step: int, /, **values: float) -> None:
        """A point of the loss is a mark."""
        if "loss" in values and step:
            self.clock.mark(step * self.params.batch_size)

    def allowed(self, step: int, epoch_left: int) -> int:
        """Without end until the time is over."""
        return 0 if self.clock.over else 1 << 30

    def should_stop(self) -> bool:
        """Once the time is over."""
        return self.clock.over


def race(net: str, way: str, race: Race, *, clock: Clock) -> int:
    """Train `net` until the clock is over; gives the number of trainable weights."""
    model = _ours(net, race, clock) if way == "ours" else _plain(net, race, clock)
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def _ours(net: str, race: Race, clock: Clock) -> Any:
    plain = training.fit
    x, y = race.load()

    def fit(model: Any, split: Any, params: Any, run: Any, **_: Any) -> Any:
        few = {"x_val": split.x_val[: race.batch], "y_val": split.y_val[: race.batch]}
        cut = dataclasses.replace(split, x_train=x, y_train=y, **few)
        return plain(model, cut, params, run)

    training.fit = fit
    training.CHECKPOINT_SECONDS = float("inf")
    name, values = OURS[net]
    spec = find(name)
    values = {**spec.presets["quick"].values(), **ALIKE, **values, "epochs": LONG.get(net, 500)}
    values |= {"data": race.data, "batch_size": race.batch, "learning_rate": race.learning_rate}
    params = spec.params.checked({**values, "optimizer": race.optimizer})
    return import_module(model_module(name)).train(params, Racer(params, clock))


def _plain(net: str, race: Race, clock: Clock) -> Any:
    keras.utils.set_random_seed(SEED)
    x, y = race.load()
    model = _mlp((512, 512), 784, 10) if net == "mlp" else None
    if net == "small":
        model = _mlp((8, 8), 2, 2)
    if net == "convnet":
        model = _convnet()
    if model is None:
        raise ValueError(f"no plain {net}")
    model.compile(
        keras.optimizers.Adam(race.learning_rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    marks = Marks(clock, examples=len(x))
    model.fit(_floats(net, x), y, race.batch, epochs=20_000, verbose=0, callbacks=[marks])
    return model


def _floats(net: str, x: Array) -> Array:
    """The examples as the net takes them; pictures from 0 to 1."""
    if x.dtype == "uint8":
        x = x.astype("float32") / 255
    return x.reshape(len(x), -1) if net == "mlp" else x


def _mlp(widths: tuple[int, ...], features: int, num_classes: int) -> Any:
    hidden = [layers.Dense(width, activation="relu") for width in widths]
    return keras.Sequential([keras.Input((features,)), *hidden, layers.Dense(num_classes)])


def _convnet() -> Any:
    """The convnet of keras.io/examples/vision/mnist_convnet, 34,826 weights."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )


class Marks(keras.callbacks.Callback):
    """Marks the clock at the end of each epoch of plain `fit`."""

    def __init__(self, clock: Clock, *, examples: int) -> None:
        super().__init__()
        self._clock = clock
        self._examples = examples

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keras has all numbers of the epoch by now."""
        self.model.stop_training = self._clock.mark((epoch + 1) * self._examples)
