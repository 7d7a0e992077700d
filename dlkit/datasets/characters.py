"""Texts as characters: one way to text for every network that reads and writes letter by letter.

A text is cut once, near its end: the first nine tenths are learned from, the last tenth is held
out, so no window of the one shares a character with the other. English and Chinese are read alike:
a character is a character.
"""

import bz2
import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlkit.contract import Array, CodedError
from dlkit.datasets import caches, grammar, own, wiki
from dlkit.datasets.files import frozen, package

HELD_OUT = 0.1  # of the text: its end
RARE = 200_000  # a character seen less than once in so many counts as unknown
OPENING = 16  # characters of a pasted text, in which the prompt ends at a blank
UNKNOWN = 0  # the number of the sign for every character that was not learned
SIGN = "\ufffd"
STRETCH, STRETCHES = 1024, 8  # characters of the held-out part that a look asks, and how often

SHAKESPEARE = caches.Cached(
    "shakespeare",
    (
        caches.File(
            ("shakespeare.txt",),
            "https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt",
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        ),
    ),
    instead="grammar",
)
TANG = caches.Cached(
    "tang_poems",
    (
        caches.File(
            ("tang300.json",),
            "https://raw.githubusercontent.com/chinese-poetry/chinese-poetry/master/"
            "%E5%85%A8%E5%94%90%E8%AF%97/%E5%94%90%E8%AF%97%E4%B8%89%E7%99%BE%E9%A6%96.json",
            "d77a145f7470da2ed2f79515944563c062ffc43fceda07f195a36ead66b7e5c7",
        ),
    ),
    layout="text/chinese",
    instead="verse",
)
CACHED = {one.name: one for one in (SHAKESPEARE, TANG)}
# Each text, and the words with which a network may be asked to begin.
PROMPTS = {
    "grammar": "the king ",
    "lee_news": "The government ",
    "wikipedia": "The history of ",
    "shakespeare": "ROMEO:\n",
    "verse": "明月",
    "tang_poems": "明月",
}
TEXTS = tuple(PROMPTS)
CHINESE = ("verse", "tang_poems")


@dataclass(frozen=True)
class Characters:
    """A text in numbers: the part to learn from `train` [N], the part held out `held` [M], int32.

    `symbols` are the characters of the training part by number; number 0 stands for all others.
    """

    symbols: tuple[str, ...]
    train: Array
    held: Array

    @functools.cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each character."""
        return {symbol: number for number, symbol in enumerate(self.symbols) if number}

    def encode(self, text: str) -> Array:
        """A person's text in numbers [N]; characters that were not learned are `UNKNOWN`."""
        return np.array([self.numbers.get(one, UNKNOWN) for one in text], np.int32)

    def decode(self, numbers: Array) -> str:
        """The text that these numbers stand for."""
        return "".join(self.symbols[number] for number in np.asarray(numbers).tolist())


@functools.lru_cache(maxsize=4)
def characters(name: str, pasted: str = "") -> Characters:
    """The text called `name`, or the pasted one of a person.

    Raises `CodedError` not_an_option, data_missing, or what is wrong with the pasted one.
    """
    if name == own.OWN:
        return numbered(own.text(pasted))
    if name not in _READERS:
        raise CodedError("not_an_option", given=name, allowed=", ".join(TEXTS))
    return numbered(_READERS[name]())


def prompt(name: str, pasted: str = "") -> str:
    """The words with which a network may be asked to begin: of a pasted text its first ones."""
    if name != own.OWN:
        return PROMPTS[name]
    first = pasted.strip()[:OPENING]
    return first[: first.rfind(" ") + 1] or first[:2] or " "


