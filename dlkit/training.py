"""The one bridge from Keras to a `Run`: plain `model.fit`, driven in pieces that can stop anywhere.

`fit` trains a compiled model on arrays. Three ideas carry it:

* The order of the data is ours: a permutation drawn from (seed, epoch). Any step can therefore be
  made again, and a run that was killed goes on from its checkpoint with the same numbers.
* Many steps run as one execution (`steps_per_execution`), a *window* of about a tenth of a second.
  Its length follows from the sizes of the model alone, never from a clock, so that a resumed run
  writes its points at the same steps. A point is the mean over its window.
* A piece may end inside a window (pause, step by step): the running means are kept and put back,
  so the point at the end of the window is the same to the last bit.

Only `keras` is used, so the same code runs on TensorFlow and on JAX.
"""

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from dlkit.contract import Array, CodedError, Run
from dlkit.feeding import whole_batches
from dlkit.fused import fused_normalisation
from dlkit.rhythm import LOOK_SECONDS, Order, Recipe, Rhythm, Split, scheduled
from dlkit.showing import Show
from dlkit.weights import averaged, load_state, state_of

CHECKPOINT_SECONDS = 2.0
CHECKPOINT_BYTES_A_SECOND = 25e6
ONE_BATCH = 2048  # examples: up to here a validation set goes through the model in one call


def seed_everything(seed: int) -> None:
    """Make weights, dropout and augmentation follow from `seed`, and from nothing built before."""
    # Keras counts unnamed layers, and TensorFlow adds up in the order of names: count anew.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)


def one_thread() -> None:
    """Let this process's arithmetic stay on one thread. Call it before the model is built.

    Where a step is short, handing parts of it to a second thread costs more than it brings: the
    two-spirals network trains half as fast again on one. Only TensorFlow listens, and only before
    its first operation; a worker process trains one run, so no other training is touched.
    """
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")


def device_name() -> str:
    """What the training runs on, in words that are the same in every language: "GPU 0", "CPU"."""
    gpus = keras.distribution.list_devices("gpu")
    return gpus[0].replace(":", " ").upper() if gpus else "CPU"


def make_optimizer(
    name: str,
    learning_rate: float,
    *,
    weight_decay: float,
    average: float = 0.0,
    clip: float = 0.0,
) -> Any:
    """One of the optimizers of the `optimizer` knob.

    Keras decouples the decay in all of them, so its Adam with decay is AdamW (Loshchilov and Hutter
    2019); "adam" is Adam as first published, without decay. Biases and the scales of normalisations
    are not decayed. With `average` a moving average of the weights is kept, which `fit` uses
    wherever the network is checked, shown or kept (Polyak and Juditsky 1992). With `clip` the
    gradient of all weights together is never longer than that (Pascanu and others 2013).
    """
    named = {"weight_decay": weight_decay or None, "use_ema": average > 0, "ema_momentum": average}
    named |= {"global_clipnorm": clip or None}
    optimizers = keras.optimizers
    made = {
        "sgd": lambda: optimizers.SGD(learning_rate, momentum=0.9, nesterov=True, **named),
        "adam": lambda: optimizers.Adam(learning_rate, **{**named, "weight_decay": None}),
        "adamw": lambda: optimizers.Adam(learning_rate, **named),
        "lion": lambda: optimizers.Lion(learning_rate, **named),
        "muon": lambda: optimizers.Muon(learning_rate, **named),
    }[name]()
    made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return made


def fit(
    model: Any,
    split: Split,
    params: Recipe,
    run: Run,
    *,
    pictures: Callable[[int], Mapping[str, Array]] | None = None,
    fixed: Mapping[str, Array] | None = None,
) -> Any:
    """Train `model` (compiled) until its epochs are over or the run says stop; gives it back.

    Writes the compiled loss and metrics of training and validation (`loss`, `val_loss`, ...),
    `learning_rate`, `gradient_norm` (of the last step of each window) and `throughput` in examples
    a second, or in words where the model has `words_per_example`; with a time budget also how many
    `seconds` of it were used at each look. `pictures(step)` gives arrays to keep; it is asked at
    the first look, at the end, and in between as often as 1.5 % of the time allow.
    `fixed` arrays, which never change, are written once. Ends early when `stop_at` is reached (by
    `val_accuracy`, `val_explained_share`, `val_coverage` or, where there is none, `val_loss`) or
    the `minutes` are over. Raises `CodedError("diverged")` if the loss is not finite.
    """

    def shown(step: int) -> Mapping[str, Array]:
        with averaged(model):
            return pictures(step) if pictures else {}

    with _gradient_norm(model.optimizer) as norm, fused_normalisation(model):
        show = Show(run, shown if pictures else None, fixed or {})
        loop = _Loop(model, split, params, run, norm=norm, show=show)
        loop.go_on_from(run.restored())
        loop.train()
    with averaged(model, keep=True):
        return model


