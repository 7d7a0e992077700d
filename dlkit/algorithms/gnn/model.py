"""Graph neural network: every node learns from its neighbours, layer by layer.

In a layer each node collects the messages of its neighbours and bends their weighted sum; after k
layers it has heard from all nodes within k steps. For all nodes at once this is a product of sparse
matrices. The graph convolution (Thomas N. Kipf, Max Welling, 2017, "Semi-supervised
classification with graph convolutional networks", ICLR, https://arxiv.org/abs/1609.02907)

    H' = relu(D^-1/2 (A + I) D^-1/2 H W).

The layers are Spektral's (Daniele Grattarola, Cesare Alippi, 2021, https://arxiv.org/abs/2006.12138)
and stand in `messages.py`. They are written for TensorFlow, so this chapter needs that backend.

Three tasks. An example is a node whose class is asked for; or two nodes, is there an edge between
them; or a small graph that has a class (all of them together are one graph with many parts). Every
step of the training looks at everything, but only examples with a label enter the loss: the network
computes all nodes and picks those it is asked for.

Deviations from the paper: weight decay beside L2, a fixed number of steps; dropping an edge makes
the other messages larger instead of normalising again.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops

from dlkit import judging
from dlkit.algorithms.gnn import asked, shown
from dlkit.algorithms.gnn.messages import (
    APPNP,
    GAT,
    GCN,
    GCNII,
    GIN,
    TELEPORT,
    Alike,
    Chebyshev,
    DropEdge,
    Dropout,
    GraphSAGE,
    MaxPool,
    MeanPool,
    SumPool,
    as_adjacency,
    as_features,
    attention,
)
from dlkit.algorithms.gnn.spec import Params, set_of
from dlkit.contract import Array, CodedError, Run
from dlkit.datasets import graph_set
from dlkit.datasets.graphs import Graph
from dlkit.params import BaseParams
from dlkit.training import fit, make_optimizer, one_thread, seed_everything

SPARSE_INPUT = ("gcn", "gat", "appnp", "gcnii")  # layers that multiply by the features at once
POOLS: dict[str, type] = {"sum": SumPool, "mean": MeanPool, "max": MaxPool}
DEEP = 20.0  # times the L2 of its first and last layer has GCNII between them


def build(params: Params) -> keras.Model:
    """Numbers of nodes or graphs [B], or pairs of nodes [B, 2] -> logits [B, C].

    Raises `CodedError("needs_tensorflow")`.
    """
    if keras.backend.backend() != "tensorflow":
        raise CodedError("needs_tensorflow", given=keras.backend.backend())
    seed_everything(params.seed)
    asked_for = keras.Input((2,) if params.task == "link" else (), dtype="int32", name="example")
    whole = WholeGraph(params.chosen, params.seed, params.layer, task=params.task, name="graph")
    found = network(params)(whole(asked_for))  # [N, C], [N, width] or [G, C]
    if params.task == "link":
        first, second = (ops.take(found, asked_for[:, end], axis=0) for end in (0, 1))
        logits = Alike(name="link")([first, second])
    else:
        logits = ops.take(found, asked_for, axis=0)
    model = keras.Model(asked_for, logits, name="gnn")
    _hold_small(model.get_layer("network"), params)
    optimizer = make_optimizer(
        params.optimizer, params.learning_rate, weight_decay=params.weight_decay,
        average=params.average,
    )  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    return model


def _hold_small(network: keras.Model, params: Params) -> None:
    """L2 as published: of the first layer, in GAT of all, in GCNII stronger between the ends."""
    weights = [weight for weight in network.trainable_weights if len(weight.shape) > 1]
    for place, weight in enumerate(weights if params.l2 else []):
        between = params.layer == "gcnii" and 0 < place < len(weights) - 1
        strength = params.l2 * (DEEP if between else 1.0)
        if place == 0 or params.layer in ("gat", "gcnii"):
            weight.regularizer = keras.regularizers.L2(strength / 2)


def network(params: Params, more: int = 0) -> keras.Model:
    """Features [N, F] and adjacency [N, N], sparse -> logits [N, C], for links numbers [N, width].

    For graphs also the graph of each node [N] -> logits [G, C]. `more` nodes may join.
    """
    one = set_of(params)
    nodes, sparse = one.num_nodes + more, one.words and params.layer in SPARSE_INPUT
    features = keras.Input(batch_shape=(nodes, one.num_features), sparse=sparse, name="features")
    adjacency = keras.Input(batch_shape=(nodes, nodes), sparse=True, name="adjacency")
    body = {"appnp": _far, "gcnii": _deep}.get(params.layer, _stack)
    if params.task != "graph":
        numbers = one.num_classes if params.task == "node" else params.width
        said = body(features, adjacency, params, numbers)
        return keras.Model([features, adjacency], said, name="network")
    owner = keras.Input(batch_shape=(nodes,), dtype="int32", name="owner")
    x = body(features, adjacency, params, params.width)
    x = layers.Activation(params.activation, name="nodes")(x)  # [N, width]
    x = POOLS[params.pooling](one.num_graphs, name="pooled")([x, owner])  # [G, width]
    return keras.Model(
        [features, adjacency, owner], layers.Dense(one.num_classes)(x), name="network"
    )


def _stack(
    x: keras.KerasTensor, adjacency: keras.KerasTensor, params: Params, num_classes: int
) -> keras.KerasTensor:
    """Layer upon layer; the last one gives the logits."""
    for number in range(1, params.depth):
        before = x
        x = _heard(_dropped(x, params, first=number == 1), adjacency, params)  # [N, width]
        if params.normalisation == "batch":
            x = layers.BatchNormalization(momentum=0.9)(x)
        elif params.normalisation == "layer":
            x = layers.LayerNormalization()(x)
        if params.residual and number > 1:
            x = layers.Add()([x, before])
        x = layers.Activation(params.activation, name=f"hidden_{number}")(x)
    x = _dropped(x, params, first=params.depth == 1)
    return _heard(x, adjacency, params, num_classes=num_classes)  # [N, C]


def _dropped(x: keras.KerasTensor, params: Params, *, first: bool) -> keras.KerasTensor:
    """Dropout, of what is given too; but an atom without its one feature would be no atom."""
    kept = not params.dropout or (first and params.task == "graph")
    return x if kept else Dropout(params.dropout)(x)


def _heard(
    x: keras.KerasTensor, adjacency: keras.KerasTensor, params: Params, *, num_classes: int = 0
) -> keras.KerasTensor:
    """What each node makes of the messages: [N, ...] -> [N, width], in the last layer [N, C]."""
    adjacency = _thinned(adjacency, params)
    return _layer(params, num_classes or params.width, last=num_classes > 0)([x, adjacency])


def _layer(params: Params, width: int, *, last: bool) -> layers.Layer:
    """One of Spektral's layers; the last layer takes the mean of its heads."""
    start = {"kernel_initializer": "glorot_uniform"}
    if params.layer == "gat":
        channels = width if last else width // params.heads
        named = {"attn_heads": params.heads, "concat_heads": not last}
        return GAT(channels, dropout_rate=params.dropout, **named, **start)
    if params.layer == "chebyshev":
        return Chebyshev(width, K=3, **start)
    if params.layer == "gin":
        return GIN(width, mlp_hidden=[params.width], mlp_batchnorm=False, **start)
    return {"gcn": GCN, "graphsage": GraphSAGE}[params.layer](width, **start)


