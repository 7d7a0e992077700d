"""Graph neural network: every node learns from its neighbours, layer by layer.

In a layer each node collects the messages of its neighbours and bends their weighted sum; after k
layers it has heard from all nodes within k steps. For all nodes at once this is a product of sparse
matrices. The graph convolution (Thomas N. Kipf, Max Welling, 2017, "Semi-supervised
classification with graph convolutional networks", ICLR, https://arxiv.org/abs/1609.02907)

    H' = relu(D^-1/2 (A + I) D^-1/2 H W).

The layers are Spektral's (Daniele Grattarola, Cesare Alippi, 2021, https://arxiv.org/abs/2006.12138).
They are written for TensorFlow, so this chapter needs that backend. GCNII is ours.

One step of the training looks at the whole graph, but only nodes with a label enter the loss: an
example is the number of a node, the network computes all and picks those it is asked for.

Deviations from the paper: weight decay beside L2, a fixed number of steps; dropping an edge makes
the other messages larger instead of normalising again.
"""

from collections.abc import Callable

import keras
import numpy as np
import scipy.sparse
import spektral
from keras import layers, ops
from spektral.layers.ops import modal_dot
from spektral.utils.sparse import sp_matrix_to_sp_tensor

from dlkit import judging
from dlkit.algorithms.gnn import shown
from dlkit.algorithms.gnn.spec import Params
from dlkit.contract import Array, CodedError, Run
from dlkit.datasets import GRAPHS, graphs
from dlkit.params import BaseParams
from dlkit.training import fit, make_optimizer, one_thread, seed_everything

SPARSE_INPUT = ("gcn", "gat", "appnp", "gcnii")  # layers that multiply by the features at once
NORMALISED = ("gcn", "appnp", "gcnii")  # layers that weigh messages by D^-1/2 (A + I) D^-1/2
DEEP = 20.0  # times the L2 of its first and last layer has GCNII between them
TELEPORT = 0.1  # the share of a node's own beginning in every step of APPNP and GCNII


def build(params: Params) -> keras.Model:
    """Numbers of nodes [B] -> logits [B, C]. Raises `CodedError("needs_tensorflow")`."""
    if keras.backend.backend() != "tensorflow":
        raise CodedError("needs_tensorflow", given=keras.backend.backend())
    seed_everything(params.seed)
    node = keras.Input((), dtype="int32", name="node")  # [B]
    features, adjacency = WholeGraph(params.data, params.seed, params.layer, name="graph")(node)
    logits = network(params)([features, adjacency])  # [N, C]
    model = keras.Model(node, ops.take(logits, node, axis=0), name="gnn")
    _hold_small(model, params)
    optimizer = make_optimizer(
        params.optimizer, params.learning_rate, weight_decay=params.weight_decay,
        average=params.average,
    )  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    return model


def _hold_small(model: keras.Model, params: Params) -> None:
    """L2 as published: of the first layer, in GAT of all, in GCNII stronger between the ends."""
    weights = [weight for weight in model.trainable_weights if len(weight.shape) > 1]
    for place, weight in enumerate(weights if params.l2 else []):
        between = params.layer == "gcnii" and 0 < place < len(weights) - 1
        strength = params.l2 * (DEEP if between else 1.0)
        if place == 0 or params.layer in ("gat", "gcnii"):
            weight.regularizer = keras.regularizers.L2(strength / 2)


def network(params: Params) -> keras.Model:
    """Features [N, F] and adjacency [N, N], sparse -> logits [N, C]."""
    one = GRAPHS[params.data]
    nodes, sparse = one.num_nodes, one.words and params.layer in SPARSE_INPUT
    features = keras.Input(batch_shape=(nodes, one.num_features), sparse=sparse, name="features")
    adjacency = keras.Input(batch_shape=(nodes, nodes), sparse=True, name="adjacency")
    body = {"appnp": _far, "gcnii": _deep}.get(params.layer, _stack)
    logits = body(features, adjacency, params, one.num_classes)
    return keras.Model([features, adjacency], logits, name="network")


def _stack(
    x: keras.KerasTensor, adjacency: keras.KerasTensor, params: Params, num_classes: int
) -> keras.KerasTensor:
    """Layer upon layer; the last one gives the logits."""
    for number in range(1, params.depth):
        before = x
        x = _heard(x, adjacency, params)  # [N, width]
        if params.normalisation == "batch":
            x = layers.BatchNormalization(momentum=0.9)(x)
        elif params.normalisation == "layer":
            x = layers.LayerNormalization()(x)
        if params.residual and number > 1:
            x = layers.Add()([x, before])
        x = layers.Activation(params.activation, name=f"hidden_{number}")(x)
    return _heard(x, adjacency, params, num_classes=num_classes)  # [N, C]


