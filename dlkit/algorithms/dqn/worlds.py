"""The worlds to play in, as facts: what is seen, what can be done, how long, what can be changed.

Nothing here needs Gymnasium; `games.py` plays.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlkit.contract import Array
from dlkit.datasets import grids

MAP = 24  # values along each side of a map of Q-values
FRAMES = 40  # most pictures of a clip


@dataclass(frozen=True)
class Constant:
    """Something of the world that can be changed afterwards: its own value and its limits."""

    default: float
    low: float
    high: float
    step: float
    attribute: str = ""


@dataclass(frozen=True)
class World:
    """One world.

    A world seen as `numbers` has `low` and `high`, between which each of them usually lies; one
    seen as the number of a state has `states`, and `signs` for its actions. `axes` are the two
    numbers that the map of Q-values spans. `probes` are moments whose Q-values are always shown.
    `shape` says how the states lie in a plane, and `places` which of them the map shows. `solved`
    is a return that counts as learned. `keys` are those with which a person makes the actions,
    `idle` is the action that does nothing.
    """

    game: str
    actions: int
    limit: int
    solved: float
    worst: float
    best: float
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    axes: tuple[int, int] = (0, 1)
    rest: tuple[float, ...] = ()
    numbers: tuple[str, ...] = ()
    probes: tuple[tuple[float, ...], ...] = ()
    states: int = 0
    shape: tuple[int, int] = (0, 0)
    places: tuple[int, ...] = ()
    signs: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    idle: int | None = None
    picture: tuple[int, int] = (80, 120)
    constants: Mapping[str, Constant] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many numbers an observation has."""
        return 1 if self.states else len(self.low)

    def probed(self) -> Array:
        """The moments whose Q-values are shown, [P, size]."""
        return np.array(self.probes, np.int32 if self.states else np.float32)

    def mapped(self, axes: tuple[int, int] | None = None) -> Array:
        """The observations that a map shows, row by row: [rows * columns, size]."""
        if self.states:
            return np.array(self.places, np.int32)[:, None]
        across, upward = axes or self.axes
        seen = np.tile(np.array(self.rest, np.float32), (MAP * MAP, 1))
        sides = [np.linspace(self.low[one], self.high[one], MAP) for one in (across, upward)]
        grid = np.meshgrid(*sides)
        seen[:, across], seen[:, upward] = grid[0].ravel(), grid[1].ravel()
        return seen

    def map_shape(self) -> tuple[int, int]:
        """Rows and columns of a map."""
        return self.shape if self.states else (MAP, MAP)


def _taxi_places(passenger: int, goal: int) -> tuple[int, ...]:
    return tuple((place * 5 + passenger) * 4 + goal for place in range(25))


