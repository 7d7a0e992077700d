"""LSTM: knobs, presets, charts and playground."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Self, cast

import numpy as np
import plotly.graph_objects as go
import pydantic

from dlkit import recipe
from dlkit.algorithms.lstm import writing
from dlkit.algorithms.lstm.cells import GATES
from dlkit.algorithms.lstm.health import checks
from dlkit.contract import Algorithm, Array, Layer, Paper, RunData, View, Words
from dlkit.datasets import characters, own, reviews, series
from dlkit.params import BaseParams, choice, integer, real, refuse, switch, text
from dlkit.views import classes, curves, sequences
from dlkit.views import verdicts as judged

EMBEDDED = 64  # numbers that a character is turned into
FEWEST = 4000  # windows of an epoch: a short text has so many by letting them overlap
SENTENCE = 32  # characters whose gates are shown
UNITS_SHOWN = 12  # of each gate
ROWS = 10_000  # of the adding problem, in an epoch
TOLD = (0.1, 0.5, 0.9)  # the shares of true values below the three numbers of a forecast
# How many characters each text has, the sign for all others included.
SIZES = {"grammar": 29, "lee_news": 80, "wikipedia": 124, "shakespeare": 64, "verse": 1008,
         "tang_poems": 2587}  # fmt: skip
# How many words are known of each set of reviews, those for padding and unknown ones included.
WORDS = {"made_reviews": 41, "imdb": reviews.VOCABULARY, "movie_reviews": reviews.VOCABULARY}
PROBE = "although the music was lovely i found the story dull and the ending was not moving"
BINS = 20  # of the hills of praise
NUMBERS = r"^\s*$|^\s*-?\d+(\.\d+)?([\s,]+-?\d+(\.\d+)?){3,}\s*$"


class Params(BaseParams):
    """What can be set. The context is the length of the windows that are learned from."""

    task: str = choice("text", "text", "series", "sentiment", "adding")
    data: str = choice("grammar", *characters.TEXTS, own.OWN)
    series: str = choice("mackey_glass", *series.SERIES, own.OWN)
    reviews: str = choice("made_reviews", *reviews.REVIEWS)
    cell: str = choice("lstm", "lstm", "gru", "simple")
    units: int = integer(128, low=8, high=1024, step=8)
    learning_rate: float = real(0.005, low=1e-5, high=1.0, scale="log", live=True)
    epochs: int = integer(10, low=1, high=1000)
    own_text: str = text("", pattern=own.PASTED, group="own", long=True)
    own_numbers: str = text("", pattern=own.PASTED, group="own", long=True)
    layers: int = integer(1, low=1, high=4, group="network")
    context: int = integer(64, low=8, high=512, unit="moments", group="network")
    horizon: int = integer(24, low=1, high=96, unit="moments", group="network")
    bidirectional: bool = switch(False, group="network")
    stateful: bool = switch(False, group="network")
    race: bool = switch(True, group="network")
    temperature: float = real(0.7, low=0.1, high=2.0, step=0.05, group="writing", live=True)
    dropout: float = real(0.0, low=0.0, high=0.8, step=0.05, group="regularisation")
    batch_size: int = integer(32, low=1, high=512, group="optimization")
    optimizer: str = choice("adamw", "sgd", "adam", "adamw", "lion", "muon", group="optimization")
    schedule: str = recipe.schedule("one_cycle")
    clip: float = recipe.clip(1.0)
    weight_decay: float = recipe.weight_decay()
    average: float = recipe.average()
    stop_at: float = recipe.stop_at(high=10.0)
    minutes: float = recipe.minutes()
    seed: int = recipe.seed()

    @pydantic.model_validator(mode="after")
    def _looks_only_back(self) -> Self:
        if self.bidirectional and self.task in ("text", "series"):
            refuse("bidirectional", "reads_the_future", given=self.task)
        if self.stateful and self.task != "text":
            refuse("stateful", "no_stream", given=self.task)
        return self

    @pydantic.model_validator(mode="after")
    def _pasted_is_enough(self) -> Self:
        if self.task == "text" and self.data == own.OWN:
            least = own.least_text(self.context)
            own.must("own_text", lambda: own.text(self.own_text, least=least))
        if self.task == "series" and self.series == own.OWN:
            fewest = series.fewest(self.context, self.horizon)
            own.must("own_numbers", lambda: own.numbers(self.own_numbers, least=fewest))
            own.must("own_numbers", lambda: series.series(own.OWN, self.own_numbers))
        return self


def symbols(params: Params) -> int:
    """How many characters the text has, the sign for all others included."""
    if params.data in SIZES:
        return SIZES[params.data]
    return len(characters.characters(params.data, params.own_text).symbols)


def nets_of(params: Params) -> tuple[str, ...]:
    """The cells of the networks that learn: one, or in a race a simple one beside it."""
    raced = params.task == "adding" and params.race and params.cell != "simple"
    return (params.cell, "simple") if raced else (params.cell,)


def cell_sizes(params: Params, net: str) -> list[tuple[int, int]]:
    """Of each layer the numbers that come in with those fed back, and the sums it forms of them."""
    ways = 2 if params.bidirectional else 1
    first = {"text": EMBEDDED, "sentiment": EMBEDDED, "series": 1, "adding": 2}[params.task]
    ins = [first, *[ways * params.units] * (params.layers - 1)]
    sums = {"lstm": 4, "gru": 3, "simple": 1}[net] * params.units
    return [(one + params.units, ways * sums) for one in ins]


def layers(params: Params, words: Words) -> Sequence[Layer]:
    """What comes in, the layers of cells, the answer; in a race, twice."""
    length, ways = params.context, 2 if params.bidirectional else 1
    boxes = [Layer(words(f"layer.{params.task}"), (length, *_width(params)), kind="data")]
    if params.task in ("text", "sentiment"):
        size = symbols(params) if params.task == "text" else WORDS[params.reviews]
        key = "letters" if params.task == "text" else "words"
        table = Layer(words(f"layer.{key}"), (length, EMBEDDED), size * EMBEDDED, "dense")
        boxes = [Layer(words(f"layer.{params.task}"), (length,), kind="data"), table]
    shape, outputs = _answer(params)
    for net in nets_of(params):
        biases = 2 if net == "gru" else 1
        for number, (inputs, sums) in enumerate(cell_sizes(params, net), 1):
            whole = params.task == "text" or number < params.layers
            out = ways * params.units
            label = words("layer.cells", cell=words(f"knob.cell.option.{net}"), count=params.units)
            weights = (inputs + biases) * sums
            boxes.append(Layer(label, (length, out) if whole else (out,), weights, "other"))
        answer = (ways * params.units + 1) * outputs
        boxes.append(Layer(words(f"layer.answer_{params.task}"), shape, answer, "answer"))
    return boxes


def _width(params: Params) -> tuple[int, ...]:
    return {"text": (), "sentiment": (), "series": (1,), "adding": (2,)}[params.task]


def _answer(params: Params) -> tuple[tuple[int, ...], int]:
    """The shape of what is answered, and how many numbers the dense layer gives for it."""
    if params.task == "text":
        return (params.context, symbols(params)), symbols(params)
    if params.task == "series":
        return (params.horizon, len(TOLD)), params.horizon * len(TOLD)
    return (1,), 1


def timeline(data: RunData, words: Words) -> go.Figure:
    """What was written after the same prompt, over the training."""
    held = _held(data)
    rows, steps = held.get("timeline"), held.get("timeline_steps")
    texts = [] if rows is None else [writing.read(row) for row in rows]
    return sequences.timeline([] if steps is None else steps.tolist(), texts, words)


def gates(data: RunData, words: Words) -> go.Figure:
    """What the gates of the last layer do over one sentence."""
    held, cell = _held(data), _of(data, "cell")
    sentence = held.get("sentence")
    names = [words(f"gate.{name}") for name in GATES[cell]]
    text = "" if sentence is None else writing.read(sentence)
    return sequences.gates(held.get("gates"), text, names, words)


def forecast(data: RunData, words: Words) -> go.Figure:
    """A stretch of the past, and the cone over what came next."""
    return sequences.forecast(_held(data), words, unit=_unit(_of(data, "series"), words))


def ahead(data: RunData, words: Words) -> go.Figure:
    """How far off each rule is, for each step ahead."""
    unit = _unit(_of(data, "series"), words)
    return sequences.ahead(_held(data).get("ahead"), words, unit=unit)


def race(data: RunData, words: Words) -> go.Figure:
    """The error of each network beside that of always answering the mean."""
    return sequences.race(data, words, nets_of(_params(data)))


def sums(data: RunData, words: Words) -> go.Figure:
    """True sums against those that are answered."""
    held, nets = _held(data), nets_of(_params(data))
    said = held.get("said")
    answered = {} if said is None else dict(zip(nets, said, strict=False))
    return sequences.sums(held.get("sums"), answered, words)


def bits(data: RunData, words: Words) -> go.Figure:
    """The loss on held-back text in bits for each character."""
    return curves.single(data, words, "val_bits")


def gradient(data: RunData, words: Words) -> go.Figure:
    """The length of the gradient, before it is shortened."""
    return curves.single(data, words, "gradient_norm")


def error(data: RunData, words: Words) -> go.Figure:
    """The mean error on the held-out end, beside that of two plain rules."""
    return sequences.errors(data, words, unit=_unit(_of(data, "series"), words))


def verdicts(data: RunData, words: Words) -> go.Figure:
    """How much praise it finds in reviews that praise, and in those that damn."""
    names = [words("verdict.damns"), words("verdict.praises")]
    return judged.hills(_held(data).get("verdicts"), names, words)


def influence(data: RunData, words: Words) -> go.Figure:
    """What each word of one review does to its verdict."""
    changes = _held(data).get("influence")
    return judged.influence(PROBE, changes, words)


@functools.lru_cache(maxsize=64)
def _inputs(task: str, prompt: str, units: int, length: int) -> type[BaseParams]:
    draw = (int, integer(1, low=1, high=9999))
    of_tasks: dict[str, dict[str, Any]] = {
        "text": {
            "prompt": (str, text(prompt, pattern=r"(?s)^.{1,300}$")),
            "length": (int, integer(200, low=0, high=400, step=20)),
            "temperature": (float, real(0.7, low=0.1, high=2.0, step=0.05)),
            "top_k": (int, integer(0, low=0, high=50)),
            "draw": draw,
            "unit": (int, integer(1, low=1, high=units)),
        },
        "series": {
            "start": (float, real(20, low=0, high=100, step=1, unit="share")),
            "own": (str, text("", pattern=NUMBERS)),
        },
        "sentiment": {"review": (str, text(PROBE, pattern=r"(?s)^.{1,2000}$"))},
        "adding": {
            "draw": draw,
            "row_length": (int, integer(length, low=8, high=1000)),
        },
    }
    return pydantic.create_model("Inputs", __base__=BaseParams, **of_tasks[task])


def inputs(params: Params) -> type[BaseParams]:
    """A text to go on with; a place or numbers to foretell from; a review; a row to sum up."""
    prompt = characters.prompt(params.data, params.own_text)
    return _inputs(params.task, prompt, params.units, params.context)


def answer(found: Mapping[str, Array], params: Params, words: Words) -> Sequence[go.Figure]:
    """The text with its probabilities and one unit; the cone; the verdict; the row's sums."""
    if params.task == "text":
        return _written(found, params, words)
    if params.task == "series":
        return [sequences.forecast(found, words, unit=_unit(params.series, words))]
    if params.task == "sentiment":
        return _judged(found, words)
    said = dict(zip(nets_of(params), found["said"].tolist(), strict=True))
    return [sequences.row(found["row"], words), sequences.answers(found["sum"][0], said, words)]


