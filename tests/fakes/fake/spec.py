"""A straight line learned from made points: the smallest algorithm that keeps the whole contract.

Its knobs make it slow, or make it fail in the ways that a real run fails.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit import recipe
from dlkit.contract import Algorithm, Array, Paper, RunData, View, Words
from dlkit.params import BaseParams, choice, integer, real


class Params(BaseParams):
    """Forty points in batches of eight: five steps an epoch."""

    epochs: int = integer(64, low=1, high=100_000)
    learning_rate: float = real(0.05, low=1e-6, high=10.0, scale="log", live=True)
    delay: float = real(0.0, low=0.0, high=5.0, unit="s")
    fail: str = choice("none", "none", "raise", "memory", "hoard", "diverge")
    seed: int = integer(1, low=0, high=2**31 - 1)
    batch_size: int = integer(8, low=1, high=40, group="advanced")
    schedule: str = choice("constant", "constant", "cosine", group="advanced")
    average: float = recipe.average()
    stop_at: float = recipe.stop_at()
    minutes: float = recipe.minutes()


class Inputs(BaseParams):
    """Where to read the line."""

    where: float = real(0.0, low=-1.0, high=1.0, step=0.1)


def inputs(params: Params) -> type[BaseParams]:
    """The same slider for every run."""
    return Inputs


def line(data: RunData, words: Words) -> go.Figure:
    """The line as it stands."""
    figure = go.Figure()
    if "line" in data.arrays:
        values = data.arrays["line"].value
        figure.add_scatter(x=np.linspace(-1, 1, len(values)), y=values, name=words("view.line"))
    return figure


def table(data: RunData, words: Words) -> go.Figure:
    """The line's height at three places, as a map."""
    figure = go.Figure()
    if "line" in data.arrays:
        figure.add_heatmap(z=data.arrays["line"].value[None, ::10], x=["left", "middle", "right"])
    return figure


def height(data: RunData, words: Words, place: Mapping[str, Any]) -> go.Figure:
    """The height of the line behind a clicked place."""
    names = ["left", "middle", "right"]
    if "line" not in data.arrays or place.get("x") not in names:
        return go.Figure()
    value = data.arrays["line"].value[10 * names.index(place["x"])]
    return go.Figure(go.Bar(x=[place["x"]], y=[value]))


def answer(found: Mapping[str, Array], given: Inputs, words: Words) -> Sequence[go.Figure]:
    """The height of the line at the chosen place."""
    height = found["height"]
    return [go.Figure(go.Bar(x=[words("axis.height")], y=height))]


ALGORITHM = Algorithm(
    name="fake",
    chapter=99,
    family="networks",
    icon=":material/science:",
    paper=Paper("Legendre", 1805, "Nouvelles méthodes", "https://gallica.bnf.fr/"),
    params=Params,
    presets={"quick": Params(), "standard": Params(epochs=128), "gpu": Params(epochs=256)},
    tiny=Params(epochs=32),
    metrics={
        "loss": "",
        "val_loss": "",
        "learning_rate": "",
        "gradient_norm": "",
        "throughput": "examples/s",
    },
    arrays={"line": (21,)},
    headline=("val_loss",),
    goal="min",
    views=(
        View("line", line, arrays=("line",)),
        View("table", table, arrays=("line",), height=200, detail=height),
    ),
    inputs=inputs,
    answer=answer,
)
