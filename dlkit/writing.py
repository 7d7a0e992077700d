"""Writing with a network that says what comes next, token after token, in one compiled loop.

A network comes with two functions. `begin(model, rows, question)` makes what is kept of places that
were read: nested tensors, whose first axis counts rows, all of them as large as they will ever be.
`step(model, tokens [B, 1], place, kept)` gives logits [B, V] of what follows, and what is kept now.
As no shape grows, the loop is traced once, however much is written.
"""

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from dlkit.contract import Array
from dlkit.datasets.pairs import END, PADDING, START

TOLD = 5  # alternatives that are told for each token
NEVER = -1e9  # the score of what may not be

Begin = Callable[..., Any]
Step = Callable[..., Any]


@functools.lru_cache(maxsize=4)
def writer(model: Any, begin: Begin, step: Step) -> "Writer":
    """What writes texts with a model; made and traced once for each."""
    return Writer(model, begin, step)


@functools.lru_cache(maxsize=8)
def answerer(model: Any, begin: Begin, step: Step, *, count: int, beams: int) -> "Answerer":
    """What answers so many questions at once with a model; made and traced once for each."""
    return Answerer(model, begin, step, count=count, beams=beams)


def likeliest(model: Any, begin: Begin, step: Step, questions: Array) -> Array:
    """To each question [N, S] an answer [N, T + 1]: the most probable token, again and again."""
    one = answerer(model, begin, step, count=len(questions), beams=1)
    found: Array = one.answers(questions)[0][:, 0]
    return found


