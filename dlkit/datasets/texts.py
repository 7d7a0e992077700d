"""Texts as sentences of words, and the sets by which people judge word vectors.

All words are lower case. A word is a run of letters; digits and signs are left out.
"""

import bz2
import functools
import io
import re
import zipfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlkit.contract import Array, CodedError
from dlkit.datasets import caches, grammar, wiki
from dlkit.datasets.files import frozen, package

HELD_OUT = 0.05  # of the sentences
LONGEST = 1000  # words of a sentence where a text has no sentences
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_WIKIPEDIA = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
_NLTK = "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages/corpora/"
_NLTK_HOMES = (Path.home() / "nltk_data" / "corpora", Path("/usr/share/nltk_data/corpora"))


def _cached(name: str, file: caches.File, *, layout: str) -> caches.Cached:
    return caches.Cached(name, (file,), layout=layout, further=_NLTK_HOMES, instead="grammar")


ABC = _cached(
    "abc",
    caches.File(
        ("abc.zip",),
        f"{_NLTK}abc.zip",
        "129bb6001beb828049a90a59b7dd3c2f0594a47012e48fc5177dfae38e658565",
    ),
    layout="nltk_data/corpora",
)
BROWN = _cached(
    "brown",
    caches.File(
        ("brown.zip",),
        f"{_NLTK}brown.zip",
        "9b275f9b3b95d7bd66ccfb7cd259f445a13bbe5d1f4107aba09fd3e8364bafa6",
    ),
    layout="nltk_data/corpora",
)
CACHED = {one.name: one for one in (ABC, BROWN)}
TEXTS = ("grammar", "lee_news", "wikipedia", *CACHED)
JUDGED = TEXTS[1:]  # real English, which the usual judging sets can be asked of


@dataclass(frozen=True)
class Corpus:
    """A text in numbers: sentences one after the other, with a 0 behind each.

    `words` [V] in order of their `counts` [V] in the training part; word 0 is no word.
    """

    words: tuple[str, ...]
    counts: Array
    train: Array
    held: Array

    @functools.cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words) if number}

    def number(self, word: str) -> int:
        """The number of a word as a person types it. Raises `CodedError("word_unknown")`."""
        found = self.numbers.get(word.strip().lower())
        if found is None:
            raise CodedError("word_unknown", given=word.strip(), example=self.words[-1])
        return found

    def known(self, rows: Iterable[tuple[str, ...]]) -> Array:
        """The rows all of whose words are known, in numbers [N, words of a row]."""
        numbers = self.numbers
        kept = [[numbers[word] for word in row] for row in rows if all(w in numbers for w in row)]
        return np.array(kept, np.int32)


@functools.lru_cache(maxsize=4)
def corpus(name: str, seed: int, *, least: int) -> Corpus:
    """The text called `name`; words seen fewer than `least` times in its training part are dropped.

    A twentieth of the sentences, drawn by `seed`, is held out. Raises `CodedError` not_an_option,
    data_missing, file_damaged, or text_too_short where hardly a word is left.
    """
    spelled, tokens = _numbered(name)
    ends = tokens < 0
    sentence: Array = np.cumsum(ends) - ends
    random = np.random.default_rng(seed)
    held = np.isin(sentence, _drawn(random, int(ends.sum())))
    counts = np.bincount(tokens[~held & ~ends], minlength=len(spelled))
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] >= least]
    if len(order) < 8:
        raise CodedError("text_too_short", name=name, least=least)
    place = np.zeros(len(spelled) + 1, np.int32)  # the last is asked by -1, a sentence's end
    place[order] = np.arange(1, len(order) + 1)
    kept = (place[tokens] > 0) | ends
    return Corpus(
        words=("", *(spelled[number] for number in order)),
        counts=frozen(np.concatenate([[0], counts[order]])),
        train=frozen(place[tokens[kept & ~held]]),
        held=frozen(place[tokens[kept & held]]),
    )


def is_there(name: str) -> bool:
    """Whether the text called `name` can be had without a download."""
    return name not in CACHED or caches.is_there(CACHED[name])