WORLDS: Mapping[str, World] = {
    "cartpole": World(
        "CartPole-v1", 2, 500, solved=475, worst=8, best=500,
        low=(-2.4, -3.0, -0.21, -3.0), high=(2.4, 3.0, 0.21, 3.0), axes=(2, 3),
        rest=(0.0, 0.0, 0.0, 0.0), keys=("←", "→"),
        numbers=("cart_place", "cart_speed", "pole_tilt", "pole_spin"),
        probes=((0.0, 0.0, -0.1, 0.0), (0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.1, 0.0)),
        constants={
            "length": Constant(0.5, 0.1, 2.0, 0.05, "length"),
            "gravity": Constant(9.8, 1.0, 20.0, 0.2, "gravity"),
            "cart_mass": Constant(1.0, 0.1, 10.0, 0.1, "masscart"),
            "pole_mass": Constant(0.1, 0.05, 2.0, 0.05, "masspole"),
            "push": Constant(10.0, 1.0, 30.0, 0.5, "force_mag"),
        },
    ),
    "acrobot": World(
        "Acrobot-v1", 3, 500, solved=-85, worst=-500, best=-60,
        low=(-1.0, -1.0, -1.0, -1.0, -6.0, -12.0), high=(1.0, 1.0, 1.0, 1.0, 6.0, 12.0),
        numbers=("upper_cosine", "upper_sine", "lower_cosine", "lower_sine", "upper_spin",
                 "lower_spin"),
        axes=(4, 5), rest=(1.0, 0.0, 1.0, 0.0, 0.0, 0.0), keys=("←", "↓", "→"), idle=1,
        probes=((1.0, 0.0, 1.0, 0.0, 2.0, 0.0), (1.0, 0.0, 1.0, 0.0, 0.0, 0.0),
                (1.0, 0.0, 1.0, 0.0, -2.0, 0.0)),
        picture=(96, 96),
        constants={
            "upper_length": Constant(1.0, 0.4, 2.0, 0.05, "LINK_LENGTH_1"),
            "upper_mass": Constant(1.0, 0.2, 4.0, 0.1, "LINK_MASS_1"),
            "lower_mass": Constant(1.0, 0.2, 4.0, 0.1, "LINK_MASS_2"),
        },
    ),
    "mountain_car": World(
        "MountainCar-v0", 3, 200, solved=-110, worst=-200, best=-85,
        low=(-1.2, -0.07), high=(0.6, 0.07), numbers=("car_place", "car_speed"), rest=(0.0, 0.0),
        keys=("←", "↓", "→"), idle=1,
        probes=((-0.5, -0.02), (-0.5, 0.0), (-0.5, 0.02)),
        constants={
            "engine": Constant(0.001, 0.0005, 0.003, 0.0001, "force"),
            "slope_pull": Constant(0.0025, 0.001, 0.004, 0.0001, "gravity"),
        },
    ),
    "lunar_lander": World(
        "LunarLander-v3", 4, 1000, solved=200, worst=-300, best=280,
        low=(-1.0, -0.3, -1.0, -1.5, -1.0, -1.0, 0.0, 0.0),
        high=(1.0, 1.5, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0),
        rest=(0.0, 0.5, 0.0, -0.3, 0.0, 0.0, 0.0, 0.0), axes=(0, 3),
        keys=("↓", "←", "↑", "→"), idle=0,
        numbers=("lander_place", "height", "sideways", "climb", "tilt", "spin", "left_leg",
                 "right_leg"),
        probes=((0.0, 1.0, 0.0, -0.8, 0.0, 0.0, 0.0, 0.0),
                (0.0, 0.3, 0.0, -0.1, 0.4, 0.0, 0.0, 0.0),
                (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0)),
        constants={
            "fall": Constant(-10.0, -11.5, -1.0, 0.5, "gravity"),
            "wind": Constant(0.0, 0.0, 20.0, 1.0, "wind_power"),
        },
    ),
    "frozen_lake": World(
        "FrozenLake-v1", 4, 100, solved=0.7, worst=0, best=1,
        states=16, shape=(4, 4), places=tuple(range(16)),
        signs=("←", "↓", "→", "↑"), keys=("←", "↓", "→", "↑"), probes=((0,), (8,), (14,)),
        picture=(96, 96),
        constants={"grip": Constant(0.33, 0.33, 1.0, 0.01, "success_rate")},
    ),
    "taxi": World(
        "Taxi-v4", 6, 200, solved=7.5, worst=-200, best=8,
        states=500, shape=(5, 5), places=_taxi_places(2, 1),
        signs=("↓", "↑", "→", "←", "●", "○"), keys=("↓", "↑", "→", "←", "i", "o"),
        picture=(70, 110),
        probes=((_taxi_places(2, 1)[12],), (_taxi_places(2, 1)[20],), (_taxi_places(4, 1)[4],)),
    ),
    "cliff_walking": World(
        "CliffWalking-v1", 4, 200, solved=-13, worst=-200, best=-13,
        states=48, shape=(4, 12), places=tuple(range(48)),
        signs=("↑", "→", "↓", "←"), keys=("↑", "→", "↓", "←"),
        probes=((36,), (24,), (35,)), picture=(40, 120),
    ),
}  # fmt: skip
NAMES = (*WORLDS, "grid")
GRID_CONSTANTS = {"slip": Constant(0.0, 0.0, 0.6, 0.05)}


def world(name: str, text: str = grids.FIRST, slip: float = 0.0) -> World:
    """The world called `name`; of the grid, the one that `text` draws."""
    if name != "grid":
        return WORLDS[name]
    drawn = grids.grid(text, slip)
    rows, columns = drawn.shape
    places = rows * columns
    larger = max(2, 120 // max(rows, columns))
    before = [one for one in range(places) if _next_to_goal(drawn, one)]
    return World(
        "", 4, 10 * (rows + columns), solved=_nearly_best(drawn), worst=-1.0, best=1.0,
        states=places, shape=(rows, columns), places=tuple(range(places)),
        signs=("↑", "→", "↓", "←"), keys=("↑", "→", "↓", "←"),
        probes=((drawn.start,), (before[0],)),
        picture=(rows * larger, columns * larger),
        constants=GRID_CONSTANTS,
    )  # fmt: skip


def world_of(params: Any) -> World:
    """The world that a training's params choose."""
    return _kept(params.data, params.grid, params.slip)


@functools.lru_cache(maxsize=64)
def _kept(name: str, text: str, slip: float) -> World:
    return world(name, text, slip)


def _next_to_goal(drawn: grids.Grid, place: int) -> bool:
    letters = drawn.letters.ravel()
    return letters[place] not in "#GX" and any(
        letters[drawn.after(place, move)] == "G" for move in range(4)
    )


def _nearly_best(drawn: grids.Grid) -> float:
    """What the best player brings home on average without discount, less a little."""
    best = grids.best_values(drawn.rules(), 0.9999)
    return float(best[drawn.start].max()) - 0.05
