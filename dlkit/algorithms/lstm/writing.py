"""Writing a text with a network that tells the next character, and keeping what was written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dlkit.algorithms.lstm.cells import Stack
from dlkit.contract import Array, Checkpoint
from dlkit.datasets.characters import UNKNOWN

ALTERNATIVES = 5
DIARY = 8  # texts of one training that are kept
LETTERS = 120  # of each, the prompt included


@dataclass(frozen=True)
class Written:
    """A text, [N] numbers: a prompt, then what was added to it.

    `shares` [N] is the probability that the network gave each character before it was there, be it
    written or given; `others` [N, 5] and `other_shares` are the most probable ones. `gates` is what
    the last layer did at each character, [gates, N, U].
    """

    numbers: Array
    shares: Array
    others: Array
    other_shares: Array
    gates: Array


def write(
    stack: Stack, prompt: Array, count: int, *, temperature: float, top_k: int = 0, seed: int = 1
) -> Written:
    """Read `prompt` [N], then add `count` characters, each drawn from what the network expects.

    The probabilities shown are those that the draw is made from: they know the temperature.
    """
    random, states = np.random.default_rng(seed), stack.start(1)
    numbers, told, gates = list(prompt), [], []
    shares = shaped(np.zeros(stack.dense[1].shape, np.float32), temperature, top_k)
    for place in range(len(prompt) + count):
        if place == len(numbers):
            numbers.append(draw(shares, random))
        told.append(shares)
        logits, states, seen = stack.step(np.array([numbers[place]]), states)
        gates.append(np.concatenate(seen))  # [gates, U]
        shares = shaped(logits[0], temperature, top_k)
    all_shares, text = np.array(told), np.array(numbers, np.int32)
    others = np.argsort(-all_shares, axis=1, kind="stable")[:, :ALTERNATIVES]
    return Written(
        numbers=text,
        shares=all_shares[np.arange(len(text)), text],
        others=others.astype(np.int32),
        other_shares=np.take_along_axis(all_shares, others, axis=1),
        gates=np.stack(gates, axis=1),
    )


def shaped(logits: Array, temperature: float, top_k: int = 0) -> Array:
    """Logits [V] as probabilities: softmax(logits / temperature), of the `top_k` best only.

    The temperature divides the logits. Dividing probabilities would change nothing but their sum.
    The sign for unknown characters is never written.
    """
    sharp = logits.astype(np.float64) / temperature
    sharp[UNKNOWN] = -np.inf
    if 0 < top_k < len(sharp) - 1:
        sharp[sharp < np.partition(sharp, -top_k)[-top_k]] = -np.inf
    powers = np.exp(sharp - sharp.max())
    shares: Array = powers / powers.sum()
    return shares


def draw(shares: Array, random: np.random.Generator) -> int:
    """A number drawn with these probabilities [V]."""
    return min(int(np.searchsorted(shares.cumsum(), random.random(), "right")), len(shares) - 1)


def letters(text: str, size: int) -> Array:
    """A text as numbers, so that it can be kept beside them: code points, 0 behind, [size]."""
    codes = [ord(one) for one in text[:size]]
    return np.array([*codes, *[0] * (size - len(codes))], np.uint32)


def read(codes: Array) -> str:
    """What `letters` was given."""
    return "".join(chr(code) for code in np.asarray(codes).tolist() if code)


@dataclass(frozen=True)
class Diary:
    """Texts written in one training, and the step of each: the first, the last, some between."""

    steps: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()

    def with_text(self, step: int, text: str) -> "Diary":
        """One text more; where there are too many, one is left out where they lie closest.

        Close as steps count in learning: from 10 to 20 is as far as from 1000 to 2000.
        """
        earlier = sum(one < step for one in self.steps)
        steps, texts = [*self.steps[:earlier], step], [*self.texts[:earlier], text]
        if len(steps) > DIARY:
            gaps = [(steps[i + 1] + 1) / (steps[i - 1] + 1) for i in range(1, len(steps) - 1)]
            least = 1 + int(np.argmin(gaps))
            del steps[least], texts[least]
        return Diary(tuple(steps), tuple(texts))

    def arrays(self) -> dict[str, Array]:
        """As it is kept: `timeline` [rows, LETTERS], `timeline_steps` [rows]."""
        rows = [letters(text, LETTERS) for text in self.texts]
        return {
            "timeline": np.array(rows, np.uint32).reshape(-1, LETTERS),
            "timeline_steps": np.array(self.steps, np.int64),
        }


class WithDiary:
    """A run whose checkpoints also hold the diary, so that going on does not lose it."""

    def __init__(self, run: Any) -> None:
        self._run = run
        self.diary = Diary()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def checkpoint(self, step: int, state: Mapping[str, Array]) -> None:
        """Keep the state and what was written so far."""
        self._run.checkpoint(step, {**state, **self.diary.arrays()})

    def restored(self) -> Checkpoint | None:
        """The checkpoint to go on from; the diary goes on too."""
        found: Checkpoint | None = self._run.restored()
        if found is not None and "timeline" in found.state:
            texts = tuple(read(row) for row in found.state["timeline"])
            steps = tuple(int(step) for step in found.state["timeline_steps"])
            self.diary = replace(self.diary, steps=steps, texts=texts)
        return found