def _far(
    x: keras.KerasTensor, adjacency: keras.KerasTensor, params: Params, num_classes: int
) -> keras.KerasTensor:
    """A plain network for each node alone; then its answers are passed on many times."""
    x = _dropped(x, params, first=True)
    adjacency = _thinned(adjacency, params)
    return APPNP(
        num_classes,
        alpha=TELEPORT,
        propagations=params.reach,
        mlp_hidden=[params.width] * (params.depth - 1),
        mlp_activation=params.activation,
        dropout_rate=params.dropout,
    )([x, adjacency])


def _deep(
    x: keras.KerasTensor, adjacency: keras.KerasTensor, params: Params, num_classes: int
) -> keras.KerasTensor:
    """Many layers that never forget where they began."""
    x = _dropped(x, params, first=True)
    first = x = layers.Dense(params.width, activation=params.activation)(x)  # [N, width]
    for number in range(1, params.depth + 1):
        x = layers.Dropout(params.dropout)(x)
        strength = float(np.log(1 + 0.5 / number))
        x = GCNII(params.width, strength)([x, first, _thinned(adjacency, params)])
        x = layers.Activation(params.activation, name=f"hidden_{number}")(x)
    return layers.Dense(num_classes)(layers.Dropout(params.dropout)(x))  # [N, C]


def _thinned(adjacency: keras.KerasTensor, params: Params) -> keras.KerasTensor:
    return DropEdge(params.drop_edge)(adjacency) if params.drop_edge > 0 else adjacency


