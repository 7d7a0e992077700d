"""Generative adversarial network: a generator makes pictures, a discriminator tells them from real.

Neither is told what a good picture is. The discriminator learns from real and generated ones which
are which, the generator learns from the discriminator's gradient how to be taken for real (Ian
Goodfellow and others, 2014, "Generative adversarial nets", https://arxiv.org/abs/1406.2661).

The losses: the original one and its non-saturating form (Goodfellow), least squares (Xudong Mao and
others, 2017, https://arxiv.org/abs/1611.04076), hinge (Jae Hyun Lim, Jong Chul Ye, 2017,
https://arxiv.org/abs/1705.02894), Wasserstein with gradient penalty (Ishaan Gulrajani and others,
2017, https://arxiv.org/abs/1704.00028), relativistic pairs (Alexia Jolicoeur-Martineau, 2018,
https://arxiv.org/abs/1807.00734). Beside them: R1 (Lars Mescheder and others, 2018,
https://arxiv.org/abs/1801.04406), spectral normalisation (Takeru Miyato and others, 2018,
https://arxiv.org/abs/1802.05957), classes by projection (Miyato, Masanori Koyama, 2018,
https://arxiv.org/abs/1802.05637), pictures shifted before the discriminator sees them (Shengyu Zhao
and others, 2020, https://arxiv.org/abs/2006.10738). The networks for pictures follow DCGAN (Alec
Radford and others, 2016, https://arxiv.org/abs/1511.06434).

Deviations: both sides take their step at once, from the same weights, which saves one way through
the generator; a side that has no turn keeps its weights and what its optimizer remembers. The
discriminator has no batch normalisation, and sees real and generated pictures in batches of their
own. The moving average is kept of the generator alone, as is usual.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from dlkit.algorithms.gan import looking, shown
from dlkit.algorithms.gan.spec import Params, is_cloud, num_classes_of, shape_of
from dlkit.contract import Array, Run
from dlkit.gradients import slope
from dlkit.params import BaseParams
from dlkit.training import fit, one_thread, seed_everything

SLOPE = 0.2  # of the leaky ReLU below zero
SOONEST = 0.9  # how slowly batch normalisation's running statistics move, at least


def build(params: Params) -> keras.Model:
    """Both networks in one model, which scores pictures or points [B, ...] with classes [B]."""
    if is_cloud(params):
        one_thread()
    seed_everything(params.seed)
    generator, discriminator = make_generator(params), make_discriminator(params)
    model = Gan(generator, discriminator, params, name="gan")
    optimizer = TwoSided(
        params.learning_rate,
        border=len(generator.trainable_variables),
        turns=(params.generator_steps, params.discriminator_steps),
        beta_1=params.momentum,
        use_ema=params.average > 0,
        ema_momentum=params.average,
    )
    model.compile(optimizer, jit_compile=is_cloud(params))
    # Each picture goes through the generator forth and back, and eight ways through the other.
    work = 3.0 * shown.work(generator) + 8.0 * shown.work(discriminator)
    model.step_seconds = 3e-4 + params.batch_size * work / 4e10
    model.look_seconds = 1.0 if is_cloud(params) else 5.0  # a judge looks at 400 pictures
    return model


def make_generator(params: Params) -> keras.Model:
    """Noise [B, noise_size] and, if conditional, classes [B] -> pictures or points in [-1, 1]."""
    noise = keras.Input((params.noise_size,), name="noise")
    label = keras.Input((), dtype="int32", name="label")
    inputs, x = [noise], noise
    if params.conditional:
        inputs, x = [noise, label], ops.concatenate([noise, _one_hot(label, params)], axis=-1)
    if is_cloud(params):
        for _ in range(params.depth):
            x = layers.ReLU()(_normalised(layers.Dense(params.width)(x), params))  # [B, width]
        return keras.Model(inputs, layers.Dense(2)(x), name="generator")
    height, _, channels = shape_of(params)
    side = height // 4
    x = layers.Dense(side * side * 2 * params.width, use_bias=not _has_norm(params))(x)
    x = layers.Reshape((side, side, 2 * params.width))(x)  # [B, H / 4, W / 4, 2 width]
    x = layers.ReLU()(_normalised(x, params))
    up: dict[str, Any] = {"strides": 2, "padding": "same"}
    x = layers.Conv2DTranspose(params.width, 4, use_bias=not _has_norm(params), **up)(x)
    x = layers.ReLU()(_normalised(x, params))  # [B, H / 2, W / 2, width]
    x = layers.Conv2DTranspose(channels, 4, activation="tanh", **up)(x)  # [B, H, W, ch]
    return keras.Model(inputs, x, name="generator")


def make_discriminator(params: Params) -> keras.Model:
    """Pictures or points in [-1, 1] and, if conditional, classes [B] -> scores [B]."""
    thing = keras.Input(shape_of(params), name="thing")
    label = keras.Input((), dtype="int32", name="label")
    wrap: Any = layers.SpectralNormalization if params.spectral_norm else lambda layer: layer
    x = thing
    if is_cloud(params):
        for _ in range(params.depth):
            x = layers.LeakyReLU(SLOPE)(wrap(layers.Dense(params.width))(x))  # [B, width]
    else:
        for factor in (1, 2):  # [B, H / 2, W / 2, width], then [B, H / 4, W / 4, 2 width]
            convolution = layers.Conv2D(factor * params.width, 4, strides=2, padding="same")
            x = layers.LeakyReLU(SLOPE)(wrap(convolution)(x))
        x = layers.Flatten()(x)
    score = wrap(layers.Dense(1))(x)[:, 0]  # [B]
    if not params.conditional:
        return keras.Model([thing], score, name="discriminator")
    table = layers.Dense(x.shape[-1], use_bias=False, name="projection")
    score = score + ops.sum(wrap(table)(_one_hot(label, params)) * x, axis=-1)
    return keras.Model([thing, label], score, name="discriminator")


def _one_hot(label: keras.KerasTensor, params: Params) -> keras.KerasTensor:
    return ops.one_hot(label, num_classes_of(params))  # [B, C]


def _has_norm(params: Params) -> bool:
    return params.normalisation == "batch"


def _normalised(x: keras.KerasTensor, params: Params) -> keras.KerasTensor:
    """Running statistics move as slowly as the average of the weights they belong to."""
    if not _has_norm(params):
        return x
    return layers.BatchNormalization(momentum=max(SOONEST, params.average))(x)


@keras.saving.register_keras_serializable("dlkit.gan")
class TwoSided(keras.optimizers.Optimizer):
    """Adam (Diederik Kingma, Jimmy Ba, 2015) for two sides, each with its own rate and its turns.

    The first `border` variables are the generator's, the others the discriminator's. In a cycle of
    `max(turns)` steps the discriminator moves in the first ones, the generator in the last ones.
    """

    def __init__(
        self,
        learning_rate: float,
        *,
        border: int,
        turns: tuple[int, int],
        beta_1: float,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, **{"name": "two_sided", **named})
        self.border, self.turns, self.beta_1, self.beta_2 = border, tuple(turns), beta_1, 0.99
        self._now: Any = None

    def build(self, variables: list[Any]) -> None:
        """Means of gradients and of their squares; what each side may do and has done."""
        if self.built:
            return
        super().build(variables)
        for variable, average in zip(variables, self._averages(), strict=False):
            average.assign(variable)
        names = ["mean", "square"]
        self.means, self.squares = self.add_optimizer_variables(variables, names)
        self.sides = self.add_variable((2,), initializer="ones", name="sides")  # times the rate
        self.moves = self.add_variable((2,), initializer="zeros", name="moves")

    def apply(self, gradients: list[Any], variables: list[Any] | None = None) -> None:
        """One step of those whose turn it is."""
        cycle = max(self.turns)
        place = ops.mod(ops.cast(self.iterations, "int32"), cycle)
        turns = ops.stack([place >= cycle - self.turns[0], place < self.turns[1]])
        active = ops.cast(ops.logical_and(turns, self.sides.value > 0), "float32")  # [2]
        count = self.moves.value + 1.0
        unbiased = ops.sqrt(1.0 - self.beta_2**count) / (1.0 - self.beta_1**count)
        self._now = active, active * self.sides.value * unbiased
        super().apply(gradients, variables)
        self.moves.assign_add(active)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Adam's step, or none at all."""
        number = self._get_variable_index(variable)
        active, rate = (part[int(number >= self.border)] for part in self._now)
        mean, square = self.means[number], self.squares[number]
        mean.assign_add(active * (1 - self.beta_1) * (gradient - mean))
        square.assign_add(active * (1 - self.beta_2) * (ops.square(gradient) - square))
        variable.assign_sub(learning_rate * rate * mean / (ops.sqrt(square) + 1e-8))

    def _averages(self) -> list[Any]:
        return self._model_variables_moving_average if self.use_ema else []

    def _update_model_variables_moving_average(self, variables: list[Any]) -> None:
        """Of the generator; for the discriminator the weights themselves."""
        keep = self.ema_momentum * ops.cast(ops.not_equal(self.iterations, 0), "float32")
        for variable, average in zip(variables, self._averages(), strict=False):
            fresh = self._get_variable_index(variable) >= self.border
            average.assign(variable if fresh else keep * average + (1 - keep) * variable)

    def get_config(self) -> dict[str, Any]:
        """What is needed to make the optimizer again."""
        own = {"border": self.border, "turns": self.turns, "beta_1": self.beta_1}
        return {**super().get_config(), **own}


