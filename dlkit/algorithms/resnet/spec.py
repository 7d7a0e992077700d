"""Residual network: knobs, presets, charts and playground."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import plotly.graph_objects as go
import pydantic

from dlkit import datasets, recipe
from dlkit.contract import Algorithm, Array, Finding, Layer, Paper, RunData, View, Words
from dlkit.params import BaseParams, choice, drawing, integer, real, refuse, switch
from dlkit.views import blocks as block_views
from dlkit.views import classes, findings, pictures, twin

PICTURES = tuple(name for name, one in datasets.DATASETS.items() if one.kind == "image")
RESIDUAL, PLAIN = "residual", "plain"
STAGES = 3
TILES = 8  # feature maps shown of each stage
SAMPLES = 12
MISTAKES = 12
BEHIND = 6  # pictures shown behind a cell of the confusion matrix
FADED, BLOWN_UP = 0.1, 20.0  # times the last block's gradient: too little, too much in the first
BEHIND_BY = 1.15  # times the residual network's training loss


class Params(BaseParams):
    """What can be set. The network has 6 * `blocks` + 2 layers."""

    data: str = choice("mnist_5k", *PICTURES)
    blocks: int = integer(7, low=1, high=18, unit="blocks")
    width: int = integer(4, low=1, high=64, unit="filters")
    shortcut: bool = switch(True)
    twin: bool = switch(True)
    learning_rate: float = real(0.1, low=1e-6, high=10.0, scale="log", live=True)
    batch_size: int = integer(32, low=1, high=1024, unit="examples")
    epochs: int = integer(5, low=1, high=500)
    preactivation: bool = switch(True, group="network")
    zero_gamma: bool = switch(False, group="network")
    shift: int = integer(1, low=0, high=4, unit="pixels", group="regularisation")
    flip: bool = switch(False, group="regularisation")
    cutout: int = integer(0, low=0, high=16, unit="pixels", group="regularisation")
    label_smoothing: float = real(0.0, low=0.0, high=0.5, step=0.01, group="regularisation")
    weight_decay: float = real(0.002, low=0.0, high=1.0, step=0.001, group="regularisation")
    optimizer: str = choice("sgd", "sgd", "adam", "adamw", "lion", "muon", group="optimization")
    schedule: str = recipe.schedule("one_cycle")
    average: float = recipe.average()
    stop_at: float = recipe.stop_at()
    minutes: float = recipe.minutes()
    seed: int = recipe.seed()

    @pydantic.model_validator(mode="after")
    def _mirrors_mean_the_same(self) -> Self:
        if self.flip and not datasets.find(self.data).mirrors:
            refuse("flip", "flipped_digits")
        return self


def nets_of(params: Params) -> tuple[str, ...]:
    """The networks that are trained: a twin is both, and without shortcuts there is no twin."""
    if not params.shortcut:
        return (PLAIN,)
    return (RESIDUAL, PLAIN) if params.twin else (RESIDUAL,)


def places_of(params: Params) -> list[str]:
    """The layer at the end of each stage, in the network that is judged and asked."""
    prefix = "" if params.shortcut else f"{PLAIN}_"
    return [f"{prefix}block_{stage * params.blocks}" for stage in range(1, STAGES + 1)]


def ends_of(params: Params) -> tuple[str, ...]:
    """The layer before the first block, then the one at the end of each block."""
    prefix = "" if params.shortcut else f"{PLAIN}_"
    start = "stem_conv" if params.preactivation else "stem_relu"
    numbers = range(1, STAGES * params.blocks + 1)
    return (prefix + start, *(f"{prefix}block_{number}" for number in numbers))


@functools.cache
def _inputs(blocks: int, shape: tuple[int, ...]) -> type[BaseParams]:
    kind = list[list[list[int]]] if shape[2] == 3 else list[list[int]]
    sheet = drawing(32, 32, channels=3) if shape[2] == 3 else drawing(28, 28)
    fields: dict[str, Any] = {
        "picture": (kind, sheet),
        "block": (int, integer(0, low=0, high=STAGES * blocks)),
    }
    return pydantic.create_model("Inputs", __base__=BaseParams, **fields)


def inputs(params: Params) -> type[BaseParams]:
    """A sheet to draw on, or a photograph, and the block that is switched off (0: none)."""
    return _inputs(params.blocks, datasets.find(params.data).shape)


def layers(params: Params, words: Words) -> Sequence[Layer]:
    """The network these params make; of a twin, the residual one. A box is a whole block."""
    height, width, channels = datasets.find(params.data).shape
    filters, count = params.width, params.blocks
    boxes = [Layer(words("layer.picture"), (height, width, channels), kind="data")]
    norm = 0 if params.preactivation else 4 * filters
    label = words("layer.convolution", filters=filters, kernel="3×3")
    weights = 9 * channels * filters + norm
    boxes.append(Layer(label, (height, width, filters), weights, kind="convolution"))
    for stage in range(STAGES):
        entering, filters = filters, params.width * 2**stage
        height, width = (height, width) if stage == 0 else ((height + 1) // 2, (width + 1) // 2)
        label = words("layer.block", filters=filters)
        for before, repeats in ((entering, 1), (filters, count - 1)):
            norms = 4 * (filters + (before if params.preactivation else filters))
            weights = 9 * (before + filters) * filters + norms
            box = Layer(label, (height, width, filters), weights, "convolution", repeats,
                        skips=1 if params.shortcut else 0)  # fmt: skip
            boxes += [box] if repeats else []
    norm = 4 * filters if params.preactivation else 0
    boxes.append(Layer(words("layer.global_pooling"), (filters,), norm, kind="pooling"))
    num_classes = datasets.find(params.data).num_classes
    weights = (filters + 1) * num_classes
    return [*boxes, Layer(words("layer.answer"), (num_classes,), weights, kind="answer")]


def accuracy(data: RunData, words: Words) -> go.Figure:
    """The share of right answers, of both networks where there are two."""
    return twin.accuracy(data, words, nets_of(_params(data)))


def loss(data: RunData, words: Words) -> go.Figure:
    """The loss, of both networks where there are two."""
    return twin.loss(data, words, nets_of(_params(data)))


def gradients(data: RunData, words: Words) -> go.Figure:
    """How strongly each block is told to change."""
    return block_views.gradients(_held(data).get("block_gradients"), nets_of(_params(data)), words)


def feature_maps(data: RunData, words: Words) -> go.Figure:
    """How each stage answers to one fixed picture."""
    held = _held(data)
    return _maps(held.get("feature_maps"), held.get("probe"), words)


def samples(data: RunData, words: Words) -> go.Figure:
    """Held-back pictures and the answers they get now."""
    held = _held(data)
    return pictures.samples(
        held.get("samples"),
        held.get("sample_probabilities"),
        held.get("sample_classes"),
        names=_names(data.params, words),
    )


def mistakes(data: RunData, words: Words) -> go.Figure:
    """The wrong answers given with most confidence."""
    held = _held(data)
    return pictures.mistakes(
        held.get("gallery"),
        held.get("gallery_classes"),
        held.get("mistakes"),
        held.get("mistake_probabilities"),
        names=_names(data.params, words),
        none=words("maps.no_mistake"),
    )


def confusion(data: RunData, words: Words) -> go.Figure:
    """True classes against answers, on the judged validation pictures."""
    return classes.confusion(_held(data).get("confusion"), _names(data.params, words), words)


def behind_cell(data: RunData, words: Words, place: Mapping[str, Any]) -> go.Figure:
    """The pictures behind a clicked cell of the confusion matrix."""
    held, names = _held(data), _names(data.params, words)
    return pictures.behind_cell(held.get("gallery"), held.get("cells"), place, names, words)


def answer(found: Mapping[str, Array], params: Params, words: Words) -> Sequence[go.Figure]:
    """How sure the network is of each class, what each block does for that, and what it sees."""
    names, off = _names(params, words), int(found["off"])
    said, fall = names[int(found["label"])], max(float(found["occlusion"].max()), 0.0)
    others = {words("bars.whole"): found["whole"]} if off else {}
    if PLAIN in found:
        others[words("net.plain")] = found[PLAIN]
    texts = (
        words("explain.grad_cam", said=said),
        words("explain.occlusion", said=said, fall=classes.percent(fall)),
    )
    return [
        block_views.bars(found["probabilities"], others, names, words),
        block_views.without(found["without"], found["whole"], names, words),
        block_views.falls(found["accuracies"], off, words),
        _maps(found["feature_maps"], found["picture"], words),
        pictures.heat_over(found["picture"], found["grad_cam"], texts[0]),
        pictures.heat_over(found["picture"], found["occlusion"], texts[1]),
    ]


def checks(data: RunData) -> Sequence[Finding]:
    """Is it learning, diverging, learning by heart? Does the gradient reach the first block?"""
    num_classes = datasets.find(_params(data).data).num_classes
    found = [*findings.classification(data, num_classes=num_classes)]
    return [*found, *_uneven(data), *_degraded(data)]


def _uneven(data: RunData) -> list[Finding]:
    """The first block's gradient is far from the last one's: of the plain network, if any."""
    norms = _held(data).get("block_gradients")
    if norms is None or norms.size < 2 or data.step == 0:
        return []
    first, last = float(norms[-1, 0]), float(norms[-1, -1])
    kind = "" if PLAIN in nets_of(_params(data)) else "_residual"
    if 0.0 < first < FADED * last:
        return [Finding(f"vanishing{kind}", "hint", {"times": round(last / first)})]
    if 0.0 < BLOWN_UP * last < first:
        return [Finding(f"exploding{kind}", "hint", {"times": round(first / last)})]
    return []


def _degraded(data: RunData) -> list[Finding]:
    """The plain network is left behind in training: degradation, seen in this run."""
    pair = [data.metrics.get(name) for name in ("loss", "plain_loss")]
    ours, plain = (np.asarray(one.values if one else [])[-8:] for one in pair)
    if len(ours) < 8 or len(plain) < 8 or data.step < 0.3 * data.total_steps:
        return []
    if not plain.mean() > BEHIND_BY * ours.mean():
        return []
    losses = {"plain": f"{plain.mean():.2g}", "residual": f"{ours.mean():.2g}"}
    return [Finding("degradation", "good", losses)]


def _maps(maps: Array | None, picture: Array | None, words: Words) -> go.Figure:
    rows = [words("maps.stage", number=number) for number in range(1, STAGES + 1)]
    return pictures.feature_maps(maps, picture, words, rows=rows)


def _params(data: RunData) -> Params:
    return Params.model_validate(data.params)


def _held(data: RunData) -> dict[str, Array]:
    return {name: snapshot.value for name, snapshot in data.arrays.items()}


def _names(params: Any, words: Words) -> list[str]:
    return classes.names_of(params.data, datasets.find(params.data).num_classes, words)


ALGORITHM = Algorithm(
    name="resnet",
    chapter=3,
    family="networks",
    icon=":material/alt_route:",
    paper=Paper(
        "Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun",
        2016,
        "Deep residual learning for image recognition",
        "https://arxiv.org/abs/1512.03385",
    ),
    params=Params,
    presets={
        "quick": Params(),
        "standard": Params(
            data="fashion_mnist", blocks=3, width=8, twin=False, batch_size=128, epochs=20,
            flip=True, weight_decay=0.003,
        ),
        "gpu": Params(
            data="cifar10", blocks=3, width=16, twin=False, batch_size=128, epochs=60, shift=4,
            flip=True, weight_decay=0.003, learning_rate=0.2,
        ),
    },
    tiny=Params(data="digits", blocks=1, width=4, epochs=2, shift=1, batch_size=32),
    metrics={
        "loss": "nats",
        "accuracy": "share",
        "val_loss": "nats",
        "val_accuracy": "share",
        "plain_loss": "nats",
        "plain_accuracy": "share",
        "val_plain_loss": "nats",
        "val_plain_accuracy": "share",
        "learning_rate": "",
        "gradient_norm": "",
        "throughput": "examples/s",
    },
    arrays={
        "block_gradients": (None, None),
        "probe": (None, None, None),
        "feature_maps": (STAGES, TILES, None, None),
        "samples": (SAMPLES, None, None, None),
        "sample_classes": (SAMPLES,),
        "sample_probabilities": (SAMPLES, None),
        "gallery": (None, None, None, None),
        "gallery_classes": (None,),
        "confusion": (None, None),
        "cells": (None, None, BEHIND),
        "mistakes": (MISTAKES,),
        "mistake_probabilities": (MISTAKES, None),
    },
    headline=("val_accuracy",),
    goal="max",
    views=(
        View("twin_loss", loss, metrics=("loss", "val_loss", "plain_loss", "val_plain_loss")),
        View("twin_accuracy", accuracy,
             metrics=("accuracy", "val_accuracy", "plain_accuracy", "val_plain_accuracy")),
        View("block_gradients", gradients, arrays=("block_gradients",)),
        View("feature_maps", feature_maps, arrays=("feature_maps", "probe")),
        View("samples", samples, arrays=("samples", "sample_probabilities", "sample_classes"),
             height=280),
        View("mistakes", mistakes, height=280,
             arrays=("gallery", "gallery_classes", "mistakes", "mistake_probabilities")),
        View("confusion", confusion, arrays=("confusion",), height=420, detail=behind_cell,
             behind=("gallery", "cells")),
    ),
    inputs=inputs,
    answer=answer,
    checks=checks,
    consulted=("confusion", "block_gradients"),
    layers=layers,
)  # fmt: skip
