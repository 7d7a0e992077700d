"""Transformer: every place looks at the others, and learns where to look.

Each place of a text asks a question (query), every place offers a key and a value; the better query
and key fit, the more of the value is taken over. Several heads do so side by side

    softmax(Q K^T / sqrt(d)) V

and a small network of two layers follows at each place (Ashish Vaswani and others, 2017, "Attention
is all you need", https://arxiv.org/abs/1706.03762). A decoder may look back only, and learns to
say what comes next: alone it is a GPT (Alec Radford and others, 2018). With an encoder, which sees
the whole question, it answers: there it also looks across, at the question.

Deviations from the paper: normalisation before each part, not behind it, unless `norm_first` is off
(Ruibin Xiong and others, 2020, https://arxiv.org/abs/2002.04745); positions may be learned, or
turn queries and keys (rotary: Jianlin Su and others, 2021, https://arxiv.org/abs/2104.09864); no
biases in attention; the last layer has a matrix of its own; dropout behind each part only; the beam
has no bonus for length.
"""

import functools
from collections.abc import Callable

import keras
import numpy as np
from keras import KerasTensor as Tensor
from keras import layers, ops

from dlkit.algorithms.transformer import shown, spec
from dlkit.algorithms.transformer.spec import WHERE, Params, is_pairs, sizes_of
from dlkit.contract import Array, Run
from dlkit.datasets.pairs import PADDING
from dlkit.params import BaseParams
from dlkit.training import fit, make_optimizer, seed_everything
from dlkit.writing import answerer, exact, likeliest, writer

EXPANSION = 4  # how much wider the small network is than a place's vector
SLOWEST = 10_000.0  # places in a turn of the slowest wave, over 2 pi
LARGE = 1024  # symbols, from which on a look-up is faster than a product
NEVER = -1e9  # a score that leaves nothing of a place


def build(params: Params) -> keras.Model:
    """Tokens [B, T] -> logits [B, T, V] of what comes next; with a question [B, S] before them."""
    seed_everything(params.seed)
    sizes = sizes_of(params)
    longest = max(sizes.question, sizes.answer)
    read = Reading(sizes.symbols, params.width, longest, params.positions, name="read")
    block = functools.partial(
        Block, params.heads, rotary=params.positions == "rotary", norm_first=params.norm_first,
        dropout=params.dropout,
    )  # fmt: skip
    question = memory = there = None
    if sizes.question:
        question = keras.Input((sizes.question,), dtype="int32", name="question")
        there = ops.not_equal(question, PADDING)[:, None, None, :]  # [B, 1, 1, S]
        memory = layers.Dropout(params.dropout, name="drop_question")(read(question))  # [B, S, D]
        for number in range(1, params.layers + 1):
            memory, _ = block(causal=False, name=f"encoder_{number}")(memory, there)
        memory = layers.LayerNormalization(name="memory")(memory)
    tokens = keras.Input((sizes.answer,), dtype="int32", name="tokens")
    x = layers.Dropout(params.dropout, name="drop_tokens")(read(tokens))  # [B, T, D]
    for number in range(1, params.layers + 1):
        x, *_ = block(causal=True, name=f"decoder_{number}")(x, there, memory)
    x = layers.LayerNormalization(name="last")(x)
    logits = layers.Dense(sizes.symbols, use_bias=False, name="logits")(x)  # [B, T, V]
    inputs = [question, tokens] if sizes.question else tokens
    model = Transformer(inputs, logits, name="transformer")
    model.smoothing = params.label_smoothing
    optimizer = make_optimizer(
        params.optimizer, params.learning_rate, weight_decay=params.weight_decay,
        average=params.average, clip=params.clip,
    )  # fmt: skip
    right = keras.metrics.MeanMetricWrapper(exact, name="accuracy")
    model.compile(optimizer, metrics=[right] if sizes.question else None, jit_compile=False)
    return model


