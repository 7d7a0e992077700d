"""The judges themselves: small classifiers, one set of pictures each, trained once and kept.

What a judge sees are the inputs of its last bend, which tell what a picture shows, and the mean of
each of its last feature maps, which tell what it is painted with: without these, noise would look
nearer to digits than a thousand sevens do.

Each set has two judges of another shape and another seed, so that what was tuned under the eyes of
the first can be told by the second. A judge is trained when it is first asked for and then kept in
the program's folder, with its accuracy on held-back pictures and the hash of its weights; a file
whose hash is wrong is not believed, and the judge is trained anew. The numbers that are made of
what it sees are in `dlkit.judge`. Why a network may live here: docs/decisions/0012.
"""

import functools
import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from dlkit import datasets
from dlkit.contract import Array
from dlkit.fused import fused_normalisation
from dlkit.judge import Seen
from dlkit.judging import shares

VERSION = 3  # of the recipes below: another one makes other judges
BATCH, AT_ONCE = 64, 500
SPLIT = 1  # the seed by which the set is split, the same for all judges
EPOCHS = {"digits": 12, "mnist_5k": 14}
EPOCHS_OF_LARGE_SETS = 8  # their judges have batch normalisation and one stage more


@dataclass(frozen=True)
class Recipe:
    """Filters and their size, features, seed; pooled by maxima or by moving two pixels at once."""

    filters: tuple[int, ...]
    kernel: int
    features: int
    strides: int
    seed: int


RECIPES = {
    1: Recipe(filters=(24, 48), kernel=3, features=64, strides=1, seed=1),
    2: Recipe(filters=(32, 64), kernel=5, features=48, strides=2, seed=20140610),
}


@dataclass(frozen=True)
class Judge:
    """A trained judge: its share of right answers, the hash of its weights, and its eyes."""

    data: str
    number: int
    accuracy: float
    digest: str
    network: Any  # pictures -> features, logits
    mean: Array
    scale: Array

    def see(self, pictures: Array) -> Seen:
        """Pictures [N, H, W, ch] from 0 to 255 -> standardised features and probabilities."""
        parts = [
            self.network.predict_on_batch(np.asarray(pictures[start : start + AT_ONCE], np.float32))
            for start in range(0, len(pictures), AT_ONCE)
        ]
        features, logits = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Seen((features - self.mean) / self.scale, shares(logits))


def is_kept(data: str, number: int = 1) -> bool:
    """Whether the judge need not be trained first."""
    return _path(data, number).is_file()


@functools.lru_cache(maxsize=8)
def judge_of(data: str, number: int = 1) -> Judge:
    """The judge of the picture set called `data`. Training it resets the seeds of Keras."""
    return _kept(data, number) or _trained(data, number)


def _network(data: str, recipe: Recipe) -> tuple[Any, Any]:
    """The same weights twice: pictures -> logits, and pictures -> features, logits."""
    dataset = datasets.find(data)
    picture = keras.Input(dataset.shape)
    x = layers.Rescaling(1 / 255)(picture)
    more = (recipe.filters[-1] * 3 // 2,) if _is_large(data) else ()
    for filters in recipe.filters + more:
        maps = layers.Conv2D(filters, recipe.kernel, strides=recipe.strides, padding="same")(x)
        if _is_large(data):
            maps = layers.BatchNormalization(momentum=0.95)(maps)
        maps = layers.ReLU()(maps)
        x = layers.MaxPooling2D(2)(maps) if recipe.strides == 1 else maps
    x = layers.Dropout(0.25)(layers.Flatten()(x))
    shown = layers.Dense(recipe.features)(x)
    logits = layers.Dense(dataset.num_classes)(layers.ReLU()(shown))
    features = layers.Concatenate()([shown, layers.GlobalAveragePooling2D()(maps)])
    return keras.Model(picture, logits), keras.Model(picture, [features, logits])


def _trained(data: str, number: int) -> Judge:
    recipe, split = RECIPES[number], datasets.load(data, SPLIT)
    keras.utils.set_random_seed(recipe.seed)
    classifier, network = _network(data, recipe)
    epochs = EPOCHS.get(data, EPOCHS_OF_LARGE_SETS)
    steps = epochs * (-(-len(split.y_train) // BATCH))
    rate = keras.optimizers.schedules.CosineDecay(0.002, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"], jit_compile=False)
    random = np.random.default_rng(recipe.seed)
    most = split.x_train.shape[2] // (28 if _is_large(data) else 14)
    with fused_normalisation(classifier):
        for _ in range(epochs):
            pictures = _moved(split.x_train, random, most)
            classifier.fit(pictures, split.y_train, batch_size=BATCH, verbose=0)
    _, accuracy = classifier.evaluate(split.x_val, split.y_val, batch_size=AT_ONCE, verbose=0)
    some = split.x_train[datasets.spread(len(split.x_train), 5000)]
    features = np.concatenate(
        [network.predict_on_batch(some[start : start + AT_ONCE].astype(np.float32))[0]
         for start in range(0, len(some), AT_ONCE)]
    )  # fmt: skip
    weights = network.get_weights()
    spread = features.std(axis=0)
    scale = np.maximum(spread, 0.01 * spread.mean())
    judge = Judge(
        data, number, float(accuracy), _digest(weights), network, features.mean(axis=0), scale
    )
    _keep(judge, weights)
    return judge


def _is_large(data: str) -> bool:
    return data not in EPOCHS


def _moved(pictures: Array, random: np.random.Generator, most: int) -> Array:
    """Each picture moved by up to `most` pixels each way; black comes in."""
    count, height, width, _ = pictures.shape
    if not most:
        return pictures
    wide = np.pad(pictures, ((0, 0), (most, most), (most, most), (0, 0)))
    top, left = random.integers(0, 2 * most + 1, (2, count, 1))
    rows, columns = top + np.arange(height), left + np.arange(width)
    moved: Array = wide[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None]]
    return moved


def _keep(judge: Judge, weights: Sequence[Array]) -> None:
    """Write the judge down; others see the file whole or not at all."""
    path = _path(judge.data, judge.number)
    path.parent.mkdir(parents=True, exist_ok=True)
    held: dict[str, Any] = {f"weight_{number:02d}": one for number, one in enumerate(weights)}
    held |= {"mean": judge.mean, "scale": judge.scale}
    held |= {"accuracy": judge.accuracy, "digest": judge.digest}
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        np.savez(file, **held)
    Path(file.name).replace(path)


def _kept(data: str, number: int) -> Judge | None:
    """The judge of an earlier time; None if there is none, or one that is not what was kept."""
    path = _path(data, number)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as held:
            found = {name: held[name] for name in held.files}
    except (OSError, ValueError, EOFError, KeyError):
        return None
    weights = [found[name] for name in sorted(found) if name.startswith("weight_")]
    if str(found.get("digest")) != _digest(weights):
        return None
    _, network = _network(data, RECIPES[number])
    network.set_weights(weights)
    accuracy, digest = float(found["accuracy"]), str(found["digest"])
    return Judge(data, number, accuracy, digest, network, found["mean"], found["scale"])


def _digest(weights: Sequence[Array]) -> str:
    """SHA-256 of all weights in their order."""
    parts = (np.ascontiguousarray(weight, np.float32).tobytes() for weight in weights)
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _path(data: str, number: int) -> Path:
    home = Path(os.environ.get("DLKIT_HOME", Path.home() / ".dlkit"))
    return home / "judges" / f"{data}-{number}-{VERSION}.npz"
