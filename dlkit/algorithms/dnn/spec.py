"""Deep neural network (multilayer perceptron): knobs, presets, charts and playground."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import plotly.graph_objects as go
import pydantic

from dlkit import datasets, recipe
from dlkit.contract import Algorithm, Array, Finding, Paper, RunData, View, Words
from dlkit.params import BaseParams, choice, drawing, integer, real, refuse, switch, text
from dlkit.views import classes, curves, findings, pictures, plane

MAX_WIDTH = 1024


class Params(BaseParams):
    """What can be set. `hidden_layers` lists the neurons of each hidden layer; empty means none."""

    data: str = choice("spirals", *datasets.DATASETS)
    noise: float = real(0.03, low=0.0, high=0.5, step=0.01)
    hidden_layers: str = text("16, 16, 16", pattern=r"^\s*(\d{1,4}(\s*,\s*\d{1,4}){0,7})?\s*$")
    activation: str = choice("relu", "relu", "tanh", "sigmoid", "gelu", "swish", "linear")
    optimizer: str = recipe.optimizer("adamw")
    learning_rate: float = real(0.0002, low=1e-6, high=10.0, scale="log", live=True)
    batch_size: int = integer(8, low=1, high=1024, unit="examples")
    epochs: int = integer(600, low=1, high=20_000)
    dropout: float = real(0.0, low=0.0, high=0.9, step=0.05, group="network")
    batch_normalisation: bool = switch(False, group="network")
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


def has_pictures(params: Params) -> bool:
    """Whether the examples are pictures."""
    return not has_plane(params)


def surface(data: RunData, words: Words) -> go.Figure:
    """What the network decides at every place, and the examples."""
    held = {name: snapshot.value for name, snapshot in data.arrays.items()}
    return _surface(held, data.params, words)


def confusion(data: RunData, words: Words) -> go.Figure:
    """True classes against answers, on the validation set."""
    counts = data.arrays["confusion"].value if "confusion" in data.arrays else None
    return classes.confusion(counts, _names(data.params, words), words)


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
    """How sure the network is of each class, and where the example lies."""
    bars = classes.bars(found["probabilities"], _names(params, words), words)
    if "picture" in found:
        return [bars, pictures.picture(found["picture"], words("answer.seen"))]
    figure = _surface(found, params, words)
    return [bars, plane.add_place(figure, found["place"], words("answer.here"))]


def checks(data: RunData) -> Sequence[Finding]:
    """Is it learning, diverging, learning by heart?"""
    num_classes = datasets.find(data.params.data).num_classes  # type: ignore[attr-defined]
    return findings.classification(data, num_classes=num_classes)


def _surface(held: Mapping[str, Array], params: Any, words: Words) -> go.Figure:
    table = datasets.find(params.data).kind == "table"
    names = ("axis.component_1", "axis.component_2") if table else ("axis.x", "axis.y")
    return plane.surface(
        held.get("surface"),
        held.get("frame"),
        points=held.get("points"),
        names=_names(params, words),
        axes=(words(names[0]), words(names[1])),
    )


def _names(params: Any, words: Words) -> list[str]:
    return classes.names_of(params.data, datasets.find(params.data).num_classes, words)


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
            batch_size=64, epochs=40, dropout=0.3, batch_normalisation=True, weight_decay=0.01,
        ),
        "gpu": Params(
            data="fashion_mnist", noise=0.0, hidden_layers="1024, 512, 256", learning_rate=0.001,
            batch_size=256, epochs=60, dropout=0.3, batch_normalisation=True, weight_decay=0.02,
        ),
    },
    tiny=Params(
        data="moons", hidden_layers="8", learning_rate=0.01, batch_size=16, epochs=12
    ),
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
        "surface": (None, None, None),
        "frame": (4,),
        "points": (None, 4),
        "confusion": (None, None),
    },
    headline=("val_accuracy",),
    goal="max",
    views=(
        View("surface", surface, arrays=("surface", "frame", "points"), height=420,
             applies=has_plane),
        View("accuracy", curves.accuracy, metrics=("accuracy", "val_accuracy")),
        View("loss", curves.loss, metrics=("loss", "val_loss")),
        View("confusion", confusion, arrays=("confusion",), height=420),
    ),
    inputs=inputs,
    answer=answer,
    checks=checks,
)  # fmt: skip
