"""What was lived through: a ring of transitions from which batches are drawn.

Transitions of N worlds lie beside each other in the order they were made, [T, N]. Returns over
several steps are put together when a batch is drawn; prioritised replay follows Tom Schaul, John
Quan, Ioannis Antonoglou and David Silver (2016), https://arxiv.org/abs/1511.05952.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dlkit.contract import Array

PRIORITY_POWER = 0.6
FEWEST = 1e-3  # added to each error, so that nothing is never drawn again


@dataclass(frozen=True)
class Drawn:
    """Batches [K, B]: where they lie, and what is to be learned from them.

    `discounts` is what the value of `following` counts: 0 where the episode was over there.
    """

    places: Array
    seen: Array
    actions: Array
    rewards: Array
    following: Array
    discounts: Array
    weights: Array


class Memory:
    """A ring of `capacity` transitions of `worlds` worlds; each observation has `size` numbers."""

    def __init__(self, capacity: int, worlds: int, size: int, kind: type) -> None:
        """`kind` is the type of an observation's numbers."""
        self._rows = max(1, capacity // worlds)
        shape = (self._rows, worlds)
        self._kept: dict[str, Array] = {
            "seen": np.zeros((*shape, size), kind),
            "following": np.zeros((*shape, size), kind),
            "actions": np.zeros(shape, np.uint8),
            "rewards": np.zeros(shape, np.float32),
            "over": np.zeros(shape, bool),
            "late": np.zeros(shape, bool),
            "priorities": np.zeros(shape, np.float32),
        }
        self._worlds, self._next, self._made = worlds, 0, 0
        self._highest = 1.0

    def __len__(self) -> int:
        """How many transitions are kept."""
        return min(self._made, self._rows) * self._worlds

    def add(self, **made: Array) -> None:
        """One transition of each world: seen, following, actions, rewards, over, late."""
        for name, values in made.items():
            self._kept[name][self._next] = values
        self._kept["priorities"][self._next] = self._highest
        self._next, self._made = (self._next + 1) % self._rows, self._made + 1

    def draw(
        self, shape: tuple[int, int], random: np.random.Generator, *, steps: int, discount: float,
        evenness: float | None = None,
    ) -> Drawn:  # fmt: skip
        """Batches of transitions over up to `steps` steps, drawn with replacement.

        Without `evenness` all are as likely. With it those with large errors are drawn more often,
        and it says how much of that the weights take back (1: all).
        """
        kept, count = self._kept, len(self)
        weights = np.ones(shape, np.float32)
        if evenness is None:
            places = random.integers(count, size=shape)
        else:
            sums = np.cumsum(kept["priorities"].ravel()[:count].astype(np.float64))
            places = np.searchsorted(sums, random.random(shape) * sums[-1], side="right")
            places = np.minimum(places, count - 1)
            chance = kept["priorities"].ravel()[places] / sums[-1]
            rare = (count * chance) ** -evenness
            weights = (rare / rare.max(axis=1, keepdims=True)).astype(np.float32)
        rewards, last, factor = self._ahead(places, steps, discount)
        alive = 1.0 - kept["over"].ravel()[last]
        size = kept["seen"].shape[-1]
        return Drawn(
            places,
            kept["seen"].reshape(-1, size)[places],
            kept["actions"].ravel()[places].astype(np.int32),
            rewards,
            kept["following"].reshape(-1, size)[last],
            (factor * alive).astype(np.float32),
            weights,
        )

    def learned(self, places: Array, errors: Array) -> None:
        """Take over the sizes of the errors [K, B] that were made at `places`."""
        found = (np.abs(errors) + FEWEST) ** PRIORITY_POWER
        self._kept["priorities"].ravel()[places] = found
        self._highest = max(self._highest, float(found.max()))

    def latest(self, rows: int) -> Drawn:
        """The transitions of the last `rows` steps as one batch, [1, rows * worlds]."""
        lines = (self._next - 1 - np.arange(min(rows, self._made, self._rows))) % self._rows
        places = (lines[:, None] * self._worlds + np.arange(self._worlds)).reshape(1, -1)
        kept, size = self._kept, self._kept["seen"].shape[-1]
        return Drawn(
            places,
            kept["seen"].reshape(-1, size)[places],
            kept["actions"].ravel()[places].astype(np.int32),
            kept["rewards"].ravel()[places],
            kept["following"].reshape(-1, size)[places],
            1.0 - kept["over"].ravel()[places].astype(np.float32),
            np.ones(places.shape, np.float32),
        )

    def state(self) -> dict[str, Array]:
        """Only what is filled, copied."""
        filled = min(self._made, self._rows)
        state = {f"memory/{name}": array[:filled].copy() for name, array in self._kept.items()}
        return {**state, "memory/made": np.array([self._made, self._next]),
                "memory/highest": np.array([self._highest])}  # fmt: skip

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from `state`."""
        self._made, self._next = (int(one) for one in state["memory/made"])
        self._highest = float(state["memory/highest"][0])
        filled = min(self._made, self._rows)
        for name, array in self._kept.items():
            array[:filled] = state[f"memory/{name}"]

    def _ahead(self, places: Array, steps: int, discount: float) -> tuple[Array, Array, Array]:
        """Discounted rewards over up to `steps` steps, the last transition, what its end counts.

        An episode's end and the newest transition of a world cut it short.
        """
        kept = self._kept
        rewards = kept["rewards"].ravel()[places].astype(np.float32)
        last, factor = places.copy(), np.full(places.shape, discount, np.float32)
        newest = (self._next - 1) % self._rows
        going = np.ones(places.shape, bool)
        for _ in range(steps - 1):
            ended = kept["over"].ravel()[last] | kept["late"].ravel()[last]
            going &= ~ended & (last // self._worlds != newest)
            after = (last + self._worlds) % (self._rows * self._worlds)
            rewards += np.where(going, factor * kept["rewards"].ravel()[after], 0.0)
            last = np.where(going, after, last)
            factor = np.where(going, factor * discount, factor).astype(np.float32)
        return rewards.astype(np.float32), last, factor