def _written(found: Mapping[str, Array], params: Params, words: Words) -> list[go.Figure]:
    given, after, unknown = (int(one) for one in found["given"])
    written = writing.read(found["letters"])
    pairs = zip(found["others"], found["other_shares"], strict=True)
    others = [sequences.told(writing.read(row), shares) for row, shares in pairs]
    title = words("answer.unknown", count=unknown) if unknown else words("answer.written")
    names = [sequences.visible(one) for one in writing.read(found["others"][after])]
    figures = [
        sequences.letters(written, found["shares"], others, title=title, given=given, words=words),
        sequences.next_letters(names, found["other_shares"][after], words),
        sequences.unit(written, found["unit"], words("answer.unit"), words),
    ]
    if params.cell == "lstm":
        figures.append(
            sequences.unit(written, 2 * found["forget"] - 1, words("answer.forget"), words)
        )
    return figures


def _judged(found: Mapping[str, Array], words: Words) -> list[go.Figure]:
    share, review = float(found["praise"][0]), writing.read(found["review"])
    names = [words("verdict.damns"), words("verdict.praises")]
    unknown = int(found["unknown"][0])
    title = words("answer.unknown_words", count=unknown) if unknown else words("answer.verdict")
    figure = classes.bars(np.array([1 - share, share]), names, words)
    top = {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"}
    figure.update_layout(title=top, margin={"t": 40})
    return [
        figure,
        judged.influence(review, found["influence"], words, title=words("answer.influence")),
        judged.reading(review, found["reading"], words, title=words("answer.reading")),
    ]


def _unit(name: str, words: Words) -> str:
    return words(f"series_unit.{name}")


def _held(data: RunData) -> dict[str, Array]:
    return {name: snapshot.value for name, snapshot in data.arrays.items()}


def _params(data: RunData) -> Params:
    return cast(Params, data.params)


def _of(data: RunData, name: str) -> str:
    return str(getattr(data.params, name))


def _is(task: str) -> Any:
    return lambda params: params.task == task


_TEXT, _SERIES, _ADDING = _is("text"), _is("series"), _is("adding")
_SENTIMENT = _is("sentiment")
SHAKESPEARE = Params(data="shakespeare", units=256, epochs=8, learning_rate=0.004, batch_size=64)

ALGORITHM = Algorithm(
    name="lstm",
    chapter=4,
    family="sequences",
    icon=":material/all_inclusive:",
    paper=Paper(
        "Sepp Hochreiter, Jürgen Schmidhuber",
        1997,
        "Long short-term memory",
        "https://doi.org/10.1162/neco.1997.9.8.1735",
    ),
    params=Params,
    presets={
        "quick": Params(),
        "standard": SHAKESPEARE,
        "gpu": SHAKESPEARE.model_copy(
            update={"units": 512, "layers": 2, "context": 128, "dropout": 0.3, "epochs": 20}
        ),
    },
    tiny=Params(units=8, epochs=1, batch_size=512, context=16),
    metrics={
        "loss": "",
        "val_loss": "",
        "bits": "bits",
        "val_bits": "bits",
        "accuracy": "share",
        "val_accuracy": "share",
        "val_error": "",
        "val_naive_error": "",
        "val_seasonal_error": "",
        "val_coverage": "share",
        "solved": "share",
        "val_solved": "share",
        "simple_loss": "",
        "val_simple_loss": "",
        "simple_solved": "share",
        "val_simple_solved": "share",
        "learning_rate": "",
        "gradient_norm": "",
        "throughput": "moments/s",
    },
    arrays={
        "timeline": (None, writing.LETTERS),
        "timeline_steps": (None,),
        "sentence": (SENTENCE,),
        "gates": (None, None, None),
        "past": (None,),
        "future": (None,),
        "naive": (None,),
        "seasonal": (None,),
        "cone": (None, len(TOLD)),
        "ahead": (3, None),
        "verdicts": (2, BINS),
        "influence": (None,),
        "sums": (None,),
        "said": (None, None),
    },
    headline=("val_error", "val_loss"),
    goal="min",
    views=(
        View("timeline", timeline, arrays=("timeline", "timeline_steps"), wide=True, height=440,
             applies=_TEXT),
        View("forecast", forecast, arrays=("past", "future", "naive", "seasonal", "cone"),
             wide=True, height=400, applies=_SERIES),
        View("race", race, metrics=("loss", "val_loss"), wide=True, height=400, applies=_ADDING),
        View("loss", curves.loss, metrics=("loss", "val_loss"),
             applies=lambda params: params.task != "adding"),
        View("bits", bits, metrics=("val_bits",), applies=_TEXT),
        View("accuracy", curves.accuracy, metrics=("accuracy", "val_accuracy"),
             applies=_SENTIMENT),
        View("influence", influence, arrays=("influence",), applies=_SENTIMENT),
        View("verdicts", verdicts, arrays=("verdicts",), applies=_SENTIMENT),
        View("gates", gates, arrays=("gates", "sentence"), wide=True, height=520, applies=_TEXT),
        View("error", error, metrics=("val_error", "val_naive_error", "val_seasonal_error"),
             applies=_SERIES),
        View("ahead", ahead, arrays=("ahead",), applies=_SERIES),
        View("sums", sums, arrays=("sums", "said"), applies=_ADDING),
        View("gradient", gradient, metrics=("gradient_norm",)),
    ),
    inputs=inputs,
    answer=answer,
    checks=checks,
    consulted=("timeline",),
    layers=layers,
    rival=lambda params: "transformer" if params.task == "text" else None,
)  # fmt: skip
