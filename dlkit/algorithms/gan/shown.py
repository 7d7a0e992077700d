"""What is made of a GAN's numbers before they are shown: no Keras, no figure."""

import math
from typing import Any

import numpy as np

from dlkit.contract import Array

BINS = 40  # of the discriminator's scores
STRENGTH = 1.5  # how fast a place is held to be real or not as its score leaves the middle


def to_bytes(made: Array) -> Array:
    """Pictures in [-1, 1] -> whole numbers 0 to 255."""
    finite = np.nan_to_num(np.asarray(made, np.float32), nan=-1.0)
    whole: Array = np.clip(np.rint((finite + 1.0) * 127.5), 0, 255).astype(np.uint8)
    return whole


def work(network: Any) -> float:
    """Multiplications of one example's way through the network."""
    total = 0.0
    for layer in network.layers:
        inner = getattr(layer, "layer", layer)  # of a wrapper
        kernel = getattr(inner, "kernel", None)
        if kernel is None:
            continue
        upward = "Transpose" in type(inner).__name__
        shape = (layer.input if upward else layer.output).shape
        total += math.prod(shape[1:-1]) * math.prod(kernel.shape)
    return total


def noise_of(count: int, size: int, seed: int) -> Array:
    """Rows of noise [count, size], the same for the same seed."""
    return np.random.default_rng([seed, 7]).normal(size=(count, size)).astype(np.float32)


def labels_of(count: int, num_classes: int) -> Array:
    """Classes [count], as many of each as can be, in order."""
    return (np.arange(count) * num_classes // count).astype(np.int32)


def histograms(real: Array, fake: Array) -> tuple[Array, Array]:
    """How the scores of real [N] and generated [M] things are spread: counts [2, BINS], span [2].

    A few far scores must not squeeze all others together.
    """
    both = np.concatenate([real, fake]).astype(np.float64)
    if not np.isfinite(both).all():
        return np.zeros((2, BINS), np.int32), np.array([-1.0, 1.0])
    low, high = np.quantile(both, [0.005, 0.995])
    edge = max(0.05 * (high - low), 1e-3)
    span = np.array([low - edge, high + edge])
    rows = [np.histogram(np.clip(one, *span), BINS, tuple(span))[0] for one in (real, fake)]
    return np.stack(rows).astype(np.int32), span


def belief(scores: Array, known: Array) -> Array:
    """Scores [S, S] as bytes: 128 in the middle of the `known` ones, 255 far above it.

    Losses use scores of different sizes, so they are measured by their own spread.
    """
    middle, spread = float(np.mean(known)), float(np.std(known)) + 1e-6
    lifted = STRENGTH * np.nan_to_num(scores - middle, nan=0.0) / spread
    return np.rint(255.0 / (1.0 + np.exp(-np.clip(lifted, -30, 30)))).astype(np.uint8)


def frame_of(points: Array) -> Array:
    """A square around all points: left, right, bottom, top."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, float((high - low).max()) * 0.6
    return np.array([middle[0] - half, middle[0] + half, middle[1] - half, middle[1] + half])


def grid_of(frame: Array, side: int) -> Array:
    """`side` times `side` places of the frame, bottom row first, [side * side, 2]."""
    left, right, bottom, top = (float(edge) for edge in frame)
    across, up = np.meshgrid(np.linspace(left, right, side), np.linspace(bottom, top, side))
    return np.stack([across.ravel(), up.ravel()], axis=1).astype(np.float32)


def sheet_of(size: int, side: int, reach: float = 2.5) -> Array:
    """A sheet of squared paper through the noise: the first two numbers move, [side², size]."""
    noise = np.zeros((side * side, size), np.float32)
    noise[:, :2] = grid_of(np.array([-reach, reach, -reach, reach]), side)
    return noise


def directions(kernel: Array, count: int) -> Array:
    """The directions of noise [count, size] that the first layer answers to most.

    They are the main ones of its weights (Yujun Shen, Bolei Zhou, 2021,
    https://arxiv.org/abs/2007.06600); each has length 1.
    """
    found: Array = np.linalg.svd(np.asarray(kernel, np.float64))[0].T[:count]
    turned = (
        found * np.where(found[np.arange(len(found)), np.abs(found).argmax(1)] < 0, -1, 1)[:, None]
    )
    return turned.astype(np.float32)


def between(first: Array, last: Array, steps: int) -> Array:
    """The way from one noise to another over the ball's surface, [steps, size].

    A straight line would lead through the middle, where hardly any noise lies (Tom White, 2016,
    https://arxiv.org/abs/1609.04468).
    """
    lengths = np.linalg.norm(first), np.linalg.norm(last)
    cosine = float(first @ last / max(float(lengths[0] * lengths[1]), 1e-9))
    angle = math.acos(min(1.0, max(-1.0, cosine)))
    shares = np.linspace(0.0, 1.0, steps)[:, None]
    if angle < 1e-4:
        return ((1 - shares) * first + shares * last).astype(np.float32)
    parts = np.sin((1 - shares) * angle) * first + np.sin(shares * angle) * last
    way: Array = (parts / math.sin(angle)).astype(np.float32)
    return way
