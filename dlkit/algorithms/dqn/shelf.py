"""A shelf with four episodes of the training: the first, the worst, the best and the latest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlkit.contract import Array

PLACES = ("first", "worst", "best", "latest")


@dataclass(frozen=True)
class Episode:
    """What it brought, and what is needed to see it again."""

    brought: float
    seed: int
    actions: tuple[int, ...]
    step: int


class Shelf:
    """The four episodes by name; none before one has ended."""

    def __init__(self) -> None:
        self.episodes: dict[str, Episode] = {}

    def add(self, brought: float, seed: int, actions: Sequence[int], *, step: int) -> None:
        """An episode has ended at `step`."""
        held = self.episodes
        if held and held["worst"].brought <= brought <= held["best"].brought:
            held["latest"] = Episode(brought, seed, tuple(actions), step)
            return
        episode = Episode(brought, seed, tuple(actions), step)
        held.setdefault("first", episode)
        held["latest"] = episode
        if "worst" not in held or brought < held["worst"].brought:
            held["worst"] = episode
        if "best" not in held or brought > held["best"].brought:
            held["best"] = episode

    def state(self) -> dict[str, Array]:
        """All four as arrays."""
        held = [self.episodes[name] for name in PLACES if self.episodes]
        longest = max((len(one.actions) for one in held), default=0)
        actions = np.zeros((len(held), longest), np.uint8)
        for row, one in zip(actions, held, strict=True):
            row[: len(one.actions)] = one.actions
        facts = [[one.brought, one.seed, len(one.actions), one.step] for one in held]
        return {"shelf/actions": actions, "shelf/facts": np.array(facts).reshape(-1, 4)}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Take `state` over."""
        rows = zip(PLACES, state["shelf/facts"], state["shelf/actions"], strict=False)
        self.episodes = {
            name: Episode(
                float(facts[0]),
                int(facts[1]),
                tuple(int(one) for one in actions[: int(facts[2])]),
                int(facts[3]),
            )
            for name, facts, actions in rows
        }
