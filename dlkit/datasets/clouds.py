"""Points in the plane to be learned without labels: what a generative network has to imitate.

A cloud is a set of centres with one jitter, in [-1, 1]. Where the centres are few, as in the ring
of eight and the grid of twenty-five (Akash Srivastava and others, 2017,
https://arxiv.org/abs/1705.07761), each of them is a *mode*; a curve is cut into modes of about
equal length. A point is *good* when it lies within three standard deviations of a centre, and a
mode is *hit* when at least one of 2,500 points is good and nearest to it (Zinan Lin and others,
2018, https://arxiv.org/abs/1712.04086).
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlkit.contract import Array
from dlkit.datasets.splits import Split

CLOUDS = ("ring", "grid", "moons", "spiral", "drawn")
FACE = "-0.5 0.5; 0.5 0.5; 0 0.1, 0 -0.1; -0.6 -0.3, -0.3 -0.6, 0.3 -0.6, 0.6 -0.3"
NUMBER = r"-?(?:0(?:\.\d{1,3})?|1(?:\.0{1,3})?|\.\d{1,3})"
STROKES = rf"^\s*{NUMBER}\s+{NUMBER}(\s*[,;]\s*{NUMBER}\s+{NUMBER}){{0,99}}\s*$"
LEARNED, HELD = 10_000, 2_500
SIGMAS = 3.0  # a point farther than so many from every centre is not good
DENSE = 0.25  # of the jitter: how far the centres of a curve lie apart
SECTIONS = 16  # modes of a curve


@dataclass(frozen=True)
class Cloud:
    """Centres [M, 2] with one jitter, the mode and the class that each belongs to, [M]."""

    centres: Array
    modes: Array
    classes: Array
    sigma: float

    @property
    def num_modes(self) -> int:
        """How many modes there are to be hit."""
        return int(self.modes.max()) + 1

    @property
    def num_classes(self) -> int:
        """How many classes a conditional network can be asked for."""
        return int(self.classes.max()) + 1

    def draw(self, count: int, seed: int) -> tuple[Array, Array]:
        """Points [count, 2] and their classes [count]; every centre is equally likely."""
        random = np.random.default_rng(seed)
        chosen = random.integers(0, len(self.centres), count)
        points = self.centres[chosen] + random.normal(0.0, self.sigma, (count, 2))
        return points.astype(np.float32), self.classes[chosen].astype(np.int32)

    def good(self, points: Array) -> Array:
        """Which of the points [N, 2] lie where points should be, [N]."""
        return self._nearest(points)[1] <= SIGMAS * self.sigma

    def hit(self, points: Array) -> Array:
        """How many good points [N, 2] each mode has, [modes]."""
        place, gap = self._nearest(points)
        there = self.modes[place[gap <= SIGMAS * self.sigma]]
        counts: Array = np.bincount(there, minlength=self.num_modes)
        return counts

    def _nearest(self, points: Array) -> tuple[Array, Array]:
        """The nearest centre of each point and how far it is; lost points have none near."""
        held = np.nan_to_num(np.asarray(points, np.float32), nan=1e6, posinf=1e6, neginf=-1e6)
        centres = self.centres.astype(np.float32)
        squared = (held**2).sum(1)[:, None] - 2 * held @ centres.T + (centres**2).sum(1)
        place = squared.argmin(axis=1)
        return place, np.linalg.norm(held - centres[place], axis=1)


@functools.cache
def cloud(name: str, drawn: str = FACE) -> Cloud:
    """The cloud called `name`; "drawn" is made from strokes as `STROKES` writes them.

    Points are "x y". A comma joins two of them by a line, a semicolon begins a new stroke.
    """
    if name == "ring":
        turns = 2 * np.pi * np.arange(8) / 8
        return _spots(0.8 * np.stack([np.cos(turns), np.sin(turns)], axis=1), sigma=0.02)
    if name == "grid":
        line = np.linspace(-0.8, 0.8, 5)
        return _spots(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), sigma=0.01)
    if name == "moons":
        turns = np.linspace(0, np.pi, 60)
        upper = np.stack([np.cos(turns), np.sin(turns)], axis=1)
        lower = np.array([1.0, 0.5]) - upper
        return _curves([(part - [0.5, 0.25]) / 1.5 for part in (upper, lower)], sigma=0.03)
    if name == "spiral":
        along = np.linspace(0.1, 1.0, 200)
        turns = 1.75 * 2 * np.pi * along
        line = 0.9 * along[:, None] * np.stack([np.sin(turns), np.cos(turns)], axis=1)
        return _curves([line], sigma=0.02)
    return _curves([_stroke(one) for one in drawn.split(";")], sigma=0.03)


def load(name: str, seed: int, drawn: str = FACE) -> Split:
    """Points and classes to learn from, and others to compare with."""
    made = cloud(name, drawn)
    x_train, y_train = made.draw(LEARNED, 2 * seed)
    x_val, y_val = made.draw(HELD, 2 * seed + 1)
    return Split(x_train, y_train, x_val, y_val, x_train.mean(axis=0), x_train.var(axis=0))


def _stroke(text: str) -> Array:
    return np.array([[float(number) for number in one.split()] for one in text.split(",")])


def _spots(centres: Array, *, sigma: float) -> Cloud:
    each = np.arange(len(centres))
    return Cloud(centres, each, each, sigma)


def _curves(lines: Sequence[Array], *, sigma: float) -> Cloud:
    """Lines [K, 2] as many centres; a line is a class, and has modes in proportion to its length.

    A line of one point is a spot. It counts as much as a line of six jitters.
    """
    lengths = [max(_length(line), 6 * sigma) for line in lines]
    centres, modes, classes, first = [], [], [], 0
    for number, (line, length) in enumerate(zip(lines, lengths, strict=True)):
        count = max(2, round(length / (DENSE * sigma)))
        parts = max(1, round(SECTIONS * length / sum(lengths)))
        along = np.linspace(0, 1, count, endpoint=False) + 0.5 / count
        centres.append(_along(line, along))
        modes.append(first + np.floor(along * parts).astype(int))
        classes.append(np.full(count, number))
        first += parts
    return Cloud(np.concatenate(centres), np.concatenate(modes), np.concatenate(classes), sigma)


def _along(line: Array, shares: Array) -> Array:
    """The places at these shares (0 to 1) of the way along a line, [N, 2]."""
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    walked = np.concatenate([[0.0], np.cumsum(steps)])
    return np.stack([np.interp(shares * walked[-1], walked, line[:, axis]) for axis in (0, 1)], 1)


def _length(line: Array) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())