def _heard(
    x: keras.KerasTensor, adjacency: keras.KerasTensor, params: Params, *, num_classes: int = 0
) -> keras.KerasTensor:
    """What each node makes of the messages: [N, ...] -> [N, width], in the last layer [N, C]."""
    if params.dropout > 0:
        x = Dropout(params.dropout)(x)
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
    x = Dropout(params.dropout)(x)
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
    x = Dropout(params.dropout)(x)
    first = x = layers.Dense(params.width, activation=params.activation)(x)  # [N, width]
    for number in range(1, params.depth + 1):
        x = layers.Dropout(params.dropout)(x)
        strength = float(np.log(1 + 0.5 / number))
        x = GCNII(params.width, strength)([x, first, _thinned(adjacency, params)])
        x = layers.Activation(params.activation, name=f"hidden_{number}")(x)
    return layers.Dense(num_classes)(layers.Dropout(params.dropout)(x))  # [N, C]


def _thinned(adjacency: keras.KerasTensor, params: Params) -> keras.KerasTensor:
    return DropEdge(params.drop_edge)(adjacency) if params.drop_edge > 0 else adjacency


class _Unmasked:
    """Keras 3 hands a list of absent masks to a layer; Spektral 1.3.1 would multiply by it."""

    def call(self, inputs: list, mask: object = None) -> keras.KerasTensor:
        return super().call(inputs)  # type: ignore[misc]


@keras.saving.register_keras_serializable("dlkit.gnn")
class GCN(_Unmasked, spektral.layers.GCNConv):
    """Messages weighed by degree (Kipf and Welling, 2017)."""


@keras.saving.register_keras_serializable("dlkit.gnn")
class GAT(_Unmasked, spektral.layers.GATConv):
    """Messages weighed by attention (Veličković and others, 2018)."""


@keras.saving.register_keras_serializable("dlkit.gnn")
class APPNP(_Unmasked, spektral.layers.APPNPConv):
    """Answers passed on with a way back home (Gasteiger and others, 2019)."""


@keras.saving.register_keras_serializable("dlkit.gnn")
class Chebyshev(_Unmasked, spektral.layers.ChebConv):
    """Polynomials of the graph's Laplacian (Defferrard and others, 2016)."""


@keras.saving.register_keras_serializable("dlkit.gnn")
class GraphSAGE(spektral.layers.GraphSageConv):
    """The mean of the neighbours beside the node itself (Hamilton and others, 2017)."""


@keras.saving.register_keras_serializable("dlkit.gnn")
class GIN(spektral.layers.GINConv):
    """The sum of the neighbours through a small network (Xu and others, 2019)."""


@keras.saving.register_keras_serializable("dlkit.gnn")
class GCNII(layers.Layer):
    """Part of the beginning comes back, and most of the signal goes on as it is.

    Ming Chen and others, 2020, https://arxiv.org/abs/2007.02133.
    """

    def __init__(self, width: int, strength: float, **named: object) -> None:
        super().__init__(**named)
        self.width, self.strength = width, strength
        self.kernel = self.add_weight(shape=(width, width), name="kernel")

    def call(self, inputs: list) -> keras.KerasTensor:
        """Nodes [N, D], their beginning [N, D], adjacency [N, N] -> [N, D]."""
        x, first, adjacency = inputs
        mixed = (1 - TELEPORT) * modal_dot(adjacency, x) + TELEPORT * first
        return (1 - self.strength) * mixed + self.strength * ops.matmul(mixed, self.kernel)

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        return {**super().get_config(), "width": self.width, "strength": self.strength}


