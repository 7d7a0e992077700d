"""What a classifier got right and wrong, counted: tables and places, no model and no figure.

A *place* is the number of an example in the judged set; -1 stands where there is none.
"""

import numpy as np

from dlkit.contract import Array

NOWHERE = -1


def shares(logits: Array) -> Array:
    """Logits [..., C] -> class probabilities [..., C] (softmax)."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    normal: Array = powers / powers.sum(axis=-1, keepdims=True)
    return normal


def confusion(truth: Array, answers: Array, num_classes: int) -> Array:
    """How often each true class [row] got each answer [column], [C, C] int32."""
    counts = np.zeros((num_classes, num_classes), np.int32)
    np.add.at(counts, (truth, answers), 1)
    return counts


def cells(truth: Array, answers: Array, num_classes: int, most: int = 6) -> Array:
    """Places of the first `most` examples behind each cell of `confusion`, [C, C, most] int32."""
    places = np.full((num_classes, num_classes, most), NOWHERE, np.int32)
    for true in range(num_classes):
        members = np.flatnonzero(truth == true)
        for said in range(num_classes):
            found = members[answers[members] == said][:most]
            places[true, said, : len(found)] = found
    return places


def worst(truth: Array, probabilities: Array, most: int = 12) -> Array:
    """Places of the most confident mistakes, the surest first, [most] int32.

    `probabilities` [N, C] are of the examples with the classes `truth` [N].
    """
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != truth)
    surest = wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:most]
    places = np.full(most, NOWHERE, np.int32)
    places[: len(surest)] = surest
    return places
