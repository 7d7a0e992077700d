"""Graph neural network: knobs, presets, charts and playground."""

import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import plotly.graph_objects as go
import pydantic

from dlkit import recipe
from dlkit.contract import Algorithm, Array, Finding, Layer, Paper, RunData, View, Words
from dlkit.datasets import GRAPHS
from dlkit.params import BaseParams, choice, integer, real, refuse, switch
from dlkit.views import answers, classes, curves, findings, graph, theme

LAYERS = ("gcn", "gat", "graphsage", "appnp", "gin", "chebyshev", "gcnii")
ALIKE = 0.03  # variety below which the nodes can hardly be told apart
WIDE_GAP = 0.35  # of accuracy: with few labels a smaller one is no fault
CLOUD = {"places": "cloud", "numbers": "numbers"}
ORDER = 3  # hops of one Chebyshev layer, its own node counted


class Params(BaseParams):
    """What can be set. Every step looks at the whole graph, so an epoch is one step."""

    data: str = choice("blocks", *GRAPHS)
    layer: str = choice("gcn", *LAYERS)
    depth: int = integer(2, low=1, high=64)
    width: int = integer(16, low=1, high=512)
    dropout: float = real(0.5, low=0.0, high=0.9, step=0.05)
    optimizer: str = recipe.optimizer("adamw")
    learning_rate: float = real(0.01, low=1e-6, high=10.0, scale="log", live=True)
    epochs: int = integer(300, low=1, high=5000)
    heads: int = integer(8, low=1, high=16, group="network")
    reach: int = integer(10, low=0, high=50, group="network")
    activation: str = choice("relu", "relu", "elu", "tanh", "linear", group="network")
    residual: bool = switch(False, group="network")
    normalisation: str = choice("none", "none", "batch", "layer", group="network")
    drop_edge: float = real(0.0, low=0.0, high=0.9, step=0.05, group="regularisation")
    l2: float = real(0.0, low=0.0, high=1.0, step=0.0001, group="regularisation")
    weight_decay: float = recipe.weight_decay(0.5)
    schedule: str = recipe.schedule("constant")
    average: float = recipe.average()
    stop_at: float = recipe.stop_at()
    minutes: float = recipe.minutes()
    seed: int = recipe.seed()

    @property
    def batch_size(self) -> int:
        """More than there are: all labelled nodes enter every step."""
        return 1 << 30

    @pydantic.model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.layer == "gat" and self.width % self.heads:
            refuse("width", "heads_do_not_fit", given=self.width, heads=self.heads)
        return self


def layers(params: Params, words: Words) -> Sequence[Layer]:
    """The network these params make, box by box."""
    one = GRAPHS[params.data]
    data = Layer(words("layer.nodes"), (one.num_nodes, one.num_features), kind="data")
    if params.layer in ("appnp", "gcnii"):
        return [data, *_apart(params, words)]
    sizes = [one.num_features, *[params.width] * (params.depth - 1), one.num_classes]
    name = words(f"knob.layer.option.{params.layer}")
    extra = {"none": 0, "batch": 4, "layer": 2}[params.normalisation]
    boxes = []
    for number, (before, after) in enumerate(itertools.pairwise(sizes), start=1):
        last = number == params.depth
        weights = _weights(params, before, after, last=last) + (0 if last else extra * after)
        kind: Any = "answer" if last else "dense"
        skips = 1 if params.residual and 1 < number < params.depth else 0
        boxes.append(Layer(name, (one.num_nodes, after), weights, kind=kind, skips=skips))
    return [data, *boxes]


