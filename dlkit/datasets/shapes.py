"""Points in the plane, made by formulas: the shapes of TensorFlow Playground and the two moons.

Each function gives `count` places [N, 2], roughly in [-1, 1], and their classes [N], or the heights
[N, 1] to predict. `noise` is the standard deviation of the jitter that is added to the places after
class or height is fixed.
"""

import numpy as np

from dlkit.contract import Array

Points = tuple[Array, Array]


def make(name: str, count: int, *, noise: float, seed: int) -> Points:
    """The shape called `name`."""
    random = np.random.default_rng(seed)
    places, labels = _SHAPES[name](random, count)
    places = places + random.normal(0.0, noise, places.shape)
    kind = np.int32 if labels.dtype.kind in "ib" else np.float32
    return places.astype(np.float32), labels.astype(kind)


def circles(random: np.random.Generator, count: int) -> Points:
    """A disc inside a ring."""
    labels = np.arange(count) % 2
    radius = np.where(
        labels == 0, 0.5 * np.sqrt(random.random(count)), random.uniform(0.7, 1, count)
    )
    return _around(radius, random.uniform(0, 2 * np.pi, count)), labels


def xor(random: np.random.Generator, count: int) -> Points:
    """Opposite quarters of a square share a class."""
    places = random.uniform(0.08, 1.0, (count, 2)) * random.choice((-1.0, 1.0), (count, 2))
    return places, (places[:, 0] * places[:, 1] > 0).astype(int)


def gaussians(random: np.random.Generator, count: int) -> Points:
    """Three clouds."""
    labels = np.arange(count) % 3
    centres = _around(np.full(3, 0.6), np.array([0.5, 2.6, 4.7]))
    return centres[labels] + random.normal(0, 0.14, (count, 2)), labels


def moons(random: np.random.Generator, count: int) -> Points:
    """Two half circles, one inside the other's bend."""
    labels = np.arange(count) % 2
    arc = _around(np.ones(count), random.uniform(0, np.pi, count))
    places = np.where(labels[:, None] == 0, arc, np.array([1.0, 0.5]) - arc)
    return (places - np.array([0.5, 0.25])) / 1.5, labels


def spirals(random: np.random.Generator, count: int) -> Points:
    """Two arms of one and three quarter turns."""
    labels = np.arange(count) % 2
    along = np.sqrt(random.uniform(0.003, 1.0, count))
    return _around(along, 1.75 * 2 * np.pi * along + np.pi * labels), labels


def plane(random: np.random.Generator, count: int) -> Points:
    """A slope: the height rises evenly from one corner to the opposite one."""
    places = random.uniform(-1.0, 1.0, (count, 2))
    return places, places.mean(axis=1, keepdims=True)


def hills(random: np.random.Generator, count: int) -> Points:
    """Three hills and three hollows in an even land."""
    places = random.uniform(-1.0, 1.0, (count, 2))
    far = np.linalg.norm(places[:, None] - _TOPS[:, :2], axis=2)  # [N, 6]
    heights = _TOPS[:, 2] * np.clip(1.0 - far / 0.4, 0.0, 1.0)
    return places, heights.sum(axis=1, keepdims=True)


def _around(radius: Array, angle: Array) -> Array:
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)


_TOPS = np.array(  # place and sign
    [
        (-0.66, 0.42, 1),
        (0.0, 0.42, -1),
        (0.66, 0.42, 1),
        (-0.66, -0.42, -1),
        (0.0, -0.42, 1),
        (0.66, -0.42, -1),
    ]
)
_SHAPES = {
    "circles": circles,
    "xor": xor,
    "gaussians": gaussians,
    "moons": moons,
    "spirals": spirals,
    "plane": plane,
    "hills": hills,
}
