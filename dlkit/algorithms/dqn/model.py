"""Deep Q-learning: an agent learns by playing what every action is worth.

The value of an action is what it brings now plus, a little discounted, what the best action after
it will bring. A network says these values Q(state, action) for all actions at once, and is taught
with its own word about the next moment (Volodymyr Mnih and others, 2015, "Human-level control
through deep reinforcement learning", https://doi.org/10.1038/nature14236). Two things keep that
from running away: the network learns from moments drawn at random out of a memory, and the next
moment is judged by a target network that follows behind.

What can be switched on, with its source: double (Hado van Hasselt, Arthur Guez, David Silver, 2016,
https://arxiv.org/abs/1509.06461), dueling (Ziyu Wang and others, 2016,
https://arxiv.org/abs/1511.06581), prioritised replay (Tom Schaul and others, 2016,
https://arxiv.org/abs/1511.05952), returns over several steps (Richard Sutton, 1988,
https://doi.org/10.1007/BF00115009), noisy layers (Meire Fortunato and others, 2018,
https://arxiv.org/abs/1706.10295), layer normalisation (Matteo
Gallici and others, 2025, https://arxiv.org/abs/2407.04811).

Deviations: the learning goes in blocks of `gradient_steps` updates after every `train_every` steps,
one compiled call each; the batches of a block are drawn together, so priorities change between
blocks; the two streams of a dueling network part only after the last hidden layer; Adam in place
of RMSProp, gradients no longer than 10; what is judged and kept is the average of the networks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from dlkit import training
from dlkit.algorithms.dqn import shown
from dlkit.algorithms.dqn.averaging import Average
from dlkit.algorithms.dqn.games import Game, Worlds
from dlkit.algorithms.dqn.loop import Learned, Loop
from dlkit.algorithms.dqn.memory import Drawn, Memory
from dlkit.algorithms.dqn.spec import Params, widths
from dlkit.algorithms.dqn.stage import level
from dlkit.algorithms.dqn.worlds import world_of
from dlkit.contract import Array, CodedError, Run
from dlkit.descent import updates
from dlkit.params import BaseParams
from dlkit.showing import Show
from dlkit.weights import load_state, state_of

LONGEST_GRADIENT = 10.0
SPREAD = 1e-3  # added to the variance in a normalisation
NOISE = 0.5  # of noisy layers at the start, over the root of their inputs


def build(params: Params) -> keras.Model:
    """What is seen [B, size] -> Q-values [B, actions], ready to learn."""
    training.one_thread()
    training.seed_everything(params.seed)
    model = network(params)
    optimizer = training.make_optimizer(
        params.optimizer, params.learning_rate, weight_decay=params.weight_decay
    )
    optimizer.global_clipnorm = LONGEST_GRADIENT
    model.compile(optimizer, "huber")
    optimizer.build(model.trainable_variables)
    return model


def network(params: Params) -> keras.Model:
    """What is seen [B, size] -> Q-values [B, actions]. Each call makes another one."""
    world = world_of(params)
    kind = "int32" if world.states else "float32"
    seen = keras.Input((world.size,), dtype=kind, name="seen")
    if world.states:
        x = OneHot(world.states, name="scaled")(seen)  # [B, states]
    else:
        scale, offset = scaling(params)
        x = layers.Rescaling(scale.tolist(), offset.tolist(), name="scaled")(seen)
    make = NoisyDense if params.exploration == "noisy" else layers.Dense
    for number, width in enumerate(widths(params), start=1):
        x = make(width, name=f"hidden_{number}")(x)  # [B, width]
        if params.normalisation == "layer":
            x = layers.LayerNormalization(epsilon=SPREAD, name=f"normalised_{number}")(x)
        x = layers.Activation("relu")(x)
    values = make(world.actions, name="advantage")(x)  # [B, A]
    if params.dueling:
        state = make(1, name="value")(x)  # [B, 1]
        values = state + values - ops.mean(values, axis=1, keepdims=True)
    return keras.Model(seen, values, name="dqn")


def scaling(params: Params) -> tuple[Array, Array]:
    """What brings the numbers of an observation between -1 and 1: times this, plus that."""
    world = world_of(params)
    low, high = np.array(world.low, np.float32), np.array(world.high, np.float32)
    scale = 2.0 / (high - low)
    return scale, -(high + low) / (high - low)


@keras.saving.register_keras_serializable("dlkit.dqn")
class OneHot(layers.Layer):
    """The number of a state [B, 1] as a row of zeros with a single one, [B, states]."""

    def __init__(self, states: int, **named: object) -> None:
        super().__init__(**named)
        self.states = states

    def call(self, seen: keras.KerasTensor) -> keras.KerasTensor:
        """Numbers [B, 1] -> [B, states]."""
        return ops.one_hot(seen[:, 0], self.states)

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        return {**super().get_config(), "states": self.states}


@keras.saving.register_keras_serializable("dlkit.dqn")
class NoisyDense(layers.Layer):
    """A dense layer whose weights shake while it learns, and which learns how much.

    The noise of a weight is the product of one number for its input and one for its output.
    """

    def __init__(self, units: int, **named: object) -> None:
        super().__init__(**named)
        self.units = units
        self.seeds = keras.random.SeedGenerator()

    def build(self, shape: tuple[int | None, int]) -> None:
        """Weights and their noise, [inputs, units] and [units]."""
        wide = 1.0 / np.sqrt(shape[-1])
        spread = keras.initializers.RandomUniform(-wide, wide)
        still = keras.initializers.Constant(NOISE * wide)
        matrix, row = (shape[-1], self.units), (self.units,)
        self.kernel = self.add_weight(name="kernel", shape=matrix, initializer=spread)
        self.bias = self.add_weight(name="bias", shape=row, initializer=spread)
        self.kernel_noise = self.add_weight(name="kernel_noise", shape=matrix, initializer=still)
        self.bias_noise = self.add_weight(name="bias_noise", shape=row, initializer=still)

    def call(self, x: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """[B, inputs] -> [B, units]; without noise unless it learns."""
        if not training:
            return ops.matmul(x, self.kernel) + self.bias
        inputs, units = self.kernel.shape
        drawn = keras.random.normal((inputs + units,), seed=self.seeds)
        shaped = ops.sign(drawn) * ops.sqrt(ops.abs(drawn))
        into, out = shaped[:inputs], shaped[inputs:]
        kernel = self.kernel + self.kernel_noise * into[:, None] * out[None, :]
        return ops.matmul(x, kernel) + self.bias + self.bias_noise * out

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        return {**super().get_config(), "units": self.units}


class Learner:
    """The network that learns and the one that follows behind it."""

    def __init__(self, online: keras.Model, params: Params) -> None:
        self.online, self._params = online, params
        self.target = network(params)  # another object, with weights of its own
        self.target.set_weights(online.get_weights())
        self._average, self._mean = Average(online, on=params.average_weights), network(params)
        self._pairs = list(
            zip(self.target.trainable_variables, online.trainable_variables, strict=True)
        )
        self._block = updates(
            self._loss, online.trainable_variables, online.optimizer, then=self._follow
        )

    def learn(self, drawn: Drawn, done: int) -> Learned:
        """A block of updates; `done` were made before."""
        found = self._block(*_batch(drawn), self._follows(done, len(drawn.rewards)))
        self._average.add()
        losses, lengths, errors = (np.asarray(one) for one in found)
        return Learned(losses, lengths, errors)

    def loss(self, drawn: Drawn) -> float:
        """How wrong it is about one batch [1, B], without learning from it."""
        (batch,) = zip(*_batch(drawn), strict=True)
        return float(self._loss(*batch)[0])

    def policies(self) -> tuple["Policy", "Policy"]:
        """Both networks as they are now, to act by and to look at."""
        return Policy(self.online, self._params), Policy(self.target, self._params)

    def played(self) -> "Policy":
        """What is judged and shown: the average of the networks so far."""
        self._average.put_into(self._mean)
        return Policy(self._mean, self._params)

    def settle(self) -> keras.Model:
        """The network with its average weights, to be kept; it learns no more."""
        self._average.put_into(self.online)
        return self.online

    def set_rate(self, rate: float) -> None:
        """Take steps of this size from now on."""
        self.online.optimizer.learning_rate = rate

    def state(self) -> dict[str, Array]:
        """All numbers of both networks."""
        weights = enumerate(self.target.variables)
        followed = {f"target/{n:04d}": np.array(weight.numpy()) for n, weight in weights}
        return state_of(self.online) | followed | self._average.state()

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from `state`. Raises `CodedError`."""
        load_state(self.online, state)
        self._average.restore(state)
        for number, weight in enumerate(self.target.variables):
            if f"target/{number:04d}" not in state:
                raise CodedError("file_damaged", name=f"target/{number:04d}")
            weight.assign(state[f"target/{number:04d}"])

    def _loss(self, *batch: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """Huber's loss between what was said [B] and what should be said [B]; the errors [B]."""
        seen, actions, rewards, following, discounts, weights = batch[:6]
        values = self.online(seen, training=True)  # [B, A]
        chosen = ops.sum(values * ops.one_hot(actions, values.shape[1]), axis=1)  # [B]
        ahead = self.target(following, training=True)  # [B, A]
        judge = self.online(following, training=True) if self._params.double else ahead
        best = ops.one_hot(ops.argmax(judge, axis=1), values.shape[1])
        wanted = ops.stop_gradient(rewards + discounts * ops.sum(ahead * best, axis=1))  # [B]
        if len(wanted.shape) != 1 or wanted.shape != chosen.shape:
            raise ValueError(f"(B,) against (B, 1): {wanted.shape} and {chosen.shape}")
        errors = wanted - chosen
        size = ops.abs(errors)
        losses = ops.where(size < 1.0, 0.5 * ops.square(errors), size - 0.5)
        return ops.mean(weights * losses), errors

    def _follow(self, *batch: keras.KerasTensor) -> None:
        for behind, ahead in self._pairs:
            behind.assign(behind + batch[6] * (ahead - behind))

    def _follows(self, done: int, count: int) -> Array:
        """How far the target follows after each of the next `count` updates, [count]."""
        params, numbers = self._params, done + 1 + np.arange(count)
        if params.target_update == "soft":
            return np.full(count, params.target_share, np.float32)
        return (numbers % params.target_every == 0).astype(np.float32)


def _batch(drawn: Drawn) -> tuple[Array, ...]:
    names = ("seen", "actions", "rewards", "following", "discounts", "weights")
    return tuple(getattr(drawn, name) for name in names)


@dataclass(frozen=True)
class _Dense:
    kernel: Array
    bias: Array
    kernel_noise: Array | None = None
    bias_noise: Array | None = None

    def __call__(self, x: Array, noise: Array | None) -> Array:
        if noise is None or self.kernel_noise is None:
            return x @ self.kernel + self.bias
        into, out = noise[: len(self.kernel)], noise[len(self.kernel) :]
        kernel = self.kernel + self.kernel_noise * into[:, None] * out[None, :]
        return x @ kernel + self.bias + self.bias_noise * out


class Policy:
    """A copy of the network in NumPy: for one moment at a time it answers fifty times as fast."""

    def __init__(self, model: keras.Model, params: Params) -> None:
        world = world_of(params)
        names = [f"hidden_{number}" for number, _ in enumerate(widths(params), start=1)]
        names += ["advantage", *(["value"] if params.dueling else [])]
        noisy = params.exploration == "noisy"
        self._layers = []
        for name in names:
            layer = model.get_layer(name)
            parts = [layer.kernel, layer.bias]
            parts += [layer.kernel_noise, layer.bias_noise] if noisy else []
            self._layers.append(_Dense(*(np.asarray(part.value) for part in parts)))
        self._scales = []
        if params.normalisation == "layer":
            made = [model.get_layer(f"normalised_{name[7:]}") for name in names if "_" in name]
            self._scales = [
                [np.asarray(part.value) for part in (one.gamma, one.beta)] for one in made
            ]
        self._hidden, self._states = len(widths(params)), world.states
        self._scaling = None if world.states else scaling(params)
        self.noises = sum(sum(layer.kernel.shape) for layer in self._layers) if noisy else 0

    def values(self, seen: Array, noise: Array | None = None) -> Array:
        """Observations [B, size] -> Q-values [B, actions]; `noise` [noises] shakes noisy layers."""
        if self._scaling is None:
            x = np.zeros((len(seen), self._states), np.float32)
            x[np.arange(len(seen)), seen[:, 0]] = 1.0
        else:
            x = seen * self._scaling[0] + self._scaling[1]
        parts = self._shares(noise)
        for number in range(self._hidden):
            x = self._layers[number](x, parts[number])
            if self._scales:
                x -= x.mean(axis=1, keepdims=True)
                x /= np.sqrt(np.square(x).mean(axis=1, keepdims=True) + SPREAD)
                x = x * self._scales[number][0] + self._scales[number][1]
            x = np.maximum(x, 0.0)
        values = self._layers[self._hidden](x, parts[self._hidden])
        if len(self._layers) > self._hidden + 1:
            values += self._layers[-1](x, parts[-1]) - values.mean(axis=1, keepdims=True)
        return values

    def _shares(self, noise: Array | None) -> Sequence[Array | None]:
        if noise is None:
            return [None] * len(self._layers)
        shaped = np.sign(noise) * np.sqrt(np.abs(noise))
        ends = np.cumsum([sum(layer.kernel.shape) for layer in self._layers])
        return np.split(shaped, ends[:-1])


def train(params: Params, run: Run) -> keras.Model:
    """Play, remember, learn; at each look play greedily in worlds apart from those of training."""
    model = build(params)
    learner, world = Learner(model, params), world_of(params)
    games = [_game(params) for _ in range(params.worlds)]
    kind = np.int32 if world.states else np.float32
    loop = Loop(
        params,
        run,
        learner=learner,
        worlds=Worlds(games, params.seed),
        memory=Memory(params.memory, params.worlds, world.size, kind),
        judge=shown.Judge([_game(params) for _ in range(params.episodes)], params),
    )
    album = shown.Album(loop, _game(params, seen=True), params)
    loop.go_on_from(run.restored())
    loop.train(Show(run, album.pictures, album.fixed()))
    return learner.settle()


def play(model: keras.Model, params: Params, inputs: BaseParams) -> dict[str, Array]:
    """A greedy episode step by step, in the world as it is or as the person has changed it."""
    given = inputs.values()
    policy = Policy(model, params)
    seed, constants = level(params, inputs)
    found = shown.episode(policy, _game(params, constants, seen=True), seed, given["random"])
    homes = [_game(params) for _ in range(shown.COMPARED)]
    found["home"] = found["here"] = shown.returns(policy, homes, params, random=given["random"])
    if constants:
        changed = [_game(params, constants) for _ in range(shown.COMPARED)]
        found["here"] = shown.returns(policy, changed, params, random=given["random"])
    return {**found, **shown.map_of(policy, params, given)}


def _game(
    params: Params, constants: Mapping[str, float] | None = None, *, seen: bool = False
) -> Game:
    return Game(params.data, params.grid, params.slip, seen=seen, constants=constants)
