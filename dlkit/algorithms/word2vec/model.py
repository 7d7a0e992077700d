"""Word2Vec: a word is known by the company it keeps.

Every word has a vector, and a second one for its part as company. Skip-gram asks of each word which
words stand near it; CBOW asks of the mean of a word's company which word it surrounds. Neither asks
a softmax over all words: a true pair is told from pairs with words drawn at random, negatives
(Tomas Mikolov, Ilya Sutskever, Kai Chen, Greg Corrado, Jeffrey Dean, 2013, "Distributed
representations of words and phrases and their compositionality", https://arxiv.org/abs/1310.4546;
CBOW: Mikolov and others, 2013, https://arxiv.org/abs/1301.3781).

As in the paper: windows of a random length up to `window`, frequent words left out at random before
the windows are laid (by the formula of the authors' program), negatives drawn in proportion to
count^0.75, a learning rate that falls in a straight line.

Deviations, all for speed: the text is cut into lines of 64 words and windows end there; a line's
words share 64 negatives, which together weigh as much as `negatives` for each pair, so that all
pairs of a line are one matrix product (Shihao Ji and others, 2016,
https://arxiv.org/abs/1604.04661); many lines make one step, so Adagrad, which takes smaller steps
where a word comes often, stands in place of plain gradient descent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from dlkit.algorithms.word2vec import playing, shown
from dlkit.algorithms.word2vec.spec import (
    BOARD,
    COMPANY,
    LINE,
    MAPPED,
    PROBED,
    PROBES,
    Params,
    corpus_of,
)
from dlkit.contract import Array, Run
from dlkit.datasets import texts
from dlkit.params import BaseParams
from dlkit.training import fit, seed_everything

NEGATIVES = 64  # of a line
FLATTENED = 0.75  # the power that lifts rare words among the negatives
FIXED = 20131016  # the seed of what is drawn for the check: always the same
MOST_ASKED = 4000  # analogies at a look


def build(params: Params) -> keras.Model:
    """Words of lines [B, 64] as numbers -> scores of pairs, and how much each counts.

    "words" and "contexts" are the two tables of vectors, [V, dimension].
    """
    seed_everything(params.seed)
    corpus = corpus_of(params)
    size, width = len(corpus.words), params.dimension
    small = keras.initializers.RandomUniform(-0.5 / width, 0.5 / width)
    words = layers.Embedding(size, width, embeddings_initializer=small, name="words")
    contexts = layers.Embedding(size, width, embeddings_initializer="zeros", name="contexts")
    draw = Draw(size, params.window, seed=params.seed, name="draw")

    line = keras.Input((LINE,), dtype="int32", name="line")
    pairs, negatives = draw(line)  # [B, 64, 64] of 0 and 1, [B, 64]
    word, context, negative = words(line), contexts(line), contexts(negatives)  # [B, 64, D]
    company = ops.sum(pairs, axis=-1)  # [B, 64]
    if params.method == "skip_gram":
        asked, weight = word, company
        scores, counts = ops.einsum("bid,bjd->bij", word, context), pairs
    else:
        share = pairs / ops.maximum(company, 1.0)[..., None]
        asked, weight = ops.einsum("bij,bjd->bid", share, word), ops.minimum(company, 1.0)
        scores, counts = ops.sum(asked * context, axis=-1), weight
    negative_scores = ops.einsum("bid,bkd->bik", asked, negative)  # [B, 64, 64]
    negative_counts = weight[..., None] * (params.negatives / NEGATIVES)
    outputs = [scores, counts, negative_scores, negative_counts]
    model = Word2Vec(line, outputs, name="word2vec")
    draw.set_weights([_kept(corpus, params), _drawn_as_negative(corpus)])
    # The loss is a mean over thousands of pairs, so its gradients are small; so is where the sum
    # of their squares begins.
    optimizer = RowAdagrad(params.learning_rate, initial_accumulator_value=2e-9, epsilon=1e-12)
    model.compile(optimizer, jit_compile=False)
    # Products of a line, forth and back; the optimizer reads both tables and writes some rows.
    products, tables = 12.0 * LINE * LINE * width, 60.0 * size * width
    lines = params.batch_size * (products + 200.0 * LINE * width)
    model.step_seconds = 2e-4 + (lines + tables) / 1e11
    return model


@keras.saving.register_keras_serializable("dlkit.word2vec")
class RowAdagrad(keras.optimizers.Adagrad):
    """Adagrad that touches only the rows of a table that a step has looked up.

    TensorFlow hands over the gradient of a table as some rows and their numbers. Keras would divide
    them by the root of the whole accumulator, most of which no row asks for.
    """

    def update_step(self, gradient: Any, variable: keras.Variable, learning_rate: float) -> None:
        """Add the squares of the gradient up; step by the gradient over their root."""
        if not hasattr(gradient, "indices"):  # other backends hand over whole tables
            super().update_step(gradient, variable, learning_rate)
            return
        numbers, values = gradient.indices, gradient.values
        squares = self._accumulators[self._get_variable_index(variable)]
        some_rows = type(gradient)
        self.assign_add(squares, some_rows(ops.square(values), numbers))
        root = ops.sqrt(squares.value.sparse_read(numbers) + self.epsilon)
        step = ops.cast(learning_rate, values.dtype) * values / root
        self.assign_sub(variable, some_rows(step, numbers))


@keras.saving.register_keras_serializable("dlkit.word2vec")
class Word2Vec(keras.Model):
    """Learns from scores of pairs; is checked by what its vectors answer too."""

    examiner: Callable[[Array], dict[str, float]] | None = None  # vectors -> scores by name

    def compute_loss(
        self,
        x: Array | None = None,
        y: Array | None = None,
        y_pred: tuple[keras.KerasTensor, ...] = (),
        sample_weight: Array | None = None,
        training: bool = True,
    ) -> keras.KerasTensor:
        """-log sigmoid(score) of true pairs, -log sigmoid(-score) of negatives, for each pair."""
        scores, counts, negative_scores, negative_counts = y_pred
        true = ops.sum(counts * ops.softplus(-scores))
        drawn = ops.sum(negative_counts * ops.softplus(negative_scores))
        return (true + drawn) / ops.maximum(ops.sum(counts), 1.0)

    def test_on_batch(self, *given: object, **named: object) -> object:
        """The loss, and what the vectors can answer."""
        return self._judged(super().test_on_batch(*given, **named))

    def evaluate(self, *given: object, **named: object) -> object:
        """The loss, and what the vectors can answer."""
        return self._judged(super().evaluate(*given, **named))

    def _judged(self, values: object) -> object:
        if self.examiner is None or not isinstance(values, dict):
            return values
        return {**values, **self.examiner(vectors_of(self))}


@keras.saving.register_keras_serializable("dlkit.word2vec")
class Draw(layers.Layer):
    """What is left to chance: words left out, the length of each window, the negatives.

    In the check the same is drawn each time, so that its losses can be compared.
    """

    def __init__(self, size: int, window: int, seed: int, **named: object) -> None:
        super().__init__(**named)
        self.size, self.window, self.seed = size, window, seed
        self.seeds = keras.random.SeedGenerator(seed)

    def build(self, shape: tuple[int | None, int]) -> None:
        """The probability of each word to be kept; the places of the words among the negatives."""
        fixed = {"shape": (self.size,), "initializer": "zeros", "trainable": False}
        self.kept = self.add_weight(name="kept", **fixed)
        self.negatives = self.add_weight(name="negatives", **fixed)

    def call(
        self, line: keras.KerasTensor, training: bool = False
    ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """Lines [B, L] -> pairs [B, L, L] of word and company, negatives [B, NEGATIVES]."""
        batch = ops.shape(line)[0]
        shape = (3, batch, LINE)
        chance = keras.random.uniform(shape, seed=self.seeds if training else FIXED)
        kept = chance[0] < ops.take(self.kept, line, axis=0)
        reach = 1.0 + ops.floor(chance[1] * self.window)
        negatives = ops.searchsorted(self.negatives, ops.reshape(chance[2], (-1,)), side="right")
        negatives = ops.reshape(ops.minimum(negatives, self.size - 1), (batch, NEGATIVES))
        return windows(line, kept, reach), negatives

    def compute_output_shape(self, shape: tuple[int | None, int]) -> tuple[tuple, tuple]:
        """Shapes of pairs and negatives."""
        return (shape[0], LINE, LINE), (shape[0], NEGATIVES)

    def compute_output_spec(
        self, line: keras.KerasTensor, training: bool = False
    ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """Pairs and negatives as the Functional model sees them."""
        pairs, negatives = self.compute_output_shape(line.shape)
        return keras.KerasTensor(pairs, "float32"), keras.KerasTensor(negatives, "int32")

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        config = {"size": self.size, "window": self.window, "seed": self.seed}
        return {**super().get_config(), **config}


def windows(
    line: keras.KerasTensor, kept: keras.KerasTensor, reach: keras.KerasTensor
) -> keras.KerasTensor:
    """Which words are company of which: [B, L, L], 1 where the second is in the first's window.

    Lines [B, L] with 0 behind each sentence; only `kept` words [B, L] count, and count as
    neighbours across those left out; `reach` [B, L] words to each side.
    """
    kept = ops.logical_and(kept, line > 0)
    sentence = ops.cumsum(ops.cast(line == 0, "float32"), axis=1)
    place = ops.cumsum(ops.cast(kept, "float32"), axis=1) + sentence * 2 * LINE
    apart = ops.abs(place[:, :, None] - place[:, None, :])  # [B, L, L]
    near = ops.logical_and(apart > 0, apart <= reach[:, :, None])
    both = ops.logical_and(kept[:, :, None], kept[:, None, :])
    return ops.cast(ops.logical_and(near, both), "float32")


@dataclass(frozen=True)
class Lines:
    """Lines to learn from and held-out ones, [N, 64]; a line brings its own answers."""

    x_train: Array
    x_val: Array
    y_train: None = None
    y_val: None = None


def train(params: Params, run: Run) -> keras.Model:
    """Learn the text; at each look write the map, the neighbours and the answers."""
    corpus, model = corpus_of(params), build(params)
    look = _Look(model, params, corpus)
    lines, held = _lines(corpus.train), _lines(corpus.held)
    model.examiner = look.examine
    model.words_per_example = float((lines > 0).sum() / len(lines))
    return fit(model, Lines(lines, held), params, run, pictures=look.pictures, fixed=look.fixed())


def vectors_of(model: keras.Model) -> Array:
    """The vectors of all words, [V, dimension]; row 0 belongs to no word."""
    return model.get_layer("words").get_weights()[0]


def _lines(tokens: Array) -> Array:
    """The text in lines of 64 places, the last filled up with 0, [N, 64]."""
    room = -len(tokens) % LINE
    return np.pad(tokens, (0, room)).reshape(-1, LINE).astype(np.int32)


def _kept(corpus: texts.Corpus, params: Params) -> Array:
    """How likely each word is kept, [V]: frequent ones are left out more often."""
    share = corpus.counts / corpus.counts.sum()
    if not params.subsampling:
        return (share > 0).astype(np.float32)
    rarity = params.subsampling / np.maximum(share, 1e-12)
    return np.where(share > 0, np.minimum(1.0, np.sqrt(rarity) + rarity), 0).astype(np.float32)


def _drawn_as_negative(corpus: texts.Corpus) -> Array:
    """Where each word ends between 0 and 1 when all stand there, as wide as count^0.75, [V]."""
    widths = corpus.counts.astype(np.float64) ** FLATTENED
    return (np.cumsum(widths) / widths.sum()).astype(np.float32)


class _Look:
    """What a training shows, and what it is asked at each check."""

    def __init__(self, model: keras.Model, params: Params, corpus: texts.Corpus) -> None:
        self._model, self._corpus = model, corpus
        questions = corpus.known(texts.analogies(params.data)).reshape(-1, 4)
        every = max(1, -(-len(questions) // MOST_ASKED))
        self._questions = questions[::every]
        board = np.linspace(0, len(questions) - 1, min(BOARD, len(questions))).astype(int)
        self._board = questions[board]
        self._pairs, self._ratings = corpus.rated(*texts.likenesses(params.data))
        self._mapped = _to_map(corpus, params, questions)
        probes = [corpus.numbers[word] for word in PROBES if word in corpus.numbers]
        self._probes = np.array([*probes, *self._mapped], np.int32)[:PROBED]
        self._last_map: Array | None = None
        self._last_near: Array | None = None

    def examine(self, vectors: Array) -> dict[str, float]:
        """The share of analogies answered, and how well likeness follows people's ratings."""
        found = {}
        if len(self._questions):
            found["accuracy"] = float(shown.analogies(vectors[1:], self._questions - 1).mean())
        if len(self._pairs):
            found["similarity"] = shown.similarity(vectors, self._pairs, self._ratings)
        return found

    def fixed(self) -> dict[str, Array]:
        """The words of the map, those whose neighbours are told, and the analogies of the board."""
        return {
            "map_words": self._spelled(self._mapped),
            "probes": self._spelled(self._probes),
            "board": self._spelled(self._board.ravel()).reshape(-1, 4, shown.LETTERS),
        }

    def pictures(self, step: int) -> dict[str, Array]:
        """Where the words lie, who is near whom and who is new there, what the board answers."""
        vectors = shown.unit(vectors_of(self._model)[1:])
        self._last_map = shown.flat(vectors[self._mapped - 1], self._last_map)
        probes = self._probes - 1
        near, _ = shown.nearest(vectors, vectors[probes], without=probes[:, None], most=COMPANY)
        last = near if self._last_near is None else self._last_near
        new = (near[:, :, None] != last[:, None, :]).all(axis=2)
        self._last_near = near
        a, b, c = (vectors[self._board[:, place] - 1] for place in range(3))
        said, _ = shown.nearest(vectors, b - a + c, without=self._board[:, :3] - 1, most=1)
        return {
            "map": self._last_map,
            "neighbours": self._spelled(near.ravel() + 1).reshape(*near.shape, shown.LETTERS),
            "newcomers": new.astype(np.uint8),
            "board_answers": self._spelled(said[:, 0] + 1),
        }

    def _spelled(self, numbers: Array) -> Array:
        return shown.spelled([self._corpus.words[number] for number in numbers])


def _to_map(corpus: texts.Corpus, params: Params, questions: Array) -> Array:
    """The words to show: those of the planted relations, or frequent ones that mean something."""
    if params.data in texts.PLANTED:
        return np.unique(questions[:, :2])[:MAPPED]
    telling = np.flatnonzero(_kept(corpus, params) > (0.6 if params.subsampling else 0.0))
    long = [number for number in telling if texts.telling(corpus.words[number])]
    return np.array(long[:MAPPED], np.int32)


def play(model: keras.Model, params: Params, inputs: BaseParams) -> dict[str, Array]:
    """Who is near a word, what a - b + c is, which word does not belong, and a map."""
    vectors = shown.unit(vectors_of(model)[1:])
    return playing.answers(vectors, corpus_of(params), inputs.values())
