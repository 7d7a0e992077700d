"""Convolutional neural network: knobs, presets, charts and playground."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import plotly.graph_objects as go
import pydantic

from dlkit import datasets, recipe
from dlkit.contract import Algorithm, Array, Finding, Layer, Paper, RunData, View, Words
from dlkit.params import BaseParams, choice, drawing, integer, real, refuse, switch, text
from dlkit.views import classes, curves, findings, pictures

PICTURES = tuple(name for name, one in datasets.DATASETS.items() if one.kind == "image")
MAX_FILTERS = 256
TILES = 8  # feature maps shown of each block
SAMPLES = 12
MISTAKES = 12
BEHIND = 6  # pictures shown behind a cell of the confusion matrix
MANY_DEAD, MOST_DEAD = 0.25, 0.9  # of a block's filters


class Params(BaseParams):
    """What can be set. Each number of `filters` makes a block; a block halves the picture."""

    data: str = choice("mnist_5k", *PICTURES)
    filters: str = text("32, 64", pattern=r"^\s*\d{1,3}(\s*,\s*\d{1,3}){0,3}\s*$")
    kernel: int = integer(3, low=1, high=7, step=2, unit="pixels")
    head: str = choice("dense", "dense", "global_pooling")
    optimizer: str = recipe.optimizer("adamw")
    learning_rate: float = real(0.004, low=1e-6, high=10.0, scale="log", live=True)
    batch_size: int = integer(64, low=1, high=1024, unit="examples")
    epochs: int = integer(20, low=1, high=500)
    convolutions: int = integer(1, low=1, high=3, group="network")
    padding: str = choice("same", "same", "valid", group="network")
    pooling: str = choice("max", "max", "average", "stride", group="network")
    batch_normalisation: bool = switch(True, group="network")
    dense_units: int = integer(64, low=0, high=1024, group="network")
    shift: int = integer(2, low=0, high=4, unit="pixels", group="regularisation")
    flip: bool = switch(False, group="regularisation")
    cutout: int = integer(0, low=0, high=16, unit="pixels", group="regularisation")
    dropout: float = real(0.25, low=0.0, high=0.9, step=0.05, group="regularisation")
    label_smoothing: float = real(0.0, low=0.0, high=0.5, step=0.01, group="regularisation")
    weight_decay: float = real(0.01, low=0.0, high=1.0, step=0.001, group="regularisation")
    schedule: str = recipe.schedule("one_cycle")
    average: float = recipe.average()
    stop_at: float = recipe.stop_at()
    minutes: float = recipe.minutes()
    seed: int = recipe.seed()

    @pydantic.model_validator(mode="after")
    def _blocks_fit(self) -> Self:
        blocks = filters_of(self)
        for number in blocks:
            if not 1 <= number <= MAX_FILTERS:
                refuse("filters", "out_of_range", given=number, low=1, high=MAX_FILTERS)
        fit = len(sizes(self))
        if not fit:
            refuse("kernel", "filter_too_large", given=self.kernel, times=self.convolutions)
        if fit < len(blocks):
            refuse("filters", "too_many_blocks", given=len(blocks), high=fit)
        if self.flip and not datasets.find(self.data).mirrors:
            refuse("flip", "flipped_digits")
        return self


class Sheet(BaseParams):
    """A sheet to draw on."""

    picture: list[list[int]] = drawing(28, 28)


class Photo(BaseParams):
    """A picture in colour."""

    picture: list[list[list[int]]] = drawing(32, 32, channels=3)


def filters_of(params: Params) -> list[int]:
    """The filters of each block, first to last."""
    return [int(number) for number in params.filters.split(",")]


def sizes(params: Params) -> list[tuple[int, int]]:
    """Pixels along a side within each block and after it, for as many blocks as fit."""
    found, size = [], datasets.find(params.data).shape[0]
    lost = params.kernel - 1 if params.padding == "valid" else 0
    for _ in filters_of(params):
        inside = size - params.convolutions * lost
        if inside < 2:
            break
        size = (inside + 1) // 2 if params.pooling == "stride" else inside // 2
        found.append((inside, size))
    return found


def layers(params: Params, words: Words) -> Sequence[Layer]:
    """The network these params make, box by box."""
    dataset = datasets.find(params.data)
    boxes = [Layer(words("layer.picture"), dataset.shape, kind="data")]
    channels, kernel = dataset.shape[2], (params.kernel, params.kernel)
    for filters, (inside, size) in zip(filters_of(params), sizes(params), strict=True):
        label = words("layer.convolution", filters=filters, kernel="×".join(map(str, kernel)))
        for place in range(params.convolutions):
            strides = params.pooling == "stride" and place == params.convolutions - 1
            side = size if strides else _side(params, inside, place)
            weights = params.kernel**2 * channels * filters
            weights += 4 * filters if params.batch_normalisation else filters
            boxes.append(Layer(label, (side, side, filters), weights, kind="convolution"))
            channels = filters
        if params.pooling != "stride":
            pooled = words(f"knob.pooling.option.{params.pooling}")
            boxes.append(Layer(pooled, (size, size, filters), kind="pooling"))
    return [*boxes, *_head(params, words, channels=channels)]


def _side(params: Params, inside: int, place: int) -> int:
    """Pixels along a side after the convolution number `place` of a block, from 0."""
    lost = params.kernel - 1 if params.padding == "valid" else 0
    return inside + (params.convolutions - 1 - place) * lost


def _head(params: Params, words: Words, *, channels: int) -> list[Layer]:
    num_classes, size = datasets.find(params.data).num_classes, sizes(params)[-1][1]
    boxes, width = [], size * size * channels
    if params.head == "global_pooling":
        width = channels
        boxes.append(Layer(words("layer.global_pooling"), (width,), kind="pooling"))
    elif params.dense_units:
        weights = (width + 1) * params.dense_units
        width = params.dense_units
        boxes.append(Layer(words("layer.dense"), (width,), weights, kind="dense"))
    weights = (width + 1) * num_classes
    return [*boxes, Layer(words("layer.answer"), (num_classes,), weights, kind="answer")]


def inputs(params: Params) -> type[BaseParams]:
    """A sheet to draw on, or a photograph where the network has learned from photographs."""
    return Photo if datasets.find(params.data).shape[2] == 3 else Sheet


def feature_maps(data: RunData, words: Words) -> go.Figure:
    """How each block answers to one fixed picture, and how many of its filters are dead."""
    held = _held(data)
    return pictures.feature_maps(
        held.get("feature_maps"), held.get("probe"), words, rows=_rows(held, words)
    )


def filters(data: RunData, words: Words) -> go.Figure:
    """The weights of the first layer's filters."""
    return pictures.filters(_held(data).get("filters"))


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
    """How sure the network is of each class, why, and what its blocks see in the picture."""
    shares, names = found["probabilities"], _names(params, words)
    said, fall = names[int(shares.argmax())], max(float(found["occlusion"].max()), 0.0)
    texts = (
        words("explain.grad_cam", said=said),
        words("explain.occlusion", said=said, fall=classes.fine_percent(fall)),
    )
    return [
        classes.bars(shares, names, words),
        pictures.heat_over(found["picture"], found["grad_cam"], texts[0]),
        pictures.heat_over(found["picture"], found["occlusion"], texts[1]),
        pictures.feature_maps(found["feature_maps"], found["picture"], words),
    ]