@keras.saving.register_keras_serializable("dlkit.transformer")
class Transformer(keras.Model):
    """Learns what comes next at all places at once."""

    smoothing = 0.0  # the share of each label that is spread over all tokens

    def compute_loss(
        self, x: Array | None = None, y: Array | None = None, y_pred: Tensor | None = None,
        sample_weight: Array | None = None, training: bool = True,
    ) -> Tensor:  # fmt: skip
        """-log of the probability of the true token, the mean over all tokens, in nats.

        Padding does not count, nor a character that was never learned: nobody could foretell it.
        """
        log_shares = ops.log_softmax(y_pred)  # [B, T, V]
        true = ops.take_along_axis(log_shares, ops.cast(y, "int32")[..., None], axis=-1)[..., 0]
        if training and self.smoothing:
            true = true * (1 - self.smoothing) + ops.mean(log_shares, axis=-1) * self.smoothing
        counts = ops.cast(ops.not_equal(y, PADDING), "float32")  # 0 is also `UNKNOWN` of a text
        return -ops.sum(true * counts) / ops.sum(counts)


def waves(places: Tensor, count: int) -> Tensor:
    """Angles [T, count] of waves, from one turn in six places to one in sixty thousand."""
    speeds = SLOWEST ** (-np.arange(count, dtype=np.float32) / count)
    return ops.cast(places, "float32")[:, None] * speeds


def rows_of(table: Tensor, numbers: Tensor) -> Tensor:
    """Rows of a table [V, D] by their numbers [...]: [..., D].

    Of small tables by a product. It is faster, adds up gradients in a fixed order, and gives them
    whole: Adam would square those of a look-up before rows that were met twice are added up.
    """
    if table.shape[0] > LARGE:
        return ops.take(table * 1.0, numbers, axis=0)
    return ops.matmul(ops.one_hot(numbers, table.shape[0]), table)


@keras.saving.register_keras_serializable("dlkit.transformer")
class Reading(layers.Layer):
    """Tokens [B, T] -> vectors [B, T, D], which know their place unless attention sees to that."""

    def __init__(self, size: int, width: int, longest: int, positions: str, **named: object):
        super().__init__(**named)
        self.config = {"size": size, "width": width, "longest": longest, "positions": positions}
        self.width, self.positions = width, positions
        small = keras.initializers.RandomNormal(stddev=width**-0.5)
        self.symbols = self.add_weight((size, width), small, name="embedding")
        if positions == "learned":
            self.places = self.add_weight((longest, width), small, name="place_embedding")

    def call(self, tokens: Tensor, place: Tensor | int = 0) -> Tensor:
        """The first token stands at `place`."""
        here = place + ops.arange(tokens.shape[1])
        x = rows_of(self.symbols, tokens) * self.width**0.5
        if self.positions == "learned":
            return x + rows_of(self.places, here) * self.width**0.5
        angles = waves(here, (self.width + 1) // 2)
        sine = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)[:, : self.width]
        return x + sine if self.positions == "sine" else x

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        return {**super().get_config(), **self.config}


