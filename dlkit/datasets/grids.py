"""Grid worlds that a person draws with letters, and their truth: value iteration.

A map is one line, its rows parted by "/": S start, G goal, X pit, # wall, . floor, and digits for
floor that costs. Where the rules of a world are known, the best values can be calculated without
learning (Richard Bellman, 1957, "A Markovian decision process"); what a network has learned can be
held against them.
"""

from dataclasses import dataclass

import numpy as np

from dlkit.contract import Array, CodedError

PATTERN = r"^[^/]{1,40}(/[^/]{1,40}){1,40}$"
LETTERS = "SGX#.123456789"
MOST = 16  # rows, and columns
FIRST = "S..3..../.##.##../.#...X../.#.X..#./...#..#G"
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # up, right, down, left
STEP_COST, DIGIT_COST = 0.01, 0.1
GOAL, PIT = 1.0, -1.0
CLOSE_ENOUGH = 1e-10


@dataclass(frozen=True)
class Rules:
    """All that can happen in a world with S states and A actions.

    `chances` [S, A, S] says where an action leads, `rewards` [S, A] what it brings on average,
    `over` [S, A, S] which of these ways end the episode. `starts` [S] are the chances to begin.
    """

    chances: Array
    rewards: Array
    over: Array
    starts: Array


@dataclass(frozen=True)
class Grid:
    """A drawn world: its letters [rows, columns] and what follows from them."""

    letters: Array
    slip: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.letters.shape[0], self.letters.shape[1]

    @property
    def start(self) -> int:
        """The number of the place to begin at; places are counted row by row."""
        return int(np.flatnonzero(self.letters.ravel() == "S")[0])

    def after(self, place: int, move: int) -> int:
        """Where a move leads; walls and the edge hold it up."""
        row, column = divmod(place, self.shape[1])
        row, column = row + MOVES[move][0], column + MOVES[move][1]
        inside = 0 <= row < self.shape[0] and 0 <= column < self.shape[1]
        if not inside or self.letters[row, column] == "#":
            return place
        return row * self.shape[1] + column

    def brings(self, place: int) -> tuple[float, bool]:
        """What a step that ends at `place` brings, and whether the episode is over there."""
        letter = str(self.letters.ravel()[place])
        if letter in "GX":
            return (GOAL if letter == "G" else PIT) - STEP_COST, True
        return -STEP_COST - (DIGIT_COST * int(letter) if letter.isdigit() else 0.0), False

    def rules(self) -> Rules:
        """The whole world as tables."""
        places = self.letters.size
        chances, over = np.zeros((places, 4, places)), np.zeros((places, 4, places), bool)
        rewards = np.zeros((places, 4))
        for place in range(places):
            for move in range(4):
                for meant, share in self.ways(move):
                    found = self.after(place, meant)
                    brought, ends = self.brings(found)
                    chances[place, move, found] += share
                    rewards[place, move] += share * brought
                    over[place, move, found] = ends
        starts = np.zeros(places)
        starts[self.start] = 1.0
        return Rules(chances, rewards, over, starts)

    def ways(self, move: int) -> tuple[tuple[int, float], ...]:
        """What a move turns out to be: mostly itself, else one of the two beside it."""
        if not self.slip:
            return ((move, 1.0),)
        beside = self.slip / 2
        return (move, 1.0 - self.slip), ((move + 1) % 4, beside), ((move + 3) % 4, beside)


def grid(text: str, slip: float = 0.0) -> Grid:
    """The world that `text` draws. Raises `CodedError` where it cannot be played."""
    rows = text.strip().split("/")
    for number, row in enumerate(rows, start=1):
        unknown = next((letter for letter in row if letter not in LETTERS), None)
        if unknown is not None:
            raise CodedError("grid_letter", given=unknown, row=number)
        if len(row) != len(rows[0]):
            raise CodedError("grid_ragged", row=number, count=len(row), first=len(rows[0]))
    if len(rows) > MOST or not 2 <= len(rows[0]) <= MOST:
        raise CodedError("grid_size", rows=len(rows), columns=len(rows[0]), most=MOST)
    letters = np.array([list(row) for row in rows])
    for letter in "SG":
        count = int((letters == letter).sum())
        if count != 1 if letter == "S" else count < 1:
            raise CodedError("grid_without", letter=letter, count=count)
    found = Grid(letters, slip)
    if not _reaches_goal(found):
        raise CodedError("grid_closed", given=text)
    return found


def best_values(rules: Rules, discount: float) -> Array:
    """What each action is worth [S, A] to one who goes on in the best way: value iteration."""
    onward = rules.chances * ~rules.over  # [S, A, S]
    values: Array = np.zeros(rules.rewards.shape)
    for _ in range(100_000):
        better: Array = rules.rewards + discount * onward @ values.max(axis=1)
        if np.abs(better - values).max() < CLOSE_ENOUGH:
            return better
        values = better
    return values


def reached(rules: Rules) -> Array:
    """Which states can be come to from the start without the episode being over, [S]."""
    onward: Array = np.any((rules.chances > 0) & ~rules.over, axis=1)  # [S, S]
    found: Array = rules.starts > 0
    while True:
        more: Array = np.logical_or(found, onward[found].any(axis=0))
        if (more == found).all():
            return found
        found = more


def share_of_best(values: Array, best: Array, where: Array) -> float:
    """In which share of the states `where` the action chosen by `values` [S, A] is a best one."""
    chosen = best[np.arange(len(best)), values.argmax(axis=1)]
    right = chosen >= best.max(axis=1) - 1e-6 * np.maximum(1.0, np.abs(best).max())
    return float(right[where].mean())


def _reaches_goal(found: Grid) -> bool:
    rules = found.rules()
    places = np.flatnonzero(reached(rules))
    goals = np.flatnonzero(found.letters.ravel() == "G")
    return bool(rules.chances[places][:, :, goals].any())
