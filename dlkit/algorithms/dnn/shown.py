"""What the charts of this chapter are made from: arrays in, arrays out, no model."""

import numpy as np

from dlkit.contract import Array

TILE = 32  # places along each side of a neuron's map
NEURONS = 8  # shown of a layer
BINS = 48
SHORTEST, LONGEST = -10, 2  # decades of gradients
OTHERS = 100  # values of other examples that take the place of one
LIMIT = 0.96  # of the way to its bound, an answer counts as saturated


def tiles(hidden: list[Array], side: int) -> Array:
    """How the first neurons of each layer answer over the plane, [layers, NEURONS, TILE, TILE].

    `hidden` holds a layer's answers at `side` times `side` places, [side side, width]. 128 is zero;
    each neuron has its own scale, from 1 below to 255 above. Neurons that a layer has not are 0.
    """
    maps = np.zeros((len(hidden), NEURONS, TILE, TILE), np.uint8)
    every = side // TILE
    for number, answers in enumerate(hidden):
        coarse = answers[:, :NEURONS].reshape(side, side, -1)[::every, ::every]
        scale = np.maximum(np.abs(coarse).max(axis=(0, 1)), 1e-6)
        maps[number, : coarse.shape[2]] = np.moveaxis(128 + np.rint(127 * coarse / scale), 2, 0)
    return maps


def idle(answers: Array, activation: str) -> float:
    """The share of a layer that passes nothing on, from its answers [N, width].

    Dead ReLU neurons answer 0 to everything; answers of tanh and sigmoid close to their bounds are
    saturated. In both cases the gradient is (nearly) zero. Other activations have no such state.
    """
    if activation == "relu":
        return float((answers <= 0).all(axis=0).mean())
    centred = {"tanh": answers, "sigmoid": 2 * answers - 1}.get(activation, np.zeros(1))
    return float((np.abs(centred) > LIMIT).mean())


def histograms(weights: list[Array], gradients: list[Array]) -> dict[str, Array]:
    """How the weights of each layer are spread, and how long their gradients are, [layers, BINS].

    Weights over one range for all layers, from minus to plus `weight_limit`. Gradients by the
    decades of their lengths; shorter ones than the first decade, zero too, are counted there.
    """
    weights = [np.nan_to_num(weight, posinf=0.0, neginf=0.0) for weight in weights]
    limit = max(float(np.abs(weight).max()) for weight in weights) or 1.0
    decades = [
        np.clip(np.log10(np.abs(np.nan_to_num(one)) + 1e-30), SHORTEST, LONGEST)
        for one in gradients
    ]
    return {
        "weights": _counted(weights, -limit, limit),
        "weight_limit": np.array([limit], np.float32),
        "gradients": _counted(decades, SHORTEST, LONGEST),
    }


def with_others(row: Array, examples: Array) -> Array:
    """One row [F] again and again, each time with one value taken from another example.

    Feature after feature, `OTHERS` rows each: [F OTHERS, F].
    """
    places = np.linspace(0, len(examples) - 1, OTHERS).astype(int)
    rows = np.tile(row, (len(row), OTHERS, 1))  # [F, OTHERS, F]
    for feature in range(len(row)):
        rows[feature, :, feature] = examples[places, feature]
    return rows.reshape(-1, len(row))


def _counted(values: list[Array], low: float, high: float) -> Array:
    return np.stack([np.histogram(one, BINS, (low, high))[0] for one in values]).astype(np.int32)
