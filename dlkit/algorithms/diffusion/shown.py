"""What a diffusion shows and how its points are judged: arrays in, arrays out, no model."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlkit.algorithms.diffusion.samplers import Way
from dlkit.contract import Array

DIRECTIONS = 64  # in which clouds of points are compared


def grey(pictures: Array) -> Array:
    """Pictures in about [-1, 1] as whole numbers from 0 to 255."""
    bright = np.nan_to_num((np.asarray(pictures) + 1.0) * 127.5, nan=127.5)
    return np.clip(np.rint(bright), 0, 255).astype(np.uint8)


def signed(pictures: Array) -> Array:
    """What `grey` was given: whole numbers from 0 to 255 in [-1, 1]."""
    return (np.asarray(pictures, np.float32) / 127.5 - 1.0).astype(np.float32)


def frames(way: Way, most: int) -> list[int]:
    """At most `most` steps of a way back, evenly apart, the first and the last among them."""
    steps = len(way.clean)
    return [int(place) for place in np.unique(np.linspace(0, steps - 1, most).round())]


def rows(way: Way, columns: int, example: int = 0) -> Array:
    """The way of one picture: x_t, predicted x_0 and predicted noise, [3, columns, H, W].

    Noise is shown at half strength, so that little of it is cut off.
    """
    chosen = frames(way, columns)
    chosen += [chosen[-1]] * (columns - len(chosen))
    shown = [
        [way.noisy[step][example] / 1.5, way.clean[step][example], way.noise[step][example] / 2.0]
        for step in chosen
    ]
    return grey(np.array(shown)[..., 0].swapaxes(0, 1))


def thinned(kept: Sequence[int], most: int) -> list[int]:
    """Which of the steps at which there was a look to go on showing: first, last, even between."""
    wanted = np.linspace(kept[0], kept[-1], most)
    chosen = {min(kept, key=lambda step: abs(step - goal)) for goal in wanted}
    return sorted(chosen)


def sliced_wasserstein(one: Array, other: Array) -> float:
    """How far points [N, 2] must be carried to lie like others [N, 2], a mean over directions.

    Seen from one direction the clouds are two rows of numbers: sorted, each is carried to its
    partner (Nicolas Bonneel and others, 2015).
    """
    angles = np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    axes = np.stack([np.cos(angles), np.sin(angles)])  # [2, D]
    gaps = np.sort(one @ axes, axis=0) - np.sort(other @ axes, axis=0)
    return float(np.sqrt((gaps**2).mean(axis=0)).mean())


def floor(real: Array, count: int) -> float:
    """How far real points lie from other real points, `count` each: a mean over several pairs."""
    heaps = [real[start : start + count] for start in range(0, len(real) - count + 1, count)]
    pairs = [(one, other) for place, one in enumerate(heaps) for other in heaps[:place]]
    return float(np.mean([sliced_wasserstein(one, other) for one, other in pairs]))


def far(pictures: Array, known: Array) -> float:
    """How far pictures [N, ...] lie from the nearest of `known` [K, ...]: the middle one of them.

    Small beside how far new real ones lie: learned by heart.
    """
    parts = (np.asarray(part, np.float32) for part in (pictures, known))
    one, other = (part.reshape(len(part), -1) for part in parts)
    squared = (one**2).sum(1)[:, None] - 2.0 * one @ other.T + (other**2).sum(1)
    return float(np.sqrt(np.median(np.maximum(squared.min(axis=1), 1.0))))


def hole(name: str, height: int, width: int) -> Array:
    """Which pixels of a picture are hidden, [H, W, 1] of 0 and 1."""
    hidden = np.zeros((height, width, 1), np.float32)
    part: dict[str, Any] = {
        "right": np.s_[:, width // 2 :],
        "left": np.s_[:, : width // 2],
        "top": np.s_[: height // 2],
        "bottom": np.s_[height // 2 :],
        "middle": np.s_[height // 4 : -(height // 4), width // 4 : -(width // 4)],
    }
    hidden[part[name]] = 1.0
    return hidden