@keras.saving.register_keras_serializable("dlkit.gnn")
class Dropout(layers.Dropout):
    """Dropout that also takes a sparse matrix, of which it drops entries that are not zero."""

    def call(self, inputs: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """A matrix -> a matrix of the same kind."""
        if hasattr(inputs, "with_values"):
            return inputs.with_values(super().call(inputs.values, training=training))
        return super().call(inputs, training=training)


@keras.saving.register_keras_serializable("dlkit.gnn")
class DropEdge(layers.Layer):
    """Leaves out messages at random while training, never those of a node to itself.

    Yu Rong and others, 2020, https://arxiv.org/abs/1907.10903.
    """

    def __init__(self, rate: float, **named: object) -> None:
        super().__init__(**named)
        self.rate = rate
        self.seeds = keras.random.SeedGenerator()

    def call(self, adjacency: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Adjacency [N, N] -> adjacency [N, N] with fewer entries."""
        if not training:
            return adjacency
        places = adjacency.indices  # [E, 2]
        chance = keras.random.uniform(ops.shape(adjacency.values), seed=self.seeds)
        itself = ops.equal(places[:, 0], places[:, 1])
        kept = ops.nonzero(ops.logical_or(itself, chance >= self.rate))[0]
        larger = ops.where(itself, 1.0, 1 / (1 - self.rate))
        values = ops.take(adjacency.values * larger, kept)
        return type(adjacency)(ops.take(places, kept, axis=0), values, adjacency.dense_shape)

    def compute_output_spec(
        self, adjacency: keras.KerasTensor, training: bool = False
    ) -> keras.KerasTensor:
        """As the input."""
        return keras.KerasTensor(adjacency.shape, adjacency.dtype, sparse=True)

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        return {**super().get_config(), "rate": self.rate}


@keras.saving.register_keras_serializable("dlkit.gnn")
class WholeGraph(layers.Layer):
    """The graph itself, whatever node is asked for. It is read again where a model is loaded."""

    def __init__(self, data: str, seed: int, layer: str, **named: object) -> None:
        super().__init__(**named)
        self.data, self.seed, self.layer = data, seed, layer
        graph = graphs.load(data, seed)
        self.sparse = GRAPHS[data].words and layer in SPARSE_INPUT
        self.features = ops.convert_to_tensor(graph.features)
        if self.sparse:
            self.features = sp_matrix_to_sp_tensor(scipy.sparse.csr_matrix(graph.features))
        self.adjacency = as_adjacency(len(graph.labels), graph.edges, layer)

    def call(self, node: keras.KerasTensor) -> tuple:
        """Any nodes -> features [N, F] and adjacency [N, N] of all."""
        return self.features, self.adjacency

    def compute_output_spec(self, node: keras.KerasTensor) -> tuple:
        """Their shapes are those of the graph."""
        one = GRAPHS[self.data]
        return (
            keras.KerasTensor((one.num_nodes, one.num_features), "float32", sparse=self.sparse),
            keras.KerasTensor((one.num_nodes, one.num_nodes), "float32", sparse=True),
        )

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        mine = {"data": self.data, "seed": self.seed, "layer": self.layer}
        return {**super().get_config(), **mine}


def as_adjacency(num_nodes: int, edges: Array, layer: str) -> keras.KerasTensor:
    """Edges [E, 2] -> the sparse matrix [N, N] that `layer` multiplies by, made by Spektral."""
    first, second = edges.T
    both = np.concatenate([first, second]), np.concatenate([second, first])
    ones = np.ones(2 * len(edges), np.float32)
    matrix = scipy.sparse.csr_matrix((ones, both), shape=(num_nodes, num_nodes))
    if layer in NORMALISED:
        matrix = spektral.utils.gcn_filter(matrix)
    elif layer == "chebyshev":
        laplacian = spektral.utils.normalized_laplacian(matrix)
        matrix = spektral.utils.rescale_laplacian(laplacian, lmax=2)  # 2 bounds every graph's
    return sp_matrix_to_sp_tensor(matrix.astype(np.float32))


def train(params: Params, run: Run) -> keras.Model:
    """Learn the labelled nodes; at each look write what every node is taken for.

    The test nodes are judged once, at the end, and nothing is chosen by them.
    """
    graph = graphs.load(params.data, params.seed)
    one_thread()
    model = build(params)
    look = shown.Look(_inside(model), graph, params.seed)
    fit(model, graph, params, run, pictures=look.pictures, fixed=look.fixed())
    right = float((look.said[graph.test] == graph.labels[graph.test]).mean())
    run.scalars(look.step, test_accuracy=right)
    run.note(look.step, "tested", share=f"{right:.1%}", nodes=len(graph.test))
    return model


def _inside(model: keras.Model) -> Callable[[], list[Array]]:
    """A function that gives what leaves each layer, [N, ...], the logits last."""
    inside, graph = model.get_layer("network"), model.get_layer("graph")
    hidden = [one.output for one in inside.layers if one.name.startswith("hidden_")]
    watcher = keras.Model(inside.inputs, [*hidden, inside.output])

    def found() -> list[Array]:
        answers = keras.tree.flatten(watcher([graph.features, graph.adjacency], training=False))
        return [np.asarray(one) for one in answers]

    return found


def play(model: keras.Model, params: Params, inputs: BaseParams) -> dict[str, Array]:
    """One node's answer, whom it hangs on, and what happens when an edge comes or goes."""
    graph = graphs.load(params.data, params.seed)
    inside, whole = model.get_layer("network"), model.get_layer("graph")

    def ask(edges: Array) -> Array:
        """Class probabilities of all nodes [N, C] if these were the edges."""
        adjacency = as_adjacency(len(graph.labels), edges, params.layer)
        return judging.shares(np.asarray(inside([whole.features, adjacency], training=False)))

    return shown.asked(ask, graph, inputs.values(), params.seed)