class Gan(keras.Model):
    """Learns both networks in one step; is checked by what a judge sees in its pictures."""

    def __init__(
        self, generator: keras.Model, discriminator: keras.Model, params: Params, **named: Any
    ) -> None:
        super().__init__(**named)
        self.generator, self.discriminator = generator, discriminator
        self.params = params
        self.seeds = keras.random.SeedGenerator(params.seed)
        names = ("generator_loss", "discriminator_loss", "told_apart")
        self.means = {name: keras.metrics.Mean(name=name) for name in names}
        self.judge: Callable[[], dict[str, float]] = dict
        self.built = True

    def call(self, x: tuple[Array, Array], training: bool = False) -> keras.KerasTensor:
        """Things as they are stored and classes [B] -> scores [B]."""
        things, labels = x
        if training:
            things = self._shifted(self.scaled(things))
            return self._scores(things, labels, training=True)
        return self._scores(self.scaled(things), labels)

    def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The sum of both sides' losses: each moves only the weights of its own side."""
        things, labels = x
        real = self.scaled(things)
        noise = keras.random.normal((ops.shape(labels)[0], self.params.noise_size), seed=self.seeds)
        fake = self.generator(self._asked(noise, labels), training=True)
        fake_score = self._scores(self._shifted(ops.stop_gradient(fake)), labels)
        moved_score = self._judged_by_fixed(self._shifted(fake), labels)
        lost = LOSSES[self.params.loss]
        discriminator_loss = ops.mean(lost[0](y_pred, fake_score))
        generator_loss = ops.mean(lost[1](ops.stop_gradient(y_pred), moved_score))
        self.means["generator_loss"].update_state(generator_loss)
        self.means["discriminator_loss"].update_state(discriminator_loss)
        apart = ops.cast(y_pred[:, None] > fake_score[None], "float32")
        self.means["told_apart"].update_state(ops.mean(apart))
        punished = self._penalty(real, ops.stop_gradient(fake), labels)
        return generator_loss + discriminator_loss + punished

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Both losses, and how often a real thing is scored above a generated one."""
        return self.get_metrics_result()

    def turn(self, knob: Callable[[str], Any]) -> None:
        """Take over the live knobs: who learns, and the discriminator's own rate."""
        side, rate = knob("side"), max(knob("learning_rate"), 1e-12)
        speeds = [
            side != "discriminator",
            (side != "generator") * knob("discriminator_rate") / rate,
        ]
        self.optimizer.sides.assign([float(speed) for speed in speeds])

    def test_on_batch(self, *given: object, **named: object) -> dict[str, float]:
        """Nothing: at a check `fit` asks the judge, who looks at things made from fixed noise."""
        return {}

    evaluate = test_on_batch

    def make(self, noise: Array, labels: Array) -> Array:
        """Things from noise [N, noise_size] and classes [N], as they are stored."""
        made = self.generator.predict_on_batch(self._asked(noise, labels))
        return made if is_cloud(self.params) else shown.to_bytes(made)

    def scores_of(self, things: Any, labels: Array) -> Any:
        """Scores [N] of things as they are stored, with classes [N]."""
        return self((things, labels), training=False)

    def _asked(self, things: Any, labels: Any) -> list[Any]:
        return [things, labels] if self.params.conditional else [things]

    def scaled(self, things: Any) -> Any:
        """Stored bytes 0 to 255 -> [-1, 1]; points stay."""
        things = ops.cast(things, "float32")
        return things if is_cloud(self.params) else things / 127.5 - 1.0

    def _scores(self, things: Any, labels: Any, *, training: bool = False) -> Any:
        return self.discriminator(self._asked(things, labels), training=training)

    def _judged_by_fixed(self, things: Any, labels: Any) -> Any:
        """Scores whose gradient goes to the things alone."""
        fixed = [ops.stop_gradient(one.value) for one in self.discriminator.trainable_variables]
        others = [one.value for one in self.discriminator.non_trainable_variables]
        asked = self._asked(things, labels)
        return self.discriminator.stateless_call(fixed, others, asked, training=False)[0]

    def _penalty(self, real: Any, fake: Any, labels: Any) -> Any:
        """R1 where real things lie; for Wasserstein, on the ways from fakes to real ones too."""
        found = 0.0

        def steepness(things: Any) -> Any:
            found = slope(lambda values: self._scores(values, labels), things)
            return ops.sum(ops.square(found), axis=tuple(range(1, len(things.shape))))

        if self.params.r1:
            found += 0.5 * self.params.r1 * ops.mean(steepness(real))
        if self.params.loss == "wasserstein":
            shape = (ops.shape(labels)[0],) + (1,) * (len(real.shape) - 1)
            share = keras.random.uniform(shape, seed=self.seeds)  # one for each pair
            length = ops.sqrt(steepness(share * real + (1.0 - share) * fake) + 1e-12)
            found += self.params.gradient_penalty * ops.mean(ops.square(length - 1.0))
        return found

    def _shifted(self, pictures: Any) -> Any:
        """Each picture moved by up to `shift` pixels, black coming in: few are learned by heart."""
        most = 0 if is_cloud(self.params) else self.params.shift
        if not most:
            return pictures
        height, width = pictures.shape[1:3]
        places = 2 * most + 1
        moves = keras.random.randint((ops.shape(pictures)[0], 2), 0, places, seed=self.seeds)
        rows = ops.one_hot(moves[:, :1] + ops.arange(height), height + places - 1)
        columns = ops.one_hot(moves[:, 1:] + ops.arange(width), width + places - 1)
        margin = ((0, 0), (most, most), (most, most), (0, 0))
        wide = ops.pad(pictures, margin, constant_values=-1.0)
        return ops.einsum("bhi,bijc,bwj->bhwc", rows, wide, columns)


