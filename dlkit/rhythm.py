"""When things happen in a training, in steps: a function of sizes and seeds only, never of a clock.

`training.py` follows it, so that a run which was interrupted writes the same points as its twin.
Beside it stands what a training asks for: a `Split` of data and a `Recipe`.
"""

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from dlkit.contract import Array

WINDOW_SECONDS = 0.12
PIECE_SECONDS = 2.0
LOOK_SECONDS = 0.7
SHORT_SECONDS = 0.3
FEWEST_WINDOWS = 64
FEWEST_LOOKS = 12


class Split(Protocol):
    """Arrays, or nested tuples of arrays, whose first axis counts examples."""

    @property
    def x_train(self) -> Any:
        """What to learn from."""

    @property
    def y_train(self) -> Any:
        """What to answer; None where the model has no targets."""

    @property
    def x_val(self) -> Any:
        """What to check with."""

    @property
    def y_val(self) -> Any:
        """What the answers should be."""


class Recipe(Protocol):
    """The knobs `fit` itself needs; `learning_rate` is asked from the run, because it is live."""

    @property
    def batch_size(self) -> int:
        """Examples in a step."""

    @property
    def epochs(self) -> int:
        """Ways through the training part."""

    @property
    def seed(self) -> int:
        """What the order of the examples follows from."""

    @property
    def schedule(self) -> str:
        """A name that `scheduled` knows."""

    @property
    def stop_at(self) -> float:
        """The validation accuracy (or loss) at which to stop; 0 for never."""

    @property
    def minutes(self) -> float:
        """The most time to train; 0 for no limit."""


@dataclass(frozen=True)
class Rhythm:
    """When things happen, in steps; a function of sizes only (nothing is measured).

    A *round* is one epoch, or several joined where an epoch is shorter than a window. Windows end
    at each multiple of `window` inside a round, and at its end.
    """

    total: int
    epoch: int
    window: int
    round: int
    look: int
    piece: int

    @classmethod
    def of(
        cls, *, epoch: int, epochs: int, seconds: float, looks: float = LOOK_SECONDS
    ) -> "Rhythm":
        """From the steps of an epoch, the estimated seconds of a step, those from look to look."""
        total = epoch * epochs
        window = _window(epoch, min(WINDOW_SECONDS / seconds, total / FEWEST_WINDOWS), seconds)
        length = max(window, epoch)
        rounds = min(looks / (seconds * length), total / FEWEST_LOOKS / length)
        return cls(
            total=total,
            epoch=epoch,
            window=window,
            round=length,
            look=length * max(1, int(rounds)),
            piece=window * max(1, int(PIECE_SECONDS / (seconds * window))),
        )

    def window_end(self, step: int) -> int:
        """The first end of a window after `step`."""
        start = step // self.round * self.round
        end = start + ((step - start) // self.window + 1) * self.window
        return min(end, start + self.round, self.total)

    def window_start(self, step: int) -> int:
        """Where the window that step `step + 1` belongs to began."""
        start = step // self.round * self.round
        return start + (step - start) // self.window * self.window

    def is_look(self, step: int) -> bool:
        """Whether validation is due after `step` steps."""
        return step in (self.window_end(0), self.total) or (step > 0 and step % self.look == 0)

    def piece_end(self, step: int, goal: int) -> int:
        """How far one call of `fit` goes from `step`: to a window's end, or to `goal` if nearer."""
        if step != self.window_start(step) or step == 0:
            end = self.window_end(step)
        else:
            round_end = (step // self.round + 1) * self.round
            next_look = (step // self.look + 1) * self.look
            whole = step + self.piece
            end = min(whole, whole if self.round % self.window == 0 else round_end, next_look)
        return min(end, goal, self.total)


class Order:
    """Which examples come when: a permutation per epoch, its last partial batch dropped.

    Without `shuffled` they come as they stand.
    """

    def __init__(self, seed: int, examples: int, used: int, *, shuffled: bool = True) -> None:
        self._seed, self._examples, self._used = seed, examples, used
        self._shuffled = shuffled
        self._epoch, self._permutation = -1, np.empty(0, np.int64)

    def rows(self, start: int, end: int) -> Array:
        """The examples number `start` to `end` since the training began."""
        parts = []
        while start < end:
            epoch, offset = divmod(start, self._used)
            stop = min(self._used, offset + end - start)
            parts.append(self._drawn(epoch)[offset:stop])
            start += stop - offset
        return np.concatenate(parts)

    def _drawn(self, epoch: int) -> Array:
        if epoch != self._epoch:
            generator = np.random.default_rng([self._seed, epoch])
            order = generator.permutation if self._shuffled else np.arange
            self._epoch, self._permutation = epoch, order(self._examples)
        return self._permutation


def scheduled(schedule: str, done: float) -> float:
    """The share of the learning rate that `schedule` gives at `done` (0 to 1) of the run."""
    if schedule == "linear":
        return 1.0 - done
    if schedule == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * done))
    if schedule == "one_cycle":
        rise = 0.3
        if done < rise:
            return 0.04 + 0.96 * 0.5 * (1.0 - math.cos(math.pi * done / rise))
        return 0.5 * (1.0 + math.cos(math.pi * (done - rise) / (1.0 - rise)))
    if schedule == "warmup":
        rise = 0.1
        return done / rise if done < rise else scheduled("cosine", (done - rise) / (1.0 - rise))
    return 1.0


def _window(epoch: int, limit: float, seconds: float) -> int:
    """About `limit` steps; whole epochs or an even part of one where that is near enough.

    Where windows do not fill an epoch evenly, each epoch needs a call of `fit` of its own.
    """
    if limit >= epoch:
        return int(limit // epoch) * epoch
    even = max(part for part in range(1, epoch + 1) if epoch % part == 0 and part < 1.5 * limit + 1)
    if even >= limit / 2:
        return even
    return epoch if epoch * seconds < SHORT_SECONDS else max(1, round(limit))