@contextlib.contextmanager
def _gradient_norm(optimizer: Any) -> Iterator[Any]:
    """A variable in which the optimizer notes the length of each gradient; gone when training ends.

    Wrapping `apply` is the one place where gradients can be seen on every backend. The variable
    must be one of the optimizer's, because JAX carries only those through a step.
    """
    norm = optimizer.add_variable((), name="gradient_norm")
    plain_apply = optimizer.apply

    def apply(gradients: Any, variables: Any = None) -> Any:
        squares = [keras.ops.sum(getattr(g, "values", g) ** 2) for g in gradients if g is not None]
        norm.assign(keras.ops.sqrt(sum(squares)))
        return plain_apply(gradients, variables)

    optimizer.apply = apply
    optimizer.finalize_variable_values = lambda variables: None  # `fit` is called in pieces
    try:
        yield norm
    finally:
        del optimizer.apply, optimizer.finalize_variable_values
        places = [i for i, v in enumerate(optimizer._variables) if v is norm]
        del optimizer._variables[places[0]]  # a saved model must not ask for it


class _Loop:
    """The state of one training between two calls of `model.fit`."""

    def __init__(
        self,
        model: Any,
        split: Split,
        params: Recipe,
        run: Run,
        *,
        norm: Any,
        show: Show,
    ) -> None:
        self._model, self._split, self._params, self._run = model, split, params, run
        self._norm, self._show = norm, show
        examples = len(keras.tree.flatten(split.x_train)[0])
        self._batch = min(params.batch_size, examples)
        used = examples // self._batch * self._batch
        shuffled = not getattr(split, "in_order", False)
        self._order = Order(params.seed, examples, used, shuffled=shuffled)
        # A model whose layers do not tell how long a step takes says so itself.
        seconds = getattr(model, "step_seconds", 0.0) or seconds_per_step(model, self._batch)
        # Data that is too much to wait for says itself how many steps count as an epoch.
        epoch = getattr(split, "steps_per_epoch", 0) or examples // self._batch
        looks = getattr(model, "look_seconds", LOOK_SECONDS)  # more where a check is dear
        self._rhythm = Rhythm.of(epoch=epoch, epochs=params.epochs, seconds=seconds, looks=looks)
        # Side by side in TensorFlow's loop, short steps run faster; long ones only compile slower.
        self._unrolled = min(4, self._rhythm.window) if seconds < 1e-3 else 1
        self.step = 0
        self._piece_end = 0
        self._window_means: dict[int, Array] = {}
        self._marked: tuple[int, float] | None = None
        self._warm = False  # the first piece also compiles, and says nothing about speed
        self._logs: dict[str, float] = {}
        self._spent = 0.0  # seconds of all pieces before this one, pauses left out
        self._began: float | None = None  # when this piece began
        self._over = False
        self._keep_due = time.monotonic() + CHECKPOINT_SECONDS

    def go_on_from(self, checkpoint: Any) -> None:
        """Build what is built late, and restore a checkpoint if there is one."""
        model, rhythm = self._model, self._rhythm
        model.optimizer.build(model.trainable_variables)
        model.steps_per_execution = rhythm.window
        model.unrolled_steps_per_execution = self._unrolled
        if checkpoint is not None:
            means = {k: v for k, v in checkpoint.state.items() if k.startswith("mean/")}
            self._window_means = {int(key.split("/")[1]): value for key, value in means.items()}
            if means:
                model.test_on_batch(*self._rows(0, self._batch))  # makes the metrics' variables
            load_state(model, checkpoint.state)
            self.step = checkpoint.step
            self._spent = float(checkpoint.state.get("spent", 0.0))
        self._run.plan(total_steps=rhythm.total, steps_per_epoch=rhythm.epoch)

    def train(self) -> None:
        """Pieces, looks and checkpoints until the end or until nothing more is allowed.

        A run that is free to go allows far more steps than the epoch has left; one that is led step
        by step allows fewer, and sees the numbers and pictures of each.
        """
        if self.step == 0:  # what it answers before it has learned is the first thing to see
            self._run.scalars(0, **self._validation())
            self._show.now(0)
        elif self._params.stop_at and self._rhythm.is_look(self.step):
            self._end_if_good(self._validation())  # it may have been killed in the act of ending
        while self.step < self._rhythm.total and not self._over:
            epoch_left = self._rhythm.epoch - self.step % self._rhythm.epoch
            allowed = self._run.allowed(self.step, epoch_left)
            if allowed <= 0:
                break
            self._go(min(self.step + allowed, self._rhythm.total))
            if allowed <= epoch_left:
                self._run.scalars(self.step, **self._logs)
                self._show.now(self.step)
        self._show.now(self.step)
        self._keep()

    def _go(self, goal: int) -> None:
        while self.step < goal:
            self._fit_piece(goal)
            self._look()
            if self._over or self._run.should_stop():
                return

    def _fit_piece(self, goal: int) -> None:
        start, self._piece_end = self.step, self._rhythm.piece_end(self.step, goal)
        x, y = self._rows(start * self._batch, self._piece_end * self._batch)
        self._began = time.monotonic()
        self._marked = (start, self._began) if self._warm else None
        fed = whole_batches(x, y, self._batch)
        self._model.fit(**fed, shuffle=False, verbose=0, callbacks=[_Gate(self)])
        self._spent, self._began = self._seconds(), None
        self._warm = True
        self._window_means = {} if self._at_window_end() else _metric_values(self._model)

    def _rows(self, start: int, end: int) -> tuple[Any, Any]:
        rows = self._order.rows(start, end)
        pick = lambda array: None if array is None else array[rows]  # noqa: E731
        return keras.tree.map_structure(pick, (self._split.x_train, self._split.y_train))

    def _at_window_end(self) -> bool:
        return self.step == self._rhythm.window_start(self.step) or self.step == self._rhythm.total

    # what the gate calls during `model.fit`

    def begin(self, model: Any) -> None:
        """At the start of a piece: go on with the means of a window that was left half-way."""
        for number, value in self._window_means.items():
            model.metrics_variables[number].assign(value)

    def before(self, model: Any) -> None:
        """Before an execution: a new window takes the learning rate that holds now."""
        if not self._at_window_end():
            return
        middle = (self.step + self._rhythm.window_end(self.step)) / 2 / self._rhythm.total
        middle = min(1.0, max(middle, self._time_used()))
        rate = self._run.knob("learning_rate") * scheduled(self._params.schedule, middle)
        model.optimizer.learning_rate = rate
        if hasattr(model, "turn"):  # it has live knobs of its own
            model.turn(self._run.knob)

    def after(self, model: Any, logs: Mapping[str, float]) -> None:
        """After an execution: write the window's point; come back early if the run asks for it."""
        self.step = min(self.step + self._rhythm.window, self._piece_end)
        self._logs = {name: float(value) for name, value in logs.items()}
        if self._at_window_end():
            self._write_point(model)
            model.reset_metrics()
        if self._run.should_stop() or self._time_used() >= 1:
            model.stop_training = True

    def _time_used(self) -> float:
        """The share of the time budget that is used up; 0 without a budget."""
        return self._seconds() / (60 * self._params.minutes) if self._params.minutes else 0.0

    def _seconds(self) -> float:
        return self._spent + (time.monotonic() - self._began if self._began else 0.0)

    def _write_point(self, model: Any) -> None:
        rate = float(model.optimizer.learning_rate.numpy())
        norm = float(self._norm.numpy())
        self._run.scalars(self.step, **self._logs, learning_rate=rate, gradient_norm=norm)
        if not math.isfinite(self._logs.get("loss", 0.0)):
            raise CodedError("diverged", step=self.step)
        now = time.monotonic()
        if self._marked:
            step, moment = self._marked
            speed = (self.step - step) * self._batch / max(now - moment, 1e-9)
            speed *= getattr(self._model, "words_per_example", 1.0)
            self._run.scalars(self.step, throughput=speed)
        self._marked = self.step, now

    # between the pieces

    def _look(self) -> None:
        late = self._time_used() >= 1
        if self._at_window_end() and (late or self._rhythm.is_look(self.step)):
            values = self._validation()
            self._run.scalars(self.step, **values)
            self._end_if_good(values)
        if late:
            self._end("time_over", minutes=f"{self._params.minutes:g}")
        self._show.if_due(self.step)
        if time.monotonic() >= self._keep_due:
            self._keep()

    def _end_if_good(self, values: Mapping[str, float]) -> None:
        wanted = self._params.stop_at
        known = ("val_accuracy", "val_explained_share", "val_coverage", "val_loss")
        name = next(one for one in known if one in values)
        if not wanted or (values[name] - wanted) * (-1 if name == "val_loss" else 1) < 0:
            return
        self._end("good_enough", value=f"{values[name]:.4g}", wanted=f"{wanted:g}")

    def _end(self, why: str, **values: str) -> None:
        if not self._over and self.step < self._rhythm.total:
            self._over = True
            self._run.note(self.step, why, **values)

    def _validation(self) -> dict[str, float]:
        x, y = self._split.x_val, self._split.y_val
        with averaged(self._model):
            if len(keras.tree.flatten(x)[0]) <= ONE_BATCH:
                values = self._model.test_on_batch(x, y, return_dict=True)
            else:
                values = self._model.evaluate(x, y, batch_size=512, verbose=0, return_dict=True)
            values |= getattr(self._model, "judge", dict)()  # what no loss or metric of Keras tells
        clock = {"seconds": self._seconds()} if self._params.minutes else {}
        return {f"val_{name}": float(value) for name, value in values.items()} | clock

    def _keep(self) -> None:
        means = {f"mean/{number}": value for number, value in self._window_means.items()}
        spent = {"spent": np.array(self._spent)} if self._params.minutes else {}
        state = {**state_of(self._model), **means, **spent}
        self._run.checkpoint(self.step, state)
        size = sum(value.nbytes for value in state.values())
        self._keep_due = time.monotonic() + CHECKPOINT_SECONDS + size / CHECKPOINT_BYTES_A_SECOND


