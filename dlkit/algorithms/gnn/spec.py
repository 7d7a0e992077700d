"""Graph neural network: knobs, presets, charts and playground."""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import pydantic

from dlkit import recipe
from dlkit.algorithms.gnn import screens
from dlkit.contract import Algorithm, Finding, Layer, Paper, RunData, View, Words
from dlkit.datasets import GRAPHS, MOLECULES, GraphSet, graph_set, own_graph
from dlkit.params import BaseParams, choice, integer, real, refuse, switch, text
from dlkit.views import curves, findings

TASKS = ("node", "link", "graph")
EDITS = ("keep", "toggle", "remove", "features", "join")
LAYERS = ("gcn", "gat", "graphsage", "appnp", "gin", "chebyshev", "gcnii")
OWN_EDGES = (
    "0-1, 0-2, 0-3, 1-2, 1-4, 2-3, 3-4, 2-5, 4-5, 5-6, 6-7, 6-8, 7-8, 7-9, 8-10, 9-10, 9-11, 10-11"
)
OWN_LABELS = "0:a, 1:a, 2:a, 3:a, 4:a, 5:a, 6:b, 7:b, 8:b, 9:b, 10:b, 11:b"
FEWEST_EDGES, FEWEST_LABELS = 10, 4  # of an own graph; labels of each class
ALIKE = 0.03  # variety below which the nodes can hardly be told apart
WIDE_GAP = 0.35  # of accuracy: with few labels a smaller one is no fault
ORDER = 3  # hops of one Chebyshev layer, its own node counted


class Params(BaseParams):
    """What can be set. Every step looks at the whole graph, so an epoch is one step."""

    task: str = choice("node", *TASKS)
    data: str = choice("blocks", *GRAPHS, "own")
    graphs: str = choice("molecules", *MOLECULES)
    layer: str = choice("gcn", *LAYERS)
    depth: int = integer(2, low=1, high=64)
    width: int = integer(16, low=1, high=512)
    learning_rate: float = real(0.01, low=1e-6, high=10.0, scale="log", live=True)
    epochs: int = integer(300, low=1, high=5000)
    own_edges: str = text(OWN_EDGES, pattern=own_graph.EDGES, group="own_graph")
    own_labels: str = text(OWN_LABELS, pattern=own_graph.LABELS, group="own_graph")
    heads: int = integer(8, low=1, high=16, group="network")
    reach: int = integer(10, low=0, high=50, group="network")
    pooling: str = choice("sum", "sum", "mean", "max", group="network")
    activation: str = choice("relu", "relu", "elu", "tanh", "linear", group="network")
    residual: bool = switch(False, group="network")
    normalisation: str = choice("none", "none", "batch", "layer", group="network")
    dropout: float = real(0.5, low=0.0, high=0.9, step=0.05, group="regularisation")
    drop_edge: float = real(0.0, low=0.0, high=0.9, step=0.05, group="regularisation")
    l2: float = real(0.0, low=0.0, high=1.0, step=0.0001, group="regularisation")
    optimizer: str = choice("adamw", "sgd", "adam", "adamw", "lion", "muon", group="optimization")
    weight_decay: float = recipe.weight_decay(0.5)
    schedule: str = recipe.schedule("constant")
    average: float = recipe.average()
    stop_at: float = recipe.stop_at()
    minutes: float = recipe.minutes()
    seed: int = recipe.seed()

    @property
    def chosen(self) -> str:
        """The graph, or the set of small graphs, that this task is about."""
        if self.task == "graph":
            return self.graphs
        own = self.data == "own"
        return own_graph.named(self.own_edges, self.own_labels) if own else self.data

    @property
    def batch_size(self) -> int:
        """More than there are: all labelled examples enter every step."""
        return 1 << 30

    @pydantic.model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.layer == "gat" and self.width % self.heads:
            refuse("width", "heads_do_not_fit", given=self.width, heads=self.heads)
        return self

    @pydantic.model_validator(mode="after")
    def _own_graph_is_enough(self) -> Self:
        if self.data != "own" or self.task == "graph":
            return self
        own = own_graph.written(self.chosen)
        count, edges, members = len(own.labels), len(own.edges), own.labels[own.labels >= 0]
        if own.strangers:
            refuse("own_labels", "label_of_no_node", given=own.strangers[0], high=count - 1)
        most = count * (count - 1) // 4  # so many other pairs must have no edge
        if self.task == "link" and not FEWEST_EDGES <= edges <= most:
            refuse("own_edges", "not_so_many_edges", given=edges, low=FEWEST_EDGES, high=most)
        poor = [name for i, name in enumerate(own.names) if (members == i).sum() < FEWEST_LABELS]
        if self.task == "node" and (poor or len(own.names) < 2):
            given = ", ".join(poor) or ", ".join(own.names) or "–"
            refuse("own_labels", "few_labels", given=given, least=FEWEST_LABELS)
        return self


def set_of(params: Params) -> GraphSet:
    """What the chosen graph, or set of small graphs, is."""
    return graph_set(params.chosen)


def numbers_of(params: Params) -> int:
    """How many numbers a node leaves the last layer with: logits only where nodes are asked for."""
    return set_of(params).num_classes if params.task == "node" else params.width


