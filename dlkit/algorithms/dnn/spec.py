"""Deep neural network (multilayer perceptron): knobs, presets, charts and playground."""

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import plotly.graph_objects as go
import pydantic

from dlkit import datasets, recipe
from dlkit.algorithms.dnn import shown
from dlkit.contract import Algorithm, Array, Finding, Layer, Paper, RunData, View, Words
from dlkit.params import BaseParams, choice, drawing, integer, real, refuse, switch, text
from dlkit.views import (
    answers,
    classes,
    curves,
    findings,
    histograms,
    neurons,
    pictures,
    plane,
)

MAX_WIDTH = 1024
BENDING = ("relu", "tanh", "sigmoid")  # activations that can fall idle
DATA = tuple(name for name, one in datasets.DATASETS.items() if one.shape[-1] != 3)


class Params(BaseParams):
    """What can be set. `hidden_layers` lists the neurons of each hidden layer; empty means none."""

    data: str = choice("spirals", *DATA)
    noise: float = real(0.03, low=0.0, high=0.5, step=0.01)
    hidden_layers: str = text("16, 16, 16", pattern=r"^\s*(\d{1,4}(\s*,\s*\d{1,4}){0,7})?\s*$")
    activation: str = choice("relu", "relu", "tanh", "sigmoid", "gelu", "swish", "linear")
    optimizer: str = recipe.optimizer("adamw")
    learning_rate: float = real(0.0002, low=1e-6, high=10.0, scale="log", live=True)
    batch_size: int = integer(8, low=1, high=1024, unit="examples")
    epochs: int = integer(600, low=1, high=20_000)
    normalisation: str = choice("none", "none", "batch", "layer", group="network")
    dropout: float = real(0.0, low=0.0, high=0.9, step=0.05, group="regularisation")
    label_smoothing: float = real(0.0, low=0.0, high=0.5, step=0.01, group="regularisation")
    augment: bool = switch(False, group="regularisation")
    schedule: str = recipe.schedule("cosine")
    weight_decay: float = real(0.0, low=0.0, high=1.0, step=0.001, group="optimization")
    average: float = recipe.average()
    stop_at: float = recipe.stop_at()
    minutes: float = recipe.minutes()
    seed: int = recipe.seed()

    @pydantic.model_validator(mode="after")
    def _layers_fit(self) -> Self:
        for width in widths(self):
            if not 1 <= width <= MAX_WIDTH:
                refuse("hidden_layers", "out_of_range", given=width, low=1, high=MAX_WIDTH)
        return self


def widths(params: Params) -> list[int]:
    """The neurons of each hidden layer, first to last."""
    return [int(width) for width in params.hidden_layers.split(",") if width.strip()]


def has_plane(params: Params) -> bool:
    """Whether the surface can be drawn: points lie in a plane, tables are projected on one."""
    return datasets.find(params.data).kind != "image"


def asks_number(params: Params) -> bool:
    """Whether a number is to be predicted instead of a class."""
    return datasets.find(params.data).asks_number


