"""What this chapter learns from and shows: arrays in, arrays out, no model.

The model comes in as two functions: one writes or answers, one tells where each head looked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlkit.algorithms.transformer.bleu import bleu
from dlkit.algorithms.transformer.spec import (
    ASKED,
    BYTES,
    EPOCH,
    LETTERS,
    SENTENCE,
    WRITTEN,
    Params,
    is_pairs,
    pairs_of,
    text_of,
)
from dlkit.contract import Array
from dlkit.datasets import characters, pairs
from dlkit.datasets.characters import Characters
from dlkit.datasets.pairs import Pairs

MOST_WINDOWS = 1_000_000
MAPPED = 8  # layers, and heads, whose maps are shown
TIMELINE = 6  # texts
TRANSLATED = 128  # held-out sentences whose translations are measured at each look, evenly spread

Wrote = dict[str, Array]
Writes = Callable[..., Wrote]
Looks = Callable[[Any], list[Array]]


@dataclass(frozen=True)
class Data:
    """What a network learns from, in the order of its inputs; `tokens` of an example count."""

    x_train: Any
    y_train: Array
    x_val: Any
    y_val: Array
    tokens: float
    steps_per_epoch: int


def data_of(params: Params) -> Data:
    """Windows of a text, or questions with the answers one token behind and ahead."""
    if is_pairs(params):
        found = pairs_of(params)
        known, held = found.answers, found.held_answers
        return Data(
            x_train=(found.questions, known[:, :-1]),
            y_train=known[:, 1:],
            x_val=(found.held_questions, held[:, :-1]),
            y_val=held[:, 1:],
            tokens=float((known[:, 1:] > 0).mean() * (known.shape[1] - 1)),
            steps_per_epoch=EPOCH,
        )
    text = text_of(params)
    x, y = windows(text.train, params.context)
    x_val, y_val = characters.checks(text.held, params.context)
    return Data(x, y, x_val, y_val, float(params.context), EPOCH)


def windows(stream: Array, length: int) -> tuple[Array, Array]:
    """All windows of a stream [N, length], not copied, and what comes one character later."""
    every = -(-len(stream) // MOST_WINDOWS)
    both = np.lib.stride_tricks.sliding_window_view(stream, length + 1)[::every]
    return both[:, :-1], both[:, 1:]


class TextLook:
    """What a training on a text shows: how it writes on from one prompt, and where it looks."""

    def __init__(
        self, params: Params, writes: Writes, looks: Looks, temperature: Callable[[], float]
    ) -> None:
        """`writes(beginning, until, temperature=...)` and `looks(tokens)`."""
        self._params, self._writes, self._looks = params, writes, looks
        self._temperature = temperature
        self._text = text_of(params)
        prompt = characters.prompt(params.data, params.own_text)
        self._prompt = self._text.encode(prompt)
        held = self._text.decode(self._text.held[:2000])
        start = held.find("\n") + 1
        self._sentence = self._text.held[start : start + min(SENTENCE, params.context)]
        self._told: list[tuple[int, str]] = []

    def fixed(self) -> dict[str, Array]:
        """The sentence whose maps are shown."""
        letters = [self._text.symbols[number] for number in self._sentence]
        return {"rows": spelled(letters), "columns": spelled(letters)}

    def pictures(self, step: int) -> dict[str, Array]:
        """The text it writes now and wrote before, and the maps of the fixed sentence."""
        until, temperature = len(self._prompt) + WRITTEN, self._temperature()
        written = self._writes(self._prompt, until, temperature=temperature)
        self._told = timeline(self._told, step, self._text.decode(written["tokens"]))
        (maps,) = self._looks(padded(self._sentence, self._params.context))
        length = len(self._sentence)
        return {
            "written": coded([text for _, text in self._told]),
            "written_at": np.array([at for at, _ in self._told], np.int32),
            "maps": in_bytes(maps[:, :, :length, :length]),
        }


class PairsLook:
    """What a training on pairs shows: answers to a few fixed questions, and where it looks."""

    def __init__(self, params: Params, answers: Callable[[Array], Array], looks: Looks) -> None:
        """`answers(questions [N, S])` gives [N, T + 1], `looks([question, tokens])`."""
        self._answers, self._looks = answers, looks
        self._pairs = pairs_of(params)
        self._questions = self._pairs.held_questions[:ASKED]

    def fixed(self) -> dict[str, Array]:
        """The questions, their true answers, and the symbols of the first question."""
        read, first = self._pairs.decode, self._pairs.spelled(self._questions[0])
        return {
            "asked": coded([read(row) for row in self._questions]),
            "wanted": coded([read(row) for row in self._pairs.held_answers[:ASKED]]),
            "columns": spelled(first),
            "unknown": np.array([unknown_share(self._pairs)], np.float32),
        }

    def pictures(self, step: int) -> dict[str, Array]:
        """Its answers now, and where the first of them looked at its question."""
        said = self._answers(self._questions)
        across, rows, columns = alignment(self._pairs, self._questions[:1], said[0], self._looks)
        return {
            "answers": coded([self._pairs.decode(row) for row in said]),
            "maps": in_bytes(across[:, :, : len(rows), : len(columns)]),
            "rows": spelled(rows),
        }


class Translations:
    """Some held-out sentences, and how near their translations come to the given ones."""

    def __init__(self, params: Params, answers: Callable[[Array], Array]) -> None:
        """`answers(questions [N, S])` gives [N, T + 1]."""
        self._answers, self._pairs = answers, pairs_of(params)
        count = len(self._pairs.held_questions)
        self._places = np.linspace(0, count - 1, min(TRANSLATED, count)).astype(int)

    @property
    def questions(self) -> Array:
        """The sentences [N, S]."""
        chosen: Array = self._pairs.held_questions[self._places]
        return chosen

    def judged(self) -> dict[str, float]:
        """What their translations are worth now: "bleu", from 0 to 100."""
        said = self._answers(self.questions)
        read, true = self._pairs.spelled, self._pairs.held_answers[self._places]
        return {"bleu": bleu([read(one) for one in said], [read(one) for one in true])}


def alignment(
    found: Pairs, question: Array, said: Array, looks: Looks, *, kind: int = 2
) -> tuple[Array, list[str], list[str]]:
    """Where an answer [T + 1] to a question [1, S] looked: maps, names of the rows and columns.

    `kind` 0: from the question to itself, 1: from the answer to itself, 2: to the question. A row
    of an answer is the place that writes its symbol.
    """
    maps = looks([question, said[None, :-1]])[kind]
    asked, written = found.spelled(question[0]), [*found.spelled(said), "⏎"]
    places = ["▸", *found.spelled(said)]
    rows = asked if kind == 0 else written
    columns = (asked, places, asked)[kind]
    return maps, rows[: maps.shape[2]], columns[: maps.shape[3]]


def timeline(told: Sequence[tuple[int, str]], step: int, text: str) -> list[tuple[int, str]]:
    """The texts of steps that double, and at the end the one of now."""
    kept = [one for one in told if one[0] < step]
    if len(kept) > 1 and kept[-1][0] < 2 * kept[-2][0]:
        kept = kept[:-1]
    return [*kept[:1], *kept[1:][-(TIMELINE - 2) :], (step, text)]


def unknown_share(found: Pairs) -> float:
    """How much of the held-out questions and answers the network has no symbol for."""
    both = np.concatenate([found.held_questions, found.held_answers[:, 1:]], axis=1)
    return float((both == pairs.UNKNOWN).sum() / (both != pairs.PADDING).sum())


def padded(tokens: Array, length: int) -> Array:
    """Tokens as one row [1, length]."""
    row = np.zeros((1, length), np.int32)
    row[0, : len(tokens)] = tokens[:length]
    return row


def in_bytes(maps: Array) -> Array:
    """Shares of attention [L, heads, T, S] as whole numbers up to 255, of the first few."""
    whole: Array = np.rint(255 * np.nan_to_num(maps[:MAPPED, :MAPPED])).astype(np.uint8)
    return whole


def coded(texts: Sequence[str]) -> Array:
    """Texts as the numbers of their characters, [N, LETTERS], 0 behind."""
    rows = np.zeros((len(texts), LETTERS), np.int32)
    for row, text in zip(rows, texts, strict=True):
        codes = [ord(letter) for letter in text[:LETTERS]]
        row[: len(codes)] = codes
    return rows


def spelled(tokens: Sequence[str]) -> Array:
    """Tokens as UTF-8, [N, BYTES], 0 behind."""
    rows = [token.encode()[:BYTES].ljust(BYTES, b"\0") for token in tokens]
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, BYTES)


def text_answer(
    text: Characters, wrote: Wrote, beginning: Array, looks: Looks, context: int
) -> dict[str, Array]:
    """What `play` tells of a text: how probable each character was, what else might be, maps."""
    others = [text.symbols[number] for number in wrote["others"].ravel()]
    sentence = beginning[-min(SENTENCE, context) :]
    (maps,) = looks(padded(sentence, context))
    length = len(sentence)
    names = spelled([text.symbols[number] for number in sentence])
    return {
        "tokens": spelled([text.symbols[number] for number in wrote["tokens"]]),
        "shares": wrote["shares"].astype(np.float32),
        "others": spelled(others).reshape(*wrote["others"].shape, BYTES),
        "other_shares": wrote["other_shares"].astype(np.float32),
        "begun": np.array([len(beginning)], np.int32),
        "maps": in_bytes(maps[:, :, :length, :length]),
        "rows": names,
        "columns": names,
    }


def pairs_answer(
    found: Pairs, question: Array, said: Array, scores: Array, looks: Looks, *, kind: int
) -> dict[str, Array]:
    """What `play` tells of a question: answers with their probabilities, the likeliest's maps."""
    maps, rows, columns = alignment(found, question, said[0], looks, kind=kind)
    return {
        "answers": coded([found.decode(row) for row in said]),
        "answer_shares": np.exp(scores).astype(np.float32),
        "maps": in_bytes(maps[:, :, : len(rows), : len(columns)]),
        "rows": spelled(rows),
        "columns": spelled(columns),
    }
