"""What each task of the chapter learns from, shows while it learns, and answers: arrays only."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dlkit.algorithms.lstm import writing
from dlkit.algorithms.lstm.cells import GATES, Stack, stack_of
from dlkit.algorithms.lstm.spec import (
    BINS,
    FEWEST,
    PROBE,
    ROWS,
    SENTENCE,
    TOLD,
    UNITS_SHOWN,
    Params,
    nets_of,
)
from dlkit.algorithms.lstm.writing import LETTERS, WithDiary
from dlkit.contract import Array
from dlkit.datasets import adding, characters, reviews, series

SUMS_SHOWN = 200
JUDGED = 1000  # held-out reviews at each look, evenly spread
ORIGIN = 0.35  # where in the held-out part the forecast that is shown begins


@dataclass(frozen=True)
class Parts:
    """Examples to learn from and held-out ones."""

    x_train: Array
    y_train: Any
    x_val: Array
    y_val: Any
    in_order: bool = False


class Text:
    """Characters: the next one is asked for at each place."""

    def __init__(self, params: Params, run: WithDiary) -> None:
        self.params, self.run = params, run
        self.text = characters.characters(params.data, params.own_text)

    def parts(self) -> Parts:
        """Windows of the context's length to learn from; long stretches of the held part to check.

        Each begins with an empty memory, so the windows may be shuffled; where the memory is
        carried on, they stay in order. Those of a short text overlap, so that there are enough.
        """
        held = characters.checks(self.text.held, characters.STRETCH)
        if self.params.stateful:
            rows, _ = streams_of(self.params)
            x, y = characters.streams(self.text.train, rows, self.params.context)
        else:
            stride = min(self.params.context, max(1, len(self.text.train) // FEWEST))
            x, y = characters.windows(self.text.train, self.params.context, stride=stride)
        return Parts(x, y, *held, in_order=self.params.stateful)

    def fixed(self) -> dict[str, Array]:
        """The sentence whose gates are shown."""
        return {"sentence": writing.letters(self.text.decode(self._sentence()), SENTENCE)}

    def pictures(self, model: Any, step: int) -> dict[str, Array]:
        """What is written now after the prompt, all that is kept of earlier, and the gates."""
        stack = stack_of(model, self.params.cell)
        prompt = self.text.encode(characters.prompt(self.params.data, self.params.own_text))
        found = writing.write(
            stack,
            prompt,
            LETTERS - len(prompt),
            temperature=self.run.knob("temperature"),
            seed=self.params.seed,
        )
        self.run.diary = self.run.diary.with_text(step, self.text.decode(found.numbers))
        seen = writing.write(stack, self._sentence(), 0, temperature=1.0).gates
        return {**self.run.diary.arrays(), "gates": _bytes(seen, self.params.cell)}

    def _sentence(self) -> Array:
        """The held part from its first word on."""
        held = self.text.held
        spaces = np.flatnonzero(np.isin(held[:40], self.text.encode(" \n")))
        start = int(spaces[0]) + 1 if len(spaces) else 0
        sentence: Array = held[start : start + SENTENCE]
        return sentence

    def answer(self, model: Any, asked: dict[str, Any]) -> dict[str, Array]:
        """The person's text continued, and how one unit of the last layer went along."""
        prompt = self.text.encode(asked["prompt"])
        found = writing.write(
            stack_of(model, self.params.cell),
            prompt,
            asked["length"],
            temperature=asked["temperature"],
            top_k=asked["top_k"],
            seed=asked["draw"],
        )
        after = min(len(prompt), len(found.shares) - 1)
        return {
            "letters": writing.letters(self.text.decode(found.numbers), len(found.numbers)),
            "shares": found.shares,
            "others": np.array([writing.letters(self.text.decode(row), len(row))
                                for row in found.others]),
            "other_shares": found.other_shares,
            "given": np.array([len(prompt), after, (prompt == characters.UNKNOWN).sum()]),
            "unit": found.gates[-1, :, asked["unit"] - 1],
            "forget": found.gates[0, :, asked["unit"] - 1],
        }  # fmt: skip


