"""Word2Vec: knobs, presets, charts and playground."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import plotly.graph_objects as go
import pydantic

from dlkit import recipe
from dlkit.algorithms.word2vec import shown
from dlkit.contract import Algorithm, Array, Finding, Layer, Paper, RunData, View, Words
from dlkit.datasets import texts
from dlkit.params import BaseParams, choice, integer, real, refuse, text
from dlkit.views import curves, vocabulary
from dlkit.views.findings import values_of

LINE = 64  # words
MAPPED = 150  # words on the map
NEAR = 10  # neighbours told in the playground
PROBED, COMPANY = 10, 5  # words whose neighbours are told, and how many
BOARD = 10  # analogies
PROBES = (
    "king", "paris", "walked", "bigger", "mother", "japan", "water", "music", "government", "war",
    "police", "money", "children", "city", "science", "river", "law", "three",
    "国王", "巴黎", "医院", "高兴", "妈妈", "法语", "昨天", "喝", "三", "老师",
)  # fmt: skip
ENOUGH = 8  # points before anything is said
FEW_WORDS = 100
WORD = r"[^\W\d_]+(?:['’][^\W\d_]+)*"
ONE = rf"^\s*{WORD}\s*$"
COMMA = r"\s*[,，、]\s*"
SOME = rf"^\s*{WORD}({COMMA}{WORD}){{2,7}}\s*$"
PASTED = r"(?s)^\s*$|\w"
LEAST, MOST = 300, 100_000  # words of a person's own text
NOTHING = np.empty(0, np.float32)
# What the playground asks first: a word; plus, minus, also; words of which one is odd.
FIRST_ASKED = {
    "grammar": ("king", "king", "man", "woman", "paris, rome, walked, tokyo"),
    "grammar_zh": ("国王", "国王", "男人", "女人", "巴黎、罗马、高兴、东京"),
    "lee_news": ("police", "australian", "australia", "india", "monday, tuesday, test, friday"),
    "wikipedia": ("music", "his", "he", "she", "north, south, water, east"),
    "abc": ("water", "his", "he", "she", "wheat, cattle, cotton, month"),
    "brown": ("music", "his", "he", "she", "north, south, water, east"),
    "tatoeba": ("妈妈", "父亲", "他", "她", "法语、英语、昨天、日语"),
}


class Params(BaseParams):
    """What can be set. A line of text has 64 words."""

    data: str = choice("grammar", *texts.TEXTS)
    method: str = choice("skip_gram", "skip_gram", "cbow")
    dimension: int = integer(32, low=2, high=400)
    window: int = integer(5, low=1, high=20, unit="words")
    negatives: int = integer(5, low=1, high=50, unit="words")
    minimum_count: int = integer(1, low=1, high=100)
    learning_rate: float = real(0.2, low=1e-4, high=10.0, scale="log", live=True)
    epochs: int = integer(20, low=1, high=500)
    subsampling: float = real(0.0, low=0.0, high=0.1, step=0.0001, group="optimization")
    own_text: str = text("", pattern=PASTED, group="own", long=True)
    batch_size: int = integer(16, low=1, high=1024, unit="lines", group="optimization")
    schedule: str = choice("linear", "linear", "constant", "cosine", group="optimization")
    stop_at: float = recipe.stop_at()
    minutes: float = recipe.minutes()
    seed: int = recipe.seed()

    @pydantic.model_validator(mode="after")
    def _own_text_is_long_enough(self) -> Self:
        if self.data == texts.OWN:
            given = texts.size(self.own_text)
            if given < LEAST:
                refuse("own_text", "own_text_short", given=given, low=LEAST)
            if given > MOST:
                refuse("own_text", "own_text_long", given=given, high=MOST)
        return self


def corpus_of(params: Params) -> texts.Corpus:
    """The text that is read. Raises `CodedError` as `texts.corpus` does."""
    return texts.corpus(params.data, params.seed, least=params.minimum_count, own=params.own_text)


def layers(params: Params, words: Words) -> Sequence[Layer]:
    """The two tables and their product. How many words there are, only the text says."""
    line, width = (LINE,), (LINE, params.dimension)
    return [
        Layer(words("layer.line"), line, kind="data"),
        Layer(words("layer.words"), width, kind="dense"),
        Layer(words("layer.contexts"), width, kind="dense"),
        Layer(words("layer.scores"), (LINE, LINE), kind="answer"),
    ]


def word_map(data: RunData, words: Words) -> go.Figure:
    """Where the words lie, in the plane in which their vectors spread most."""
    held = _held(data)
    return vocabulary.word_map(held.get("map"), _read(held.get("map_words")))


def neighbours(data: RunData, words: Words) -> go.Figure:
    """The nearest words of a few, and which of them are new."""
    held = _held(data)
    near = held.get("neighbours")
    rows = [] if near is None else [_read(row) for row in near]
    return vocabulary.neighbours(_read(held.get("probes")), rows, held.get("newcomers"), words)


def board(data: RunData, words: Words) -> go.Figure:
    """A few analogies and what they are answered now."""
    held = _held(data)
    questions = held.get("board")
    rows = [] if questions is None else [_read(row) for row in questions]
    return vocabulary.board(rows, _read(held.get("board_answers")), words)


def accuracy(data: RunData, words: Words) -> go.Figure:
    """The share of analogies that are answered right."""
    return curves.single(data, words, "val_accuracy")


def similarity(data: RunData, words: Words) -> go.Figure:
    """How well the likeness of words follows what people say."""
    return curves.single(data, words, "val_similarity")


def throughput(data: RunData, words: Words) -> go.Figure:
    """Words a second."""
    return curves.single(data, words, "throughput")


@functools.lru_cache(maxsize=64)
def _inputs(word: str, plus: str, minus: str, also: str, among: str) -> type[BaseParams]:
    fields: dict[str, Any] = {
        "word": (str, text(word, pattern=ONE)),
        "plus": (str, text(plus, pattern=ONE)),
        "minus": (str, text(minus, pattern=ONE)),
        "also": (str, text(also, pattern=ONE)),
        "among": (str, text(among, pattern=SOME)),
        "projection": (str, choice("pca", "pca", "tsne")),
        "dimensions": (str, choice("2", "2", "3")),
        "groups": (int, integer(8, low=1, high=10)),
        "mapped": (int, integer(150, low=20, high=500, step=10, unit="words")),
    }
    return pydantic.create_model("Inputs", __base__=BaseParams, **fields)


def inputs(params: Params) -> type[BaseParams]:
    """A word, a sum of words, a list of words, a map."""
    if params.data == texts.OWN and params.own_text:
        return _inputs(*_asked_of(corpus_of(params)))
    return _inputs(*FIRST_ASKED.get(params.data, FIRST_ASKED["grammar"]))


def _asked_of(corpus: texts.Corpus) -> tuple[str, str, str, str, str]:
    """Words that a person's text has: its most frequent ones that mean something."""
    found = [*filter(texts.telling, corpus.words), *corpus.words[1:]][:8]
    return found[0], found[1], found[2], found[3], ", ".join(dict.fromkeys(found[4:]))