def checks(data: RunData) -> Sequence[Finding]:
    """Is it learning, diverging, learning by heart? Do its filters find anything?"""
    num_classes = datasets.find(data.params.data).num_classes  # type: ignore[attr-defined]
    return [*_dead(data), *findings.classification(data, num_classes=num_classes)]


def _dead(data: RunData) -> list[Finding]:
    """Filters that answer to no judged picture, at no place."""
    shares = _held(data).get("dead_filters")
    if shares is None or not shares.size or data.step < 0.1 * data.total_steps:
        return []
    block, share = int(np.nanargmax(shares)), float(np.nanmax(shares))
    if share < MANY_DEAD:
        return []
    values = {"block": block + 1, "share": classes.percent(share)}
    return [Finding("dead_filters", "warning" if share >= MOST_DEAD else "hint", values)]


def _rows(held: Mapping[str, Array], words: Words) -> list[str] | None:
    shares = held.get("dead_filters")
    if shares is None:
        return None
    numbered = [words("maps.block", number=number) for number in range(1, len(shares) + 1)]
    return [
        words("maps.dead", block=block, share=classes.percent(float(share))) if share > 0 else block
        for block, share in zip(numbered, shares, strict=True)
    ]


def _held(data: RunData) -> dict[str, Array]:
    return {name: snapshot.value for name, snapshot in data.arrays.items()}


def _names(params: Any, words: Words) -> list[str]:
    return classes.names_of(params.data, datasets.find(params.data).num_classes, words)


ALGORITHM = Algorithm(
    name="cnn",
    chapter=2,
    family="networks",
    icon=":material/grid_on:",
    paper=Paper(
        "Yann LeCun, Léon Bottou, Yoshua Bengio, Patrick Haffner",
        1998,
        "Gradient-based learning applied to document recognition",
        "https://doi.org/10.1109/5.726791",
    ),
    params=Params,
    presets={
        "quick": Params(),
        "standard": Params(
            data="fashion_mnist", filters="16, 32, 64", convolutions=2, head="global_pooling",
            shift=1, flip=True, dropout=0.0, label_smoothing=0.05, weight_decay=0.02,
            batch_size=128, epochs=20, learning_rate=0.008,
        ),
        "gpu": Params(
            data="fashion_mnist", filters="64, 128, 256", batch_size=256, epochs=40,
            dense_units=256, flip=True, dropout=0.4, shift=2, weight_decay=0.05,
        ),
    },
    tiny=Params(data="digits", filters="8, 8", dense_units=16, epochs=2, shift=1),
    metrics={
        "loss": "nats",
        "accuracy": "share",
        "val_loss": "nats",
        "val_accuracy": "share",
        "learning_rate": "",
        "gradient_norm": "",
        "throughput": "examples/s",
    },
    arrays={
        "probe": (None, None, None),
        "feature_maps": (None, TILES, None, None),
        "filters": (None, None, None, None),
        "dead_filters": (None,),
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
        View("accuracy", curves.accuracy, metrics=("accuracy", "val_accuracy")),
        View("loss", curves.loss, metrics=("loss", "val_loss")),
        View("feature_maps", feature_maps, arrays=("feature_maps", "probe", "dead_filters")),
        View("samples", samples, arrays=("samples", "sample_probabilities", "sample_classes"),
             height=280),
        View("filters", filters, arrays=("filters",), height=280),
        View("mistakes", mistakes, height=280,
             arrays=("gallery", "gallery_classes", "mistakes", "mistake_probabilities")),
        View("confusion", confusion, arrays=("confusion",), height=420, detail=behind_cell,
             behind=("gallery", "cells")),
    ),
    inputs=inputs,
    answer=answer,
    checks=checks,
    consulted=("confusion", "dead_filters"),
    layers=layers,
)  # fmt: skip