def layers(params: Params, words: Words) -> Sequence[Layer]:
    """The network these params make, box by box."""
    boxes, width = _messages(params, words), params.width
    if params.task == "node":
        return [*boxes[:-1], dataclasses.replace(boxes[-1], kind="answer")]
    if params.task == "link":
        return [*boxes, Layer(words("layer.pair"), (2,), 2, "answer")]
    count, classes = set_of(params).num_graphs, set_of(params).num_classes
    pooled = Layer(words(f"knob.pooling.option.{params.pooling}"), (count, width), kind="pooling")
    last = Layer(words("layer.answer"), (count, classes), (width + 1) * classes, "answer")
    return [*boxes, pooled, last]


def _messages(params: Params, words: Words) -> list[Layer]:
    """The boxes that give each node its numbers."""
    one = set_of(params)
    data = Layer(words("layer.nodes"), (one.num_nodes, one.num_features), kind="data")
    if params.layer in ("appnp", "gcnii"):
        return [data, *_apart(params, words)]
    sizes = [one.num_features, *[params.width] * (params.depth - 1), numbers_of(params)]
    name = words(f"knob.layer.option.{params.layer}")
    extra = {"none": 0, "batch": 4, "layer": 2}[params.normalisation]
    boxes = []
    for number, (before, after) in enumerate(itertools.pairwise(sizes), start=1):
        last = number == params.depth
        weights = _weights(params, before, after, last=last) + (0 if last else extra * after)
        skips = 1 if params.residual and 1 < number < params.depth else 0
        boxes.append(Layer(name, (one.num_nodes, after), weights, kind="dense", skips=skips))
    return [data, *boxes]


def _apart(params: Params, words: Words) -> list[Layer]:
    """The boxes of the two networks whose steps along the edges have no, or small, weights."""
    one, width, numbers = set_of(params), params.width, numbers_of(params)
    nodes, first = one.num_nodes, words("layer.alone")
    if params.layer == "gcnii":
        inner = Layer(words("knob.layer.option.gcnii"), (nodes, width), width * width,
                      repeats=params.depth)  # fmt: skip
        return [
            Layer(first, (nodes, width), (one.num_features + 1) * width, kind="dense"),
            inner,
            Layer(words("layer.answer"), (nodes, numbers), (width + 1) * numbers, kind="dense"),
        ]
    sizes = [one.num_features, *[width] * (params.depth - 1), numbers]
    boxes = [
        Layer(first, (nodes, after), (before + 1) * after, kind="dense")
        for before, after in itertools.pairwise(sizes)
    ]
    passed = words("layer.passed_on", times=params.reach)
    return [*boxes, Layer(passed, (nodes, numbers))]


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
def _inputs(task: str, name: str) -> type[BaseParams]:
    one = graph_set(name)
    last = one.num_nodes - 1
    node = (int, integer(min(8, last), low=0, high=last))
    partner = (int, integer(0, low=0, high=last))
    of_tasks: dict[str, dict[str, Any]] = {
        "node": {"node": node, "edit": (str, choice("keep", *EDITS)), "partner": partner},
        "link": {"node": node, "partner": partner},
        "graph": {"graph": (int, integer(0, low=0, high=one.num_graphs - 1))},
    }
    return pydantic.create_model("Inputs", __base__=BaseParams, **of_tasks[task])


def inputs(params: Params) -> type[BaseParams]:
    """A node and an edit of the graph; or two nodes; or a small graph."""
    return _inputs(params.task, params.chosen)


def checks(data: RunData) -> Sequence[Finding]:
    """Is it learning, diverging, learning by heart? Have the layers made all nodes alike?"""
    params: Any = data.params
    found = findings.classification(data, num_classes=screens.classes_of(params))
    gap = _last(data, "accuracy") - _last(data, "val_accuracy")
    found = [one for one in found if one.key != "overfitting" or gap > WIDE_GAP]
    return [*_smoothed(data), *found]


def _smoothed(data: RunData) -> list[Finding]:
    seen = data.arrays.get("variety")
    shares = seen.value if seen else None
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


def _is(*tasks: str) -> Callable[[Any], bool]:
    return lambda params: params.task in tasks


def _attends(params: Any) -> bool:
    return bool(params.layer == "gat")


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
        "kinds": (None,),
        "held": (None, 2),
        "answers": (None,),
        "heard": (None,),
        "cloud": (None, 2),
        "cloud_truth": (None,),
        "cloud_numbers": (None,),
        "variety": (None,),
        "confusion": (None, None),
    },
    headline=("val_accuracy",),
    goal="max",
    views=(
        View("nodes", screens.nodes, height=480, applies=_is("node"),
             arrays=("places", "answers", "links", "truth", "part", "numbers")),
        View("pairs", screens.pairs, height=480, applies=_is("link"),
             arrays=("places", "answers", "links", "truth", "kinds", "held", "numbers")),
        View("molecules", screens.molecules, height=480, applies=_is("graph"),
             arrays=("places", "answers", "links", "truth", "kinds", "numbers")),
        View("accuracy", screens.accuracy,
             metrics=("accuracy", "val_accuracy", "test_accuracy")),
        View("heard", screens.heard, height=480, applies=_attends,
             arrays=("places", "links", "heard", "kinds", "numbers")),
        View("loss", curves.loss, metrics=("loss", "val_loss")),
        View("cloud", screens.cloud, arrays=("cloud", "cloud_truth", "cloud_numbers"), height=420),
        View("variety", screens.variety, arrays=("variety",)),
        View("confusion", screens.confusion, arrays=("confusion",), height=420),
    ),
    inputs=inputs,
    answer=screens.answer,
    checks=checks,
    consulted=("variety", "confusion"),
    layers=layers,
)  # fmt: skip