def answer(found: Mapping[str, Array], params: Params, words: Words) -> Sequence[go.Figure]:
    """The neighbours of the word, the answer to the sum, the odd word, and the map."""
    (word,), near = _read(found["word"]), _read(found["near"])
    return [
        vocabulary.likeness(near, found["near_cosines"], words("answer.near", word=word)),
        _sum_answered(found, words),
        _odd_answered(found, words),
        vocabulary.explored(
            found["places"],
            _read(found["place_words"]),
            found["groups"],
            words("answer.map", word=word),
            sought=1 + len(near),
        ),
    ]


def _sum_answered(found: Mapping[str, Array], words: Words) -> go.Figure:
    if "sum_missing" in found:
        return vocabulary.likeness([], NOTHING, _unknown(found["sum_missing"], words))
    (plus, minus, also), said = _read(found["asked"]), _read(found["said"])
    total = words("answer.sum", plus=plus, minus=minus, also=also, said=said[0])
    return vocabulary.likeness(said, found["said_cosines"], total)


def _odd_answered(found: Mapping[str, Array], words: Words) -> go.Figure:
    if "odd_missing" in found:
        return vocabulary.likeness([], NOTHING, _unknown(found["odd_missing"], words))
    among, odd = _read(found["among"]), int(found["odd"][0])
    title = words("answer.odd", word=among[odd])
    return vocabulary.likeness(among, found["among_cosines"], title, low=odd)


