"""Three recipes of keras.io, written anew as plain Keras from what their pages tell.

DCGAN: "GAN overriding `train_step`" (François Chollet, 2019), in its form for pictures of 28x28.
WGAN-GP: "WGAN-GP overriding `Model.train_step`" (A. K. Nain, 2020), made for Fashion-MNIST.
DDIM: "Denoising diffusion implicit models" (András Béres, 2022), made for flowers of 64x64.

Networks, losses, optimizers, rates, batches and the number of sampling steps are theirs; each is
trained by plain `fit`. Left out is what costs time and makes no picture better: pictures while
training, and numbers that are only watched. Different: the ways between real and generated
pictures are drawn evenly from 0 to 1, as Gulrajani and others (2017) have it; a picture of 28x28
can be halved twice, so DDIM's U-Net has the first three of its four widths.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from dlkit.contract import Array

NOISE = 128  # numbers from which a GAN makes a picture
AT_ONCE = 250  # pictures made in one call
SLOPE = 0.2  # of the leaky ReLU


class Dcgan(keras.Model):
    """One step for the discriminator on a mixed batch, then one for the generator."""

    batch = 64

    def __init__(self, generator: Any, discriminator: Any, noise_size: int = NOISE) -> None:
        super().__init__(name="dcgan")
        self.generator, self.discriminator = generator, discriminator
        self.noise_size = noise_size
        self.loss_of = keras.losses.BinaryCrossentropy(from_logits=True)
        self.rules = [keras.optimizers.Adam(3e-4) for _ in range(2)]  # generator, discriminator
        self.compile()

    def train_step(self, real: Any) -> dict[str, Any]:
        """Pictures [B, 28, 28, 1] from 0 to 1; a generated one is labelled 1, a real one 0."""
        count = ops.shape(real)[0]
        fake = self.generator(self._noise(count))
        labels = ops.concatenate([ops.ones((count,)), ops.zeros((count,))])
        labels += 0.05 * tf.random.uniform((2 * count,))
        with tf.GradientTape() as tape:
            scores = self._scores(ops.concatenate([fake, real]))
            judged = self.loss_of(labels, scores)
        _apply(self.rules[1], tape, judged, self.discriminator)
        with tf.GradientTape() as tape:
            made = self.loss_of(ops.zeros((count,)), self._scores(self._made(count)))
        _apply(self.rules[0], tape, made, self.generator)
        return {"judged": judged, "made": made}

    def prepared(self, pictures: Array) -> Array:
        """As it learns from them: from 0 to 1."""
        return pictures.astype(np.float32) / 255

    def _noise(self, count: Any) -> Any:
        return tf.random.normal((count, self.noise_size))

    def _made(self, count: Any) -> Any:
        return self.generator(self._noise(count))

    def _scores(self, pictures: Any) -> Any:
        return ops.reshape(self.discriminator(pictures), (-1,))


class WganGp(keras.Model):
    """Three steps for the critic, kept to slopes of 1 between real and made, then one."""

    batch, critic_steps, penalty = 512, 3, 10.0

    def __init__(self, generator: Any, critic: Any) -> None:
        super().__init__(name="wgan_gp")
        self.generator, self.critic = generator, critic
        self.rules = [keras.optimizers.Adam(2e-4, beta_1=0.5, beta_2=0.9) for _ in range(2)]
        self.compile()

    def train_step(self, real: Any) -> dict[str, Any]:
        """Pictures [B, 28, 28, 1] from -1 to 1."""
        count = ops.shape(real)[0]
        for _ in range(self.critic_steps):
            with tf.GradientTape() as tape:
                fake = self.generator(tf.random.normal((count, NOISE)), training=True)
                gap = ops.mean(self._scores(fake)) - ops.mean(self._scores(real))
                judged = gap + self.penalty * self._steepness(real, fake)
            _apply(self.rules[1], tape, judged, self.critic)
        with tf.GradientTape() as tape:
            fake = self.generator(tf.random.normal((count, NOISE)), training=True)
            made = -ops.mean(self._scores(fake))
        _apply(self.rules[0], tape, made, self.generator)
        return {"judged": judged, "made": made}

    def prepared(self, pictures: Array) -> Array:
        """As it learns from them: from -1 to 1."""
        return pictures.astype(np.float32) / 127.5 - 1

    def make(self, count: int, seed: int) -> Array:
        """Pictures [count, 28, 28, 1] from 0 to 255."""
        noise = np.random.default_rng(seed).standard_normal((count, NOISE)).astype(np.float32)
        made = self.generator.predict(noise, batch_size=AT_ONCE, verbose=0)
        return _bytes((made + 1) / 2)

    def _scores(self, pictures: Any) -> Any:
        return self.critic(pictures, training=True)

    def _steepness(self, real: Any, fake: Any) -> Any:
        """How far the critic's slopes are from 1 on the ways between, squared."""
        places = real + tf.random.uniform((ops.shape(real)[0], 1, 1, 1)) * (fake - real)
        with tf.GradientTape() as tape:
            tape.watch(places)
            scores = self._scores(places)
        slopes = tape.gradient(scores, places)
        lengths = ops.sqrt(ops.sum(ops.square(slopes), axis=(1, 2, 3)))
        return ops.mean(ops.square(lengths - 1.0))


