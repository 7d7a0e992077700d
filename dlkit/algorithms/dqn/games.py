"""Gymnasium's environments, played episode by episode, and pictures of them.

An episode follows from its seed and its actions alone. So a game that was interrupted is put back
to where it was by playing the same actions again.
"""

import importlib
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from dlkit.algorithms.dqn.worlds import World, world
from dlkit.contract import Array, CodedError
from dlkit.datasets import grids

COLORS = {"S": (206, 224, 240), "G": (16, 151, 107), "X": (209, 73, 91), "#": (60, 64, 72),
          ".": (240, 240, 236)}  # fmt: skip
AGENT = (47, 134, 214)
CONSTRUCTED = ("LunarLander-v3", "FrozenLake-v1")  # take their constants when they are made


class Game:
    """One world and one episode after another in it."""

    def __init__(
        self,
        name: str,
        text: str = grids.FIRST,
        slip: float = 0.0,
        *,
        seen: bool = False,
        constants: Mapping[str, float] | None = None,
    ) -> None:
        """`seen` makes pictures possible; `constants` change the world."""
        changed = dict(constants or {})
        self.world = world(name, text, slip)
        self.seed, self.actions = 0, list[int]()
        self.brought = 0.0
        self._limit = self.world.limit
        if name == "grid":
            self._game: Any = _GridGame(grids.grid(text, changed.get("slip", slip)))
        else:
            self._game = _made(self.world, changed, seen=seen)

    def begin(self, seed: int) -> Array:
        """The first observation [size] of the episode that follows from `seed`."""
        self.seed, self.actions, self.brought = seed, [], 0.0
        seen, _ = self._game.reset(seed=seed)
        return self._observed(seen)

    def step(self, action: int) -> tuple[Array, float, bool, bool]:
        """What is seen next [size], the reward, whether the episode is over, whether time is up.

        Time being up is no end of the world: what could still come counts. An episode that is over
        at the last moment is over.
        """
        seen, reward, over, _, _ = self._game.step(action)
        self.actions.append(action)
        self.brought += float(reward)
        late = len(self.actions) >= self._limit and not over
        return self._observed(seen), float(reward), bool(over), late

    def replay(self, seed: int, actions: Sequence[int]) -> Array:
        """Where these actions lead, [size]."""
        seen = self.begin(seed)
        for action in actions:
            seen, *_ = self.step(int(action))
        return seen

    def frame(self, larger: int = 1) -> Array:
        """A small picture of the moment, [H, W, 3], both sides so many times `larger`."""
        picture = Image.fromarray(self._game.render())
        height, width = (larger * side for side in self.world.picture)
        return np.asarray(picture.resize((width, height), Image.Resampling.BOX))

    def rules(self) -> grids.Rules:
        """All that can happen, where the world is made of states."""
        if isinstance(self._game, _GridGame):
            return self._game.grid.rules()
        return _tables(self._game, self.world)

    def _observed(self, seen: Any) -> Array:
        if self.world.states:
            return np.array([seen], np.int32)
        return np.asarray(seen, np.float32)


class _GridGame:
    """The drawn grid, with the calls that Gymnasium's environments have."""

    def __init__(self, grid: grids.Grid) -> None:
        self.grid, self.place = grid, grid.start
        self._random = np.random.default_rng(0)

    def reset(self, *, seed: int) -> tuple[int, dict[str, Any]]:
        self.place, self._random = self.grid.start, np.random.default_rng(seed)
        return self.place, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        ways = self.grid.ways(action)
        draw, meant = self._random.random() if len(ways) > 1 else 0.0, action
        for one, share in ways:
            meant, draw = one, draw - share
            if draw < 0:
                break
        self.place = self.grid.after(self.place, meant)
        reward, over = self.grid.brings(self.place)
        return self.place, reward, over, False, {}

    def render(self) -> Array:
        rows, columns = self.grid.shape
        picture = np.zeros((rows, columns, 8, 8, 3), np.uint8)
        for place, letter in enumerate(self.grid.letters.ravel()):
            row, column = divmod(place, columns)
            shade = 215 - 18 * int(letter) if letter.isdigit() else 0
            picture[row, column] = (shade, shade, shade) if shade else COLORS[letter]
        picture[:, :, -1, :] = picture[:, :, :, -1] = 200
        row, column = divmod(self.place, columns)
        picture[row, column, 2:6, 2:6] = AGENT
        return picture.transpose(0, 2, 1, 3, 4).reshape(rows * 8, columns * 8, 3)


