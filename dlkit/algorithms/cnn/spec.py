"""Convolutional neural network: knobs, presets, charts and playground."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import plotly.graph_objects as go
import pydantic

from dlkit import datasets, recipe
from dlkit.contract import Algorithm, Array, Finding, Paper, RunData, View, Words
from dlkit.params import BaseParams, choice, drawing, integer, real, refuse, switch, text
from dlkit.views import classes, curves, findings, pictures

PICTURES = tuple(name for name, one in datasets.DATASETS.items() if one.kind == "image")
MAX_FILTERS = 256
TILES = 8  # feature maps shown of each block
SAMPLES = 12


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
    batch_normalisation: bool = switch(True, group="network")
    dense_units: int = integer(64, low=1, high=1024, group="network")
    dropout: float = real(0.25, low=0.0, high=0.9, step=0.05, group="regularisation")
    shift: int = integer(2, low=0, high=4, unit="pixels", group="regularisation")
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
        most = datasets.find(self.data).shape[0].bit_length() - 1
        if len(blocks) > most:
            refuse("filters", "too_many_blocks", given=len(blocks), high=most)
        return self


class Inputs(BaseParams):
    """A sheet to draw on."""

    picture: list[list[int]] = drawing(28, 28)


def filters_of(params: Params) -> list[int]:
    """The filters of each block, first to last."""
    return [int(number) for number in params.filters.split(",")]


def inputs(params: Params) -> type[BaseParams]:
    """Every run is asked by a drawing."""
    return Inputs


def feature_maps(data: RunData, words: Words) -> go.Figure:
    """How each block answers to one fixed picture."""
    held = {name: snapshot.value for name, snapshot in data.arrays.items()}
    return pictures.feature_maps(held.get("feature_maps"), held.get("probe"), words)


def samples(data: RunData, words: Words) -> go.Figure:
    """Held-back pictures and the answers they get now."""
    held = {name: snapshot.value for name, snapshot in data.arrays.items()}
    return pictures.samples(
        held.get("samples"),
        held.get("sample_probabilities"),
        held.get("sample_classes"),
        names=_names(data.params, words),
    )


def confusion(data: RunData, words: Words) -> go.Figure:
    """True classes against answers, on the validation set."""
    counts = data.arrays["confusion"].value if "confusion" in data.arrays else None
    return classes.confusion(counts, _names(data.params, words), words)


def answer(found: Mapping[str, Array], params: Params, words: Words) -> Sequence[go.Figure]:
    """How sure the network is of each class, and what its blocks see in the drawing."""
    return [
        classes.bars(found["probabilities"], _names(params, words), words),
        pictures.feature_maps(found["feature_maps"], found["picture"], words),
    ]


def checks(data: RunData) -> Sequence[Finding]:
    """Is it learning, diverging, learning by heart?"""
    return findings.classification(data, num_classes=10)


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
            data="fashion_mnist", filters="32, 64", batch_size=128, epochs=10, learning_rate=0.003,
        ),
        "gpu": Params(
            data="fashion_mnist", filters="64, 128, 256", batch_size=256, epochs=40,
            dense_units=256, dropout=0.4, shift=2, weight_decay=0.05,
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
        "probe": (None, None),
        "feature_maps": (None, TILES, None, None),
        "samples": (SAMPLES, None, None),
        "sample_probabilities": (SAMPLES, None),
        "sample_classes": (SAMPLES,),
        "confusion": (None, None),
    },
    headline=("val_accuracy",),
    goal="max",
    views=(
        View("accuracy", curves.accuracy, metrics=("accuracy", "val_accuracy")),
        View("loss", curves.loss, metrics=("loss", "val_loss")),
        View("feature_maps", feature_maps, arrays=("feature_maps", "probe"), height=280),
        View("samples", samples, arrays=("samples", "sample_probabilities", "sample_classes"),
             height=280),
        View("confusion", confusion, arrays=("confusion",), height=420),
    ),
    inputs=inputs,
    answer=answer,
    checks=checks,
)  # fmt: skip
