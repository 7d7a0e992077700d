"""Why a picture network answers as it does: what its layers see, and which places decide.

The networks here map pictures [B, H, W, C] from 0 to 255 to logits. They are called directly, not
through `predict`: one call of a few pictures is faster than tracing a new function for it.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from dlkit.contract import Array
from dlkit.gradients import input_gradient
from dlkit.judging import shares


def grad_cam(model: Any, layer_name: str, picture: Array, label: int) -> Array:
    """Where in `picture` [H, W, C] the named layer finds what speaks for `label`, [H, W] 0 to 1.

    Each map of the layer is weighted by how the class's logit rises with it, the maps are added,
    and what speaks against the class is left out (Ramprasaath Selvaraju and others, 2017,
    "Grad-CAM", https://arxiv.org/abs/1610.02391). All zero if nothing speaks for the class.
    """
    below, above = pieces(model, (layer_name,))
    maps = _numbers(below(_floats(picture[None]), training=False))  # [1, h, w, filters]
    rises = input_gradient(above, maps, np.array([label])).mean(axis=(1, 2))  # [1, filters]
    heat = np.maximum((maps * rises[:, None, None]).sum(axis=-1, keepdims=True), 0.0)
    smooth = keras.ops.image.resize(heat, picture.shape[:2], interpolation="bilinear")
    found: Array = _numbers(smooth)[0, :, :, 0]
    return found / max(float(found.max()), 1e-9)


def occlusion(model: Any, picture: Array, label: int, patch: int | None = None) -> Array:
    """By how much the probability of `label` falls when a patch hides each place, [H, W].

    The patch, a fifth of the picture unless told, has the picture's mean colour; a place takes the
    mean over all patches that cover it. Below zero: hiding it makes the class more likely (Matthew
    Zeiler, Rob Fergus, 2014, "Visualizing and understanding convolutional networks",
    https://arxiv.org/abs/1311.2901). All patches go through the network in one call.
    """
    height, width = picture.shape[:2]
    size = patch or max(2, round(min(height, width) / 5))
    corners = [(top, left) for top in _starts(height, size) for left in _starts(width, size)]
    hidden = np.repeat(_floats(picture)[None], len(corners) + 1, axis=0)
    for number, (top, left) in enumerate(corners):
        hidden[number, top : top + size, left : left + size] = picture.mean(axis=(0, 1))
    sure = shares(_numbers(model(hidden, training=False)))[:, label]
    falls, covered = np.zeros((height, width)), np.zeros((height, width))
    for (top, left), share in zip(corners, sure[:-1], strict=True):
        falls[top : top + size, left : left + size] += sure[-1] - share
        covered[top : top + size, left : left + size] += 1
    return (falls / covered).astype(np.float32)


def feature_maps(model: Any, layer_names: Sequence[str], picture: Array, tiles: int) -> Array:
    """The first `tiles` filters' answers to `picture` [H, W, C], [layers, tiles, H, W] uint8.

    Bright is strong; the strongest answer of a layer is 255. Filters that a layer has not stay 0.
    """
    height, width = picture.shape[:2]
    maps = np.zeros((len(layer_names), tiles, height, width), np.uint8)
    seen = _watcher(model, tuple(layer_names))(_floats(picture[None]), training=False)
    for number, layer in enumerate(keras.tree.flatten(seen)):
        answers = np.maximum(_numbers(layer)[0, :, :, :tiles], 0.0)  # [h, w, up to tiles]
        rows = np.arange(height) * answers.shape[0] // height
        columns = np.arange(width) * answers.shape[1] // width
        bright = 255 * answers / max(float(answers.max()), 1e-6)
        maps[number, : answers.shape[2]] = np.moveaxis(bright[rows][:, columns], 2, 0)
    return maps


@functools.lru_cache(maxsize=4)
def pieces(model: Any, layer_names: tuple[str, ...]) -> tuple[Any, ...]:
    """The network cut behind each named layer, from the picture to the logits; weights are shared.

    Each layer must be the only way on from what lies before it.
    """
    cuts = [model.input, *(model.get_layer(name).output for name in layer_names), model.output]
    return tuple(keras.Model(start, end) for start, end in itertools.pairwise(cuts))


@functools.lru_cache(maxsize=4)
def _watcher(model: Any, layer_names: tuple[str, ...]) -> Any:
    """The same network, giving what comes out of each named layer."""
    return keras.Model(model.input, [model.get_layer(name).output for name in layer_names])


def _starts(length: int, size: int) -> list[int]:
    """Where patches begin: half a patch apart, the last one flush with the edge."""
    return sorted({*range(0, length - size, max(1, size // 2)), length - size})


def _floats(pictures: Array) -> Array:
    return np.asarray(pictures, np.float32)


def _numbers(tensor: Any) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(tensor))