class Worlds:
    """Several games side by side, each beginning anew when an episode ends."""

    def __init__(self, games: Sequence[Game], seed: int) -> None:
        """Every episode's seed follows from `seed`, its game and its number."""
        self.games, self._seed = list(games), seed
        self.episodes = [0] * len(self.games)
        self.seen = np.stack([self._begin(number) for number in range(len(self.games))])

    def step(self, actions: Array) -> "Step":
        """One step in each. What is seen after an end is the last moment of the episode."""
        count = len(self.games)
        before, following = self.seen, np.empty_like(self.seen)
        rewards = np.zeros(count, np.float32)
        over, late = np.zeros(count, bool), np.zeros(count, bool)
        ended: list[tuple[float, int, list[int]]] = []
        self.seen = following.copy()
        for number, game in enumerate(self.games):
            found = game.step(int(actions[number]))
            following[number], rewards[number], over[number], late[number] = found
            self.seen[number] = following[number]
            if over[number] or late[number]:
                ended.append((game.brought, game.seed, game.actions))
                self.episodes[number] += 1
                self.seen[number] = self._begin(number)
        return Step(before, following, rewards, over, late, ended)

    def state(self) -> dict[str, Array]:
        """All that is needed to come back to this moment."""
        longest = max(len(game.actions) for game in self.games)
        actions = np.zeros((len(self.games), longest), np.uint8)
        for number, game in enumerate(self.games):
            actions[number, : len(game.actions)] = game.actions
        return {
            "worlds/actions": actions,
            "worlds/lengths": np.array([len(game.actions) for game in self.games]),
            "worlds/episodes": np.array(self.episodes),
            "worlds/seen": self.seen.copy(),
        }

    def restore(self, state: Mapping[str, Array]) -> None:
        """Play on from `state`. Raises `CodedError` if the replay leads elsewhere."""
        self.episodes = [int(one) for one in state["worlds/episodes"]]
        for number, game in enumerate(self.games):
            length = int(state["worlds/lengths"][number])
            actions = state["worlds/actions"][number][:length]
            self.seen[number] = game.replay(self._episode_seed(number), actions)
        if not np.array_equal(self.seen, state["worlds/seen"]):
            raise CodedError("file_damaged", name="worlds/seen")

    def _begin(self, number: int) -> Array:
        return self.games[number].begin(self._episode_seed(number))

    def _episode_seed(self, number: int) -> int:
        return seed_of(self._seed, number, self.episodes[number])


class Step:
    """What one step in each of N worlds brought."""

    def __init__(
        self,
        seen: Array,
        following: Array,
        rewards: Array,
        over: Array,
        late: Array,
        ended: list[tuple[float, int, list[int]]],
    ) -> None:
        """Observations before and after [N, size]; of each ended episode return, seed, actions."""
        self.seen, self.following, self.rewards = seen, following, rewards
        self.over, self.late, self.ended = over, late, ended


def seed_of(*numbers: int) -> int:
    """A seed that follows from these numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def _made(world: World, constants: Mapping[str, float], *, seen: bool) -> Any:
    """The bare environment: its wrappers cost as much as a step, and we count the steps."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    given = {world.constants[name].attribute: value for name, value in constants.items()}
    named: dict[str, Any] = dict(given) if world.game in CONSTRUCTED else {}
    if "wind_power" in named:
        named["enable_wind"] = named["wind_power"] > 0
    mode = {"render_mode": "rgb_array"} if seen else {}
    with warnings.catch_warnings():  # Box2D's module stops the process where warnings are errors
        warnings.simplefilter("ignore")
        gymnasium = importlib.import_module("gymnasium")
        made = gymnasium.make(world.game, disable_env_checker=True, **mode, **named).unwrapped
    for attribute, value in given.items():
        if attribute not in named and hasattr(made, attribute):
            setattr(made, attribute, value)
    if world.game == "CartPole-v1":
        made.total_mass = made.masscart + made.masspole
        made.polemass_length = made.masspole * made.length
    return made


def _tables(game: Any, world: World) -> grids.Rules:
    states, actions = world.states, world.actions
    chances = np.zeros((states, actions, states))
    over, rewards = np.zeros(chances.shape, bool), np.zeros((states, actions))
    for state in range(states):
        for action in range(actions):
            for share, after, reward, ends in game.P[state][action]:
                chances[state, action, after] += share
                rewards[state, action] += share * reward
                over[state, action, after] |= bool(ends)
    return grids.Rules(chances, rewards, over, np.asarray(game.initial_state_distrib))
