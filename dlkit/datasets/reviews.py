"""Reviews of films, each praising or damning: words in numbers, and what was meant.

A row is read from left to right and ends with the last word, so short ones are padded in front; of
long ones the end is kept, where people say what they think.
"""

import functools
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlkit.contract import Array, CodedError
from dlkit.datasets import caches
from dlkit.datasets.files import frozen

PADDING, UNKNOWN = 0, 1
SIGN = "\ufffd"
VOCABULARY = 20_000  # words at most, padding and the sign for unknown ones included
MADE, HELD_MADE = 4000, 500
HELD_OUT = 0.1  # of each half, where nobody has published a split
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_NLTK_HOMES = (Path.home() / "nltk_data" / "corpora", Path("/usr/share/nltk_data/corpora"))

IMDB = caches.Cached(
    "imdb",
    (
        caches.File(
            ("imdb.npz",),
            "imdb.npz",
            "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
        ),
        caches.File(
            ("imdb_word_index.json",),
            "imdb_word_index.json",
            "027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",
        ),
    ),
    instead="made_reviews",
)
MOVIE_REVIEWS = caches.Cached(
    "movie_reviews",
    (
        caches.File(
            ("movie_reviews.zip",),
            "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages/corpora/"
            "movie_reviews.zip",
            "a41211ae685019137410268134db6a1a14428c89b671eb83056151a878539008",
        ),
    ),
    layout="nltk_data/corpora",
    further=_NLTK_HOMES,
    instead="made_reviews",
)
CACHED = {one.name: one for one in (IMDB, MOVIE_REVIEWS)}
REVIEWS = ("made_reviews", *CACHED)


@dataclass(frozen=True)
class Reviews:
    """Rows [N, length] of word numbers, and whether each praises: 1 or 0, [N, 1] float32."""

    words: tuple[str, ...]
    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array

    @functools.cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words) if number > UNKNOWN}

    def encode(self, text: str) -> Array:
        """A person's review as one row [1, length]. Raises `CodedError("no_words")`."""
        words = parts(text)
        if not words:
            raise CodedError("no_words", given=text[:40])
        numbers = [self.numbers.get(word, UNKNOWN) for word in words]
        return _rows([numbers], self.x_train.shape[1])


@functools.lru_cache(maxsize=2)
def reviews(name: str, seed: int, length: int) -> Reviews:
    """The reviews called `name`, `length` words of each. Raises `CodedError` like `caches`."""
    if name == "imdb":
        return _imdb(length)
    readers = {"made_reviews": _made, "movie_reviews": _movie_reviews}
    if name not in readers:
        raise CodedError("not_an_option", given=name, allowed=", ".join(REVIEWS))
    learned, held = readers[name](seed)
    counts = Counter(word for text, _ in learned for word in text)
    known = [word for word, _ in counts.most_common(VOCABULARY - 2)]
    numbers = {word: number for number, word in enumerate(known, start=2)}
    rows = [
        _rows([[numbers.get(word, UNKNOWN) for word in text] for text, _ in part], length)
        for part in (learned, held)
    ]
    truth = [_truth(praises for _, praises in part) for part in (learned, held)]
    return Reviews(("", SIGN, *known), rows[0], truth[0], rows[1], truth[1])


def is_there(name: str) -> bool:
    """Whether the reviews called `name` can be had without a download."""
    return name not in CACHED or caches.is_there(CACHED[name])


def parts(text: str) -> list[str]:
    """The words of a text in lower case; marks are left out."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


_Read = list[tuple[list[str], int]]


def _imdb(length: int) -> Reviews:
    """50,000 reviews, half of them to learn from, as published (Maas and others 2011)."""
    arrays, index = caches.contents(IMDB)
    places = json.loads(index)
    known = sorted((word for word in places if places[word] <= VOCABULARY - 2), key=places.get)
    # The lists of numbers are pickled. Nothing else can be: the file's hash was checked.
    with np.load(io.BytesIO(arrays), allow_pickle=True) as held:
        rows = {
            part: _rows([_ranked(one) for one in held[f"x_{part}"]], length)
            for part in ("train", "test")
        }
        truth = {part: _truth(held[f"y_{part}"]) for part in ("train", "test")}
    words = ("", SIGN, *known)
    return Reviews(words, rows["train"], truth["train"], rows["test"], truth["test"])


def _ranked(ranks: Sequence[int]) -> list[int]:
    """Words by how frequent they are, 1 for the most, as our numbers."""
    return [rank + 1 if rank <= VOCABULARY - 2 else UNKNOWN for rank in ranks]


def _movie_reviews(seed: int) -> tuple[_Read, _Read]:
    """2,000 reviews from Usenet (Pang and Lee 2004), a tenth of each half held out by the seed."""
    (content,) = caches.contents(MOVIE_REVIEWS)
    random = np.random.default_rng(seed)
    learned: _Read = []
    held: _Read = []
    with zipfile.ZipFile(io.BytesIO(content)) as folder:
        for praises, side in enumerate(("neg", "pos")):
            names = sorted(
                one for one in folder.namelist() if f"/{side}/" in one and one[-1] != "/"
            )
            cut = round(len(names) * HELD_OUT)
            texts = [
                (parts(folder.read(names[place]).decode("latin-1")), praises)
                for place in random.permutation(len(names))
            ]
            held, learned = [*held, *texts[:cut]], [*learned, *texts[cut:]]
    return learned, held


_THINGS = "acting story ending music dialogue film camera cast script pace".split()
_WORDS = (
    "dull boring clumsy hollow tedious silly flat awful lifeless forgettable".split(),
    "wonderful moving clever brilliant touching charming gripping lovely honest superb".split(),
)
_TURNS = ("not", "never", "hardly")


def _made(seed: int) -> tuple[_Read, _Read]:
    """Short reviews made by rule: who reads "not dull" as two words misjudges them."""
    random = np.random.default_rng(seed)
    found: dict[str, int] = {}
    while len(found) < MADE + HELD_MADE:
        praises = int(random.integers(2))
        found.setdefault(_review(random, praises), praises)
    texts = [(text.split(), praises) for text, praises in found.items()]
    return texts[HELD_MADE:], texts[:HELD_MADE]


def _review(random: np.random.Generator, praises: int) -> str:
    """One to three opinions of one mind; the other mind may be conceded, first or last."""
    said = " and ".join(_opinion(random, praises) for _ in range(int(random.integers(1, 4))))
    conceded, chance = f"although {_opinion(random, 1 - praises)}", random.random()
    return f"{conceded} {said}" if chance < 0.25 else f"{said} {conceded}" if chance < 0.5 else said


def _opinion(random: np.random.Generator, praises: int) -> str:
    turned = random.random() < 0.35
    word = str(random.choice(_WORDS[praises != turned]))
    said = f"{random.choice(_TURNS)} {word}" if turned else word
    thing = random.choice(_THINGS)
    return (f"the {thing} was {said}", f"i found the {thing} {said}")[int(random.integers(2))]


def _rows(texts: Sequence[Sequence[int]], length: int) -> Array:
    found = np.full((len(texts), length), PADDING, np.int32)
    for row, numbers in zip(found, texts, strict=True):
        end = numbers[-length:]
        row[length - len(end) :] = end
    return frozen(found)


def _truth(praises: Iterable[int]) -> Array:
    return frozen(np.array([*praises], np.float32)[:, None])