class Attention(layers.Layer):
    """Each place takes over values of the places whose keys fit its query, in several heads."""

    def __init__(self, heads: int, *, rotary: bool = False, **named: object) -> None:
        super().__init__(**named)
        self.heads, self.rotary = heads, rotary

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Four square matrices: for queries, keys and values, and for what is found."""
        self.query, self.key, self.value, self.out = (
            layers.Dense(shape[-1], use_bias=False, name=name)
            for name in ("query", "key", "value", "out")
        )

    def remember(self, x: Tensor, place: Tensor | int = 0) -> tuple[Tensor, Tensor]:
        """Keys and values [B, heads, S, d] of places [B, S, D], the first of them at `place`."""
        return self._turned(self._split(self.key(x)), place), self._split(self.value(x))

    def call(
        self, x: Tensor, keys: Tensor, values: Tensor, allowed: Tensor | None = None,
        place: Tensor | int = 0,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """[B, T, D] -> what each place found, [B, T, D], and where it looked, [B, heads, T, S]."""
        queries = self._turned(self._split(self.query(x)), place)  # [B, heads, T, d]
        scores = ops.matmul(queries, ops.swapaxes(keys, -1, -2)) / queries.shape[-1] ** 0.5
        if allowed is not None:
            scores = ops.where(allowed, scores, NEVER)
        looked = ops.softmax(scores)  # [B, heads, T, S]
        found = ops.transpose(ops.matmul(looked, values), (0, 2, 1, 3))  # [B, T, heads, d]
        return self.out(ops.reshape(found, (-1, *x.shape[1:]))), looked

    def _split(self, x: Tensor) -> Tensor:
        """[B, T, D] -> [B, heads, T, d]."""
        x = ops.reshape(x, (-1, x.shape[1], self.heads, x.shape[2] // self.heads))
        return ops.transpose(x, (0, 2, 1, 3))

    def _turned(self, x: Tensor, place: Tensor | int) -> Tensor:
        """Each pair of numbers turned by an angle that grows with the place (rotary)."""
        if not self.rotary:
            return x
        half = x.shape[-1] // 2
        angles = waves(place + ops.arange(x.shape[2]), half)  # [T, d / 2]
        sine, cosine = ops.sin(angles), ops.cos(angles)
        a, b, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
        return ops.concatenate([a * cosine - b * sine, a * sine + b * cosine, rest], axis=-1)


@keras.saving.register_keras_serializable("dlkit.transformer")
class Block(layers.Layer):
    """Attention, in an answer also to the question, then a small network; each adds to what is."""

    def __init__(
        self, heads: int, *, causal: bool, rotary: bool, norm_first: bool, dropout: float,
        **named: object,
    ) -> None:  # fmt: skip
        super().__init__(**named)
        self.config = {"heads": heads, "causal": causal, "rotary": rotary,
                       "norm_first": norm_first, "dropout": dropout}  # fmt: skip
        self.causal, self.norm_first = causal, norm_first
        self.attention = Attention(heads, rotary=rotary, name="attention")
        self.across = Attention(heads, name="across")
        self.norms = [layers.LayerNormalization(name=f"norm_{part}") for part in (1, 2, 3)]
        self.drop = layers.Dropout(dropout, name="drop")

    def build(self, x_shape: tuple, there_shape: object = 0, memory_shape: object = 0) -> None:
        """What depends on the width D; attention to a question only where there is one."""
        self.expand = layers.Dense(EXPANSION * x_shape[-1], activation="relu", name="expand")
        self.shrink = layers.Dense(x_shape[-1], name="shrink")
        for one in (self.attention, self.across) if memory_shape else (self.attention,):
            one.build(x_shape)

    def call(
        self, x: Tensor, there: Tensor | None = None, memory: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """[B, T, D] -> [B, T, D], and where it looked: [B, heads, T, T] and [B, heads, T, S].

        `there` [B, 1, 1, S] tells the places of the question from its padding.
        """
        back = ops.tril(ops.ones((x.shape[1], x.shape[1]), "bool"))
        allowed = back if self.causal else there

        def look(h: Tensor) -> tuple[Tensor, Tensor]:
            return self.attention(h, *self.attention.remember(h), allowed)

        def ask(h: Tensor) -> tuple[Tensor, Tensor]:
            return self.across(h, *self.across.remember(memory), there)

        x, *looked = self._through(x, look, None if memory is None else ask)
        return x, *looked

    def step(
        self, x: Tensor, place: Tensor, kept: tuple[Tensor, Tensor], asked: tuple | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """One more place [B, 1, D] -> [B, 1, D], with the keys and values kept of those before it.

        `kept` [B, heads, T, d] each, whatever the place: nothing grows. `asked`: keys and values
        of the question, and which of its places are there.
        """
        places = ops.arange(kept[0].shape[2])

        def look(h: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
            here = ops.equal(places, place)[:, None]
            new = self.attention.remember(h, place)
            both = tuple(ops.where(here, n, old) for n, old in zip(new, kept, strict=True))
            return self.attention(h, *both, places <= place, place)[0], both

        ask = None if asked is None else (lambda h: self.across(h, *asked))
        x, both, *_ = self._through(x, look, ask)
        return x, both

    def _through(self, x: Tensor, look: Callable, ask: Callable | None) -> tuple[Tensor, ...]:
        parts = [look, ask, lambda h: (self.shrink(self.expand(h)),)]
        told: list[Tensor] = []
        for part, norm in zip(parts, self.norms, strict=True):
            if part is not None:
                found, *rest = part(norm(x) if self.norm_first else x)
                x = x + self.drop(found)
                x = x if self.norm_first else norm(x)
                told += rest
        return x, *told

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        return {**super().get_config(), **self.config}


def train(params: Params, run: Run) -> keras.Model:
    """Learn a text or pairs; at each look write on from one prompt, or answer a few questions."""
    data, model = shown.data_of(params), build(params)
    model.words_per_example = data.tokens
    looks = functools.partial(maps_of, model)
    look: shown.PairsLook | shown.TextLook
    ask = functools.partial(likeliest, model, begin, step)
    if spec.is_translated(params):
        model.judge = shown.Translations(params, ask).judged
    if is_pairs(params):
        look = shown.PairsLook(params, ask, looks)
    else:
        write = functools.partial(writer(model, begin, step).write, seed=params.seed)
        look = shown.TextLook(params, write, looks, lambda: run.knob("temperature"))
    return fit(model, data, params, run, pictures=look.pictures, fixed=look.fixed())


def begin(model: keras.Model, rows: int, question: Tensor | None = None) -> tuple:
    """What a decoder keeps before its first token: room for keys and values of each place.

    With a question [rows, S] it also keeps the keys and values of that.
    """
    blocks, size = _decoder(model), model.get_layer("read").width
    heads, length = blocks[0].attention.heads, model.output.shape[1]
    empty = ops.zeros((rows, heads, length, size // heads))
    kept = tuple((empty, empty) for _ in blocks)
    if question is None:
        return kept, ()
    there = ops.not_equal(question, PADDING)[:, None, None, :]
    memory = keras.Model(model.inputs[0], model.get_layer("memory").output)(question)
    return kept, tuple((*block.across.remember(memory), there) for block in blocks)


def step(model: keras.Model, tokens: Tensor, place: Tensor, kept: tuple) -> tuple[Tensor, tuple]:
    """One token [B, 1] at `place` -> logits [B, V] of the next, and what is kept now."""
    (own, asked), new = kept, []
    x = model.get_layer("read")(tokens, place)
    for number, block in enumerate(_decoder(model)):
        x, both = block.step(x, place, own[number], asked[number] if asked else None)
        new.append(both)
    logits = model.get_layer("logits")(model.get_layer("last")(x))  # [B, 1, V]
    return logits[:, 0], (tuple(new), asked)


def _decoder(model: keras.Model) -> list[Block]:
    return [one for one in model.layers if isinstance(one, Block) and one.causal]


@functools.lru_cache(maxsize=4)
def _mapping(model: keras.Model) -> keras.Model:
    blocks = [one for one in model.layers if isinstance(one, Block)]
    return keras.Model(model.input, [part for one in blocks for part in one.output[1:]])


def maps_of(model: keras.Model, inputs: Array | list[Array]) -> list[Array]:
    """Where each head looked in the first example: a list of [layers, heads, T, S].

    Of a text one: back at itself; of pairs three: question, answer, and from answer to question.
    """
    found = [np.asarray(one)[0] for one in _mapping(model).predict_on_batch(inputs)]
    count = len(_decoder(model))
    kinds = (found[:count], found[count::2], found[count + 1 :: 2])
    return [np.stack(kind) for kind in kinds if kind]


def play(model: keras.Model, params: Params, inputs: BaseParams) -> dict[str, Array]:
    """Writes on from a person's words, or answers their question; and where it looked."""
    values, looks = inputs.values(), functools.partial(maps_of, model)
    chosen = {"chosen": np.array([values["layer"], values["head"]])}
    if is_pairs(params):
        found, kind = spec.pairs_of(params), WHERE.index(values["where"])
        question = found.encode(values["question"])
        beams = answerer(model, begin, step, count=1, beams=values["beams"])
        said, scores = beams.answers(question)
        return chosen | shown.pairs_answer(found, question, said[0], scores[0], looks, kind=kind)
    text = spec.text_of(params)
    prompt = text.encode(values["prompt"])
    how = {name: values[name] for name in ("seed", "temperature", "top_k", "top_p")}
    wrote = writer(model, begin, step).write(prompt, len(prompt) + values["length"], **how)
    return chosen | shown.text_answer(text, wrote, prompt, looks, params.context)