def numbered(text: str) -> Characters:
    """Any text in numbers, cut into the part to learn from and the part held out."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    cut = len(codes) - round(len(codes) * HELD_OUT)
    found, counts = np.unique(codes[:cut], return_counts=True)
    found = found[counts >= cut / RARE]
    place = np.searchsorted(found, codes).clip(max=len(found) - 1)
    numbers = np.where(found[place] == codes, place + 1, UNKNOWN).astype(np.int32)
    return Characters(
        symbols=(SIGN, *(chr(code) for code in found)),
        train=frozen(numbers[:cut]),
        held=frozen(numbers[cut:]),
    )


def windows(stream: Array, length: int, *, stride: int = 0) -> tuple[Array, Array]:
    """Parts of a stream and, for each, what comes one character later: two [N, length].

    They begin every `stride` characters, or one behind the other. A stream that is too short for
    one window gives a single shorter one.
    """
    length = min(length, len(stream) - 1)
    starts = np.arange(0, len(stream) - length, stride or length)
    places = starts[:, None] + np.arange(length)
    return stream[places], stream[places + 1]


def checks(held: Array, length: int) -> tuple[Array, Array]:
    """What every network is checked with at a look, in windows of `length`: two [N, length].

    The same characters whatever the length: a few stretches of the held-out part, evenly spread.
    Each character is asked once. Where the windows of a stretch do not come out even, the last one
    lies over the one before, and what that has asked already is `UNKNOWN`, which does not count.
    """
    stretch = min(STRETCH, len(held) - 1)
    length, most = min(length, stretch), len(held) - 1 - stretch
    count = min(STRETCHES, (len(held) - 1) // stretch)
    begins = np.linspace(0, most, count).astype(int)
    even = np.arange(0, stretch, length)
    starts = np.minimum(even, stretch - length)
    places = (begins[:, None, None] + starts[:, None] + np.arange(length)).reshape(-1, length)
    again = np.arange(length) < (even - starts)[:, None]
    asked = np.where(np.tile(again, (count, 1)), UNKNOWN, held[places + 1])
    return held[places], asked


def streams(stream: Array, rows: int, length: int) -> tuple[Array, Array]:
    """A stream cut into `rows` parts that are read side by side, as `windows` gives them.

    Each `rows` windows go on where the `rows` before them ended, [N, length].
    """
    count = (len(stream) - 1) // rows // length  # windows of a part
    part, window = np.arange(rows)[None, :, None], np.arange(count)[:, None, None]
    places = ((part * count + window) * length + np.arange(length)).reshape(-1, length)
    return stream[places], stream[places + 1]


def is_there(name: str) -> bool:
    """Whether the text called `name` can be had without a download."""
    return name not in CACHED or caches.is_there(CACHED[name])


def _grammar() -> str:
    return "".join(" ".join(words) + ".\n" for words in grammar.sentences())


def _lee_news() -> str:
    """300 stories of an Australian broadcaster, 2001 and 2002 (Lee, Pincombe and Welsh 2005)."""
    return _gensim("lee_background.cor").read_text("utf-8")


def _wikipedia() -> str:
    """A hundred articles from the beginning of the English Wikipedia, a paragraph a line."""
    name = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
    with bz2.open(_gensim(name)) as file:
        lines = (line for text in wiki.articles(file) for line in text.splitlines())
        return "".join(f"{' '.join(line.split())}\n" for line in lines if line.strip())


def _shakespeare() -> str:
    """A million characters of his plays, as chosen by Andrej Karpathy (2015)."""
    return caches.contents(SHAKESPEARE)[0].decode("utf-8")


def _verse() -> str:
    """A hundred and more of the best known poems of the Tang, in simplified characters."""
    return Path(__file__).with_name("verse.txt").read_text("utf-8")


def _tang_poems() -> str:
    """Three hundred Tang poems (Sun Zhu, 1763), in traditional characters."""
    poems = json.loads(caches.contents(TANG)[0])
    return "\n".join("\n".join((one["title"], *one["paragraphs"], "")) for one in poems)


_READERS: dict[str, Callable[[], str]] = {
    "grammar": _grammar, "lee_news": _lee_news, "wikipedia": _wikipedia,
    "shakespeare": _shakespeare, "verse": _verse, "tang_poems": _tang_poems,
}  # fmt: skip


def _gensim(name: str) -> Path:
    return package("gensim", instead="grammar") / "test" / "test_data" / name