class Ddim(keras.Model):
    """Learns to tell the noise in a picture, by its mean absolute error; keeps an average."""

    batch, keep, steps = 64, 0.999, 20
    strongest, weakest = 0.95, 0.02  # of the picture in the mixture

    def __init__(self, network: Any) -> None:
        super().__init__(name="ddim")
        self.network, self.average = network, keras.models.clone_model(network)
        self.average.set_weights(network.get_weights())
        self.average.trainable = False
        self.mean = self.spread = 0.0
        rule = keras.optimizers.AdamW(1e-3, weight_decay=1e-4)
        self.compile(rule, keras.losses.MeanAbsoluteError())

    def train_step(self, pictures: Any) -> dict[str, Any]:
        """Pictures [B, 28, 28, 1] of mean 0 and spread 1."""
        count = ops.shape(pictures)[0]
        noise = tf.random.normal(ops.shape(pictures))
        signal_rate, noise_rate = self._rates(tf.random.uniform((count, 1, 1, 1)))
        mixed = signal_rate * pictures + noise_rate * noise
        with tf.GradientTape() as tape:
            told = self._told(self.network, mixed, noise_rate, training=True)
            lost = self.compute_loss(y=noise, y_pred=told)
        _apply(self.optimizer, tape, lost, self.network)
        for weight, mean in zip(self.network.weights, self.average.weights, strict=True):
            mean.assign(self.keep * mean + (1 - self.keep) * weight)
        return {"loss": lost}

    def prepared(self, pictures: Array) -> Array:
        """As it learns from them; their mean and spread are remembered."""
        numbers = pictures.astype(np.float32) / 255
        self.mean, self.spread = float(numbers.mean()), float(numbers.std())
        scaled: Array = (numbers - self.mean) / self.spread
        return scaled

    def make(self, count: int, seed: int) -> Array:
        """Pictures [count, 28, 28, 1] from 0 to 255, by the averaged network."""
        random, parts = np.random.default_rng(seed), []
        back = tf.function(self._back)
        for start in range(0, count, AT_ONCE):
            shape = (min(AT_ONCE, count - start), 28, 28, 1)
            parts.append(np.asarray(back(random.standard_normal(shape).astype(np.float32))))
        return _bytes(np.concatenate(parts) * self.spread + self.mean)

    def _back(self, mixed: Any) -> Any:
        """From noise alone to pictures, in equal steps of time."""
        clean = mixed
        for step in range(self.steps):
            now, then = (self._rates(1.0 - (step + late) / self.steps) for late in (0, 1))
            every = ops.ones((ops.shape(mixed)[0], 1, 1, 1))
            told = self._told(self.average, mixed, now[1] * every, training=False)
            clean = (mixed - now[1] * told) / now[0]
            mixed = then[0] * clean + then[1] * told
        return clean

    def _rates(self, moment: Any) -> tuple[Any, Any]:
        """Shares of picture and noise at a moment from 0 to 1, on an arc of the circle."""
        first, last = math.acos(self.strongest), math.acos(self.weakest)
        angle = first + moment * (last - first)
        return ops.cos(angle), ops.sin(angle)

    def _told(self, network: Any, mixed: Any, noise_rate: Any, *, training: bool) -> Any:
        """The noise in a mixture; the network is told its variance."""
        form = (-1, *network.inputs[1].shape[1:])
        variance = ops.reshape(ops.square(noise_rate), form)
        return network([mixed, variance], training=training)


