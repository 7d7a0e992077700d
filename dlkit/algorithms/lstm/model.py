"""LSTM: a network that reads step by step and decides at each what to forget and what to keep.

A plain recurrent network passes all it knows through the same weights at every step, and what it
should learn from far back fades away or explodes. A long short-term memory carries a second state,
the cell, past the weights: gates decide what is forgotten, written and shown,

    c = f * c + i * tanh(...),   h = o * tanh(c),

so that with f near 1 the error flows back over hundreds of steps unharmed (Sepp Hochreiter, Jürgen
Schmidhuber, 1997, "Long short-term memory", Neural Computation 9,
https://doi.org/10.1162/neco.1997.9.8.1735). The forget gate f came later (Felix Gers, Jürgen
Schmidhuber, Fred Cummins, 2000, https://doi.org/10.1162/089976600300015015).

Four tasks: the next character of a text (after Andrej Karpathy, 2015,
https://karpathy.github.io/2015/05/21/rnn-effectiveness/), the coming values of a series, whether a
review praises, and the adding problem of the first paper, beside a simple recurrent network.

Deviations from the paper: gradients flow through all gates and over the whole window (full
backpropagation through time); no peepholes; the forget gate's bias starts at 1 (Rafal Jozefowicz
and others, 2015); long gradients are shortened (Razvan Pascanu and others, 2013,
https://arxiv.org/abs/1211.5063); GRU (Kyunghyun Cho and others, 2014,
https://arxiv.org/abs/1406.1078) and a simple recurrent layer can take the cell's place.
"""

import math
from typing import Any

import keras
from keras import layers, ops

from dlkit.algorithms.lstm.shown import TASKS, Forecast, streams_of
from dlkit.algorithms.lstm.spec import EMBEDDED, TOLD, WORDS, Params, cell_sizes, nets_of, symbols
from dlkit.algorithms.lstm.writing import WithDiary
from dlkit.contract import Array, Run
from dlkit.datasets.characters import UNKNOWN
from dlkit.params import BaseParams
from dlkit.training import fit, make_optimizer, seed_everything

CELLS = {"lstm": layers.LSTM, "gru": layers.GRU, "simple": layers.SimpleRNN}
CLOSE = 0.04  # a sum this near to the true one counts as solved, as in the paper


def build(params: Params) -> keras.Model:
    """The network of a task, compiled.

    text: characters as numbers [B, T] -> logits [B, T, V] of the next one at each place.
    series: the past [B, T, 1] -> low, middle and high values of the future [B, H, 3].
    sentiment: words as numbers [B, T] -> a logit [B, 1], above 0 for praise.
    adding: numbers and marks [B, T, 2] -> the sum [B, 1]; two networks if it is a race.
    """
    seed_everything(params.seed)
    makers = {"text": _writer, "series": _forecaster, "sentiment": _judge, "adding": _adder}
    model: keras.Model = makers[params.task](params)
    model.step_seconds = _step_seconds(params)
    model.words_per_example = params.context  # letters, values or numbers a second
    return model


def _writer(params: Params) -> keras.Model:
    size = symbols(params)
    letter = keras.Input((None,), dtype="int32", name="letter")  # [B, T]
    x = Table(size, EMBEDDED, name="letters")(letter)  # [B, T, E]
    x = _memory(x, params.cell, params, whole=True)  # [B, T, U]
    logits = layers.Dense(size, name=f"{params.cell}_answer")(x)  # [B, T, V]
    model = Writer(letter, logits, name="lstm")
    # What nobody could have learned, a character that the training part does not have, is no fault.
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=UNKNOWN)
    model.compile(_optimizer(params), loss, jit_compile=False)
    return model


def _forecaster(params: Params) -> keras.Model:
    past = keras.Input((params.context, 1), name="past")  # [B, T, 1]
    x = _memory(past, params.cell, params, whole=False)  # [B, U]
    x = layers.Dense(params.horizon * len(TOLD), name=f"{params.cell}_answer")(x)
    change = layers.Reshape((params.horizon, len(TOLD)))(x)  # [B, H, 3]
    model = keras.Model(past, past[:, -1:] + change, name="lstm")  # how far from the last value
    model.compile(_optimizer(params), Pinball(), jit_compile=False)
    return model