def analogies(name: str) -> list[tuple[str, ...]]:
    """Questions a : b = c : d: the planted ones, for English Google's (Mikolov et al. 2013)."""
    if name == "grammar":
        return [*grammar.analogies()]
    lines = _judging("questions-words.txt").lower().splitlines()
    return [tuple(line.split()) for line in lines if line and line[0] != ":"]


def likenesses(name: str) -> tuple[list[tuple[str, ...]], Array]:
    """Pairs of words and how alike people find them, 0 to 10: WordSim-353 (Finkelstein 2002)."""
    if name not in JUDGED:
        return [], np.empty(0)
    lines = _judging("wordsim353.tsv").lower().splitlines()
    rows = [line.split("\t") for line in lines if line and line[0] != "#"]
    return [(row[0], row[1]) for row in rows], np.array([float(row[2]) for row in rows])


def _drawn(random: np.random.Generator, sentences: int) -> Array:
    """The sentences to hold out: a share of them, and one at least."""
    return random.permutation(sentences)[: max(1, round(sentences * HELD_OUT))]


@functools.lru_cache(maxsize=2)
def _numbered(name: str) -> tuple[list[str], Array]:
    """The distinct words of a text, and its words by their places there; -1 ends a sentence."""
    readers: dict[str, Callable[[], Iterator[list[str]]]] = {
        "grammar": grammar.sentences, "lee_news": _lee_news, "wikipedia": _wikipedia,
        "abc": _abc, "brown": _brown,
    }  # fmt: skip
    if name not in readers:
        raise CodedError("not_an_option", given=name, allowed=", ".join(TEXTS))
    places: dict[str, int] = {}
    tokens = array("i")
    for sentence in readers[name]():
        tokens.extend(places.setdefault(word, len(places)) for word in sentence)
        tokens.append(-1)
    return list(places), np.frombuffer(tokens, np.int32)


def _lee_news() -> Iterator[list[str]]:
    """300 stories of an Australian broadcaster, 2001 and 2002 (Lee, Pincombe and Welsh 2005)."""
    lines = _gensim("lee_background.cor").read_text("utf-8").splitlines()
    return _sentences(lines)


def _wikipedia() -> Iterator[list[str]]:
    """A hundred articles from the beginning of the English Wikipedia; a sentence is a paragraph."""
    with bz2.open(_gensim(_WIKIPEDIA)) as file:
        for text in wiki.articles(file):
            yield from _sentences(text.splitlines())


def _abc() -> Iterator[list[str]]:
    """Rural and science news of the Australian Broadcasting Commission, 2006; lines are stories."""
    with _opened(ABC) as folder:
        for name in ("abc/rural.txt", "abc/science.txt"):
            yield from _sentences(folder.read(name).decode("latin-1").splitlines())


def _brown() -> Iterator[list[str]]:
    """A million words of American English of 1961; every word carries its part of speech."""
    with _opened(BROWN) as folder:
        names = [n for n in folder.namelist() if re.fullmatch(r"brown/c[a-r]\d\d", n)]
        for name in sorted(names):
            lines = folder.read(name).decode("latin-1").splitlines()
            tagged = (line.split() for line in lines)
            yield from _sentences(
                " ".join(word.rpartition("/")[0] for word in line) for line in tagged
            )


def _sentences(lines: Iterable[str]) -> Iterator[list[str]]:
    """The words of each line; long lines in parts, lines of a single word not at all."""
    for line in lines:
        words = [word.replace("’", "'") for word in _WORD.findall(line.lower())]
        for start in range(0, len(words) - 1, LONGEST):
            yield words[start : start + LONGEST]


def _opened(one: caches.Cached) -> zipfile.ZipFile:
    (content,) = caches.contents(one)
    return zipfile.ZipFile(io.BytesIO(content))


@functools.cache
def _judging(name: str) -> str:
    return _gensim(name).read_text("utf-8")


def _gensim(name: str) -> Path:
    return package("gensim", instead="grammar") / "test" / "test_data" / name