class Forecast:
    """A series: the coming values are asked for, with a cone that should hold eight in ten."""

    def __init__(self, params: Params, run: WithDiary) -> None:
        self.params = params
        self.series = series.series(params.series, params.own_numbers)
        self._season = series.period(self.series.train, params.context)
        past, future = self._windows(self.series.held)
        self._past, self._future = past, future
        self._plain = {"naive": _naive(past, future.shape[1]), "seasonal": self._seasonal(past)}

    def parts(self) -> Parts:
        """Scaled windows; those of the check lie whole in the held-out end of the series."""
        past, future = self._windows(self.series.train)
        scaled = self.series.scaled
        return Parts(
            scaled(past)[..., None], scaled(future),
            scaled(self._past)[..., None], scaled(self._future),
        )  # fmt: skip

    def judge(self, model: Any) -> dict[str, float]:
        """The mean error in the series' own unit, beside that of plain rules; the cone's share."""
        cone = self._cone(model, self._past)
        plain = {f"{name}_error": _far(one, self._future) for name, one in self._plain.items()}
        inside = (self._future >= cone[..., 0]) & (self._future <= cone[..., 2])
        error = _far(cone[..., 1], self._future)
        return {**plain, "error": error, "coverage": float(inside.mean())}

    def fixed(self) -> dict[str, Array]:
        """One stretch of the held-out part, what came after it, and what plain rules say."""
        place = int(ORIGIN * len(self._past))
        return {
            "past": self._past[place],
            "future": self._future[place],
            "naive": self._plain["naive"][place],
            "seasonal": self._plain["seasonal"][place],
        }

    def pictures(self, model: Any, step: int) -> dict[str, Array]:
        """The cone over that stretch; the mean error for each step ahead, of all three rules."""
        cone = self._cone(model, self._past)
        rules = (cone[..., 1], self._plain["naive"], self._plain["seasonal"])
        ahead = [np.abs(rule - self._future).mean(axis=0) for rule in rules]
        return {"cone": cone[int(ORIGIN * len(cone))], "ahead": np.array(ahead, np.float32)}

    def answer(self, model: Any, asked: dict[str, Any]) -> dict[str, Array]:
        """The forecast from a place in the held-out part, or after numbers that a person gave."""
        own = [float(one) for one in asked["own"].replace(",", " ").split()]
        place = int(asked["start"] / 100 * (len(self._past) - 1))
        past, future = self._past[place : place + 1], self._future[place]
        if own:
            room = max(0, self.params.context - len(own))
            past = np.array([own[:1] * room + own[-self.params.context :]], np.float32)
            future = np.empty(0, np.float32)
        return {
            "past": past[0],
            "future": future,
            "cone": self._cone(model, past)[0],
            "naive": _naive(past, self.params.horizon)[0],
            "seasonal": self._seasonal(past)[0],
        }

    def _windows(self, values: Array) -> tuple[Array, Array]:
        return series.windows(values, self.params.context, self.params.horizon)

    def _seasonal(self, past: Array) -> Array:
        return series.seasonal(past, self.params.horizon, self._season)

    def _cone(self, model: Any, past: Array) -> Array:
        """The network's low, middle and high values for windows [N, past]: [N, future, 3]."""
        scaled = self.series.scaled(past)[..., None]
        steps = stack_of(model, self.params.cell).answers(scaled)
        cone = scaled[:, -1:] + steps.reshape(len(past), self.params.horizon, len(TOLD))
        # Nothing keeps the network from crossing the three; sorted they say what they mean.
        found: Array = np.sort(self.series.unscaled(cone), axis=2).astype(np.float32)
        return found