def _unknown(missing: Array, words: Words) -> str:
    return words("answer.unknown", word=_read(missing)[0])


def checks(data: RunData) -> Sequence[Finding]:
    """Is it learning at all, too fast, by heart? Are there enough words?"""
    loss, held = values_of(data, "loss"), values_of(data, "val_loss")
    finite = loss[np.isfinite(loss)]
    if data.state == "failed" and len(loss) and len(finite) < len(loss):
        return [Finding("diverged", "warning")]
    if len(finite) < ENOUGH or not len(held):
        return []
    guessing = (1 + data.params.negatives) * np.log(2.0)  # type: ignore[attr-defined]
    now = float(np.mean(finite[-ENOUGH:]))
    if now > 1.05 * guessing:
        return [Finding("too_fast", "warning")]
    if data.step > 0.3 * data.total_steps and now > 0.97 * guessing:
        return [Finding("not_learning", "warning")]
    return [*_few_words(data), *_by_heart(data, held), *_learned(data)]


def _few_words(data: RunData) -> list[Finding]:
    shown_words = _held(data).get("map_words")
    if shown_words is None or data.params.data in texts.PLANTED or len(shown_words) >= FEW_WORDS:  # type: ignore[attr-defined]
        return []
    return [Finding("few_words", "hint", {"count": len(shown_words)})]


def _by_heart(data: RunData, held: Array) -> list[Finding]:
    best, now = np.nanmin(held), float(np.mean(held[-2:]))
    if len(held) >= ENOUGH and now > 1.1 * best:
        return [Finding("by_heart", "hint")]
    return []


def _learned(data: RunData) -> list[Finding]:
    right = values_of(data, "val_accuracy")
    if len(right) and right[-1] >= 0.97:
        return [Finding("learned", "good", {"validation": f"{right[-1]:.1%}"})]
    return []


def _held(data: RunData) -> dict[str, Array]:
    return {name: snapshot.value for name, snapshot in data.arrays.items()}


def _read(letters: Array | None) -> list[str]:
    return [] if letters is None else shown.read(letters)


def _is_real(params: Any) -> bool:
    return params.data in texts.JUDGED


REAL = Params(data="wikipedia", dimension=100, minimum_count=5, subsampling=0.001, batch_size=32)

ALGORITHM = Algorithm(
    name="word2vec",
    chapter=5,
    family="sequences",
    icon=":material/format_quote:",
    paper=Paper(
        "Tomas Mikolov, Ilya Sutskever, Kai Chen, Greg Corrado, Jeffrey Dean",
        2013,
        "Distributed representations of words and phrases and their compositionality",
        "https://arxiv.org/abs/1310.4546",
    ),
    params=Params,
    presets={
        "quick": Params(),
        "standard": REAL.model_copy(update={"epochs": 10}),
        "gpu": REAL.model_copy(update={"epochs": 20, "dimension": 300}),
    },
    tiny=Params(dimension=8, epochs=2, batch_size=16),
    metrics={
        "loss": "nats",
        "val_loss": "nats",
        "val_accuracy": "share",
        "val_similarity": "",
        "learning_rate": "",
        "gradient_norm": "",
        "throughput": "words/s",
    },
    arrays={
        "map": (None, 2),
        "map_words": (None, shown.LETTERS),
        "probes": (None, shown.LETTERS),
        "neighbours": (None, None, shown.LETTERS),
        "newcomers": (None, None),
        "board": (None, 4, shown.LETTERS),
        "board_answers": (None, shown.LETTERS),
    },
    headline=("val_accuracy", "val_similarity", "val_loss"),
    goal="max",
    views=(
        View("map", word_map, arrays=("map", "map_words"), height=520, wide=True),
        View("board", board, arrays=("board", "board_answers"), wide=True),
        View("accuracy", accuracy, metrics=("val_accuracy",)),
        View("similarity", similarity, metrics=("val_similarity",), applies=_is_real),
        View(
            "neighbours", neighbours, arrays=("probes", "neighbours", "newcomers"), wide=True
        ),
        View("loss", curves.loss, metrics=("loss", "val_loss")),
        View("throughput", throughput, metrics=("throughput",)),
    ),
    inputs=inputs,
    answer=answer,
    checks=checks,
    consulted=("map_words",),
    layers=layers,
)  # fmt: skip