def _apart(params: Params, words: Words) -> list[Layer]:
    """The boxes of the two networks whose steps along the edges have no, or small, weights."""
    one, width = GRAPHS[params.data], params.width
    nodes, first = one.num_nodes, words("layer.alone")
    if params.layer == "gcnii":
        inner = Layer(words("knob.layer.option.gcnii"), (nodes, width), width * width,
                      repeats=params.depth)  # fmt: skip
        return [
            Layer(first, (nodes, width), (one.num_features + 1) * width, kind="dense"),
            inner,
            Layer(words("layer.answer"), (nodes, one.num_classes), (width + 1) * one.num_classes,
                  kind="answer"),
        ]  # fmt: skip
    sizes = [one.num_features, *[width] * (params.depth - 1), one.num_classes]
    boxes = [
        Layer(first, (nodes, after), (before + 1) * after, kind="dense")
        for before, after in itertools.pairwise(sizes)
    ]
    passed = words("layer.passed_on", times=params.reach)
    return [*boxes, Layer(passed, (nodes, one.num_classes), kind="answer")]


def _weights(params: Params, before: int, after: int, *, last: bool) -> int:
    """The weights of one layer from `before` to `after` numbers a node."""
    heads = params.heads
    plain = (before + 1) * after
    return {
        "gcn": plain,
        "graphsage": (2 * before + 1) * after,
        "chebyshev": (ORDER * before + 1) * after,
        "gin": (before + 1) * params.width + (params.width + 1) * after + 1,
        "gat": before * after * heads + 2 * after * heads + after if last else plain + 2 * after,
    }[params.layer]


@functools.cache
def _inputs(name: str) -> type[BaseParams]:
    last = GRAPHS[name].num_nodes - 1
    fields: dict[str, Any] = {
        "node": (int, integer(min(8, last), low=0, high=last)),
        "edit": (str, choice("keep", "keep", "toggle")),
        "partner": (int, integer(0, low=0, high=last)),
    }
    return pydantic.create_model("Inputs", __base__=BaseParams, **fields)


def inputs(params: Params) -> type[BaseParams]:
    """A node of the run's graph, and an edge from it to put in or take away."""
    return _inputs(params.data)


def nodes(data: RunData, words: Words) -> go.Figure:
    """The graph in the colours of the answers."""
    held = _held(data)
    said, truth, part = held.get("answers"), held.get("truth"), held.get("part")
    rings = []
    if part is not None:
        rings.append((words("ring.labelled"), part == 0, graph.INK))
    if said is not None and truth is not None and len(said) == len(truth):
        rings.append((words("ring.wrong"), said != truth, theme.BAD))
    return graph.nodes(held, said, _names(data.params, words), words, rings=rings)


def cloud(data: RunData, words: Words) -> go.Figure:
    """Where the network puts the nodes, in the colours of their true classes."""
    held = _held(data)
    here = {name: held[key] for name, key in CLOUD.items() if key in held}
    return graph.nodes(here, held.get("truth"), _names(data.params, words), words)


def accuracy(data: RunData, words: Words) -> go.Figure:
    """Accuracy on labelled and validation nodes, and once, at the end, on test nodes."""
    figure, tested = curves.accuracy(data, words), data.metrics.get("test_accuracy")
    if tested is None or not len(tested.steps):
        return figure
    return figure.add_scatter(
        x=tested.steps[-1:],
        y=np.asarray(tested.values[-1:], np.float64),
        name=words("curve.test"),
        mode="markers",
        marker={"symbol": "star", "size": 14, "color": theme.GOOD},
        hovertemplate="%{y:.1%}",
    )


def variety(data: RunData, words: Words) -> go.Figure:
    """The over-smoothing gauge: how different the nodes are after each layer."""
    return graph.variety(_held(data).get("variety"), words)


def confusion(data: RunData, words: Words) -> go.Figure:
    """True classes against answers, on the validation nodes."""
    return classes.confusion(_held(data).get("confusion"), _names(data.params, words), words)