class Sentiment:
    """Reviews: whether they praise is asked for."""

    def __init__(self, params: Params, run: WithDiary) -> None:
        self.params = params
        self.reviews = reviews.reviews(params.reviews, params.seed, params.context)
        count = len(self.reviews.x_val)
        self._places = np.linspace(0, count - 1, min(JUDGED, count)).astype(int)
        self._every = max(1, len(self._places) // SUMS_SHOWN)

    def parts(self) -> Parts:
        """Whole reviews; of the held-out ones some, evenly spread."""
        held = self.reviews.x_val[self._places], self.reviews.y_val[self._places]
        return Parts(self.reviews.x_train, self.reviews.y_train, *held)

    def fixed(self) -> dict[str, Array]:
        """Nothing: the review that is looked into is always the same."""
        return {}

    def pictures(self, model: Any, step: int) -> dict[str, Array]:
        """How much praise is found in held-out reviews of both kinds; what single words do."""
        stack, some = stack_of(model, self.params.cell), self._places[:: self._every]
        praise, truth = _praise(stack, self.reviews.x_val[some]), self.reviews.y_val[some, 0]
        hills = [np.histogram(praise[truth == kind], BINS, (0, 1))[0] for kind in (0, 1)]
        changes = self._influence(stack, self.reviews.encode(PROBE))[1]
        return {"verdicts": np.array(hills, np.int32), "influence": changes}

    def answer(self, model: Any, asked: dict[str, Any]) -> dict[str, Array]:
        """How probable it is that a person's review praises, after each word and at the end."""
        stack, row = stack_of(model, self.params.cell), self.reviews.encode(asked["review"])
        praise, changes = self._influence(stack, row)
        words = reviews.parts(asked["review"])[-self.params.context :]
        begun = [row.shape[1] - len(words) + place + 1 for place in range(len(words))]
        read = np.zeros((len(words), row.shape[1]), np.int32)
        for one, end in zip(read, begun, strict=True):
            one[row.shape[1] - end :] = row[0, :end]
        spelled = " ".join(words)
        return {
            "review": writing.letters(spelled, len(spelled)),
            "praise": np.array([praise]),
            "influence": changes,
            "reading": _praise(stack, read),
            "unknown": np.array([(row == reviews.UNKNOWN).sum()]),
        }

    def _influence(self, stack: Stack, row: Array) -> tuple[float, Array]:
        """The probability of praise in a row [1, T], and by how much each word raises it.

        Each word in turn is hidden behind the sign for unknown ones: [words].
        """
        places = np.flatnonzero(row[0] != reviews.PADDING)
        hidden = np.repeat(row, 1 + len(places), axis=0)
        hidden[1 + np.arange(len(places)), places] = reviews.UNKNOWN
        praise = _praise(stack, hidden)
        return float(praise[0]), praise[0] - praise[1:]


class Adding:
    """Rows of numbers, two of them marked: their sum is asked for."""

    def __init__(self, params: Params, run: WithDiary) -> None:
        self.params = params

    def parts(self) -> Parts:
        """Rows made by the seed; the held-out ones by another."""
        length, seed = self.params.context, self.params.seed
        x, y = adding.adding(ROWS, length, seed=2 * seed)
        held, sums = adding.adding(ROWS // 10, length, seed=2 * seed + 1)
        nets = nets_of(self.params)
        if len(nets) == 1:
            return Parts(x, y, held, sums)
        return Parts(x, dict.fromkeys(nets, y), held, dict.fromkeys(nets, sums))

    def fixed(self) -> dict[str, Array]:
        """The true sums of some held-out rows."""
        return {"sums": self._some()[1][:, 0]}

    def pictures(self, model: Any, step: int) -> dict[str, Array]:
        """What each network answers to them."""
        return {"said": np.array([self._said(model, net)[:, 0] for net in nets_of(self.params)])}

    def answer(self, model: Any, asked: dict[str, Any]) -> dict[str, Array]:
        """One row, of any length, and what each network says."""
        rows, sums = adding.adding(1, asked["row_length"], seed=asked["draw"])
        nets = nets_of(self.params)
        said = [stack_of(model, net).answers(rows)[0, 0] for net in nets]
        return {"row": rows[0], "sum": sums[0], "said": np.array(said)}

    def _some(self) -> tuple[Array, Array]:
        return adding.adding(SUMS_SHOWN, self.params.context, seed=2 * self.params.seed + 1)

    def _said(self, model: Any, net: str) -> Array:
        return stack_of(model, net).answers(self._some()[0])


TASKS: dict[str, type[Text] | type[Forecast] | type[Sentiment] | type[Adding]] = {
    "text": Text, "series": Forecast, "sentiment": Sentiment, "adding": Adding,
}  # fmt: skip


def streams_of(params: Params) -> tuple[int, int]:
    """How many parts of a text are read side by side, and how many windows each has."""
    moments = len(characters.characters(params.data, params.own_text).train) - 1
    rows = min(params.batch_size, moments // params.context)
    return rows, moments // rows // params.context


def _praise(stack: Stack, rows: Array) -> Array:
    """The probability of praise for each row [N, T], [N]."""
    found: Array = 1 / (1 + np.exp(-stack.answers(rows)[:, 0]))
    return found.astype(np.float32)


def _naive(past: Array, future: int) -> Array:
    """Everything stays as it is: [N, past] -> [N, future]."""
    return np.repeat(past[:, -1:], future, axis=1)


def _far(said: Array, true: Array) -> float:
    return float(np.abs(said - true).mean())


def _bytes(gates: Array, kind: str) -> Array:
    """Gates [gates, T, U] of a few units as whole numbers 0 to 255, [gates, units, T].

    Gates go from 0 to 1; the memory from -1 to 1, so 128 is its zero.
    """
    some = gates[:, :, :UNITS_SHOWN].transpose(0, 2, 1)
    lowest = np.zeros((len(GATES[kind]), 1, 1))
    lowest[-1] = -1.0
    found: Array = np.round(255 * (some - lowest) / (1.0 - lowest)).astype(np.uint8)
    return found
