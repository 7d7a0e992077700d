"""Residual network: each block adds what it found to what came in.

Stack more layers on a plain network and at some depth it gets worse, in training too. A residual
block computes y = x + f(x): where nothing is to be added, f = 0 is easy to learn and the block
steps aside, so a deeper network need not be worse than a shallow one (Kaiming He, Xiangyu Zhang,
Shaoqing Ren, Jian Sun, 2016, "Deep residual learning for image recognition", CVPR,
https://arxiv.org/abs/1512.03385).

This is the paper's network for CIFAR-10: 6n + 2 layers, three stages of n blocks with w, 2w and 4w
channels, each stage half as wide and high as the one before, one 3 by 3 convolution in front, the
mean of each map behind. Shortcuts carry no weights (option A): where the channels double, the new
ones are filled with zeros. So the network without shortcuts has exactly the same weights, and a
comparison is fair; projections (option B) would give the residual network more.

Deviations: the width w is a knob (16 in the paper); the learning rate follows a schedule instead of
falling twice by hand; Nesterov's momentum; weight decay beside the gradient, not through it, which
acts a tenth as strongly at the same number; optional are pre-activation (He and others, 2016,
https://arxiv.org/abs/1603.05027), a last scale that starts at zero (Priya Goyal and others, 2017,
https://arxiv.org/abs/1706.02677), label smoothing (Christian Szegedy and others, 2016,
https://arxiv.org/abs/1512.00567) and cutout (Terrance DeVries, Graham Taylor, 2017,
https://arxiv.org/abs/1708.04552).
"""

import dataclasses
import functools
import zlib
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from dlkit import datasets, explain, judging
from dlkit.algorithms.resnet import blocks, chosen
from dlkit.algorithms.resnet.spec import PLAIN, RESIDUAL, SAMPLES, TILES, Params, nets_of, places_of
from dlkit.contract import Array, Run
from dlkit.params import BaseParams
from dlkit.training import fit, make_optimizer, seed_everything

JUDGED = 512  # at most so many validation pictures count in the confusion matrix
MEASURED = 32  # training pictures on which the gradient of each block is measured


def build(params: Params) -> keras.Model:
    """Pictures [B, H, W, ch] from 0 to 255 -> logits [B, C].

    A twin gives {"residual": logits, "plain": logits}: two networks that see the same pictures,
    moved and cut alike, and share no weight. Their losses are added, so each learns as if alone.
    """
    seed_everything(params.seed)
    picture = keras.Input(datasets.find(params.data).shape, name="picture")
    x = layers.Rescaling(1 / 255)(picture)  # [B, H, W, ch] in [0, 1]
    seed = _seed(params, "augmentation")
    x = Augmentation(params.shift, params.flip, params.cutout, seed=seed)(x)
    logits = {net: _network(x, net, params) for net in nets_of(params)}
    loss, names = SmoothedCrossentropy(params.label_smoothing), ["accuracy"]
    optimizer = make_optimizer(
        params.optimizer,
        params.learning_rate,
        weight_decay=params.weight_decay,
        average=params.average,
    )
    if len(logits) == 2:
        twin: keras.Model = Twin(picture, logits, name="twin")
        losses, metrics = dict.fromkeys(logits, loss), dict.fromkeys(logits, names)
        twin.compile(optimizer, losses, metrics=metrics)
        return twin
    ((net, answer),) = logits.items()
    model = keras.Model(picture, answer, name=net)
    model.compile(optimizer, loss, metrics=names)
    return model


