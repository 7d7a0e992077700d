"""What word vectors answer, and the map they are shown on: arrays in, arrays out, no model."""

from collections.abc import Sequence

import numpy as np

from dlkit.contract import Array

AT_ONCE = 1024  # questions that are answered by one product
LETTERS = 24  # bytes kept of a word


def unit(vectors: Array) -> Array:
    """The same directions [V, D] with length 1, so that a product of two is their cosine."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions: Array = vectors / np.maximum(lengths, 1e-9)
    return directions


def nearest(vectors: Array, wanted: Array, *, without: Array, most: int) -> tuple[Array, Array]:
    """The `most` words closest to each direction, and their cosines, the closest first.

    `vectors` [V, D] have length 1, `wanted` [N, D] any; the words `without` [N, K] are no answers.
    """
    likeness = unit(wanted) @ vectors.T  # [N, V]
    np.put_along_axis(likeness, without, -np.inf, axis=1)
    most = min(most, vectors.shape[0] - without.shape[1])
    found = np.argpartition(-likeness, most - 1, axis=1)[:, :most]
    cosines = np.take_along_axis(likeness, found, axis=1)
    order = np.argsort(-cosines, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(cosines, order, axis=1)


def analogies(vectors: Array, questions: Array) -> Array:
    """Which analogies a : b = c : d [N, 4] are answered with d, [N].

    The answer is the word closest to b - a + c that is none of the three (Mikolov et al. 2013).
    """
    vectors = unit(vectors)
    right = np.zeros(len(questions), bool)
    for start in range(0, len(questions), AT_ONCE):
        rows = questions[start : start + AT_ONCE]
        a, b, c = (vectors[rows[:, place]] for place in range(3))
        said, _ = nearest(vectors, b - a + c, without=rows[:, :3], most=1)
        right[start : start + AT_ONCE] = said[:, 0] == rows[:, 3]
    return right


def similarity(vectors: Array, pairs: Array, ratings: Array) -> float:
    """Spearman's rank correlation between the cosines of pairs [N, 2] and people's ratings [N]."""
    vectors = unit(vectors)
    cosines = (vectors[pairs[:, 0]] * vectors[pairs[:, 1]]).sum(axis=1)
    ranks = np.stack([_ranks(cosines), _ranks(ratings)])
    spread = ranks.std(axis=1)
    return float(np.corrcoef(ranks)[0, 1]) if spread.min() > 0 else 0.0


def odd_one_out(vectors: Array, words: Array) -> tuple[int, Array]:
    """The place in `words` [N] of the one that lies farthest from their middle; all cosines to it.

    `vectors` [V, D] have length 1.
    """
    cosines = vectors[words] @ unit(vectors[words].mean(axis=0, keepdims=True))[0]
    return int(cosines.argmin()), cosines


def flat(vectors: Array, last: Array | None) -> Array:
    """Word vectors [N, D] on a map [N, 2]: the plane in which they spread most.

    Main components may turn and flip from look to look. Turned onto the `last` map, as well as a
    rotation or reflection can do (Procrustes), the words stay where they were.
    """
    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    places = centred @ axes[:2].T
    places /= np.sqrt((places**2).sum(axis=1).mean()) or 1.0
    if last is None:
        places *= np.where(places[np.abs(places).argmax(axis=0), [0, 1]] < 0, -1, 1)
    else:
        left, _, right = np.linalg.svd(places.T @ last)
        places = places @ (left @ right)
    turned: Array = places.astype(np.float32)
    return turned


def _ranks(values: Array) -> Array:
    """The rank of each value; equal ones share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Array = (ends - (counts - 1) / 2)[places]
    return ranks


def spelled(words: Sequence[str]) -> Array:
    """Words as numbers, so that they can be kept beside them: UTF-8, [N, LETTERS], 0 behind."""
    rows = [word.encode()[:LETTERS].ljust(LETTERS, b"\0") for word in words]
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, LETTERS)


def read(letters: Array) -> list[str]:
    """What `spelled` was given."""
    rows = np.ascontiguousarray(letters, np.uint8)
    return [row.tobytes().rstrip(b"\0").decode(errors="ignore") for row in rows]
