"""Convolutional neural network: small filters that slide over a picture.

A filter looks at a few pixels at a time and is the same everywhere, so a stroke is found wherever
it is drawn, with few weights. Pooling then keeps the strongest answer of each neighbourhood. Blocks
of both turn strokes into corners, corners into shapes (Yann LeCun, Léon Bottou, Yoshua Bengio,
Patrick Haffner, 1998, "Gradient-based learning applied to document recognition", Proceedings of the
IEEE 86, https://doi.org/10.1109/5.726791).

Deviations from LeNet-5: ReLU instead of scaled tanh, maximum instead of trained mean pooling, batch
normalisation (Sergey Ioffe, Christian Szegedy, 2015), dropout (Nitish Srivastava and others, 2014),
cross-entropy instead of Gaussian output units, every filter sees all maps of the layer before.
Optional: several convolutions in a block (Karen Simonyan, Andrew Zisserman, 2015), a strided one
instead of pooling (Jost Springenberg and others, 2015), global pooling (Min Lin and others, 2014),
label smoothing (Christian Szegedy and others, 2016), cutout (Terrance DeVries, Graham Taylor,
2017).
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from dlkit import datasets, explain, judging
from dlkit.algorithms.cnn.spec import BEHIND, MISTAKES, SAMPLES, TILES, Params, filters_of
from dlkit.contract import Array, Run
from dlkit.training import fit, make_optimizer, seed_everything

JUDGED = 512  # at most so many validation pictures are judged at each look
KEPT_FILTERS = 64


def build(params: Params) -> keras.Model:
    """Pictures [B, H, W, ch] from 0 to 255 -> logits [B, C]; scaling is part of the network."""
    seed_everything(params.seed)
    dataset = datasets.find(params.data)
    picture = keras.Input(dataset.shape, name="picture")
    x = layers.Rescaling(1 / 255)(picture)  # [B, H, W, ch] in [0, 1]
    if params.shift:
        x = RandomShift(params.shift)(x)
    if params.flip:
        x = RandomFlip()(x)
    if params.cutout:
        x = Cutout(params.cutout)(x)
    for number, filters in enumerate(filters_of(params), start=1):
        x = _block(x, filters, number, params)  # [B, H / 2^number, W / 2^number, filters]
    if params.head == "global_pooling":
        x = layers.GlobalAveragePooling2D()(x)  # [B, filters]
    else:
        x = layers.Flatten()(x)  # [B, H * W * filters / 4^blocks]
        if params.dense_units:
            x = layers.Dense(params.dense_units, activation="relu")(x)  # [B, units]
    x = layers.Dropout(params.dropout)(x)
    logits = layers.Dense(dataset.num_classes, name="logits")(x)  # [B, C]
    model = keras.Model(picture, logits, name="cnn")
    model.compile(
        make_optimizer(
            params.optimizer,
            params.learning_rate,
            weight_decay=params.weight_decay,
            average=params.average,
        ),
        SmoothedCrossentropy(params.label_smoothing),
        metrics=["accuracy"],
    )
    return model


def _block(x: keras.KerasTensor, filters: int, number: int, params: Params) -> keras.KerasTensor:
    """Convolution, normalisation and ReLU, as often as wished, then half the width and height."""
    for place in range(1, params.convolutions + 1):
        is_last = place == params.convolutions
        x = layers.Conv2D(
            filters,
            params.kernel,
            strides=2 if is_last and params.pooling == "stride" else 1,
            padding=params.padding,
            use_bias=not params.batch_normalisation,
            kernel_initializer="he_normal",
            name=f"convolution_{number}_{place}",
        )(x)
        if params.batch_normalisation:
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU(name=f"block_{number}" if is_last else None)(x)
    if params.pooling == "max":
        return layers.MaxPooling2D(2)(x)
    return layers.AveragePooling2D(2)(x) if params.pooling == "average" else x


@keras.saving.register_keras_serializable("dlkit.cnn")
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of logits [B, C] and classes [B], of which a share is spread over all classes.

    A network that may not be quite sure of anything keeps its weights smaller.
    """

    def __init__(self, smoothing: float = 0.0, **named: Any) -> None:
        super().__init__(**{"name": "crossentropy", **named})
        self.smoothing = smoothing

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Classes [B] or [B, 1] and logits [B, C] -> losses [B]."""
        logarithms = ops.log_softmax(y_pred)  # [B, C]
        wanted = ops.one_hot(ops.reshape(y_true, (-1,)), y_pred.shape[-1])  # [B, C]
        right = ops.sum(wanted * logarithms, axis=-1)
        return -(1 - self.smoothing) * right - self.smoothing * ops.mean(logarithms, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """What is needed to make the loss again."""
        return {**super().get_config(), "smoothing": self.smoothing}


class Augmentation(layers.Layer):
    """Has the chance that a layer needs which changes pictures [B, H, W, ch] while training only.

    Written with `keras.ops` alone, because an augmentation layer that XLA cannot compile would
    switch XLA off for the whole model.
    """

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self.seeds = keras.random.SeedGenerator()


@keras.saving.register_keras_serializable("dlkit.cnn")
class RandomShift(Augmentation):
    """Moves each picture by up to `most` pixels each way; what comes in from outside is black."""

    def __init__(self, most: int, **named: Any) -> None:
        super().__init__(**named)
        self.most = most

    def call(self, pictures: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Each row and column is picked by a product with a matrix of zeros and ones."""
        if not training:
            return pictures
        batch, (height, width) = ops.shape(pictures)[0], pictures.shape[1:3]
        places = 2 * self.most + 1
        moves = keras.random.randint((batch, 2), 0, places, seed=self.seeds)  # [B, 2]
        rows = ops.one_hot(moves[:, :1] + ops.arange(height), height + places - 1)
        columns = ops.one_hot(moves[:, 1:] + ops.arange(width), width + places - 1)
        margin = ((0, 0), (self.most, self.most), (self.most, self.most), (0, 0))
        wide = ops.pad(pictures, margin)  # [B, H + 2 most, W + 2 most, ch]
        return ops.einsum("bhi,bijc,bwj->bhwc", rows, wide, columns)

    def get_config(self) -> dict[str, Any]:
        """What is needed to make the layer again."""
        return {**super().get_config(), "most": self.most}


