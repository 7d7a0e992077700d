"""Deep neural network: layers of neurons that all see all of the layer before.

Each neuron adds up its inputs, weighted, and bends the sum with a non-linear activation. Layer upon
layer, bends add up to any shape of boundary. The weights are learned by back-propagation: the chain
rule carries the error from the answer back to every weight (David E. Rumelhart, Geoffrey E. Hinton,
Ronald J. Williams, 1986, "Learning representations by back-propagating errors", Nature 323,
https://doi.org/10.1038/323533a0).

Deviations from the paper: cross-entropy on logits instead of squared error on sigmoids where the
answer is a class; initial weights by He et al. (2015) or Glorot and Bengio (2010), as the
activation asks; modern optimizers, normalisation, dropout and label smoothing.
"""

import itertools
import math

import keras
import numpy as np
from keras import layers, ops

from dlkit import datasets, explain, gradients, judging
from dlkit.algorithms.dnn import shown
from dlkit.algorithms.dnn.spec import Params, asks_number, has_plane, shift_of, widths
from dlkit.contract import Array, Run
from dlkit.params import BaseParams
from dlkit.training import fit, make_optimizer, one_thread, seed_everything

SMALL = 4e6  # multiplications a step: below, a second thread costs more than it brings
WIDE = 512  # neurons: from here on XLA draws dropout's masks fast enough
JUDGED = 1024  # at most so many validation examples are shown and counted
GRID = 96  # places along each side of the decision surface
GRID_OF_NUMBERS = 64  # the same for predicted numbers, which take more room than classes
SHOWN_LAYERS = 3
GRADED = 128  # examples over which the gradients of the histogram are taken
NEIGHBOURS = 5


def build(params: Params) -> keras.Model:
    """Examples [B, ...] as they come -> logits [B, C], or numbers [B, 1] in the target's unit."""
    seed_everything(params.seed)
    dataset = datasets.find(params.data)
    example = keras.Input(dataset.shape, name="example")
    x = _scaled(example, params)  # [B, F]
    for number, width in enumerate(widths(params), start=1):
        x = layers.Dense(width, kernel_initializer=_initializer(params.activation))(x)
        if params.normalisation == "batch":
            x = layers.BatchNormalization(momentum=0.9)(x)
        elif params.normalisation == "layer":
            x = layers.LayerNormalization()(x)
        x = layers.Activation(params.activation, name=f"hidden_{number}")(x)  # [B, width]
        if params.dropout > 0:
            x = layers.Dropout(params.dropout)(x)
    if dataset.asks_number:
        return _compiled_for_numbers(keras.Model(example, _number(x, params), name="dnn"), params)
    logits = layers.Dense(dataset.num_classes, name="logits")(x)  # [B, C]
    model = keras.Model(example, logits, name="dnn")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if params.label_smoothing > 0:
        loss = SmoothedCrossentropy(params.label_smoothing)
    model.compile(_optimizer(params), loss, metrics=["accuracy"], jit_compile=_fuses(params))
    return model


def _scaled(example: keras.KerasTensor, params: Params) -> keras.KerasTensor:
    """Features of mean 0 and variance 1, measured on the training part only; pictures to [0, 1]."""
    kind = datasets.find(params.data).kind
    if kind == "image":
        x = layers.Rescaling(1 / 255)(example)  # [B, H, W, 1]
        if params.augment:
            x = RandomShift(shift_of(params))(x)
        return layers.Flatten()(x)  # [B, H W]
    if kind == "points":
        return example  # [B, 2], made in about [-1, 1]
    split = datasets.load(params.data, params.seed)
    return layers.Normalization(mean=split.mean, variance=split.variance)(example)


def _number(x: keras.KerasTensor, params: Params) -> keras.KerasTensor:
    """The network's own number, of mean 0 and variance 1, brought to the unit of the target."""
    target = datasets.load(params.data, params.seed, noise=params.noise).y_train
    standardised = layers.Dense(1, name="standardised")(x)
    return layers.Rescaling(float(target.std()), offset=float(target.mean()))(standardised)


def _compiled_for_numbers(model: keras.Model, params: Params) -> keras.Model:
    """Squared error over the training target's variance: 1.0 is no better than its mean."""
    variance = float(datasets.load(params.data, params.seed, noise=params.noise).y_train.var())
    model.compile(
        _optimizer(params),
        "mean_squared_error",
        loss_weights=1.0 / variance,
        metrics=["mean_absolute_error", ExplainedShare(name="explained_share")],
        jit_compile=_fuses(params),
    )
    return model


def _optimizer(params: Params) -> keras.optimizers.Optimizer:
    return make_optimizer(
        params.optimizer,
        params.learning_rate,
        weight_decay=params.weight_decay,
        average=params.average,
    )


