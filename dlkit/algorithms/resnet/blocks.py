"""The blocks of a network one by one: how strong their gradients are, what happens without them."""

import contextlib
import functools
import re
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from dlkit import datasets
from dlkit.algorithms.resnet.chosen import spread
from dlkit.algorithms.resnet.spec import PLAIN, Params, nets_of
from dlkit.contract import Array
from dlkit.gradients import weight_gradients

ASKED = 256  # validation pictures that are asked again with each block switched off


def logits(net: Any, pictures: Array) -> Array:
    """Pictures [N, H, W, ch] -> logits [N, C]; called directly, which spares a tracing."""
    return np.asarray(net(pictures.astype(np.float32), training=False))


def gradients(model: Any, params: Params, x: Array, y: Any) -> Array:
    """The length of the gradient of each block's weights, [networks, blocks], as in training."""
    found = weight_gradients(model, x.astype(np.float32), y, training=True)
    nets = nets_of(params)
    squares = np.zeros((len(nets), 3 * params.blocks))
    for weight, gradient in zip(model.trainable_weights, found, strict=True):
        place = re.search(r"(plain_)?block_(\d+)[ab]_", weight.path)
        if place:
            row = nets.index(PLAIN) if place[1] else 0
            squares[row, int(place[2]) - 1] += float(np.square(gradient, dtype=np.float64).sum())
    return np.sqrt(squares).astype(np.float32)


@contextlib.contextmanager
def silent(net: Any, block: int) -> Iterator[None]:
    """Inside, f of this block gives 0, so that only the shortcut is left; 0 means no block.

    The last layer of f is what is silenced: all its weights are zero meanwhile.
    """
    ends = re.compile(rf"(plain_)?block_{block}b_(conv|norm)")
    kept = [(layer, layer.get_weights()) for layer in net.layers if ends.fullmatch(layer.name)]
    for layer, weights in kept:
        layer.set_weights([np.zeros_like(weight) for weight in weights])
    try:
        yield
    finally:
        for layer, weights in kept:
            layer.set_weights(weights)


def switched(net: Any, params: Params, pictures: Array) -> Array:
    """Logits of the whole network, then without each block, [1 + blocks, N, C]."""
    answers = []
    for block in range(3 * params.blocks + 1):
        with silent(net, block):
            answers.append(logits(net, pictures))
    return np.stack(answers)


@functools.lru_cache(maxsize=4)
def accuracies(net: Any, params: Params, *, weights: int) -> Array:
    """Accuracy of the whole network, then without each block, on a fixed sample, [1 + blocks].

    Kept for the same `weights` (their fingerprint), so that it is found once a checkpoint.
    """
    split = datasets.load(params.data, params.seed)
    asked = spread(len(split.y_val), ASKED)
    answers = switched(net, params, split.x_val[asked]).argmax(axis=2)  # [1 + blocks, N]
    shares: Array = (answers == split.y_val[asked]).mean(axis=1)
    return shares


def fingerprint(net: Any) -> int:
    """A number that changes with the weights."""
    return zlib.crc32(b"".join(weight.tobytes() for weight in net.get_weights()))
