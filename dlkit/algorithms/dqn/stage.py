"""A level for a person and the agent: the same start in the same world, any moves, seen.

What happens follows from the level and the moves alone. So both games are lists of moves, and what
they bring is what the world itself says when they are made.
"""

from collections.abc import Sequence
from typing import Any

from dlkit.algorithms.dqn.games import Game, seed_of
from dlkit.algorithms.dqn.worlds import world_of
from dlkit.contract import CodedError, Scene
from dlkit.params import BaseParams
from dlkit.views.games import packed

PLAYED = 8  # what a seed is for
LARGER = 2  # than the pictures of the training


def level(params: Any, inputs: BaseParams) -> tuple[int, dict[str, float]]:
    """The seed that an episode begins with, and the constants of the world that were changed."""
    given, own = inputs.values(), type(inputs)().values()
    changed = {n: given[n] for n in world_of(params).constants if given[n] != own[n]}
    return seed_of(params.seed, PLAYED, given["episode"]), changed


class Stage:
    """One game of one level, gone through as far as it was asked for."""

    def __init__(self, params: Any, inputs: BaseParams) -> None:
        """`inputs` are those of the playground."""
        self._seed, constants = level(params, inputs)
        self._game = Game(params.data, params.grid, params.slip, seen=True, constants=constants)
        self._over = False
        self._game.begin(self._seed)

    def scenes(self, moves: Sequence[int], since: int) -> list[Scene]:
        """The moments after `since` moves, after one more, and so on to the last or to the end.

        Raises `CodedError` for moves that this world has not.
        """
        allowed = self._game.world.actions
        wrong = [move for move in moves if not 0 <= move < allowed]
        if wrong or not 0 <= since <= len(moves):
            raise CodedError("move_unknown", given=wrong[:1] or since, allowed=allowed)
        if self._game.actions != list(moves[: len(self._game.actions)]) or self._is_past(since):
            self._over = False
            self._game.begin(self._seed)
        found = []
        while not self._over and len(self._game.actions) < len(moves):
            if len(self._game.actions) >= since:
                found.append(self._scene())
            _, _, ended, late = self._game.step(moves[len(self._game.actions)])
            self._over = ended or late
        return [*found, self._scene()]

    def _is_past(self, since: int) -> bool:
        """Whether a moment that is asked for lies behind already."""
        return since < len(self._game.actions)

    def _scene(self) -> Scene:
        return Scene(packed(self._game.frame(LARGER)), self._game.brought, self._over)
