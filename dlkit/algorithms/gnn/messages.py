"""The layers of this chapter: Spektral's for Keras 3, and what Spektral has not."""

import keras
import numpy as np
import scipy.sparse
import spektral
from keras import layers, ops
from spektral.layers.ops import modal_dot
from spektral.utils.sparse import sp_matrix_to_sp_tensor

from dlkit.contract import Array

NORMALISED = ("gcn", "appnp", "gcnii")  # layers that weigh messages by D^-1/2 (A + I) D^-1/2
TELEPORT = 0.1  # the share of a node's own beginning in every step of APPNP and GCNII


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
class Alike(layers.Layer):
    """Two nodes have an edge if their numbers are alike: the product, and how much is enough.

    Thomas N. Kipf, Max Welling, 2016, https://arxiv.org/abs/1611.07308, there without weights.
    """

    def build(self, shapes: list) -> None:
        """One weight for the product, one for the threshold."""
        self.kernel = self.add_weight(shape=(), initializer="ones", name="kernel")
        self.bias = self.add_weight(shape=(), initializer="zeros", name="bias")

    def call(self, ends: list) -> keras.KerasTensor:
        """Both nodes' numbers [B, D] each -> logits of no edge, which are zero, and edge [B, 2]."""
        score = self.kernel * ops.sum(ends[0] * ends[1], axis=1, keepdims=True) + self.bias
        return ops.concatenate([ops.zeros_like(score), score], axis=1)


class _Counted:
    """Spektral 1.3.1 says that pooling leaves as many rows as there were nodes."""

    def __init__(self, num_graphs: int, **named: object) -> None:
        super().__init__(**named)
        self.num_graphs = num_graphs

    def compute_output_shape(self, shapes: list) -> tuple:
        """Nodes [N, D] and their graphs [N] -> graphs [G, D]."""
        return (self.num_graphs, shapes[0][-1])

    def get_config(self) -> dict[str, object]:
        """What is needed to make the layer again."""
        return {**super().get_config(), "num_graphs": self.num_graphs}  # type: ignore[misc]


@keras.saving.register_keras_serializable("dlkit.gnn")
class SumPool(_Counted, spektral.layers.GlobalSumPool):
    """A graph is the sum of its nodes."""


@keras.saving.register_keras_serializable("dlkit.gnn")
class MeanPool(_Counted, spektral.layers.GlobalAvgPool):
    """A graph is the mean of its nodes."""


@keras.saving.register_keras_serializable("dlkit.gnn")
class MaxPool(_Counted, spektral.layers.GlobalMaxPool):
    """A graph has of each number the largest that a node of it has."""


def as_adjacency(num_nodes: int, edges: Array, strengths: Array, layer: str) -> keras.KerasTensor:
    """Edges [E, 2] -> the sparse matrix [N, N] that `layer` multiplies by, made by Spektral.

    `strengths` [E] tell how strong they are. Only the layers that multiply listen to that.
    """
    first, second = edges.T
    both = np.concatenate([first, second]), np.concatenate([second, first])
    twice = np.concatenate([strengths, strengths])
    matrix = scipy.sparse.csr_matrix((twice, both), shape=(num_nodes, num_nodes))
    if layer in NORMALISED:
        matrix = spektral.utils.gcn_filter(matrix)
    elif layer == "chebyshev":
        laplacian = spektral.utils.normalized_laplacian(matrix)
        matrix = spektral.utils.rescale_laplacian(laplacian, lmax=2)  # 2 bounds every graph's
    return sp_matrix_to_sp_tensor(matrix.astype(np.float32))


def as_features(features: Array, *, sparse: bool) -> keras.KerasTensor:
    """Features [N, F] as a tensor, sparse where most of them are zero."""
    if sparse:
        return sp_matrix_to_sp_tensor(scipy.sparse.csr_matrix(features))
    return ops.convert_to_tensor(features)


def attention(layer: GAT, x: keras.KerasTensor, adjacency: keras.KerasTensor) -> Array:
    """Nodes [N, D], adjacency [N, N] -> what each node hears of each, sparse [N, N].

    Rows hear, columns speak; the mean over the heads, in each row summing up to one.
    """
    layer.return_attn_coef = True
    try:
        weights = np.asarray(layer([x, adjacency])[1])[..., 0].mean(axis=1)  # [E + N]
    finally:
        layer.return_attn_coef = False
    size = int(x.shape[0])
    places = np.asarray(spektral.layers.ops.add_self_loops_indices(adjacency.indices, size))
    return scipy.sparse.csr_matrix((weights, (places[:, 1], places[:, 0])), shape=(size, size))
