"""Drawings made to look like the pictures a network has learned from."""

import numpy as np

from dlkit.contract import Array

BOX = 20 / 28  # MNIST's digits fill a box of 20 in a picture of 28


def centred(picture: Array, height: int, width: int) -> Array:
    """A drawing [H, W] (0 to 255, bright on black) prepared as MNIST was: [height, width].

    Cut out, scaled to fit the inner box, and placed so that its centre of mass is in the middle
    (Yann LeCun, Corinna Cortes, Christopher Burges, http://yann.lecun.com/exdb/mnist/).
    """
    canvas = np.zeros((height, width), np.uint8)
    rows, columns = np.nonzero(picture > 0)
    if not len(rows):
        return canvas
    cut = picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    box = max(1, round(min(height, width) * BOX))
    factor = box / max(cut.shape)
    small = _resized(cut, *(max(1, round(size * factor)) for size in cut.shape))
    top, left = (_offset(small, axis, size) for axis, size in ((0, height), (1, width)))
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


def _offset(small: Array, axis: int, size: int) -> int:
    """Where to start so that the centre of mass comes to the middle, without leaving the sheet."""
    mass = small.sum(axis=1 - axis, dtype=np.float64)
    centre = float((mass * np.arange(len(mass))).sum() / max(mass.sum(), 1e-9))
    return int(np.clip(round((size - 1) / 2 - centre), 0, size - small.shape[axis]))


def _resized(picture: Array, height: int, width: int) -> Array:
    """Mean over the part of the old picture that each new pixel covers."""
    rows = _shares(picture.shape[0], height)
    columns = _shares(picture.shape[1], width)
    small: Array = np.rint(rows @ picture.astype(np.float64) @ columns.T).astype(np.uint8)
    return small


def _shares(old: int, new: int) -> Array:
    """How much of each old pixel lies in each new one, [new, old], rows adding up to 1."""
    edges = np.linspace(0, old, new + 1)
    low = np.maximum(edges[:-1, None], np.arange(old)[None])
    high = np.minimum(edges[1:, None], np.arange(1, old + 1)[None])
    shares = np.clip(high - low, 0, None)
    normal: Array = shares / shares.sum(axis=1, keepdims=True)
    return normal