def _network(x: keras.KerasTensor, net: str, params: Params) -> keras.KerasTensor:
    """Pictures [B, H, W, ch] -> logits [B, C], with shortcuts or without."""
    make = _Layers(net, params)
    x = make.convolution(x, params.width, "stem")  # [B, H, W, w]
    if not params.preactivation:
        x = make.activated(x, "stem")
    for number in range(1, 3 * params.blocks + 1):
        stage, place = divmod(number - 1, params.blocks)
        stride = 2 if stage > 0 and place == 0 else 1
        x = _block(x, params.width * 2**stage, f"block_{number}", stride=stride, make=make)
    if params.preactivation:
        x = make.activated(x, "last")
    x = layers.GlobalAveragePooling2D(name=make.named("mean"))(x)  # [B, 4w]
    return layers.Dense(
        datasets.find(params.data).num_classes,
        kernel_initializer=keras.initializers.GlorotUniform(seed=_seed(params, "logits")),
        name=make.named("logits"),
    )(x)


def _block(
    x: keras.KerasTensor, filters: int, name: str, *, stride: int, make: "_Layers"
) -> keras.KerasTensor:
    """Two convolutions f and the shortcut around them: x + f(x), [B, h, w, filters]."""
    first, last = f"{name}a", f"{name}b"
    if make.params.preactivation:
        found = make.convolution(make.activated(x, first), filters, first, stride=stride)
        found = make.convolution(make.activated(found, last), filters, last)
    else:
        found = make.activated(make.convolution(x, filters, first, stride=stride), first)
        found = make.normalised(make.convolution(found, filters, last), last)
    if make.net != PLAIN:
        found = layers.Add(name=f"{name}_add")([_shortcut(x, filters, stride), found])
    after = "linear" if make.params.preactivation else "relu"
    return layers.Activation(after, name=make.named(name))(found)


def _shortcut(x: keras.KerasTensor, filters: int, stride: int) -> keras.KerasTensor:
    """What came in; where a stage begins, every second pixel of it and zeros for new channels."""
    if stride > 1:
        x = layers.MaxPooling2D(1, strides=stride)(x)  # [B, h, w, channels]
    new = filters - x.shape[-1]
    return ops.pad(x, [[0, 0], [0, 0], [0, 0], [0, new]]) if new else x  # [B, h, w, filters]