LOSSES: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "non_saturating": (
        lambda real, fake: ops.softplus(-real) + ops.softplus(fake),
        lambda real, fake: ops.softplus(-fake),
    ),
    "minimax": (
        lambda real, fake: ops.softplus(-real) + ops.softplus(fake),
        lambda real, fake: -ops.softplus(fake),
    ),
    "hinge": (
        lambda real, fake: ops.relu(1.0 - real) + ops.relu(1.0 + fake),
        lambda real, fake: -fake,
    ),
    "least_squares": (
        lambda real, fake: ops.square(real - 1.0) + ops.square(fake),
        lambda real, fake: ops.square(fake - 1.0),
    ),
    "wasserstein": (lambda real, fake: fake - real, lambda real, fake: -fake),
    "relativistic": (
        lambda real, fake: ops.softplus(fake - real),
        lambda real, fake: ops.softplus(real - fake),
    ),
}  # the discriminator's and the generator's, of scores [B]


def train(params: Params, run: Run) -> keras.Model:
    """Let both learn; give back the generator, which makes things from noise."""
    look = looking.Look(params, run)  # a judge may be trained here, before any seed is set
    model = build(params)
    look.watch(model)
    fit(model, look.things, params, run, pictures=look.pictures, fixed=look.fixed())
    return model.generator


def play(model: keras.Model, params: Params, inputs: BaseParams) -> dict[str, Array]:
    """What the generator makes of the noise that was chosen."""
    return looking.answered(model, params, inputs)