@keras.saving.register_keras_serializable("dlkit.cnn")
class RandomFlip(Augmentation):
    """Mirrors every other picture, left to right. Never for digits: a mirrored 2 is no digit."""

    def call(self, pictures: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """A coin is thrown for each picture."""
        if not training:
            return pictures
        coins = keras.random.randint((ops.shape(pictures)[0], 1, 1, 1), 0, 2, seed=self.seeds)
        return ops.where(coins == 1, pictures[:, :, ::-1], pictures)


@keras.saving.register_keras_serializable("dlkit.cnn")
class Cutout(Augmentation):
    """Hides a black square of `side` pixels somewhere; at the edge only part of it hits."""

    def __init__(self, side: int, **named: Any) -> None:
        super().__init__(**named)
        self.side = side

    def call(self, pictures: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """The square's middle may be any pixel, so that edges are hidden less often."""
        if not training:
            return pictures
        batch, (height, width) = ops.shape(pictures)[0], pictures.shape[1:3]
        middles = keras.random.uniform((batch, 2), seed=self.seeds)  # [B, 2] in [0, 1)
        hidden = (
            self._hit(middles[:, :1], height)[:, :, None]
            & self._hit(middles[:, 1:], width)[:, None]
        )
        return ops.where(hidden[..., None], 0.0, pictures)

    def _hit(self, middle: keras.KerasTensor, length: int) -> keras.KerasTensor:
        """Which of `length` pixels the square covers, [B, length]."""
        first = ops.floor(middle * length) - self.side // 2  # [B, 1]
        places = ops.arange(length, dtype="float32")
        return (places >= first) & (places < first + self.side)

    def get_config(self) -> dict[str, Any]:
        """What is needed to make the layer again."""
        return {**super().get_config(), "side": self.side}


def train(params: Params, run: Run) -> keras.Model:
    """Learn the training part; judge a fixed part of the rest at each look."""
    split = datasets.load(params.data, params.seed)
    model = build(params)
    judged = _spread(len(split.y_val), JUDGED)
    judged_x, judged_y = split.x_val[judged], split.y_val[judged]
    chosen = _one_of_each(judged_y)
    blocks, judge = block_names(params), _judge(model, params)
    num_classes = model.output_shape[-1]

    def pictures(step: int) -> dict[str, Array]:
        logits, *strongest = judge.predict_on_batch(judged_x)  # [K, C], [K, filters] of each block
        sure = judging.shares(logits)
        answers, wrong = sure.argmax(axis=1), judging.worst(judged_y, sure, MISTAKES)
        weights = model.get_layer("convolution_1_1").kernel.numpy()  # [k, k, ch, filters]
        return {
            "confusion": judging.confusion(judged_y, answers, num_classes),
            "cells": judging.cells(judged_y, answers, num_classes, BEHIND),
            "mistakes": wrong,
            "mistake_probabilities": np.where(wrong[:, None] >= 0, sure[wrong], 0.0),
            "sample_probabilities": sure[chosen],
            "dead_filters": np.array([np.mean(part.max(axis=0) <= 0) for part in strongest]),
            "filters": np.moveaxis(weights, 3, 0)[:KEPT_FILTERS],
            "feature_maps": explain.feature_maps(model, blocks, judged_x[chosen[3]], TILES),
        }

    fixed = {
        "probe": judged_x[chosen[3]],
        "samples": judged_x[chosen],
        "sample_classes": judged_y[chosen],
        "gallery": judged_x,
        "gallery_classes": judged_y,
    }
    return fit(model, split, params, run, pictures=pictures, fixed=fixed)


def play(model: keras.Model, params: Params, inputs: Any) -> dict[str, Array]:
    """Class probabilities [C] of a picture, where they come from, and what the blocks see in it."""
    picture = datasets.centred(np.array(inputs.picture, np.uint8), params.data)  # [H, W, ch]
    logits = ops.convert_to_numpy(model(picture[None].astype(np.float32), training=False))
    sure = judging.shares(logits)[0]
    said, blocks = int(sure.argmax()), block_names(params)
    return {
        "probabilities": sure,
        "picture": picture,
        "grad_cam": explain.grad_cam(model, blocks[-1], picture, said),
        "occlusion": explain.occlusion(model, picture, said),
        "feature_maps": explain.feature_maps(model, blocks, picture, TILES),
    }


def block_names(params: Params) -> list[str]:
    """The layers whose output a block's feature maps are."""
    return [f"block_{number}" for number in range(1, len(filters_of(params)) + 1)]


def _judge(model: keras.Model, params: Params) -> keras.Model:
    """The same network, giving the logits and each filter's strongest answer anywhere, [B, F]."""
    blocks = [model.get_layer(name).output for name in block_names(params)]
    strongest = [layers.GlobalMaxPooling2D()(block) for block in blocks]
    return keras.Model(model.input, [model.output, *strongest])


def _spread(length: int, most: int) -> Array:
    """Up to `most` places, evenly apart, since some sets are sorted by class."""
    return np.linspace(0, length - 1, min(length, most)).round().astype(int)


def _one_of_each(labels: Array) -> Array:
    """Places of the first example of each class, and of the next ones up to `SAMPLES`."""
    firsts = [int(np.flatnonzero(labels == label)[0]) for label in np.unique(labels)]
    others = [place for place in range(len(labels)) if place not in firsts]
    return np.array((firsts + others)[:SAMPLES])