def _judge(params: Params) -> keras.Model:
    word = keras.Input((params.context,), dtype="int32", name="word")  # [B, T]
    x = Table(WORDS[params.reviews], EMBEDDED, name="words")(word)  # [B, T, E]
    if params.dropout:  # whole words are left out: no single one may decide
        shape = (None, params.context, 1)
        x = layers.Dropout(params.dropout, noise_shape=shape, seed=params.seed)(x)
    x = _memory(x, params.cell, params, whole=False)  # [B, U]
    model = keras.Model(word, layers.Dense(1, name=f"{params.cell}_answer")(x), name="lstm")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    right = keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)
    model.compile(_optimizer(params), loss, metrics=[right], jit_compile=False)
    model.look_seconds = 3.0  # a check reads a thousand reviews
    return model


def _adder(params: Params) -> keras.Model:
    row = keras.Input((None, 2), name="row")  # [B, T, 2]
    sums = {}
    for net in nets_of(params):
        x = _memory(row, net, params, whole=False)  # [B, U]
        sums[net] = layers.Dense(1, name=f"{net}_answer")(x)  # [B, 1]
    optimizer = _optimizer(params)
    if len(sums) == 1:
        model = keras.Model(row, sums[params.cell], name="lstm")
        model.compile(optimizer, "mse", metrics=[solved], jit_compile=False)
        return model
    # In a race each weight is clipped by itself, so that no network shortens the other's gradient.
    optimizer.clipnorm, optimizer.global_clipnorm = optimizer.global_clipnorm, None
    race: keras.Model = Race(row, sums, name="race")
    race.compile(
        optimizer,
        dict.fromkeys(sums, "mse"),
        metrics={net: [solved] for net in sums},
        jit_compile=False,
    )
    return race


def _memory(x: keras.KerasTensor, cell: str, params: Params, *, whole: bool) -> keras.KerasTensor:
    """Layers of cells: [B, T, in] -> what the last one says at every step [B, T, U], or at the end.

    Each window begins with an empty memory: windows are shuffled, so no state is carried over. With
    `stateful` they come in order, and it is.
    """
    for number in range(1, params.layers + 1):
        name = f"{cell}_layer_{number}"
        sequence = whole or number < params.layers
        named = {"return_sequences": sequence, "return_state": params.stateful, "name": name}
        layer = CELLS[cell](params.units, **named)
        if params.stateful:
            layer = Carried(layer, *streams_of(params), name=name)
        if params.bidirectional:
            layer = layers.Bidirectional(layer, name=name)  # [.., 2 U]
        x = layer(x)
        if params.dropout:
            x = layers.Dropout(params.dropout, seed=params.seed + number)(x)
    return x


def _optimizer(params: Params) -> Any:
    return make_optimizer(
        params.optimizer,
        params.learning_rate,
        weight_decay=params.weight_decay,
        average=params.average,
        clip=params.clip,
    )


def _step_seconds(params: Params) -> float:
    """About how long a step takes: the products of all cells, and a fixed part for each moment."""
    products = sum(inputs * outputs for net in nets_of(params)
                   for inputs, outputs in cell_sizes(params, net))  # fmt: skip
    loops = len(nets_of(params)) * params.layers * (2 if params.bidirectional else 1)
    if params.task == "text":
        products += params.units * symbols(params)
    rate = 4e12 if keras.distribution.list_devices("gpu") else 1e11
    moment = 6.0 * params.batch_size * products / rate + 2.5e-4 * loops
    return 2e-3 + params.context * moment


