"""Diffusion: a network that takes noise away, a little at a time, until a picture is left.

Noise is added to an example in many small steps until nothing else is left. That is easy. One
network, which is told the moment, learns to say what was added; with it the steps can be gone back,
from noise that nobody has seen before to an example that nobody has seen before (Jonathan Ho, Ajay
Jain, Pieter Abbeel, 2020, "Denoising diffusion probabilistic models",
https://arxiv.org/abs/2006.11239; first Jascha Sohl-Dickstein and others, 2015).

Also here: the cosine schedule (Alex Nichol, Prafulla Dhariwal, 2021), that of EDM (Tero Karras and
others, 2022), velocities (Tim Salimans, Jonathan Ho, 2022) and straight flows (Xingchao Liu and
others, 2023) in place of the noise, one network with and without a class for guidance (Jonathan Ho,
Tim Salimans, 2022), and the samplers of `samplers.py`.

Deviations, for speed on small computers: the U-Net first halves the picture with a strided
convolution, so that no convolution runs at full size; it has no attention, and batch in place of
group normalisation; in a batch the moments are spread evenly, with one random offset (Diederik
Kingma and others, 2021), so that its loss jumps less.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from dlkit import datasets
from dlkit.algorithms.diffusion import noise, playing, spec
from dlkit.algorithms.diffusion.looking import Look
from dlkit.algorithms.diffusion.sampling import Sampler
from dlkit.algorithms.diffusion.spec import Params
from dlkit.contract import Array, Run
from dlkit.params import BaseParams
from dlkit.training import fit, make_optimizer, one_thread, seed_everything

SLOWEST, FASTEST = 1.0, 300.0  # of the sines that tell the moment: radians over the whole time
FIXED = 20200619  # the seed of what is drawn for the check: always the same
CHECKED = 256  # examples of the validation part that are checked


def build(params: Params) -> keras.Model:
    """Examples [B, ...] as they come, with classes [B, 1] -> what is predicted, what was asked for.

    "network" inside is what takes part in sampling: x_t, moment from 0 to 1, class -> prediction.
    """
    shape, plane = spec.shape_of(params), spec.is_plane(params)
    if not spec.halves(params):  # points and very small pictures: too little for two threads
        one_thread()
    seed_everything(params.seed)
    example = keras.Input(shape, name="example")
    signed = layers.Rescaling(1 / 127.5, offset=-1.0, name="signed")
    clean = example if plane else signed(example)  # in [-1, 1]
    given = {"example": example}
    if params.conditional:
        given["label"] = keras.Input((1,), dtype="int32", name="label")
    draw = Draw(_settings(params), name="draw")
    target, *told = draw([clean, *list(given.values())[1:]])
    network = (_points_network if plane else _picture_network)(params)
    model = Diffusion(given, [network(told), target], name="diffusion")
    model.compile(
        make_optimizer(
            params.optimizer,
            params.learning_rate,
            weight_decay=params.weight_decay,
            average=params.average,
        ),
        jit_compile=plane,
    )
    return model


def _settings(params: Params) -> dict[str, Any]:
    return {
        "noise_schedule": params.noise_schedule,
        "time_steps": params.time_steps,
        "prediction": params.prediction,
        "label_dropout": params.label_dropout,
        "null": spec.num_classes(params),
        "seed": params.seed,
    }


@keras.saving.register_keras_serializable("dlkit.diffusion")
class Diffusion(keras.Model):
    """Learns to predict what the draw asks for; where there is a judge, it is asked at checks."""

    judge: Callable[[], dict[str, float]] = dict

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: tuple[keras.KerasTensor, ...] = (),
        sample_weight: Any = None,
        training: bool = True,
    ) -> keras.KerasTensor:
        """The mean squared error: about 1 for a network that has learned nothing."""
        predicted, target = y_pred
        return ops.mean(ops.square(predicted - target))


@keras.saving.register_keras_serializable("dlkit.diffusion")
class Draw(layers.Layer):
    """What is left to chance: the moment, the noise, and whether the class is told.

    All is drawn anew at each step; in the check always the same, so that losses can be compared.
    `settings` are those of `_settings`.
    """

    def __init__(self, settings: dict[str, Any], **named: object) -> None:
        super().__init__(**named)
        self.settings = settings
        self.seeds = keras.random.SeedGenerator(settings["seed"])
        plan = noise.schedule(settings["noise_schedule"], settings["time_steps"])
        self.signal, self.noise = plan.signal.astype("float32"), plan.noise.astype("float32")
        self.moments = noise.drawn(plan).astype("int32")

    def call(
        self, given: list[keras.KerasTensor], training: bool = False
    ) -> list[keras.KerasTensor]:
        """x_0 [B, ...], class [B, 1] -> target, x_t [B, ...], moment [B, 1] in (0, 1], class."""
        clean, *label = given
        moment = self._moment(ops.shape(clean)[0], training)  # [B]
        wide = (-1, *[1] * (len(clean.shape) - 1))
        signal_rate = ops.reshape(ops.take(self.signal, moment), wide)
        noise_rate = ops.reshape(ops.take(self.noise, moment), wide)
        added = keras.random.normal(ops.shape(clean), seed=self.seeds if training else FIXED)
        noisy = signal_rate * clean + noise_rate * added
        rates = signal_rate, noise_rate
        target = noise.target(self.settings["prediction"], clean, added, rates=rates)
        share = ops.cast(moment, "float32") / self.settings["time_steps"]
        told = [self._told(label[0], training)] if label else []
        return [target, noisy, ops.reshape(share, (-1, 1)), *told]

    def _moment(self, batch: Any, training: bool) -> keras.KerasTensor:
        """A moment for each example: spread evenly, from a random offset on."""
        offset = keras.random.uniform((1,), seed=self.seeds) if training else 0.5
        place = (offset + ops.arange(batch, dtype="float32")) / ops.cast(batch, "float32")
        row = ops.cast(place * len(self.moments), "int32")
        return ops.take(self.moments, ops.minimum(row, len(self.moments) - 1))

    def _told(self, label: keras.KerasTensor, training: bool) -> keras.KerasTensor:
        """The class; now and then, while training, only that there is one: the null class."""
        if not training:
            return label
        chance = keras.random.uniform(ops.shape(label), seed=self.seeds)
        return ops.where(chance < self.settings["label_dropout"], self.settings["null"], label)

    def compute_output_spec(
        self, given: list[keras.KerasTensor], training: bool = False
    ) -> list[keras.KerasTensor]:
        """What `call` gives, as the Functional model sees it."""
        clean, *label = given
        target, noisy = (keras.KerasTensor(clean.shape, "float32") for _ in range(2))
        moment = keras.KerasTensor((clean.shape[0], 1), "float32")
        return [target, noisy, moment, *[keras.KerasTensor(one.shape, "int32") for one in label]]

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        return {**super().get_config(), "settings": self.settings}


@keras.saving.register_keras_serializable("dlkit.diffusion")
class Sines(layers.Layer):
    """A moment as sines and cosines, slow ones to tell far from near, fast ones to be exact."""

    def call(self, moment: keras.KerasTensor) -> keras.KerasTensor:
        """[B, 1] in (0, 1] -> [B, TOLD]."""
        speeds = np.geomspace(SLOWEST, FASTEST, noise.TOLD // 2).astype("float32")
        return ops.concatenate([ops.sin(moment * speeds), ops.cos(moment * speeds)], axis=-1)


def _told(params: Params) -> tuple[list[keras.KerasTensor], keras.KerasTensor]:
    """The inputs moment [B, 1] and, where it is told, class [B, 1]; both as a vector [B, told].

    All layers of the networks have names: by them TensorFlow orders the sums of gradients, so two
    builds in one process would differ in the last bit.
    """
    width = spec.told_of(params)
    inputs = [keras.Input((1,), name="moment")]
    x = layers.Dense(width, activation="swish", name="at")(Sines(name="sines")(inputs[0]))
    if params.conditional:
        inputs.append(keras.Input((1,), dtype="int32", name="class"))
        table = layers.Embedding(spec.num_classes(params) + 1, width, name="classes")
        of_class = layers.Flatten(name="of_class")(table(inputs[1]))  # [B, told]
        x = layers.Add(name="at_of_class")([x, of_class])
    return inputs, layers.Dense(width, activation="swish", name="told")(x)


def _points_network(params: Params) -> keras.Model:
    """Points x_t [B, 2], moment, class -> prediction [B, 2]."""
    noisy = keras.Input((2,), name="noisy")
    inputs, told = _told(params)
    width = params.width
    x = layers.Dense(width, name="first")(noisy)  # [B, width]
    for number in range(1, 2 * params.blocks + 2):
        name = f"block_{number}"
        shift = layers.Dense(width, name=f"{name}_shift")(told)
        bent = layers.Add(name=f"{name}_told")([x, shift])
        bent = layers.Activation("swish", name=f"{name}_bend")(bent)
        bent = layers.Dense(width, activation="swish", name=f"{name}_in")(bent)
        bent = layers.Dense(width, kernel_initializer="zeros", name=f"{name}_out")(bent)
        x = layers.Add(name=name)([x, bent])
    x = layers.Activation("swish", name="last")(x)
    answer = layers.Dense(2, kernel_initializer="zeros", name="answer")(x)
    return keras.Model([noisy, *inputs], answer, name="network")


def _picture_network(params: Params) -> keras.Model:
    """Pictures x_t [B, H, W, 1], moment, class -> prediction [B, H, W, 1]: a small U-Net."""
    width, shape = params.width, spec.shape_of(params)
    noisy = keras.Input(shape, name="noisy")
    inputs, told = _told(params)
    size, strides = (4, 2) if spec.halves(params) else (3, 1)
    x = layers.Conv2D(width, size, strides, padding="same", name="stem")(noisy)  # [B, H/2, W/2, w]
    for number in range(1, params.blocks + 1):
        x = _block(x, told, width, name=f"fine_{number}")
    kept = x
    x = layers.Conv2D(2 * width, 3, 2, padding="same", name="down")(x)  # [B, H/4, W/4, 2w]
    for number in range(1, 2 * params.blocks + 1):
        x = _block(x, told, 2 * width, name=f"coarse_{number}")
    x = layers.Conv2D(width, 1, name="up")(x)
    x = layers.UpSampling2D(2, name="larger")(x)  # [B, H/2, W/2, w]
    x = layers.Add(name="joined")([x, kept])
    for number in range(1, params.blocks + 1):
        x = _block(x, told, width, name=f"again_{number}")
    x = layers.Activation("swish", name="last")(_normalised(x, "last_norm"))
    answer = layers.Conv2DTranspose(
        shape[-1], size, strides, padding="same", kernel_initializer="zeros", name="answer"
    )(x)
    return keras.Model([noisy, *inputs], answer, name="network")


def _block(
    x: keras.KerasTensor, told: keras.KerasTensor, filters: int, name: str
) -> keras.KerasTensor:
    """Two convolutions beside a shortcut; between them the vector scales and shifts each map."""
    bent = layers.Activation("swish", name=f"{name}_bend_1")(_normalised(x, f"{name}_norm_1"))
    bent = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_in")(bent)
    bent = _normalised(bent, f"{name}_norm_2")
    scale, shift = (
        layers.Reshape((1, 1, filters), name=f"{name}_{part}_all")(
            layers.Dense(filters, name=f"{name}_{part}")(told)
        )
        for part in ("scale", "shift")
    )
    scaled = layers.Multiply(name=f"{name}_scaled")([bent, scale])
    bent = layers.Add(name=f"{name}_told")([bent, scaled, shift])
    bent = layers.Activation("swish", name=f"{name}_bend_2")(bent)
    bent = layers.Conv2D(
        filters, 3, padding="same", kernel_initializer="zeros", name=f"{name}_out"
    )(bent)
    return layers.Add(name=name)([x, bent])


def _normalised(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=0.95, name=name)(x)


@dataclass(frozen=True)
class Examples:
    """Examples and classes to learn from and to check with; each brings its own answer."""

    x_train: dict[str, Array]
    x_val: dict[str, Array]
    y_train: None = None
    y_val: None = None


def train(params: Params, run: Run) -> keras.Model:
    """Learn the examples; at each look make samples from the same noise."""
    split, model = spec.split_of(params), build(params)
    held = datasets.spread(len(split.x_val), CHECKED)
    learned = _named(params, split.x_train, split.y_train)
    checked = _named(params, split.x_val[held], split.y_val[held])
    look = Look(Sampler(model.get_layer("network"), params), run, split)
    model.judge = look.judge if spec.is_plane(params) else dict
    pictures = look.points if spec.is_plane(params) else look.pictures
    return fit(
        model, Examples(learned, checked), params, run, pictures=pictures, fixed=look.fixed()
    )


def _named(params: Params, examples: Array, labels: Array) -> dict[str, Array]:
    """Examples and, where it is told, their class, as the model takes them."""
    told = {"label": labels.reshape(-1, 1).astype(np.int32)} if params.conditional else {}
    return {"example": examples, **told}


def play(model: keras.Model, params: Params, inputs: BaseParams) -> dict[str, Array]:
    """Examples made as asked, and what they were like on the way."""
    sample = Sampler(model.get_layer("network"), params)
    answer = playing.points if spec.is_plane(params) else playing.pictures
    return answer(sample, params, {**spec.UNASKED, **inputs.values()})