def answer(found: Mapping[str, Array], params: Params, words: Words) -> Sequence[go.Figure]:
    """The node's classes, its neighbours, whom the answer hangs on, and who changes their mind."""
    names, flipped = _names(params, words), found["flipped"]
    said, true = names[int(found["probabilities"].argmax())], names[int(found["truth"][0])]
    group = [str(int(one)) for one in found["group"]]
    bars = [words("answer.with_edit"), words("answer.as_given"), words("answer.no_edges")]
    rings = [(words("ring.flipped", count=int(flipped.sum())), flipped, theme.BAD)]
    shown = [
        classes.bars(found["probabilities"], names, words),
        graph.around(
            found["group_places"],
            found["group_links"],
            found["group_answers"],
            found["influence"],
            texts=group,
            title=words("answer.around", node=group[0], said=said, true=true),
        ),
        graph.nodes(found, found["answers"], names, words, rings=rings),
        graph.shares(found["accuracies"], bars, words("answer.accuracies")),
    ]
    if len(group) > 1:
        hangs = [words("answer.neighbour", node=one) for one in group[1:]]
        shown.insert(2, answers.influence(found["influence"], hangs, words, share=True))
    return shown


def checks(data: RunData) -> Sequence[Finding]:
    """Is it learning, diverging, learning by heart? Have the layers made all nodes alike?"""
    params: Any = data.params
    found = findings.classification(data, num_classes=GRAPHS[params.data].num_classes)
    gap = _last(data, "accuracy") - _last(data, "val_accuracy")
    found = [one for one in found if one.key != "overfitting" or gap > WIDE_GAP]
    return [*_smoothed(data), *found]


def _smoothed(data: RunData) -> list[Finding]:
    shares = _held(data).get("variety")
    late = data.total_steps and data.step > findings.EARLY * data.total_steps
    if shares is None or not late or len(shares) < 3 or not np.isfinite(shares).all():
        return []
    alike = np.flatnonzero(shares[1:] < ALIKE)
    if not len(alike) or _last(data, "val_accuracy") > 0.6:
        return []
    return [Finding("over_smoothed", "warning", {"layer": int(alike[0]) + 1})]


def _last(data: RunData, name: str) -> float:
    series = data.metrics.get(name)
    return float(series.values[-1]) if series is not None and len(series.values) else float("nan")


def _held(data: RunData) -> dict[str, Array]:
    return {name: snapshot.value for name, snapshot in data.arrays.items()}


def _names(params: Any, words: Words) -> list[str]:
    return classes.names_of(params.data, GRAPHS[params.data].num_classes, words)


ALGORITHM = Algorithm(
    name="gnn",
    chapter=9,
    family="graphs",
    icon=":material/share:",
    paper=Paper(
        "Thomas N. Kipf, Max Welling",
        2017,
        "Semi-supervised classification with graph convolutional networks",
        "https://arxiv.org/abs/1609.02907",
    ),
    params=Params,
    presets={
        "quick": Params(),
        "standard": Params(
            data="cora", width=64, dropout=0.8, learning_rate=0.03, schedule="cosine",
            weight_decay=1.0, epochs=200,
        ),
        "gpu": Params(data="pubmed", layer="gat", width=64, activation="elu", dropout=0.6),
    },
    tiny=Params(data="karate", epochs=40, width=8),
    metrics={
        "loss": "nats",
        "accuracy": "share",
        "val_loss": "nats",
        "val_accuracy": "share",
        "test_accuracy": "share",
        "learning_rate": "",
        "gradient_norm": "",
        "throughput": "examples/s",
    },
    arrays={
        "numbers": (None,),
        "places": (None, 2),
        "links": (None, 2),
        "truth": (None,),
        "part": (None,),
        "answers": (None,),
        "cloud": (None, 2),
        "variety": (None,),
        "confusion": (None, None),
    },
    headline=("val_accuracy",),
    goal="max",
    views=(
        View("nodes", nodes, height=480,
             arrays=("places", "answers", "links", "truth", "part", "numbers")),
        View("accuracy", accuracy, metrics=("accuracy", "val_accuracy", "test_accuracy")),
        View("loss", curves.loss, metrics=("loss", "val_loss")),
        View("cloud", cloud, arrays=("cloud", "truth", "numbers"), height=420),
        View("variety", variety, arrays=("variety",)),
        View("confusion", confusion, arrays=("confusion",), height=420),
    ),
    inputs=inputs,
    answer=answer,
    checks=checks,
    consulted=("variety", "confusion"),
    layers=layers,
)  # fmt: skip