def shift_of(params: Params) -> int:
    """By how many pixels augmentation moves a picture at most: a fourteenth of its width."""
    return max(1, datasets.find(params.data).shape[0] // 14)


def layers(params: Params, words: Words) -> Sequence[Layer]:
    """The network of these params: data, hidden layers, answer."""
    dataset = datasets.find(params.data)
    outputs = max(1, dataset.num_classes)
    sizes = [math.prod(dataset.shape), *widths(params), outputs]
    activation = words(f"knob.activation.option.{params.activation}")
    extra = {"none": 0, "batch": 4, "layer": 2}[params.normalisation]
    hidden = [
        Layer(
            words("layer.hidden", number=number, activation=activation),
            (width,),
            (before + 1 + extra) * width,
            kind="dense",
        )
        for number, (before, width) in enumerate(itertools.pairwise(sizes[:-1]), start=1)
    ]
    return [
        Layer(words("layer.example"), dataset.shape, kind="data"),
        *hidden,
        Layer(
            words("layer.value" if dataset.asks_number else "layer.answer"),
            (outputs,),
            (sizes[-2] + 1) * outputs,
            kind="answer",
        ),
    ]


def surface(data: RunData, words: Words) -> go.Figure:
    """What the network answers at every place, and the examples."""
    return _surface(_held(data), data.params, words)


def confusion(data: RunData, words: Words) -> go.Figure:
    """True classes against answers, on the validation set."""
    return classes.confusion(_held(data).get("confusion"), _names(data.params, words), words)


def behind_confusion(data: RunData, words: Words, place: Mapping[str, Any]) -> go.Figure:
    """The examples behind a cell of the confusion matrix: as pictures, or where they lie."""
    params: Any = data.params
    held, names = _held(data), _names(params, words)
    if has_plane(params):
        there = _surface({**held, "points": None}, params, words)
        return plane.behind_cell(
            there, held.get("judged"), held.get("answers"), place, names, words=words
        )
    return pictures.behind_cell(held.get("gallery"), held.get("cells"), place, names, words)


def agreement(data: RunData, words: Words) -> go.Figure:
    """True numbers against predicted ones, on the validation set."""
    held, target = _held(data), _target(data.params, words)
    judged, said = held.get("judged"), held.get("answers")
    if judged is None or said is None or len(judged) != len(said):
        return answers.agreement(None, None, target, words)
    return answers.agreement(judged[:, 2], said, target, words)


def neuron_maps(data: RunData, words: Words) -> go.Figure:
    """What the first neurons of the first layers answer over the plane."""
    params: Any = data.params
    return neurons.maps(_held(data).get("neurons"), widths(params), words)


def weights(data: RunData, words: Words) -> go.Figure:
    """How the weights of each layer are spread."""
    held = _held(data)
    limit = float(held["weight_limit"][0]) if "weight_limit" in held else 1.0
    return histograms.weights(held.get("weights"), limit or 1.0, words)


def gradients(data: RunData, words: Words) -> go.Figure:
    """How long the gradients of each layer's weights are."""
    span = (shown.SHORTEST, shown.LONGEST)
    return histograms.gradients(_held(data).get("gradients"), span, words)


def idle(data: RunData, words: Words) -> go.Figure:
    """The share of each layer that passes nothing on."""
    return histograms.idle(_held(data).get("idle"), words)


@functools.cache
def _inputs(name: str) -> type[BaseParams]:
    dataset = datasets.find(name)
    if dataset.kind == "image":
        fields: dict[str, Any] = {"picture": (list[list[int]], drawing(28, 28))}
        return pydantic.create_model("Inputs", __base__=BaseParams, **fields)
    rows = zip(dataset.features, datasets.ranges(name), strict=True)
    fields = {feature: (float, _slider(*limits)) for feature, limits in rows}
    return pydantic.create_model("Inputs", __base__=BaseParams, **fields)


def inputs(params: Params) -> type[BaseParams]:
    """A slider for every feature of the run's data set, or a sheet to draw on."""
    return _inputs(params.data)


def answer(found: Mapping[str, Array], params: Params, words: Words) -> Sequence[go.Figure]:
    """The answer, where the example lies among its nearest ones, and what the answer hangs on."""
    if "picture" in found:
        return _answer_picture(found, params, words)
    target, names = _target(params, words), _names(params, words)
    near = [
        answers.plain(float(one)) if not names else names[int(one)] for one in found["near"][:, 2]
    ]
    figure = _surface(found, params, words)
    figure = plane.add_near(figure, found["near"], near, words("answer.near"))
    figure = plane.add_place(figure, found["place"], words("answer.here"))
    features = [words(f"input.{name}.label") for name in datasets.find(params.data).features]
    if names:
        first = classes.bars(found["probabilities"], names, words)
    else:
        first = answers.number(float(found["value"][0]), found["points"][:, 2], target, words)
    hangs = answers.influence(found["influence"], features, words, share=bool(names))
    return [first, figure, hangs]


def _answer_picture(
    found: Mapping[str, Array], params: Params, words: Words
) -> Sequence[go.Figure]:
    names = _names(params, words)
    strongest = float(np.abs(found["heat"]).max())
    heat = words("answer.heat", share=classes.percent(strongest))
    near = [names[int(one)] for one in found["near_answers"]]
    return [
        classes.bars(found["probabilities"], names, words),
        pictures.picture(found["picture"], words("answer.seen")),
        pictures.heat_over(found["picture"], found["heat"], heat),
        pictures.captioned(found["near_pictures"], near, words("answer.near")),
    ]


def checks(data: RunData) -> Sequence[Finding]:
    """Is it learning, diverging, learning by heart? Are parts of it idle, classes never said?"""
    params: Any = data.params
    dataset = datasets.find(params.data)
    if dataset.asks_number:
        found = findings.regression(data)
    else:
        found = findings.classification(data, num_classes=dataset.num_classes)
    return findings.with_idle(found, data, params.activation)


def _surface(held: Mapping[str, Any], params: Any, words: Words) -> go.Figure:
    dataset = datasets.find(params.data)
    table = dataset.kind == "table"
    axes = ("axis.component_1", "axis.component_2") if table else ("axis.x", "axis.y")
    named = (words(axes[0]), words(axes[1]))
    frame, points = held.get("frame"), held.get("points")
    if dataset.asks_number:
        return plane.heights(held.get("heights"), frame, points=points, axes=named)
    names = _names(params, words)
    return plane.surface(held.get("surface"), frame, points=points, names=names, axes=named)


def _held(data: RunData) -> dict[str, Array]:
    return {name: snapshot.value for name, snapshot in data.arrays.items()}


def _names(params: Any, words: Words) -> list[str]:
    return classes.names_of(params.data, datasets.find(params.data).num_classes, words)


def _target(params: Any, words: Words) -> str:
    return words.table.get(f"target.{params.data}", "")


def _slider(low: float, middle: float, high: float) -> Any:
    """A slider of about a hundred steps of a round size, with room for its whole range."""
    rough = (high - low) / 100
    unit = 10.0 ** np.floor(np.log10(rough))
    step = float(unit * min((one for one in (1, 2, 5, 10) if one * unit >= rough), default=10))
    bottom, top = float(np.floor(low / step) * step), float(np.ceil(high / step) * step)
    return real(round(round(middle / step) * step, 6), low=bottom, high=top, step=step)


ALGORITHM = Algorithm(
    name="dnn",
    chapter=1,
    family="networks",
    icon=":material/hub:",
    paper=Paper(
        "David E. Rumelhart, Geoffrey E. Hinton, Ronald J. Williams",
        1986,
        "Learning representations by back-propagating errors",
        "https://doi.org/10.1038/323533a0",
    ),
    params=Params,
    presets={
        "quick": Params(),
        "standard": Params(
            data="mnist_5k", noise=0.0, hidden_layers="256, 128", learning_rate=0.001,
            batch_size=64, epochs=40, dropout=0.3, normalisation="batch", weight_decay=0.01,
        ),
        "gpu": Params(
            data="fashion_mnist", noise=0.0, hidden_layers="512, 512", learning_rate=0.003,
            batch_size=256, epochs=25, normalisation="batch", dropout=0.3, label_smoothing=0.1,
            schedule="one_cycle", weight_decay=0.02,
        ),
    },
    tiny=Params(
        data="moons", hidden_layers="8", learning_rate=0.01, batch_size=16, epochs=12
    ),
    metrics={
        "loss": "",
        "accuracy": "share",
        "explained_share": "share",
        "mean_absolute_error": "",
        "val_loss": "",
        "val_accuracy": "share",
        "val_explained_share": "share",
        "val_mean_absolute_error": "",
        "learning_rate": "",
        "gradient_norm": "",
        "throughput": "examples/s",
    },
    arrays={
        "surface": (None, None, None),
        "heights": (None, None),
        "frame": (4,),
        "points": (None, 4),
        "judged": (None, 3),
        "answers": (None,),
        "confusion": (None, None),
        "cells": (None, None, None),
        "gallery": (None, None, None, None),
        "neurons": (None, shown.NEURONS, shown.TILE, shown.TILE),
        "weights": (None, shown.BINS),
        "weight_limit": (1,),
        "gradients": (None, shown.BINS),
        "idle": (None,),
    },
    headline=("val_accuracy", "val_explained_share"),
    goal="max",
    views=(
        View("surface", surface, arrays=("surface", "frame", "points"), height=420,
             applies=lambda params: has_plane(params) and not asks_number(params)),
        View("heights", surface, arrays=("heights", "frame", "points"), height=420,
             applies=asks_number),
        View("accuracy", curves.accuracy, metrics=("accuracy", "val_accuracy"),
             applies=lambda params: not asks_number(params)),
        View("explained_share", curves.explained,
             metrics=("explained_share", "val_explained_share"), applies=asks_number),
        View("loss", curves.loss, metrics=("loss", "val_loss"),
             applies=lambda params: not asks_number(params)),
        View("squared_error", curves.loss, metrics=("loss", "val_loss"), applies=asks_number),
        View("mean_absolute_error", curves.error,
             metrics=("mean_absolute_error", "val_mean_absolute_error"), applies=asks_number),
        View("neurons", neuron_maps, arrays=("neurons",), height=320,
             applies=lambda params: has_plane(params) and bool(widths(params))),
        View("confusion", confusion, arrays=("confusion",), height=420,
             applies=lambda params: not asks_number(params), detail=behind_confusion,
             behind=("gallery", "cells", "judged", "answers", "surface", "frame")),
        View("agreement", agreement, arrays=("judged", "answers"), applies=asks_number),
        View("gradients", gradients, arrays=("gradients",)),
        View("weights", weights, arrays=("weights", "weight_limit")),
        View("idle", idle, arrays=("idle",), height=240,
             applies=lambda params: bool(widths(params)) and params.activation in BENDING),
    ),
    inputs=inputs,
    answer=answer,
    checks=checks,
    consulted=("confusion", "idle"),
    layers=layers,
)  # fmt: skip
