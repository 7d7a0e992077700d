"""Drawings made to look like the pictures a network has learned from."""

import numpy as np

from dlkit.contract import Array
from dlkit.datasets.catalogue import find


def centred(picture: Array, name: str) -> Array:
    """A drawing or photograph as the data set called `name` shows things, [h, w, channels].

    `picture` is [H, W] grey or [H, W, 3] in colour, 0 to 255, bright on black for a grey set. For a
    set in colour it is only scaled. For a grey one the thing drawn is cut out, scaled to fill
    the data set's box, and placed so that its centre of mass is in the middle, as MNIST was made
    (Yann LeCun, Corinna Cortes, Christopher Burges, http://yann.lecun.com/exdb/mnist/).
    """
    height, width, channels = find(name).shape
    if channels == 1:
        return _in_the_middle(_grey(picture), name)
    colors = picture if picture.ndim == 3 else np.repeat(picture[..., None], channels, axis=2)
    planes = [_resized(colors[..., number], height, width) for number in range(channels)]
    return np.stack(planes, axis=2)


def _grey(picture: Array) -> Array:
    """Brightness as the eye weighs red, green and blue (ITU-R BT.601)."""
    if picture.ndim == 2:
        return picture
    grey: Array = np.rint(picture @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    return grey


def _in_the_middle(picture: Array, name: str) -> Array:
    dataset = find(name)
    height, width, _ = dataset.shape
    canvas = np.zeros((height, width), np.uint8)
    rows, columns = np.nonzero(picture > 0)
    if not len(rows):
        return canvas[..., None]
    cut = picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    factor = dataset.box / max(cut.shape)
    small = _resized(cut, *(max(1, round(size * factor)) for size in cut.shape))
    margin = dataset.box < min(height, width)
    middles = [size / 2 if margin else (size - 1) / 2 for size in (height, width)]
    top, left = (_offset(small, axis, middle) for axis, middle in enumerate(middles))
    top, left = min(top, height - small.shape[0]), min(left, width - small.shape[1])
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas[..., None]


def _offset(small: Array, axis: int, middle: float) -> int:
    """Where to start so that the centre of mass comes to the middle."""
    mass = small.sum(axis=1 - axis, dtype=np.float64)
    centre = float((mass * np.arange(len(mass))).sum() / max(mass.sum(), 1e-9))
    return max(0, round(middle - centre))


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
