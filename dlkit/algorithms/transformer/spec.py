"""Transformer: knobs, presets, charts and playground."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import plotly.graph_objects as go
import pydantic

from dlkit import recipe
from dlkit.algorithms.transformer.health import checks
from dlkit.contract import Algorithm, Array, CodedError, Layer, Paper, RunData, View, Words
from dlkit.datasets import characters, own, pairs
from dlkit.datasets.pairs import Sizes
from dlkit.params import BaseParams, choice, integer, real, refuse, switch, text
from dlkit.views import attention, curves, written

EPOCH = 50  # steps: what there is to learn from is too much to go through before a look
WRITTEN = 120  # characters after the prompt, at each look
ASKED = 6  # questions at each look
SENTENCE = 24  # characters of a text whose maps are shown
LETTERS = 200  # kept of a text
BYTES = 24  # kept of a token
TOLD = 5  # alternatives told for each token
WHERE = ("question", "answer", "across")


class Params(BaseParams):
    """What can be set. What is learned from says whether there is an encoder."""

    data: str = choice("dates", *pairs.PAIRS, *characters.TEXTS, own.OWN)
    layers: int = integer(2, low=1, high=12)
    heads: int = integer(4, low=1, high=16)
    width: int = integer(64, low=8, high=768, step=8)
    context: int = integer(64, low=8, high=512, step=8, unit="characters")
    optimizer: str = recipe.optimizer("adamw")
    learning_rate: float = real(0.003, low=1e-6, high=1.0, scale="log", live=True)
    epochs: int = integer(16, low=1, high=1000)
    own_text: str = text("", pattern=own.PASTED, group="own", long=True)
    own_pairs: str = text("", pattern=own.PASTED, group="own", long=True)
    positions: str = choice("learned", "learned", "sine", "rotary", group="network")
    norm_first: bool = switch(True, group="network")
    dropout: float = real(0.0, low=0.0, high=0.9, step=0.05, group="regularisation")
    label_smoothing: float = real(0.0, low=0.0, high=0.5, step=0.01, group="regularisation")
    batch_size: int = integer(64, low=1, high=1024, unit="examples", group="optimization")
    schedule: str = recipe.schedule("warmup")
    weight_decay: float = recipe.weight_decay(0.1)
    clip: float = recipe.clip(1.0)
    average: float = recipe.average()
    temperature: float = real(0.8, low=0.0, high=2.0, step=0.05, group="writing", live=True)
    stop_at: float = recipe.stop_at(high=5.0)
    minutes: float = recipe.minutes()
    seed: int = recipe.seed()

    @pydantic.model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.width % self.heads:
            refuse("width", "heads_do_not_fit", given=self.width, heads=self.heads)
        if self.data == own.OWN:
            least = own.least_text(self.context)
            own.must("own_text", lambda: own.text(self.own_text, least=least))
        if self.data == pairs.OWN_PAIRS:
            own.must("own_pairs", lambda: pairs_of(self))
        return self


def is_pairs(params: Any) -> bool:
    """Whether questions are answered (with an encoder) instead of a text written on."""
    return params.data in pairs.PAIRS


def is_text(params: Any) -> bool:
    """Whether a text is written on, by a decoder alone."""
    return not is_pairs(params)


def text_of(params: Params) -> characters.Characters:
    """The text that is written on. Raises `CodedError`."""
    return characters.characters(params.data, params.own_text)


def pairs_of(params: Params) -> pairs.Pairs:
    """The questions and answers. Raises `CodedError`."""
    return pairs.pairs(params.data, params.seed, params.own_pairs)


def is_translated(params: Any) -> bool:
    """Whether sentences are translated, where more than one answer can be right."""
    return params.data in pairs.CACHED


def sizes_of(params: Params) -> Sizes:
    """Symbols, places of a question (0: there is none) and of what is written."""
    if is_pairs(params):
        return pairs.sizes(params.data, params.seed, params.own_pairs)
    return Sizes(len(text_of(params).symbols), 0, params.context)


def layers(params: Params, words: Words) -> Sequence[Layer]:
    """The network of these params; weights only where the number of symbols is at hand."""
    sizes = _sizes_at_hand(params)
    count, width = sizes.symbols, params.width
    place = max(sizes.question, sizes.answer) if params.positions == "learned" else 0
    read = (count + place) * width if count else 0
    attention_weights, norm = 4 * width * width, 2 * width
    block = attention_weights + 8 * width * width + 5 * width + 2 * norm
    across = attention_weights + norm if is_pairs(params) else 0
    many = {"repeats": params.layers}
    boxes = []
    if is_pairs(params):
        asked = (sizes.question, width)
        boxes = [
            Layer(words("layer.question"), asked[:1], kind="data"),
            Layer(words("layer.read"), asked, read, kind="dense"),
            Layer(words("layer.encoder", heads=params.heads), asked, block, kind="other", **many),
            Layer(words("layer.memory"), asked, norm, kind="pooling"),
        ]
    said = (sizes.answer, width)
    first = Layer(words("layer.answer" if boxes else "layer.text"), said[:1], kind="data")
    again = Layer(words("layer.read"), said, 0 if boxes else read, kind="dense")
    decoder = words("layer.decoder", heads=params.heads)
    logits = norm + count * width if count else 0
    return [
        *boxes,
        first,
        again,
        Layer(decoder, said, block + across, kind="other", **many),
        Layer(words("layer.next"), (sizes.answer, count or 1), logits, kind="answer"),
    ]


def _sizes_at_hand(params: Params) -> Sizes:
    """The sizes, without a download; no symbols where they cannot be known."""
    there = pairs.is_there if is_pairs(params) else characters.is_there
    try:
        if there(params.data):
            return sizes_of(params)
    except CodedError:
        pass
    longest = pairs.LONGEST if is_pairs(params) else 0
    return Sizes(0, longest, longest + 1 if longest else params.context)


def heads(data: RunData, words: Words) -> go.Figure:
    """Where each head looks, in the fixed sentence or from the first answer to its question."""
    return attention.heads(_held(data).get("maps"), words)


def one_head(data: RunData, words: Words, place: Mapping[str, Any]) -> go.Figure:
    """The clicked head with the names of its rows and columns."""
    held = _held(data)
    maps = held.get("maps")
    layer, head = attention.clicked(maps, place)
    return attention.one(
        maps, _read(held.get("rows")), _read(held.get("columns")), (layer, head), words
    )


def alignment(data: RunData, words: Words) -> go.Figure:
    """Where the first answer looks at its question, the mean over all heads of each layer."""
    held = _held(data)
    rows, columns = _read(held.get("rows")), _read(held.get("columns"))
    return attention.one(held.get("maps"), rows, columns, (0, 0), words)


def texts(data: RunData, words: Words) -> go.Figure:
    """What it wrote behind the same prompt at several steps."""
    held = _held(data)
    return written.timeline(held.get("written_at"), written.decoded(held.get("written")), words)


def answers(data: RunData, words: Words) -> go.Figure:
    """A few questions, what they are answered now, and the right answers."""
    held = _held(data)
    asked, said, right = (
        written.decoded(held.get(name)) for name in ("asked", "answers", "wanted")
    )
    return written.answers(asked, said, right, words)


def bleu(data: RunData, words: Words) -> go.Figure:
    """How near its translations come to the given ones."""
    return curves.single(data, words, "val_bleu")


def throughput(data: RunData, words: Words) -> go.Figure:
    """Tokens a second."""
    return curves.single(data, words, "throughput")


@functools.lru_cache(maxsize=64)
def _inputs(name: str, first: str, layer_count: int, head_count: int) -> type[BaseParams]:
    look: dict[str, Any] = {
        "layer": (int, integer(0, low=0, high=min(layer_count, attention.MOST))),
        "head": (int, integer(0, low=0, high=min(head_count, attention.MOST))),
    }
    if name in pairs.PAIRS:
        most = pairs.MADE[name].question if name in pairs.MADE else 200
        asked = text(first, pattern=rf"^.{{1,{most}}}$")
        fields: dict[str, Any] = {
            "question": (str, asked),
            "beams": (int, integer(4, low=1, high=8)),
            "where": (str, choice("across", *WHERE)),
        }
    else:
        fields = {
            "prompt": (str, text(first, pattern=r"^(?s:.{1,300})$")),
            "length": (int, integer(160, low=1, high=600, unit="characters")),
            "temperature": (float, real(0.8, low=0.0, high=2.0, step=0.05)),
            "top_k": (int, integer(0, low=0, high=100)),
            "top_p": (float, real(1.0, low=0.05, high=1.0, step=0.05)),
            "seed": (int, integer(1, low=1, high=100)),
        }
    return pydantic.create_model("Inputs", __base__=BaseParams, **fields, **look)


def inputs(params: Params) -> type[BaseParams]:
    """A beginning and how to write on, or a question; and which head is to be looked at."""
    if is_pairs(params):
        first = pairs.first_asked(params.data, params.own_pairs)
    else:
        first = characters.prompt(params.data, params.own_text).strip("\n")
    return _inputs(params.data, first, params.layers, params.heads)


def answer(found: Mapping[str, Array], params: Params, words: Words) -> Sequence[go.Figure]:
    """What it wrote with the probability of each token, or its answers; and where it looked."""
    rows, columns = _read(found["rows"]), _read(found["columns"])
    layer, head = int(found["chosen"][0]), int(found["chosen"][1])
    maps = [
        attention.one(found["maps"], rows, columns, (layer, head), words),
        attention.heads(found["maps"], words),
    ]
    if "answers" in found:
        said = written.decoded(found["answers"])
        return [written.shares(said, found["answer_shares"], words("answer.said")), *maps]
    tokens, begun = _read(found["tokens"]), int(found["begun"][0])
    others = [_read(row) for row in found["others"]]
    first = min(begun, len(tokens) - 1)
    return [
        written.text(tokens, found["shares"], others, found["other_shares"], begun, words),
        written.shares(
            [written.seen(one) for one in others[first]],
            found["other_shares"][first],
            words("answer.next"),
        ),
        *maps,
    ]


def _held(data: RunData) -> dict[str, Array]:
    return {name: snapshot.value for name, snapshot in data.arrays.items()}


def _read(letters: Array | None) -> list[str]:
    """Tokens that were kept as UTF-8."""
    if letters is None:
        return []
    rows = np.ascontiguousarray(letters, np.uint8)
    return [row.tobytes().rstrip(b"\0").decode(errors="ignore") for row in rows]


ALGORITHM = Algorithm(
    name="transformer",
    chapter=6,
    family="sequences",
    icon=":material/translate:",
    paper=Paper(
        "Ashish Vaswani, Noam Shazeer, Niki Parmar, Jakob Uszkoreit, Llion Jones, Aidan N. Gomez, "
        "Łukasz Kaiser, Illia Polosukhin",
        2017,
        "Attention is all you need",
        "https://arxiv.org/abs/1706.03762",
    ),
    params=Params,
    presets={
        "quick": Params(),
        "standard": Params(
            data="shakespeare", layers=4, heads=4, width=128, context=128, epochs=30,
            batch_size=8, positions="rotary", optimizer="muon", learning_rate=0.005,
        ),
        "gpu": Params(
            data="shakespeare", layers=6, heads=6, width=384, context=256, epochs=60,
            batch_size=64, positions="rotary", optimizer="muon", learning_rate=0.002, dropout=0.2,
        ),
    },
    tiny=Params(data="reverse", layers=1, heads=2, width=16, batch_size=64, epochs=2),
    metrics={
        "loss": "nats",
        "val_loss": "nats",
        "accuracy": "share",
        "val_accuracy": "share",
        "val_bleu": "",
        "learning_rate": "",
        "gradient_norm": "",
        "throughput": "tokens/s",
    },
    arrays={
        "maps": (None, None, None, None),
        "rows": (None, BYTES),
        "columns": (None, BYTES),
        "written": (None, LETTERS),
        "written_at": (None,),
        "asked": (None, LETTERS),
        "wanted": (None, LETTERS),
        "answers": (None, LETTERS),
        "unknown": (1,),
    },
    headline=("val_bleu", "val_accuracy", "val_loss"),
    goal="max",
    views=(
        View("texts", texts, arrays=("written", "written_at"), wide=True, height=560,
             applies=is_text),
        View("answers", answers, arrays=("asked", "answers", "wanted"), height=420,
             applies=lambda params: is_pairs(params) and not is_translated(params)),
        View("translations", answers, arrays=("asked", "answers", "wanted"), height=640,
             applies=is_translated),
        View("alignment", alignment, arrays=("maps", "rows", "columns"), height=420,
             applies=is_pairs),
        View("heads", heads, arrays=("maps",), height=420, detail=one_head,
             behind=("maps", "rows", "columns")),
        View("accuracy", curves.accuracy, metrics=("accuracy", "val_accuracy"),
             applies=is_pairs),
        View("bleu", bleu, metrics=("val_bleu",), applies=is_translated),
        View("loss", curves.loss, metrics=("loss", "val_loss")),
        View("throughput", throughput, metrics=("throughput",)),
    ),
    inputs=inputs,
    answer=answer,
    checks=checks,
    consulted=("written", "unknown"),
    layers=layers,
    rival=lambda params: "lstm" if is_text(params) else None,
)  # fmt: skip