def _fuses(params: Params) -> bool:
    """Whether XLA compiles the steps, which makes them faster; but not where it draws small masks.

    Milliseconds a step on a CPU, without XLA and with it. With dropout: 784-64-32, 4.2 and 6.0;
    784-256-128, 10.0 and 24.5; 784-512-512, 9 and 5. Without: 784-512-512, 9 and 5; elsewhere about
    the same. Drawing masks in another way (inside a condition, from integers, a step ahead) did not
    help.
    """
    return params.dropout == 0 or min(widths(params), default=WIDE) >= WIDE


def _initializer(activation: str) -> str:
    return "he_normal" if activation in ("relu", "gelu", "swish") else "glorot_uniform"


def _multiplications(params: Params) -> int:
    """How many weights one example meets on its way."""
    dataset = datasets.find(params.data)
    sizes = [math.prod(dataset.shape), *widths(params), max(1, dataset.num_classes)]
    return sum(a * b for a, b in itertools.pairwise(sizes))


@keras.saving.register_keras_serializable("dlkit.dnn")
class SmoothedCrossentropy(keras.losses.SparseCategoricalCrossentropy):
    """Cross-entropy on logits against labels of which a share is spread evenly over all classes.

    Christian Szegedy and others, 2016, https://arxiv.org/abs/1512.00567.
    """

    def __init__(self, smoothing: float, from_logits: bool = True, **named: object) -> None:
        super().__init__(from_logits=from_logits, **named)
        self.smoothing = smoothing

    def call(self, labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        """Labels [B], logits [B, C] -> losses [B]."""
        even = -ops.mean(ops.log_softmax(logits), axis=-1)
        return (1 - self.smoothing) * super().call(labels, logits) + self.smoothing * even

    def get_config(self) -> dict[str, object]:
        """What is needed to make the loss again."""
        return {**super().get_config(), "smoothing": self.smoothing}


@keras.saving.register_keras_serializable("dlkit.dnn")
class ExplainedShare(keras.metrics.R2Score):
    """R², the share of the target's variance that is explained; 0 for a single example."""

    def result(self) -> keras.KerasTensor:
        """At most 1; below 0 the mean of the examples would be the better answer."""
        return ops.where(self.num_samples < 2, 0.0, super().result())


@keras.saving.register_keras_serializable("dlkit.dnn")
class RandomShift(layers.Layer):
    """Moves each picture by up to `most` pixels each way while training, and never otherwise.

    Written with `keras.ops` alone, because an augmentation layer that XLA cannot compile would
    switch XLA off for the whole model.
    """

    def __init__(self, most: int, **named: object) -> None:
        super().__init__(**named)
        self.most = most
        self.seeds = keras.random.SeedGenerator()

    def call(self, pictures: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Pictures [B, H, W, 1] -> pictures [B, H, W, 1]."""
        if not training:
            return pictures
        batch, (height, width) = ops.shape(pictures)[0], pictures.shape[1:3]
        places = 2 * self.most + 1
        moves = keras.random.randint((batch, 2), 0, places, seed=self.seeds)  # [B, 2]
        rows = ops.one_hot(moves[:, :1] + ops.arange(height), height + places - 1)
        columns = ops.one_hot(moves[:, 1:] + ops.arange(width), width + places - 1)
        margin = ((0, 0), (self.most, self.most), (self.most, self.most), (0, 0))
        wide = ops.pad(pictures, margin)  # [B, H + 2 most, W + 2 most, 1]
        return ops.einsum("bhi,bijc,bwj->bhwc", rows, wide, columns)

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        return {**super().get_config(), "most": self.most}


def train(params: Params, run: Run) -> keras.Model:
    """Learn the training part; at each look write what the network answers and how it stands."""
    split = datasets.load(params.data, params.seed, noise=params.noise)
    if _multiplications(params) * params.batch_size < SMALL:
        one_thread()
    model = build(params)
    look = _Look(model, params, split)
    return fit(model, split, params, run, pictures=look.pictures, fixed=look.fixed())


class _Look:
    """What a training shows: one call of a watching network answers nearly all of it."""

    def __init__(self, model: keras.Model, params: Params, split: datasets.Split) -> None:
        self._model, self._params = model, params
        self._plane = datasets.Plane.through(split) if has_plane(params) else None
        judged = datasets.spread(len(split.x_val), JUDGED)
        self._judged, self._truth = split.x_val[judged], split.y_val[judged]
        self._side = _side(params)
        rows = (
            [self._judged] if self._plane is None else [self._judged, self._plane.rows(self._side)]
        )
        self._rows = ops.convert_to_tensor(np.concatenate(rows), "float32")
        self._watcher = _watcher(model, params)
        graded = datasets.spread(len(split.x_train), GRADED)
        self._graded = split.x_train[graded], split.y_train[graded]

    def fixed(self) -> dict[str, Array]:
        """What never changes: the frame and its points, or the judged pictures."""
        if self._plane is None:
            return {"gallery": self._judged}
        judged = self._plane.labelled(self._judged, self._truth, held=1)[:, :3]
        return {"frame": self._plane.frame, "points": self._plane.points, "judged": judged}

    def pictures(self, step: int) -> dict[str, Array]:
        """The answers to the judged examples and over the plane, the neurons, the histograms."""
        # Called directly: a hundred looks cost less than tracing one function for `predict`.
        seen = keras.tree.flatten(self._watcher(self._rows, training=False))
        out, *hidden = (ops.convert_to_numpy(tensor) for tensor in seen)
        found = self._answers(out[: len(self._judged)]) | self._histograms()
        if hidden:
            idle = [shown.idle(answers, self._params.activation) for answers in hidden]
            found["idle"] = np.array(idle, np.float32)
        if self._plane is not None:
            found |= _over(out[len(self._judged) :], self._params)
        if self._plane is not None and hidden:
            over = [answers[len(self._judged) :] for answers in hidden[:SHOWN_LAYERS]]
            found["neurons"] = shown.tiles(over, self._side)
        return found

    def _answers(self, out: Array) -> dict[str, Array]:
        if asks_number(self._params):
            return {"answers": out[:, 0]}
        truth, said = self._truth, out.argmax(axis=1)
        found = {"confusion": judging.confusion(truth, said, out.shape[1])}
        if self._plane is None:
            return found | {"cells": judging.cells(truth, said, out.shape[1])}
        return found | {"answers": said.astype(np.float32)}

    def _histograms(self) -> dict[str, Array]:
        weights = self._model.trainable_variables
        slopes = gradients.weight_gradients(self._model, *self._graded)
        tables = [number for number, weight in enumerate(weights) if len(weight.shape) == 2]
        values = [np.array(weights[number].numpy()) for number in tables]
        return shown.histograms(values, [slopes[number] for number in tables])


def play(model: keras.Model, params: Params, inputs: BaseParams) -> dict[str, Array]:
    """The answer to one example, the training examples nearest to it, and what it hangs on."""
    split = datasets.load(params.data, params.seed, noise=params.noise)
    if has_plane(params):
        return _play_row(model, params, inputs, split)
    drawn = np.array(inputs.values()["picture"], np.uint8)
    picture = datasets.centred(drawn, params.data)  # [H, W, 1]
    sure = predict(model, picture[None])[0]
    near = datasets.nearest(split, picture, NEIGHBOURS)
    return {
        "probabilities": sure,
        "picture": picture[..., 0],
        "heat": explain.occlusion(model, picture, int(sure.argmax())),
        "near_pictures": split.x_train[near][..., 0],
        "near_answers": split.y_train[near],
    }


def _play_row(
    model: keras.Model, params: Params, inputs: BaseParams, split: datasets.Split
) -> dict[str, Array]:
    plane = datasets.Plane.through(split)
    row = np.array([list(inputs.values().values())], np.float32)  # [1, F]
    changed = shown.with_others(row[0], split.x_train)  # [F OTHERS, F]
    rows = np.concatenate([row, changed, plane.rows(_side(params))])
    out = _answers(model, rows)
    answer = out if asks_number(params) else judging.shares(out)
    said = 0 if asks_number(params) else int(answer[0].argmax())
    others = answer[1 : len(changed) + 1, said].reshape(row.shape[1], -1)  # [F, OTHERS]
    near = datasets.nearest(split, row[0], NEIGHBOURS)
    return {
        "value" if asks_number(params) else "probabilities": answer[0],
        "place": plane.place(row)[0],
        "near": plane.labelled(split.x_train[near], split.y_train[near], held=0)[:, :3],
        "influence": np.abs(others - answer[0, said]).mean(axis=1),
        "frame": plane.frame,
        "points": plane.points,
        **_over(out[len(changed) + 1 :], params),
    }


def predict(model: keras.Model, examples: Array) -> Array:
    """Examples [N, ...] -> class probabilities [N, C]."""
    return judging.shares(_answers(model, examples))


def _answers(model: keras.Model, examples: Array) -> Array:
    return ops.convert_to_numpy(model(ops.convert_to_tensor(examples, "float32"), training=False))


def _watcher(model: keras.Model, params: Params) -> keras.Model:
    """The same network, giving its answer and what leaves each hidden layer."""
    names = [f"hidden_{number}" for number in range(1, len(widths(params)) + 1)]
    hidden = [model.get_layer(name).output for name in names]
    return keras.Model(model.input, [model.output, *hidden])


def _side(params: Params) -> int:
    return GRID_OF_NUMBERS if asks_number(params) else GRID


def _over(out: Array, params: Params) -> dict[str, Array]:
    """Answers over the plane: class probabilities from 0 to 255, or the numbers themselves."""
    side = _side(params)
    if asks_number(params):
        return {"heights": out.reshape(side, side)}
    levels = np.rint(np.nan_to_num(judging.shares(out)) * 255).astype(np.uint8)
    return {"surface": levels.reshape(side, side, -1)}