class _Gate(keras.callbacks.Callback):
    """Hands Keras' callbacks to the loop; `self.model` also brings JAX's variables up to date."""

    def __init__(self, loop: _Loop) -> None:
        super().__init__()
        self._loop = loop

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Runs after Keras has reset the metrics."""
        self._loop.begin(self.model)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Runs before each execution."""
        self._loop.before(self.model)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Runs after each execution."""
        self._loop.after(self.model, logs or {})


def _metric_values(model: Any) -> dict[int, Array]:
    found = enumerate(model.metrics_variables)
    return {number: np.array(variable.numpy()) for number, variable in found}


def seconds_per_step(model: Any, batch: int) -> float:
    """About how long a training step takes, from the sizes of the layers alone."""
    multiplications, elements = _work(model, batch)
    rate = 4e12 if keras.distribution.list_devices("gpu") else 1e11
    return 2e-4 + (6.0 * multiplications + 20.0 * elements) / rate


def _work(model: Any, batch: int) -> tuple[float, float]:
    """Multiplications and output elements of a batch's way through the model.

    A layer whose first axis is fixed does the same whatever the batch, as those of a graph do.
    """
    multiplications, elements = 0.0, 0.0
    for layer in model.layers:
        if getattr(layer, "layers", None):
            inner = _work(layer, batch)
            multiplications, elements = multiplications + inner[0], elements + inner[1]
            continue
        outputs = keras.tree.flatten(getattr(layer, "output", None))  # the first is passed on
        shape = getattr(outputs[0] if outputs else None, "shape", ()) or (batch,)
        rows, shape = shape[0] or batch, [size or 1 for size in shape]
        positions = rows * math.prod(shape[1:-1])
        kernels = [w for w in layer.trainable_weights if len(w.shape) > 1]
        multiplications += positions * sum(math.prod(w.shape) for w in kernels)
        elements += rows * math.prod(shape[1:])
    return multiplications, elements
