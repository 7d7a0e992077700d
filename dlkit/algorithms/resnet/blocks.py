"""The blocks of a network one by one: how strong their gradients are, what happens without them."""

import contextlib
import functools
import re
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from dlkit import datasets, explain
from dlkit.algorithms.resnet.chosen import spread
from dlkit.algorithms.resnet.spec import PLAIN, Params, ends_of, nets_of
from dlkit.contract import Array
from dlkit.gradients import weight_gradients

ASKED = 256  # validation pictures that are asked again with each block switched off
TOGETHER = 100  # of them, so that all variants fit into memory


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
    """Logits of the whole network, then without each block, [1 + blocks, N, C].

    All variants go through the network together: up to its block each is the whole network.
    """
    start, *blocks, end = explain.pieces(net, ends_of(params))
    count = len(pictures)
    x = np.asarray(start(pictures.astype(np.float32), training=False))  # [N, h, w, filters]
    for block in blocks:
        found = np.asarray(block(x, training=False))
        passed = _passed(x[:count], found.shape[1:], params)
        x = np.concatenate([found, passed])  # [variants * N, h, w, filters]
    answers = np.asarray(end(x, training=False))
    return answers.reshape(len(blocks) + 1, count, -1)


def _passed(x: Array, shape: tuple[int, ...], params: Params) -> Array:
    """What leaves a block whose f gives 0: what the shortcut lets pass, or nothing."""
    left = np.zeros((len(x), *shape), np.float32)
    if params.shortcut:
        stride = 1 if shape[0] == x.shape[1] else 2
        left[..., : x.shape[-1]] = x[:, ::stride, ::stride]
    return left


@functools.lru_cache(maxsize=4)
def accuracies(net: Any, params: Params, *, weights: int) -> Array:
    """Accuracy of the whole network, then without each block, on a fixed sample, [1 + blocks].

    Kept for the same `weights` (their fingerprint), so that it is found once a checkpoint.
    """
    split = datasets.load(params.data, params.seed)
    asked = spread(len(split.y_val), ASKED)
    parts = np.array_split(asked, len(asked) // TOGETHER + 1)
    answers = [switched(net, params, split.x_val[part]).argmax(axis=2) for part in parts]
    right = np.concatenate(answers, axis=1) == split.y_val[asked]  # [1 + blocks, N]
    shares: Array = right.mean(axis=1)
    return shares


def fingerprint(net: Any) -> int:
    """A number that changes with the weights."""
    return zlib.crc32(b"".join(weight.tobytes() for weight in net.get_weights()))