@keras.saving.register_keras_serializable("dlkit.gnn")
class WholeGraph(layers.Layer):
    """The graph itself, whatever is asked for. It is read again where a model is loaded."""

    def __init__(
        self, data: str, seed: int, layer: str, task: str = "node", **named: object
    ) -> None:
        super().__init__(**named)
        self.mine = {"data": data, "seed": seed, "layer": layer, "task": task}
        one, graph = graph_set(data), shown.graph_of(task, data, seed)
        self.sparse = one.words and layer in SPARSE_INPUT
        self.whole = [
            as_features(graph.features, sparse=self.sparse),
            as_adjacency(one.num_nodes, graph.edges, graph.strength(graph.edges), layer),
        ]
        if graph.owners is not None:
            self.whole.append(ops.convert_to_tensor(graph.owners))

    def call(self, asked_for: keras.KerasTensor) -> list:
        """Any examples -> features [N, F], adjacency [N, N], for graphs also owners [N]."""
        return self.whole

    def compute_output_spec(self, asked_for: keras.KerasTensor) -> list:
        """Their shapes are those of the graph."""
        one = graph_set(str(self.mine["data"]))
        return [
            keras.KerasTensor((one.num_nodes, one.num_features), "float32", sparse=self.sparse),
            keras.KerasTensor((one.num_nodes, one.num_nodes), "float32", sparse=True),
            keras.KerasTensor((one.num_nodes,), "int32"),
        ][: len(self.whole)]

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        return {**super().get_config(), **self.mine}


def train(params: Params, run: Run) -> keras.Model:
    """Learn the examples with a label; at each look write what every example is taken for.

    The test examples are judged once, at the end, and nothing is chosen by them.
    """
    graph = shown.graph_of(params.task, params.chosen, params.seed)
    one_thread()
    model = build(params)
    look = shown.Look(_inside(model, params, graph), graph, params.seed)
    fit(model, graph, params, run, pictures=look.pictures, fixed=look.fixed())
    right = float((look.said[graph.test] == graph.labels[graph.test]).mean())
    run.scalars(look.step, test_accuracy=right)
    key = "tested" if params.task == "node" else f"tested_{params.task}"
    run.note(look.step, key, share=f"{right:.1%}", nodes=len(graph.test))
    return model


def _inside(model: keras.Model, params: Params, graph: Graph) -> Callable[[], shown.Inside]:
    """A function that gives what leaves each layer, and the answers to all examples."""
    inside, whole = model.get_layer("network"), model.get_layer("graph").whole
    by_name = {one.name: one for one in inside.layers}
    names = [name for name in by_name if name.startswith("hidden_")]
    wanted = [by_name[name].output for name in (*names, "nodes", "pooled") if name in by_name]
    last = next((one for one in reversed(inside.layers) if isinstance(one, GAT)), None)
    heard = [] if last is None else [last.input[0]]
    watcher = keras.Model(inside.inputs, [inside.output, *heard, *wanted])

    def found() -> shown.Inside:
        answers, *others = keras.tree.flatten(watcher(whole, training=False))
        weights = attention(last, others.pop(0), whole[1]) if last is not None else None
        numbers = [np.asarray(one) for one in others]
        answers = np.asarray(answers)
        if params.task == "graph":
            return shown.Inside(numbers[:-1], numbers[-1], answers, weights)
        layers_out = [*numbers, answers]
        spots = answers if params.task == "link" or not numbers else numbers[-1]
        if graph.pairs is not None:
            answers = _paired(model, answers, graph.pairs)
        return shown.Inside(layers_out, spots, answers, weights)

    return found


def _paired(model: keras.Model, numbers: Array, pairs: Array) -> Array:
    """The nodes' numbers [N, D] and pairs of nodes [P, 2] -> logits [P, 2]."""
    return np.asarray(model.get_layer("link")([numbers[pairs[:, 0]], numbers[pairs[:, 1]]]))


def play(model: keras.Model, params: Params, inputs: BaseParams) -> dict[str, Array]:
    """What is answered, on whom it hangs, and what happens when the graph is another."""
    graph = shown.graph_of(params.task, params.chosen, params.seed)
    inside, whole = model.get_layer("network"), model.get_layer("graph")

    def numbers(edges: Array, features: Array) -> Array:
        """What the network makes of these edges [E, 2] and features [N, F]."""
        net, more = inside, len(features) - len(graph.features)
        if more:
            net = network(params, more)
            net.set_weights(inside.get_weights())
        own = [as_features(features, sparse=whole.sparse)]
        strengths = graph.strength(edges)
        own.append(as_adjacency(len(features), edges, strengths, params.layer))
        return np.asarray(net([*own, *whole.whole[2:]], training=False))

    if params.task == "link":
        return asked.about_a_link(
            lambda edges, pairs: judging.shares(
                _paired(model, numbers(edges, graph.features), pairs)
            ),
            graph, inputs.values(), params.seed,
        )  # fmt: skip
    about = asked.about_a_graph if params.task == "graph" else asked.about_a_node
    return about(
        lambda edges, features: judging.shares(numbers(edges, features)),
        graph, inputs.values(), params.seed,
    )  # fmt: skip