class Writer(keras.Model):
    """Reads the beginning of a text and writes on, each token drawn from the network's shares."""

    def __init__(self, model: Any, begin: Begin, step: Step) -> None:
        """The last output axes of `model` are places and symbols."""
        super().__init__()
        self.model, self.begin, self.step = model, begin, step
        self.places = int(model.output.shape[1])

    def write(
        self,
        beginning: Array,
        until: int,
        *,
        seed: int = 0,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
    ) -> dict[str, Array]:
        """Tokens [until] that begin with `beginning` [N]; with temperature 0 the likeliest ones.

        "shares" [until]: how probable each token was; "others" and "other_shares" [until, TOLD]:
        the likeliest tokens in its place. Those of the first token are 0: nothing was before it.
        A text longer than the network's places is written page by page: the second half of a page
        is read again as the beginning of the next.
        """
        random, text = np.random.default_rng(seed), _unread(beginning)
        start = max(0, len(beginning) - self.places)
        how = np.array([[temperature, top_k or 1 << 30, top_p]], np.float32)
        while True:
            page = self._page(text["tokens"][start:], until - start, random, how)
            read = len(text["tokens"]) - start if start else 0  # known from the page before
            text = {
                name: np.concatenate([text[name][: start + read], page[name][read:]])
                for name in page
            }
            if len(text["tokens"]) >= until:
                return text
            start = len(text["tokens"]) - max(1, self.places // 2)

    def _page(
        self, beginning: Array, until: int, random: np.random.Generator, how: Array
    ) -> dict[str, Array]:
        """Up to `until` tokens, as far as the places reach."""
        until = min(max(until, len(beginning)), self.places + 1)
        tokens = np.zeros((1, self.places + 1), np.int32)
        tokens[0, : len(beginning)] = beginning
        given = {
            "tokens": tokens,
            "ends": np.array([[len(beginning), until]], np.int32),
            "chance": random.random((1, self.places), np.float32),
            "how": how,
        }
        found = self.predict_on_batch(given)
        return {name: np.asarray(value)[0, :until] for name, value in found.items()}

    def call(self, given: dict[str, Any]) -> dict[str, Any]:
        """The loop: place after place, the beginning first."""
        ends, how = given["ends"][0], given["how"][0]
        places = ops.arange(self.places + 1)

        def more(place: Any, *rest: Any) -> Any:
            return place < ends[1] - 1

        def one(place: Any, tokens: Any, told: Any, kept: Any) -> Any:
            logits, kept = self.step(
                self.model, ops.take(tokens, place, axis=1)[:, None], place, kept
            )
            shares = ops.softmax(logits)  # [1, V]
            drawn = draw(narrowed(logits, how), ops.take(given["chance"], place, axis=1))
            fixed = ops.take(tokens, ops.minimum(place + 1, self.places), axis=1)
            token = ops.where(place + 1 < ends[0], fixed, drawn)  # [1]
            likely, others = ops.top_k(shares, TOLD)
            now = ops.take_along_axis(shares, token[:, None], axis=1)
            here = ops.equal(places, place + 1)[None]  # [1, T + 1]
            tokens = ops.where(here, token[:, None], tokens)
            new = (now, ops.cast(others, "int32")[:, None], likely[:, None])
            told = tuple(
                ops.where(ops.reshape(here, (1, -1, *[1] * (len(old.shape) - 2))), n, old)
                for n, old in zip(new, told, strict=True)
            )
            return place + 1, tokens, told, kept

        size = self.places + 1
        told = (
            ops.zeros((1, size)),
            ops.zeros((1, size, TOLD), "int32"),
            ops.zeros((1, size, TOLD)),
        )
        state = (ops.convert_to_tensor(0), given["tokens"], told, self.begin(self.model, 1))
        _, tokens, (shares, others, likely), _ = ops.while_loop(more, one, state)
        return {"tokens": tokens, "shares": shares, "others": others, "other_shares": likely}


class Answerer(keras.Model):
    """Answers questions by beam search: of all answers begun, the most probable few go on."""

    def __init__(self, model: Any, begin: Begin, step: Step, *, count: int, beams: int) -> None:
        """For `count` questions at a time."""
        super().__init__()
        self.model, self.begin, self.step = model, begin, step
        self.places, self.count, self.beams = int(model.output.shape[1]), count, beams

    def answers(self, questions: Array) -> tuple[Array, Array]:
        """Questions [N, S] -> answers [N, beams, T] with their start, and log probabilities."""
        tokens, scores = self.predict_on_batch(questions)
        return np.asarray(tokens), np.asarray(scores)

    def call(self, questions: Any) -> tuple[Any, Any]:
        """The loop: place after place, until every answer has come to its end."""
        count, beams = self.count, self.beams
        rows = count * beams
        first = np.arange(count, dtype=np.int32)[:, None] * beams  # the first row of each question
        places = ops.arange(self.places + 1)

        def more(place: Any, tokens: Any, *rest: Any) -> Any:
            last = ops.take(tokens, place, axis=1)
            ended = ops.logical_or(ops.equal(last, END), ops.equal(last, PADDING))
            return ops.logical_and(place < self.places, ops.logical_not(ops.all(ended)))

        def one(place: Any, tokens: Any, scores: Any, kept: Any) -> Any:
            last = ops.take(tokens, place, axis=1)  # [rows]
            logits, kept = self.step(self.model, last[:, None], place, kept)
            size = logits.shape[-1]
            ended = ops.logical_or(ops.equal(last, END), ops.equal(last, PADDING))
            padded = np.full((1, size), NEVER, np.float32)
            padded[0, PADDING] = 0.0  # after its end an answer costs nothing more
            logs = ops.where(ended[:, None], padded, ops.log_softmax(logits))
            totals = ops.reshape(scores[:, :, None] + ops.reshape(logs, (count, beams, size)),
                                 (count, beams * size))  # fmt: skip
            scores, best = ops.top_k(totals, beams)  # [N, beams]
            best = ops.cast(best, "int32")
            origin = ops.reshape(first + best // size, (rows,))
            token = ops.reshape(best % size, (rows, 1))
            tokens = ops.take(tokens, origin, axis=0)
            tokens = ops.where(ops.equal(places, place + 1)[None], token, tokens)
            if beams > 1:
                kept = keras.tree.map_structure(lambda x: ops.take(x, origin, axis=0), kept)
            return place + 1, tokens, scores, kept

        tokens = np.full((rows, self.places + 1), PADDING, np.int32)
        tokens[:, 0] = START
        scores = np.full((count, beams), NEVER, np.float32)
        scores[:, 0] = 0.0  # all rows of a question are alike at first: only one may go on
        kept = self.begin(self.model, rows, ops.repeat(questions, beams, axis=0))
        state = (
            ops.convert_to_tensor(0),
            ops.convert_to_tensor(tokens),
            ops.convert_to_tensor(scores),
            kept,
        )
        _, tokens, scores, _ = ops.while_loop(more, one, state)
        return ops.reshape(tokens, (count, beams, self.places + 1)), scores


def _unread(beginning: Array) -> dict[str, Array]:
    """A beginning of which nothing is known yet."""
    count = len(beginning)
    return {
        "tokens": np.asarray(beginning, np.int32),
        "shares": np.zeros(count, np.float32),
        "others": np.zeros((count, TOLD), np.int32),
        "other_shares": np.zeros((count, TOLD), np.float32),
    }


@keras.saving.register_keras_serializable("dlkit.writing")
def exact(y: Any, logits: Any) -> Any:
    """Whether all of an answer [B, T] is right, [B].

    Taking the most probable token again and again writes it exactly if each is the most probable
    one after the right ones before it: one look at all places tells.
    """
    right = ops.equal(ops.argmax(logits, axis=-1), ops.cast(y, "int32"))
    return ops.cast(ops.all(ops.logical_or(right, ops.equal(y, PADDING)), axis=-1), "float32")


def narrowed(logits: Any, how: Any) -> Any:
    """Shares [B, V] to draw from. `how`: temperature, top k, top p.

    The temperature divides the logits (never the probabilities). Of the tokens only the `top k`
    likeliest are left, and of those as many as it takes to have `top p` of what they share.
    """
    temperature, top_k, top_p = how[0], how[1], how[2]
    size = logits.shape[-1]
    likeliest = ops.equal(ops.argmax(logits, axis=-1)[:, None], ops.arange(size))
    scaled = logits / ops.maximum(temperature, 1e-3)
    place = ops.cast(ops.minimum(top_k, float(size)), "int32") - 1
    least = ops.take(ops.flip(ops.sort(scaled, axis=-1), axis=-1), place, axis=-1)
    shares = ops.softmax(ops.where(scaled < least[:, None], NEVER, scaled))
    falling = ops.flip(ops.sort(shares, axis=-1), axis=-1)
    needed = ops.cumsum(falling, axis=-1) - falling < top_p
    least = ops.min(ops.where(needed, falling, 1.0), axis=-1, keepdims=True)
    shares = ops.where(shares < least, 0.0, shares)
    return ops.where(temperature > 0, shares, ops.cast(likeliest, shares.dtype))


def draw(shares: Any, chance: Any) -> Any:
    """A token for each row of shares [B, V], by a number [B] between 0 and 1."""
    reached = ops.cumsum(shares, axis=-1)
    wanted = chance * reached[:, -1] * (1 - 1e-6)
    return ops.cast(ops.sum(ops.cast(reached <= wanted[:, None], "int32"), axis=-1), "int32")