def dcgan() -> Dcgan:
    """With the example's own networks."""
    make = [
        keras.Input((NOISE,)),
        layers.Dense(7 * 7 * 128),
        layers.LeakyReLU(SLOPE),
        layers.Reshape((7, 7, 128)),
        layers.Conv2DTranspose(128, 4, 2, padding="same"),
        layers.LeakyReLU(SLOPE),
        layers.Conv2DTranspose(128, 4, 2, padding="same"),
        layers.LeakyReLU(SLOPE),
        layers.Conv2D(1, 7, padding="same", activation="sigmoid"),
    ]
    judge = [keras.Input((28, 28, 1))]
    for filters in (64, 128):
        judge += [layers.Conv2D(filters, 3, 2, padding="same"), layers.LeakyReLU(SLOPE)]
    judge += [layers.GlobalMaxPooling2D(), layers.Dense(1)]
    return Dcgan(keras.Sequential(make), keras.Sequential(judge))


def wgan_gp() -> WganGp:
    """With the example's own networks, which work on 32x32 and cut the margin off."""
    make = [keras.Input((NOISE,)), layers.Dense(4 * 4 * 256, use_bias=False)]
    make += [layers.BatchNormalization(), layers.LeakyReLU(SLOPE), layers.Reshape((4, 4, 256))]
    for filters in (128, 64, 1):
        bend = layers.LeakyReLU(SLOPE) if filters > 1 else layers.Activation("tanh")
        larger = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        make += [layers.UpSampling2D(2), larger, layers.BatchNormalization(), bend]
    make.append(layers.Cropping2D(2))
    judge = [keras.Input((28, 28, 1)), layers.ZeroPadding2D(2)]
    for filters, dropped in ((64, 0.0), (128, 0.3), (256, 0.3), (512, 0.0)):
        judge += [layers.Conv2D(filters, 5, 2, padding="same"), layers.LeakyReLU(SLOPE)]
        judge += [layers.Dropout(dropped)] if dropped else []
    judge += [layers.Flatten(), layers.Dropout(0.2), layers.Dense(1)]
    return WganGp(keras.Sequential(make), keras.Sequential(judge))


def ddim(widths: Sequence[int] = (32, 64, 96), blocks: int = 2) -> Ddim:
    """With the example's own U-Net."""
    mixed, variance = keras.Input((28, 28, 1)), keras.Input((1, 1, 1))
    told = layers.UpSampling2D(28)(_Waves()(variance))  # [B, 28, 28, 32]
    x = layers.Concatenate()([layers.Conv2D(widths[0], 1)(mixed), told])
    kept = []
    for width in widths[:-1]:
        for _ in range(blocks):
            x = _block(x, width)
            kept.append(x)
        x = layers.AveragePooling2D(2)(x)
    for _ in range(blocks):
        x = _block(x, widths[-1])
    for width in reversed(widths[:-1]):
        x = layers.UpSampling2D(2, interpolation="bilinear")(x)
        for _ in range(blocks):
            x = _block(layers.Concatenate()([x, kept.pop()]), width)
    answer = layers.Conv2D(1, 1, kernel_initializer="zeros")(x)
    return Ddim(keras.Model([mixed, variance], answer))


@keras.saving.register_keras_serializable("benchmarks")
class _Waves(layers.Layer):
    """A variance [B, 1, 1, 1] as 16 sines and 16 cosines, [B, 1, 1, 32]."""

    def call(self, variance: Any) -> Any:
        speeds = 2 * math.pi * np.geomspace(1.0, 1000.0, 16).astype(np.float32)
        return ops.concatenate([ops.sin(speeds * variance), ops.cos(speeds * variance)], axis=-1)


def _block(x: Any, width: int) -> Any:
    """Two convolutions beside a shortcut."""
    short = x if x.shape[-1] == width else layers.Conv2D(width, 1)(x)
    bent = layers.BatchNormalization(center=False, scale=False)(x)
    bent = layers.Conv2D(width, 3, padding="same", activation="swish")(bent)
    return layers.Add()([layers.Conv2D(width, 3, padding="same")(bent), short])


def _apply(rule: Any, tape: Any, lost: Any, side: Any) -> None:
    """One step of the optimizer for the weights of one side."""
    weights = side.trainable_variables
    rule.apply(tape.gradient(lost, weights), weights)


def _bytes(shares: Array) -> Array:
    """Pictures from 0 to 1 as whole numbers from 0 to 255."""
    whole: Array = np.clip(np.rint(255 * np.nan_to_num(shares)), 0, 255).astype(np.uint8)
    return whole