@keras.saving.register_keras_serializable("dlkit.lstm")
class Carried(layers.Wrapper):
    """Hands the memory on: each window of a batch goes on where that of the batch before ended.

    The error does not flow back over this border. After `windows` batches the text begins anew, and
    so does the memory; when the network is checked or used it always begins empty.
    """

    def __init__(self, layer: Any, rows: int, windows: int, **named: Any) -> None:
        super().__init__(layer, **named)
        self.rows, self.windows = rows, windows

    @property
    def carried(self) -> Any:
        """The layer whose memory it is."""
        return self.layer

    def build(self, shape: tuple[int | None, ...]) -> None:
        """A place for the memory of each row [rows, U], and for the number of batches read."""
        super().build(shape)
        fixed = {"initializer": "zeros", "trainable": False}
        states = 2 if isinstance(self.layer, layers.LSTM) else 1
        size = (self.rows, self.layer.units)
        self.memory = [self.add_weight(shape=size, **fixed) for _ in range(states)]
        self.batches = self.add_weight(shape=(), dtype="int32", **fixed)

    def call(self, x: Any, training: bool = False) -> Any:
        """What the layer says at every step: [B, T, in] -> [B, T, U]."""
        if not training:
            return self.layer(x)[0]
        goes_on = ops.cast(self.batches % self.windows > 0, x.dtype)
        before = [goes_on * kept for kept in self.memory]
        outputs, *after = self.layer(x, initial_state=before)
        for kept, new in zip(self.memory, after, strict=True):
            kept.assign(ops.stop_gradient(new))
        self.batches.assign_add(1)
        return outputs

    def get_config(self) -> dict[str, Any]:
        """What is needed to make the layer again."""
        return {**super().get_config(), "rows": self.rows, "windows": self.windows}


@keras.saving.register_keras_serializable("dlkit.lstm")
class Writer(keras.Model):
    """Tells its loss in bits too: how long a file would be that it had packed."""

    def get_metrics_result(self) -> dict[str, Any]:
        """The loss in nats and in bits for each character."""
        found = super().get_metrics_result()
        return {**found, "bits": found["loss"] / math.log(2.0)}


@keras.saving.register_keras_serializable("dlkit.lstm")
class Table(layers.Embedding):
    """A vector for each number. Its gradient is added up before anybody squares it.

    That of a plain look-up lists the rows that were met, one met twice twice: Adam and the measure
    of the gradient's length would square each by itself and take steps that are too long.
    """

    def call(self, numbers: Any) -> Any:
        """Numbers [B, T] -> vectors [B, T, E]."""
        return ops.take(self.embeddings * 1.0, numbers, axis=0)


@keras.saving.register_keras_serializable("dlkit.lstm")
class Race(keras.Model):
    """Two networks as one: they see the same rows and share no weight; their losses are added."""

    def get_metrics_result(self) -> dict[str, Any]:
        """The curves of the one under the plain names, those of the other under its own."""
        named = {}
        for name, value in super().get_metrics_result().items():
            net, _, metric = name.partition("_")
            if net in CELLS:  # the sum of the losses says nothing
                named[name if net == "simple" else metric] = value
        return named


@keras.saving.register_keras_serializable("dlkit.lstm")
class Pinball(keras.losses.Loss):
    """Teaches three numbers below which one, five and nine in ten true values lie.

    A value above the number told costs its distance times the share, one below it times the rest
    (Roger Koenker, Gilbert Bassett, 1978, https://doi.org/10.2307/1913643).
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Values [B, H] and told ones [B, H, 3] -> losses [B, H]."""
        miss = y_true[..., None] - y_pred
        share = ops.convert_to_tensor(TOLD, miss.dtype)
        return ops.mean(ops.maximum(share * miss, (share - 1.0) * miss), axis=-1)


@keras.saving.register_keras_serializable("dlkit.lstm")
def solved(y_true: Any, y_pred: Any) -> Any:
    """Whether each sum [B, 1] is met, [B]."""
    return ops.cast(ops.abs(y_true - y_pred)[:, 0] < CLOSE, "float32")


def train(params: Params, run: Run) -> keras.Model:
    """Learn the task; show at each look what is written, foretold or summed up by now."""
    model, keeping = build(params), WithDiary(run)
    task = TASKS[params.task](params, keeping)
    if isinstance(task, Forecast):
        model.judge = lambda: task.judge(model)

    def pictures(step: int) -> dict[str, Array]:
        return task.pictures(model, step)

    return fit(model, task.parts(), params, keeping, pictures=pictures, fixed=task.fixed())


def play(model: keras.Model, params: Params, inputs: BaseParams) -> dict[str, Array]:
    """Go on with a person's text, foretell a series from a place, or sum up a row."""
    return TASKS[params.task](params, WithDiary(None)).answer(model, inputs.values())
