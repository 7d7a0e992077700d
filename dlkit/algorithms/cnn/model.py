"""Convolutional neural network: small filters that slide over a picture.

A filter looks at a few pixels at a time and is the same everywhere, so a stroke is found wherever
it is drawn, with few weights. Pooling then keeps the strongest answer of each neighbourhood. Blocks
of both turn strokes into corners, corners into shapes (Yann LeCun, Léon Bottou, Yoshua Bengio,
Patrick Haffner, 1998, "Gradient-based learning applied to document recognition", Proceedings of the
IEEE 86, https://doi.org/10.1109/5.726791).

Deviations from LeNet-5: ReLU instead of scaled tanh, maximum instead of trained mean pooling, batch
normalisation (Sergey Ioffe, Christian Szegedy, 2015), dropout (Nitish Srivastava and others, 2014),
cross-entropy instead of Gaussian output units, every filter sees all maps of the layer before.
"""

import keras
import numpy as np
from keras import layers

from dlkit import datasets
from dlkit.algorithms.cnn.spec import SAMPLES, TILES, Inputs, Params, filters_of
from dlkit.contract import Array, Run
from dlkit.training import fit, make_optimizer, seed_everything

JUDGED = 2048  # at most so many validation examples count in the confusion matrix


def build(params: Params) -> keras.Model:
    """Pictures [B, H, W, 1] from 0 to 255 -> logits [B, C]; scaling is part of the network."""
    seed_everything(params.seed)
    dataset = datasets.find(params.data)
    picture = keras.Input(dataset.shape, name="picture")
    x = layers.Rescaling(1 / 255)(picture)  # [B, H, W, 1] in [0, 1]
    if params.shift:
        x = RandomShift(params.shift)(x)
    for number, filters in enumerate(filters_of(params), start=1):
        x = _block(x, filters, number, params)  # [B, H / 2^number, W / 2^number, filters]
    if params.head == "global_pooling":
        x = layers.GlobalAveragePooling2D()(x)  # [B, filters]
    else:
        x = layers.Dense(params.dense_units, activation="relu")(layers.Flatten()(x))
    x = layers.Dropout(params.dropout)(x)
    logits = layers.Dense(dataset.num_classes, name="logits")(x)  # [B, C]
    model = keras.Model(picture, logits, name="cnn")
    model.compile(
        make_optimizer(
            params.optimizer,
            params.learning_rate,
            weight_decay=params.weight_decay,
            average=params.average,
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def _block(x: keras.KerasTensor, filters: int, number: int, params: Params) -> keras.KerasTensor:
    """Convolution, normalisation, ReLU, then the maximum of each 2 by 2 pixels."""
    x = layers.Conv2D(
        filters,
        params.kernel,
        padding="same",
        use_bias=not params.batch_normalisation,
        kernel_initializer="he_normal",
    )(x)
    if params.batch_normalisation:
        x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.ReLU(name=f"block_{number}")(x)
    return layers.MaxPooling2D(2)(x)


@keras.saving.register_keras_serializable("dlkit")
class RandomShift(layers.Layer):
    """Moves each picture by up to `most` pixels each way while training, and never otherwise.

    Written with `keras.ops` alone, because an augmentation layer that XLA cannot compile would
    switch XLA off for the whole model. Digits are never flipped: a flipped 2 is no digit.
    """

    def __init__(self, most: int, **named: object) -> None:
        super().__init__(**named)
        self.most = most
        self.seeds = keras.random.SeedGenerator()

    def call(self, pictures: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Pictures [B, H, W, 1] -> pictures [B, H, W, 1]."""
        if not training:
            return pictures
        batch, (height, width) = keras.ops.shape(pictures)[0], pictures.shape[1:3]
        places = 2 * self.most + 1
        moves = keras.random.randint((batch, 2), 0, places, seed=self.seeds)  # [B, 2]
        rows = keras.ops.one_hot(moves[:, :1] + keras.ops.arange(height), height + places - 1)
        columns = keras.ops.one_hot(moves[:, 1:] + keras.ops.arange(width), width + places - 1)
        margin = ((0, 0), (self.most, self.most), (self.most, self.most), (0, 0))
        wide = keras.ops.pad(pictures, margin)  # [B, H + 2 most, W + 2 most, 1]
        return keras.ops.einsum("bhi,bijc,bwj->bhwc", rows, wide, columns)

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        return {**super().get_config(), "most": self.most}


def train(params: Params, run: Run) -> keras.Model:
    """Learn the training part; show the blocks' answers to a fixed picture at each look."""
    split = datasets.load(params.data, params.seed)
    model = build(params)
    watcher = _watcher(model, params)
    chosen = _one_of_each(split.y_val)
    shown, probe = split.x_val[chosen], split.x_val[chosen[3]]
    judged_x, judged_y = split.x_val[:JUDGED], split.y_val[:JUDGED]

    def pictures(step: int) -> dict[str, Array]:
        answers = _shares(model.predict_on_batch(judged_x)).argmax(axis=1)
        return {
            "confusion": _confusion(judged_y, answers),
            "feature_maps": _maps(watcher, probe),
            "sample_probabilities": _shares(model.predict_on_batch(shown)),
        }

    fixed = {
        "probe": probe[..., 0],
        "samples": shown[..., 0],
        "sample_classes": split.y_val[chosen],
    }
    return fit(model, split, params, run, pictures=pictures, fixed=fixed)


def play(model: keras.Model, params: Params, inputs: Inputs) -> dict[str, Array]:
    """Class probabilities [C] of a drawing, and what the blocks see in it."""
    picture = datasets.centred(np.array(inputs.picture, np.uint8), params.data)  # [H, W, 1]
    return {
        "probabilities": _shares(model.predict_on_batch(picture[None]))[0],
        "picture": picture[..., 0],
        "feature_maps": _maps(_watcher(model, params), picture),
    }


def _shares(logits: Array) -> Array:
    """Logits [N, C] -> class probabilities [N, C]."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _watcher(model: keras.Model, params: Params) -> keras.Model:
    """The same network, giving what comes out of each block's ReLU."""
    names = [f"block_{number}" for number in range(1, len(filters_of(params)) + 1)]
    return keras.Model(model.input, [model.get_layer(name).output for name in names])


def _maps(watcher: keras.Model, picture: Array) -> Array:
    """The first filters' answers to one picture, [blocks, TILES, H, W] from 0 to 255."""
    height, width, _ = picture.shape
    blocks = watcher.predict_on_batch(picture[None])
    maps = np.zeros((len(blocks), TILES, height, width), np.uint8)
    for number, block in enumerate(blocks):
        answers = block[0, :, :, :TILES]  # [h, w, up to TILES]
        rows = np.arange(height) * answers.shape[0] // height
        columns = np.arange(width) * answers.shape[1] // width
        bright = 255 * answers / max(float(answers.max()), 1e-6)
        maps[number, : answers.shape[2]] = np.moveaxis(bright[rows][:, columns], 2, 0)
    return maps


def _one_of_each(labels: Array) -> Array:
    """Places of the first example of each class, and of the next ones up to `SAMPLES`."""
    firsts = [int(np.flatnonzero(labels == label)[0]) for label in np.unique(labels)]
    others = [place for place in range(len(labels)) if place not in firsts]
    return np.array((firsts + others)[:SAMPLES])


def _confusion(truth: Array, answers: Array) -> Array:
    """How often each class [row] got each answer [column], [C, C]."""
    counts = np.zeros((10, 10), np.int32)
    np.add.at(counts, (truth, answers), 1)
    return counts
