"""Deep neural network: layers of neurons that all see all of the layer before.

Each neuron adds up its inputs, weighted, and bends the sum with a non-linear activation. Layer upon
layer, bends add up to any shape of boundary. The weights are learned by back-propagation: the chain
rule carries the error from the answer back to every weight (David E. Rumelhart, Geoffrey E. Hinton,
Ronald J. Williams, 1986, "Learning representations by back-propagating errors", Nature 323,
https://doi.org/10.1038/323533a0).

Deviations from the paper: cross-entropy on logits instead of squared error on sigmoids; initial
weights by He et al. (2015) or Glorot and Bengio (2010), as the activation asks; modern optimizers.
"""

import itertools
import math
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from dlkit import datasets
from dlkit.algorithms.dnn.spec import Params, has_plane, widths
from dlkit.contract import Array, Run
from dlkit.params import BaseParams
from dlkit.training import fit, make_optimizer, one_thread, seed_everything

GRID = 96  # places along each side of the decision surface
SHOWN = 480  # points drawn on it
SMALL = 4e6  # multiplications a step: below, a second thread costs more than it brings
JUDGED = 2048  # at most so many validation examples count in the confusion matrix


def build(params: Params) -> keras.Model:
    """Examples [B, ...] as they come -> logits [B, C]; scaling is part of the network."""
    seed_everything(params.seed)
    dataset = datasets.find(params.data)
    example = keras.Input(dataset.shape, name="example")
    x = _scaled(example, params)  # [B, F]
    for width in widths(params):
        x = layers.Dense(width, kernel_initializer=_initializer(params.activation))(x)
        if params.batch_normalisation:
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.Activation(params.activation)(x)
        if params.dropout > 0:
            x = layers.Dropout(params.dropout)(x)
    logits = layers.Dense(dataset.num_classes, name="logits")(x)  # [B, C]
    model = keras.Model(example, logits, name="dnn")
    model.compile(
        make_optimizer(
            params.optimizer,
            params.learning_rate,
            weight_decay=params.weight_decay,
            average=params.average,
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=True,
    )
    return model


def train(params: Params, run: Run) -> keras.Model:
    """Learn the training part; write the surface and the confusion matrix at each look."""
    split = datasets.load(params.data, params.seed, noise=params.noise)
    if _multiplications(params) * params.batch_size < SMALL:
        one_thread()
    model = build(params)
    plane = _Plane.through(split) if has_plane(params) else None
    num_classes = datasets.find(params.data).num_classes
    judged_x, judged_y = split.x_val[:JUDGED], split.y_val[:JUDGED]

    def pictures(step: int) -> dict[str, Array]:
        answers = predict(model, judged_x).argmax(axis=1)
        confusion = _confusion(judged_y, answers, num_classes)
        surface = {"surface": plane.surface(model)} if plane else {}
        return {"confusion": confusion, **surface}

    fixed = {"frame": plane.frame, "points": plane.points} if plane else {}
    return fit(model, split, params, run, pictures=pictures, fixed=fixed)


def play(model: keras.Model, params: Params, inputs: BaseParams) -> dict[str, Array]:
    """Class probabilities [C] of one example; for points and tables also where it lies."""
    if not has_plane(params):
        drawn = np.array(inputs.values()["picture"], np.uint8)
        picture = datasets.centred(drawn, params.data)  # [H, W, 1]
        return {"probabilities": predict(model, picture[None])[0], "picture": picture[..., 0]}
    row = np.array([list(inputs.values().values())], np.float32)  # [1, F]
    plane = _Plane.through(datasets.load(params.data, params.seed, noise=params.noise))
    return {
        "probabilities": predict(model, row)[0],
        "place": plane.place(row)[0],
        "surface": plane.surface(model),
        "frame": plane.frame,
        "points": plane.points,
    }


def predict(model: keras.Model, examples: Array) -> Array:
    """Examples [N, ...] -> class probabilities [N, C]."""
    logits = model.predict_on_batch(examples)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _scaled(example: keras.KerasTensor, params: Params) -> keras.KerasTensor:
    """Features of mean 0 and variance 1, measured on the training part only; pictures to [0, 1]."""
    kind = datasets.find(params.data).kind
    if kind == "image":
        return layers.Flatten()(layers.Rescaling(1 / 255)(example))  # [B, H W]
    if kind == "points":
        return example  # [B, 2], made in about [-1, 1]
    split = datasets.load(params.data, params.seed)
    return layers.Normalization(mean=split.mean, variance=split.variance)(example)


def _multiplications(params: Params) -> int:
    """How many weights one example meets on its way."""
    dataset = datasets.find(params.data)
    sizes = [math.prod(dataset.shape), *widths(params), dataset.num_classes]
    return sum(a * b for a, b in itertools.pairwise(sizes))


def _initializer(activation: str) -> str:
    return "he_normal" if activation in ("relu", "gelu", "swish") else "glorot_uniform"


def _confusion(truth: Array, answers: Array, num_classes: int) -> Array:
    """How often each class [row] got each answer [column], [C, C]."""
    counts = np.zeros((num_classes, num_classes), np.int32)
    np.add.at(counts, (truth, answers), 1)
    return counts


@dataclass(frozen=True)
class _Plane:
    """The plane on which the surface is drawn: the points' own, or the two main components."""

    centre: Array  # [F]
    scale: Array  # [F]
    axes: Array  # [2, F], at right angles
    frame: Array  # left, right, bottom, top
    points: Array  # [M, 4]: place, class, 1 for validation

    @classmethod
    def through(cls, split: datasets.Split) -> "_Plane":
        """The plane that shows most of the spread of the training part."""
        if split.x_train.shape[1] == 2:
            centre, scale, axes = np.zeros(2), np.ones(2), np.eye(2)
        else:
            centre, scale = split.mean, np.sqrt(split.variance) + 1e-9
            axes = np.linalg.svd((split.x_train - centre) / scale, full_matrices=False)[2][:2]
        plane = cls(centre, scale, axes, np.zeros(4), np.zeros((0, 4)))
        learned = plane._labelled(split.x_train, split.y_train, held=0)[: SHOWN * 2 // 3]
        held = plane._labelled(split.x_val, split.y_val, held=1)[: SHOWN // 3]
        points = np.concatenate([learned, held]).astype(np.float32)
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        middle, half = (low + high) / 2, (high - low).max() * 0.55
        frame = np.stack([middle - half, middle + half], axis=1).ravel().astype(np.float32)
        return cls(centre, scale, axes, frame, points)

    def place(self, rows: Array) -> Array:
        """Rows [N, F] -> places on the plane [N, 2]."""
        return (((rows - self.centre) / self.scale) @ self.axes.T).astype(np.float32)

    def surface(self, model: keras.Model) -> Array:
        """Class probabilities over the frame, [GRID, GRID, C] from 0 to 255, bottom row first."""
        left, right, bottom, top = self.frame
        across, up = np.meshgrid(np.linspace(left, right, GRID), np.linspace(bottom, top, GRID))
        places = np.stack([across.ravel(), up.ravel()], axis=1)  # [GRID GRID, 2]
        rows = (places @ self.axes * self.scale + self.centre).astype(np.float32)  # [., F]
        return np.rint(predict(model, rows) * 255).astype(np.uint8).reshape(GRID, GRID, -1)

    def _labelled(self, rows: Array, labels: Array, *, held: int) -> Array:
        places = self.place(rows)
        return np.column_stack([places, labels, np.full(len(rows), held)])
