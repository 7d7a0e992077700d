"""Texts as sentences of words, and the sets by which people judge word vectors.

All words are lower case. A word is a run of letters; digits and signs are left out. Chinese is cut
into words by jieba.
"""

import bz2
import dataclasses
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
from dlkit.datasets import caches, chinese, grammar, pairs, wiki
from dlkit.datasets.files import frozen, package

HELD_OUT = 0.05  # of the sentences
LONGEST = 1000  # words of a sentence where a text has no sentences
OWN_LONGEST = 50  # the same of a person's own text, which is short
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?。！？…\n\r]+")
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
TATOEBA = dataclasses.replace(pairs.TATOEBA, instead="grammar_zh")
CACHED = {one.name: one for one in (ABC, BROWN, TATOEBA)}
OWN = "own"
PLANTED = tuple(grammar.GRAMMARS)
TEXTS = (*PLANTED, "lee_news", "wikipedia", *CACHED, OWN)
REAL = tuple(name for name in TEXTS if name not in PLANTED)
JUDGED = tuple(name for name in REAL if name != "tatoeba")  # where English may be asked about
# Pairs of words and how alike people find them, 0 to 10: WordSim-353 (Finkelstein and others 2002),
# SimLex-999 (Hill, Reichart and Korhonen 2015).
LIKENESSES = {"wordsim": "wordsim353.tsv", "simlex": "simlex999.txt"}
CHINESE_PAIRS: tuple[tuple[tuple[str, str], ...], ...] = (
    (
        ("中国", "中文"), ("法国", "法语"), ("日本", "日语"), ("德国", "德语"), ("英国", "英语"),
        ("俄罗斯", "俄语"), ("西班牙", "西班牙语"), ("意大利", "意大利语"),
    ),
    (
        ("爸爸", "妈妈"), ("父亲", "母亲"), ("哥哥", "姐姐"), ("弟弟", "妹妹"), ("儿子", "女儿"),
        ("男孩", "女孩"), ("男人", "女人"), ("爷爷", "奶奶"), ("叔叔", "阿姨"), ("他", "她"),
    ),
)  # fmt: skip


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

    def rated(self, pairs: list[tuple[str, ...]], ratings: Array) -> tuple[Array, Array]:
        """The pairs both of whose words are known, in numbers [N, 2], and their ratings [N]."""
        there = [all(word in self.numbers for word in pair) for pair in pairs]
        return self.known(pairs), ratings[np.array(there, bool)]


@functools.lru_cache(maxsize=4)
def corpus(name: str, seed: int, *, least: int, own: str = "") -> Corpus:
    """The text called `name`; words seen fewer than `least` times in its training part are dropped.

    "own" is the text given as `own`. A twentieth of the sentences, drawn by `seed`, is held out.
    Raises `CodedError` not_an_option, data_missing, file_damaged, or text_too_short where hardly a
    word is left.
    """
    spelled, tokens = _numbered(name, own if name == OWN else "")
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


def size(text: str) -> int:
    """About how many words a text has: a Chinese character counts as one."""
    return sum(len(chinese.HAN.findall(run)) or 1 for run in _WORD.findall(text))


def telling(word: str) -> bool:
    """Whether a word is long enough to mean something by itself."""
    return len(word) > (1 if chinese.HAN.search(word) else 3)


def analogies(name: str) -> list[tuple[str, ...]]:
    """Questions a : b = c : d: the planted ones, for English Google's (Mikolov et al. 2013).

    For Chinese a few of our own: who speaks what, and he and she in a family.
    """
    if name in PLANTED:
        return [*grammar.analogies(name)]
    asked = [one for relation in CHINESE_PAIRS for one in grammar.both_ways(relation)]
    if name not in JUDGED:
        return [*asked]
    lines = _judging("questions-words.txt").lower().splitlines()
    english = [tuple(line.split()) for line in lines if line and line[0] != ":"]
    return [*english, *asked] if name == OWN else english


def likenesses(name: str, asked: str = "wordsim") -> tuple[list[tuple[str, ...]], Array]:
    """Pairs of words and how alike people find them, 0 to 10, by one of `LIKENESSES`."""
    if name not in JUDGED:
        return [], np.empty(0)
    lines = _judging(LIKENESSES[asked]).lower().splitlines()
    rows = [line.split("\t") for line in lines if line and line[0] != "#"]
    return [(row[0], row[1]) for row in rows], np.array([float(row[2]) for row in rows])


def _drawn(random: np.random.Generator, sentences: int) -> Array:
    """The sentences to hold out: a share of them, and one at least."""
    return random.permutation(sentences)[: max(1, round(sentences * HELD_OUT))]


@functools.lru_cache(maxsize=2)
def _numbered(name: str, own: str) -> tuple[list[str], Array]:
    """The distinct words of a text, and its words by their places there; -1 ends a sentence."""
    readers: dict[str, Callable[[], Iterator[list[str]]]] = {
        **{one: functools.partial(_planted, one) for one in PLANTED},
        "lee_news": _lee_news, "wikipedia": _wikipedia, "abc": _abc, "brown": _brown,
        "tatoeba": _tatoeba, OWN: lambda: _own(own),
    }  # fmt: skip
    if name not in readers:
        raise CodedError("not_an_option", given=name, allowed=", ".join(TEXTS))
    places: dict[str, int] = {}
    tokens = array("i")
    for sentence in readers[name]():
        tokens.extend(places.setdefault(word, len(places)) for word in sentence)
        tokens.append(-1)
    return list(places), np.frombuffer(tokens, np.int32)


def _planted(name: str) -> Iterator[list[str]]:
    return _sentences(grammar.sentences(name))


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


def _tatoeba() -> Iterator[list[str]]:
    """Everyday Chinese: sentences that volunteers of Tatoeba translated from English."""
    (content,) = caches.contents(TATOEBA)
    yield from _sentences(line.split("\t")[1] for line in content.decode().splitlines())


def _own(text: str) -> Iterator[list[str]]:
    """A person's text; a sentence ends with its sign, or with the line."""
    return _sentences(_SENTENCE_END.split(text), longest=OWN_LONGEST)


def _sentences(lines: Iterable[str], longest: int = LONGEST) -> Iterator[list[str]]:
    """The words of each line; long lines in parts, lines of a single word not at all."""
    for line in lines:
        runs = (run.replace("’", "'") for run in _WORD.findall(line.lower()))
        words = [word for run in runs for word in chinese.cut(run)]
        for start in range(0, len(words) - 1, longest):
            yield words[start : start + longest]


def _opened(one: caches.Cached) -> zipfile.ZipFile:
    (content,) = caches.contents(one)
    return zipfile.ZipFile(io.BytesIO(content))


@functools.cache
def _judging(name: str) -> str:
    return _gensim(name).read_text("utf-8")


def _gensim(name: str) -> Path:
    return package("gensim", instead="grammar") / "test" / "test_data" / name
