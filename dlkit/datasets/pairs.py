"""Questions with their answers, as rows of numbers: dates, number words, sums, translations.

What is made here is read letter by letter, translations word by word (Chinese: character by
character). The same symbols serve questions and answers. What is held out is drawn by the seed of
a run; no question that is held out is learned from, nor is the same date, number or sum in another
form.
"""

import datetime
import functools
import gzip
import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dlkit.contract import Array, CodedError
from dlkit.datasets import caches, own
from dlkit.datasets.files import frozen

PADDING, START, END, UNKNOWN = range(4)
SIGNS = ("", "\u2402", "\u2403", "\ufffd")
HELD = 1000  # pairs
LONGEST = 40  # words of a translation; longer ones are left out
SEEN = 2  # times a word must come to have a number of its own
_WORD = re.compile(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+(?:['’][^\W\d_]+)*|[^\w\s]")
_GLUE = re.compile(r" (?=[.,!?;:%)])|(?<=[\u4e00-\u9fff，。！？]) | (?=[，。！？])")

_BELOW_20 = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_CHINESE = "零一二三四五六七八九"
_FIRST_DAY, _LAST_DAY = datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)
_MOST = 100_000  # numbers are below it
_LETTERS, _FEWEST = 10, 3  # of a word to reverse or sort


@dataclass(frozen=True)
class Sizes:
    """How many symbols there are, and the places of a question and of an answer with its end."""

    symbols: int
    question: int
    answer: int


@dataclass(frozen=True)
class Pairs:
    """Questions [N, S] and answers [N, T + 1] by the numbers of `symbols`, padded with 0 behind.

    An answer begins with `START` and ends with `END`. `by_word`: a symbol is a whole word.
    """

    symbols: tuple[str, ...]
    by_word: bool
    questions: Array
    answers: Array
    held_questions: Array
    held_answers: Array

    @functools.cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each symbol."""
        return {symbol: n for n, symbol in enumerate(self.symbols) if n >= len(SIGNS)}

    @property
    def sizes(self) -> Sizes:
        """What a network for these pairs must be made for."""
        return Sizes(len(self.symbols), self.questions.shape[1], self.answers.shape[1] - 1)

    def encode(self, question: str) -> Array:
        """A person's question as a row [1, S]; what was not learned is `UNKNOWN`."""
        tokens = parts(question, by_word=self.by_word)[: self.questions.shape[1]]
        return _rows([tokens], self.numbers, self.questions.shape[1], answer=False)

    def decode(self, row: Array) -> str:
        """The text of a row, up to its end."""
        said = self.spelled(row)
        return _GLUE.sub("", " ".join(said)) if self.by_word else "".join(said)

    def spelled(self, row: Array) -> list[str]:
        """The symbols of a row, up to its end."""
        found = []
        for number in row.tolist():
            if number == END:
                break
            if number not in (PADDING, START):
                found.append(self.symbols[number])
        return found


@dataclass(frozen=True)
class Made:
    """Pairs made by a rule: their letters, the longest question and answer, how many to learn."""

    letters: str
    question: int
    answer: int
    count: int
    make: Callable[[np.random.Generator, int], list[tuple[str, str]]]


def number_words(number: int) -> str:
    """A number below a hundred thousand in English words."""
    if number < 20:
        return _BELOW_20[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_BELOW_20[number % 10]}" if number % 10 else "")
    size, name, joint = (1000, "thousand", " ") if number >= 1000 else (100, "hundred", " and ")
    rest = number % size
    joint = " and " if rest < 100 else joint
    return f"{number_words(number // size)} {name}" + (joint + number_words(rest) if rest else "")


def chinese_words(number: int) -> str:
    """A number below a hundred thousand in Chinese words."""
    digits = [int(one) for one in str(number)]
    said = ""
    for place, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True):
        said += _CHINESE[digit] + ("", "十", "百", "千", "万")[place] if digit else "零"
    said = re.sub("零+", "零", said)
    said = said.rstrip("零") or "零"
    return said[1:] if said.startswith("一十") else said


def _drawn(random: np.random.Generator, below: int, count: int) -> list[int]:
    found: list[int] = random.choice(below, count, replace=False).tolist()
    return found


def _numbers(
    speak: Callable[[int], str], random: np.random.Generator, count: int
) -> list[tuple[str, str]]:
    """Digits to words or words to digits; short numbers come more often than their share."""
    few = random.permutation(1000)[: count // 20].tolist()
    rest = [1000 + one for one in _drawn(random, _MOST - 1000, count - len(few))]
    numbers = np.array(few + rest)[random.permutation(count)].tolist()
    turned = random.random(count) < 0.5
    pairs = [(str(one), speak(one)) for one in numbers]
    return [pair[::-1] if turn else pair for pair, turn in zip(pairs, turned, strict=True)]


def _dates(random: np.random.Generator, count: int) -> list[tuple[str, str]]:
    days = _drawn(random, (_LAST_DAY - _FIRST_DAY).days + 1, count)
    forms = random.integers(0, len(_FORMS), count).tolist()
    dates = [_FIRST_DAY + datetime.timedelta(days=day) for day in days]
    return [(_FORMS[f](one), one.isoformat()) for one, f in zip(dates, forms, strict=True)]


def _chinese_date(date: datetime.date) -> str:
    year = "".join("〇" if one == "0" else _CHINESE[int(one)] for one in str(date.year))
    return f"{year}年{chinese_words(date.month)}月{chinese_words(date.day)}日"


def _ordinal(day: int) -> str:
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


_FORMS: tuple[Callable[[datetime.date], str], ...] = (
    lambda d: f"{d.day} {_MONTHS[d.month - 1]} {d.year}",
    lambda d: f"{_MONTHS[d.month - 1]} {d.day}, {d.year}",
    lambda d: f"{d.day} {_MONTHS[d.month - 1][:3]} {d.year}",
    lambda d: f"{_DAYS[d.weekday()]}, {d.day} {_MONTHS[d.month - 1]} {d.year}",
    lambda d: f"{_DAYS[d.weekday()][:3]} {_MONTHS[d.month - 1][:3]} {d.day} {d.year}",
    lambda d: f"{_ordinal(d.day)} of {_MONTHS[d.month - 1]}, {d.year}",
    lambda d: f"{d.day:02}.{d.month:02}.{d.year}",
    lambda d: f"{d.year}年{d.month}月{d.day}日",
    _chinese_date,
)


def _words(random: np.random.Generator, count: int) -> list[str]:
    """Different words of random letters."""
    found: dict[str, None] = {}
    while len(found) < count:
        lengths = random.integers(_FEWEST, _LETTERS + 1, count).tolist()
        letters = random.integers(0, 26, (count, _LETTERS))
        for row, length in zip(letters, lengths, strict=True):
            found["".join(string.ascii_lowercase[one] for one in row[:length])] = None
    return list(found)[:count]


def _reversed(random: np.random.Generator, count: int) -> list[tuple[str, str]]:
    return [(word, word[::-1]) for word in _words(random, count)]


def _sorted(random: np.random.Generator, count: int) -> list[tuple[str, str]]:
    return [(word, "".join(sorted(word))) for word in _words(random, count)]


def _sums(random: np.random.Generator, count: int, *, turned: bool) -> list[tuple[str, str]]:
    """Sums of two numbers below a thousand; a + b and b + a count as the same sum."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    while len(found) < count:
        for a, b in random.integers(0, 1000, (count, 2)).tolist():
            found.setdefault((min(a, b), max(a, b)), (a, b))
    said = [(f"{a}+{b}", str(a + b)) for a, b in list(found.values())[:count]]
    return [(question, answer[::-1]) for question, answer in said] if turned else said


_ENGLISH = string.digits + string.ascii_lowercase + " -"
_OF_DATES = string.digits + string.ascii_letters + " ,.-年月日〇一二三四五六七八九十"
MADE = {
    "dates": Made(_OF_DATES, 28, 10, 20_000, _dates),
    "numbers": Made(_ENGLISH, 55, 55, 20_000, functools.partial(_numbers, number_words)),
    "numbers_zh": Made(
        string.digits + _CHINESE + "十百千万", 9, 9, 20_000,
        functools.partial(_numbers, chinese_words),
    ),
    "reverse": Made(string.ascii_lowercase, _LETTERS, _LETTERS, 20_000, _reversed),
    "sort": Made(string.ascii_lowercase, _LETTERS, _LETTERS, 20_000, _sorted),
    "addition": Made(
        string.digits + "+", 7, 4, 50_000, functools.partial(_sums, turned=False)
    ),
    "addition_turned": Made(
        string.digits + "+", 7, 4, 50_000, functools.partial(_sums, turned=True)
    ),
}  # fmt: skip

_MULTI30K = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw/"


def _zipped(name: str, digest: str) -> caches.File:
    return caches.File((name,), f"{_MULTI30K}{name}", digest)


MULTI30K = caches.Cached(
    "multi30k",
    (
        _zipped("train.de.gz", "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6"),
        _zipped("train.en.gz", "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f"),
        _zipped("val.de.gz", "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a"),
        _zipped("val.en.gz", "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28"),
    ),
    folder="multi30k",
    layout="pairs",
    instead="dates",
)
TATOEBA = caches.Cached(
    "tatoeba",
    (
        caches.File(
            ("cmn.txt",),
            "https://raw.githubusercontent.com/sunlanchang/Seq2Seq-for-NMT/master/data/cmn.txt",
            "e1439be4f55aeb39f30c478aa6372dec93764475395eefbb9bce49e768a3bba2",
        ),
    ),
    folder="tatoeba",
    layout="pairs",
    instead="dates",
)
CACHED = {one.name: one for one in (MULTI30K, TATOEBA)}
OWN_PAIRS = "own_pairs"
PAIRS = (*MADE, *CACHED, OWN_PAIRS)
# What the playground asks first.
FIRST_ASKED = {
    "dates": "Saturday, 5 March 1994", "numbers": "4207", "numbers_zh": "四千二百零七",
    "reverse": "studio", "sort": "studio", "addition": "128+475", "addition_turned": "128+475",
    "multi30k": "Zwei junge Hunde spielen im Schnee.", "tatoeba": "I am reading a book.",
}  # fmt: skip


def sizes(name: str, seed: int = 1, pasted: str = "") -> Sizes:
    """What a network for these pairs must be made for. Raises `CodedError` like `pairs`."""
    if name in MADE:
        made = MADE[name]
        return Sizes(len(SIGNS) + len(made.letters), made.question, made.answer + 1)
    return pairs(name, seed, pasted).sizes


@functools.lru_cache(maxsize=4)
def pairs(name: str, seed: int, pasted: str = "") -> Pairs:
    """The pairs called `name`, or a person's pasted ones.

    Raises `CodedError` not_an_option, data_missing, or what is wrong with the pasted ones.
    """
    if name == OWN_PAIRS:
        return _own(pasted, seed)
    if name in MADE:
        made = MADE[name]
        texts = made.make(np.random.default_rng(seed), HELD + made.count)
        split = [[(list(q), list(a)) for q, a in part] for part in (texts[HELD:], texts[:HELD])]
        return _numbered(split, made.letters, (made.question, made.answer), by_word=False)
    if name not in CACHED:
        raise CodedError("not_an_option", given=name, allowed=", ".join(PAIRS))
    read = _multi30k() if name == "multi30k" else _tatoeba(seed)
    words = Counter(token for pair in read[0] for side in pair for token in side)
    symbols = [word for word, count in words.most_common() if count >= SEEN]
    return _numbered(read, symbols, (LONGEST, LONGEST), by_word=True)


def is_there(name: str) -> bool:
    """Whether the pairs called `name` can be had without a download."""
    return name not in CACHED or caches.is_there(CACHED[name])


def parts(text: str, *, by_word: bool) -> list[str]:
    """The tokens of a text: lower-case words, marks and Chinese characters, or its letters."""
    return _WORD.findall(text.lower()) if by_word else list(text)


_Tokens = tuple[list[str], list[str]]


def _multi30k() -> list[list[_Tokens]]:
    """German and English captions of photographs (Elliott and others 2016), split as published."""
    files = [gzip.decompress(content).decode("utf-8") for content in caches.contents(MULTI30K)]
    lines = [file.splitlines() for file in files]
    return [_short(zip(*lines[start : start + 2], strict=True)) for start in (0, 2)]


def _tatoeba(seed: int) -> list[list[_Tokens]]:
    """English sentences and their Chinese translations, by the volunteers of Tatoeba."""
    (content,) = caches.contents(TATOEBA)
    rows = [line.split("\t")[:2] for line in content.decode("utf-8").splitlines()]
    found = _short((row[0], row[1]) for row in rows)
    return _drawn_apart(found, seed, HELD)


def _own(pasted: str, seed: int) -> Pairs:
    """A tenth of the questions is held out. Sentences are read by words, all else by letters."""
    texts = own.pairs(pasted)
    by_word = own.by_word(texts)
    found = [(parts(q, by_word=by_word), parts(a, by_word=by_word)) for q, a in texts]
    for (question, _), tokens in zip(texts, found, strict=True):
        if max(map(len, tokens)) > own.LONGEST or not min(map(len, tokens)):
            given = {"given": question[:40], "high": own.LONGEST}
            raise CodedError("own_pairs_long", **given)
    asked = len({tuple(question) for question, _ in found})
    split = _drawn_apart(found, seed, min(HELD, max(1, asked // 10)))
    symbols = Counter(token for pair in split[0] for side in pair for token in side)
    longest = (max(len(pair[0]) for pair in found), max(len(pair[1]) for pair in found))
    return _numbered(split, [one for one, _ in symbols.most_common()], longest, by_word=by_word)


def first_asked(name: str, pasted: str = "") -> str:
    """What the playground asks first: of pasted pairs the first question."""
    if name in FIRST_ASKED:
        return FIRST_ASKED[name]
    return pasted.strip().partition("\t")[0].strip()[: own.LONGEST] or "?"


def _drawn_apart(found: list[_Tokens], seed: int, count: int) -> list[list[_Tokens]]:
    """Pairs to learn from, and those of so many questions drawn by the seed."""
    asked = sorted({tuple(question) for question, _ in found})
    order = np.random.default_rng(seed).permutation(len(asked))[:count]
    held = {asked[place] for place in order}
    return [[one for one in found if (tuple(one[0]) in held) == out] for out in (False, True)]


def _short(texts: Iterable[tuple[str, str]]) -> list[_Tokens]:
    split = [
        (parts(question, by_word=True), parts(answer, by_word=True)) for question, answer in texts
    ]
    return [pair for pair in split if max(map(len, pair)) <= LONGEST]


def _numbered(
    split: Sequence[Sequence[_Tokens]],
    symbols: Sequence[str],
    longest: tuple[int, int],
    *,
    by_word: bool,
) -> Pairs:
    """Both parts, each its questions and its answers, in numbers."""
    numbers = {symbol: number for number, symbol in enumerate(symbols, start=len(SIGNS))}
    rows = [
        _rows([pair[side] for pair in part], numbers, longest[side], answer=side == 1)
        for part in split
        for side in (0, 1)
    ]
    return Pairs((*SIGNS, *symbols), by_word, *rows)


def _rows(
    texts: Sequence[Sequence[str]], numbers: dict[str, int], longest: int, *, answer: bool
) -> Array:
    """Tokens in numbers [N, longest], answers with their start and end [N, longest + 2]."""
    first, last = ([START], [END]) if answer else ([], [])
    width = longest + len(first) + len(last)
    found = np.zeros((len(texts), width), np.int32)
    for row, tokens in zip(found, texts, strict=True):
        line = [*first, *(numbers.get(token, UNKNOWN) for token in tokens), *last]
        row[: len(line)] = line
    return frozen(found)