class _Layers:
    """Makes the layers of one network; the same place has the same first weights in both."""

    def __init__(self, net: str, params: Params) -> None:
        self.net = net
        self.params = params

    def named(self, name: str) -> str:
        """The layers of the plain network say so."""
        return f"{PLAIN}_{name}" if self.net == PLAIN else name

    def convolution(
        self, x: keras.KerasTensor, filters: int, name: str, *, stride: int = 1
    ) -> keras.KerasTensor:
        """3 by 3 pixels; no bias, because the normalisation brings one."""
        first_weights: Any = keras.initializers.HeNormal(seed=_seed(self.params, name))
        if self.params.preactivation and self._starts_silent(name):
            first_weights = "zeros"
        if stride > 1:  # "same" would pad on one side only and move the maps off the shortcut's
            x = layers.ZeroPadding2D(1)(x)
        return layers.Conv2D(
            filters,
            3,
            strides=stride,
            padding="valid" if stride > 1 else "same",
            use_bias=False,
            kernel_initializer=first_weights,
            name=self.named(f"{name}_conv"),
        )(x)

    def normalised(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Batch normalisation, with a momentum for short runs."""
        silent = not self.params.preactivation and self._starts_silent(name)
        return layers.BatchNormalization(
            momentum=0.9,
            epsilon=1e-5,
            gamma_initializer="zeros" if silent else "ones",
            name=self.named(f"{name}_norm"),
        )(x)

    def activated(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Normalisation, then ReLU."""
        return layers.ReLU(name=self.named(f"{name}_relu"))(self.normalised(x, name))

    def _starts_silent(self, name: str) -> bool:
        """Whether what ends a block starts at 0: a gamma, or with pre-activation a convolution.

        A gamma of 0 in front of a ReLU would get no gradient, and the block would stay silent.
        """
        return self.params.zero_gamma and self.net != PLAIN and name.endswith("b")


def _seed(params: Params, place: str) -> int:
    """A seed of its own for every place in the network."""
    return int(np.random.default_rng([params.seed, zlib.crc32(place.encode())]).integers(2**31))


@keras.saving.register_keras_serializable("dlkit.resnet")
class Twin(keras.Model):
    """Two networks as one: `loss` and `accuracy` are the residual one's, the others say `plain`."""

    def get_metrics_result(self) -> dict[str, Any]:
        """The curves of both; the sum of the losses is left out, as it says nothing."""
        found = super().get_metrics_result()
        pairs = {"loss": "residual_loss", "accuracy": "residual_accuracy"}
        pairs |= {name: name for name in found if name.startswith(PLAIN)}
        return {name: found[source] for name, source in pairs.items() if source in found}


@keras.saving.register_keras_serializable("dlkit.resnet")
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy, with `share` of the truth spread evenly over all classes."""

    def __init__(self, share: float, name: str = "crossentropy", **named: Any) -> None:
        super().__init__(name=name, **named)
        self.share = share

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Classes [B] and logits [B, C] -> losses [B]."""
        classes = y_pred.shape[-1]
        truth = ops.one_hot(ops.reshape(y_true, (-1,)), classes)  # [B, C]
        truth = truth * (1.0 - self.share) + self.share / classes
        return keras.losses.categorical_crossentropy(truth, y_pred, from_logits=True)

    def get_config(self) -> dict[str, Any]:
        """What is needed to make the loss again."""
        return {**super().get_config(), "share": self.share}


@keras.saving.register_keras_serializable("dlkit.resnet")
class Augmentation(layers.Layer):
    """Moves, mirrors and cuts pictures at random while training, and never otherwise.

    `shift` says by how many pixels at most, `cutout` how large a square is blackened. Written
    with `keras.ops` alone: a layer that XLA cannot compile switches it off for the whole model.
    """

    def __init__(self, shift: int, flip: bool, cutout: int, *, seed: int, **named: Any) -> None:
        super().__init__(**named)
        self.shift, self.flip, self.cutout, self.seed = shift, flip, cutout, seed
        self.seeds = keras.random.SeedGenerator(seed)

    def call(self, pictures: Any, training: bool = False) -> Any:
        """Pictures [B, H, W, ch] -> pictures [B, H, W, ch]."""
        if not training:
            return pictures
        pictures = self._shifted(pictures) if self.shift else pictures
        pictures = self._flipped(pictures) if self.flip else pictures
        return self._cut(pictures) if self.cutout else pictures

    def _shifted(self, pictures: Any) -> Any:
        batch, (height, width) = ops.shape(pictures)[0], pictures.shape[1:3]
        places, most = 2 * self.shift + 1, self.shift
        moves = keras.random.randint((batch, 2), 0, places, seed=self.seeds)  # [B, 2]
        rows = ops.one_hot(moves[:, :1] + ops.arange(height), height + places - 1)
        columns = ops.one_hot(moves[:, 1:] + ops.arange(width), width + places - 1)
        wide = ops.pad(pictures, ((0, 0), (most, most), (most, most), (0, 0)))
        return ops.einsum("bhi,bijc,bwj->bhwc", rows, wide, columns)

    def _flipped(self, pictures: Any) -> Any:
        chance = keras.random.uniform((ops.shape(pictures)[0], 1, 1, 1), seed=self.seeds)
        return ops.where(chance < 0.5, ops.flip(pictures, axis=2), pictures)

    def _cut(self, pictures: Any) -> Any:
        batch, (height, width) = ops.shape(pictures)[0], pictures.shape[1:3]
        middles = keras.random.uniform((batch, 2), seed=self.seeds)  # [B, 2], edges may cut squares
        down = ops.abs(ops.arange(height, dtype="float32") + 0.5 - middles[:, :1] * height)
        along = ops.abs(ops.arange(width, dtype="float32") + 0.5 - middles[:, 1:] * width)
        half = self.cutout / 2
        inside = ops.logical_and(down[:, :, None] < half, along[:, None, :] < half)  # [B, H, W]
        return ops.where(inside[..., None], 0.0, pictures)

    def get_config(self) -> dict[str, Any]:
        """What is needed to make the layer again."""
        own = {name: getattr(self, name) for name in ("shift", "flip", "cutout", "seed")}
        return {**super().get_config(), **own}


def train(params: Params, run: Run) -> keras.Model:
    """Learn the training part; show at each look what the network sees and where it errs."""
    split = datasets.load(params.data, params.seed)
    model = build(params)
    net = _first(model)
    judged = chosen.spread(len(split.y_val), JUDGED)
    gallery, truth = split.x_val[judged], split.y_val[judged]
    samples = chosen.one_of_each(truth, SAMPLES)
    probe = gallery[samples[3]]
    some = chosen.spread(len(split.y_train), MEASURED)
    measured = split.x_train[some], _answers(split.y_train[some], params)
    num_classes = datasets.find(params.data).num_classes

    def pictures(step: int) -> dict[str, Array]:
        shares = judging.shares(blocks.logits(net, gallery))
        answers = shares.argmax(axis=1)
        worst = judging.worst(truth, shares)
        return {
            "block_gradients": blocks.gradients(model, params, *measured),
            "feature_maps": explain.feature_maps(net, places_of(params), probe, TILES),
            "confusion": judging.confusion(truth, answers, num_classes),
            "cells": judging.cells(truth, answers, num_classes),
            "mistakes": worst,
            "mistake_probabilities": shares[worst],
            "sample_probabilities": shares[samples],
        }

    fixed = {
        "gallery": gallery,
        "gallery_classes": truth,
        "probe": probe,
        "samples": gallery[samples],
        "sample_classes": truth[samples],
    }
    learned = dataclasses.replace(
        split, y_train=_answers(split.y_train, params), y_val=_answers(split.y_val, params)
    )
    return fit(model, learned, params, run, pictures=pictures, fixed=fixed)


def play(model: keras.Model, params: Params, inputs: BaseParams) -> dict[str, Array]:
    """What the network says of a picture, and what it says with each block switched off.

    `without` [blocks, C] leaves out one block each, `accuracies` [1 + blocks] too after the whole;
    everything else is asked of the network as it is, or without the block that `inputs` names.
    """
    asked = inputs.values()
    net, off = _first(model), asked["block"]
    picture = datasets.centred(np.array(asked["picture"], np.uint8), params.data)  # [H, W, ch]
    variants = judging.shares(blocks.switched(net, params, picture[None])[:, 0])
    label = int(variants[off].argmax())
    with blocks.silent(net, off):
        seen = {
            "feature_maps": explain.feature_maps(net, places_of(params), picture, TILES),
            "grad_cam": explain.grad_cam(net, places_of(params)[-1], picture, label),
            "occlusion": explain.occlusion(net, picture, label),
        }
    return {
        **seen,
        "picture": picture,
        "off": np.array(off),
        "label": np.array(label),
        "probabilities": variants[off],
        "whole": variants[0],
        "without": variants[1:],
        "accuracies": blocks.accuracies(net, params, weights=blocks.fingerprint(net)),
        **({"plain": _shares(_half(model, PLAIN), picture)} if isinstance(model, Twin) else {}),
    }


def _first(model: keras.Model) -> keras.Model:
    """The network that is judged and asked: the residual one of a twin, else the only one."""
    return _half(model, RESIDUAL) if isinstance(model, Twin) else model


@functools.lru_cache(maxsize=8)
def _half(twin: Twin, net: str) -> keras.Model:
    """One network of a twin, with the same weights."""
    return keras.Model(twin.input, twin.output[net])


def _answers(labels: Array, params: Params) -> Any:
    """The classes, once for each network that is to give them."""
    nets = nets_of(params)
    return dict.fromkeys(nets, labels) if len(nets) == 2 else labels


def _shares(net: keras.Model, picture: Array) -> Array:
    """Class probabilities [C] of one picture."""
    return judging.shares(blocks.logits(net, picture[None]))[0]
