"""How good generated pictures are, without a word from the network that made them.

A *judge* is a small classifier of our own (`dlkit.judge_network`), trained on the same kind of
pictures. What it sees in a picture is a row of features, each brought to mean 0 and spread 1 over
real pictures. Two heaps of pictures are then compared by their features. The numbers are those of
one judge and one pair of heap sizes: they compare runs of this studio and nothing else, and none of
them is the "FID" of the literature, whose judge is another network.

* Fréchet distance of two Gaussians fitted to the features (D. C. Dowson, B. V. Landau, 1982,
  https://doi.org/10.1016/0047-259X(82)90077-X): 0 for equal heaps.
* Kernel distance, unbiased, with a polynomial of degree three (Mikołaj Bińkowski and others, 2018,
  https://arxiv.org/abs/1801.01401): about 0 for heaps of one kind, whatever their size.
* Density and coverage with k = 5 (Muhammad Ferjad Naeem and others, 2020,
  https://arxiv.org/abs/2002.09797): whether fakes lie where real ones lie, and which share of the
  real ones has a fake nearby.

NumPy only. Arrays in, numbers out.
"""

from dataclasses import dataclass

import numpy as np

from dlkit.contract import Array

NEAR = 5  # the neighbour whose distance makes the ball around a real picture
RUNGS = ("real", "noisy", "gaussians", "one_class", "noise")  # of the ladder, the best first
NOISY = 20.0  # standard deviation of the noise on the second rung, of 255
SEEN_SHARE = 0.03  # a class with at least this share of the fakes counts as seen


@dataclass(frozen=True)
class Seen:
    """What a judge sees in N pictures: features [N, D], class probabilities [N, C]."""

    features: Array
    probabilities: Array

    def __getitem__(self, rows: Array | slice) -> "Seen":
        """The same for some of the pictures."""
        return Seen(self.features[rows], self.probabilities[rows])


def compared(real: Seen, fake: Seen, wanted: Array | None = None) -> dict[str, float]:
    """All numbers of a heap of fakes beside a heap of real pictures.

    "distance", "kernel_distance", "density", "coverage", "classes" (how many are seen) and, where
    the fakes were asked for as the classes `wanted` [N], "agreement". Four digits are told:
    heaps of a few hundred pictures say no more.
    """
    density, coverage = density_and_coverage(real.features, fake.features)
    found = {
        "distance": frechet(real.features, fake.features),
        "kernel_distance": kernel_distance(real.features, fake.features),
        "density": density,
        "coverage": coverage,
        "classes": float((class_shares(fake.probabilities) >= SEEN_SHARE).sum()),
    }
    if wanted is not None:
        found["agreement"] = float((fake.probabilities.argmax(axis=1) == wanted).mean())
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def frechet(real: Array, fake: Array) -> float:
    """Fréchet distance (squared) of the Gaussians with the mean and covariance of each, [N, D]."""
    one, other = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if not np.isfinite(other).all():
        return float("nan")
    gap = one.mean(axis=0) - other.mean(axis=0)
    first, second = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    root = _root(first)
    shared = np.sqrt(np.clip(np.linalg.eigvalsh(root @ second @ root), 0.0, None)).sum()
    distance = gap @ gap + np.trace(first) + np.trace(second) - 2.0 * shared
    return float(max(distance, 0.0))


def kernel_distance(real: Array, fake: Array) -> float:
    """Squared maximum mean discrepancy, unbiased, of features [N, D] and [M, D]."""
    width = real.shape[1]
    one, other = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    among_one = _kernel(one, one, width)
    among_other = _kernel(other, other, width)
    apart = _kernel(one, other, width).mean()
    n, m = len(one), len(other)
    within = (among_one.sum() - np.trace(among_one)) / (n * (n - 1))
    within += (among_other.sum() - np.trace(among_other)) / (m * (m - 1))
    return float(within - 2.0 * apart)


def density_and_coverage(real: Array, fake: Array, near: int = NEAR) -> tuple[float, float]:
    """How densely fakes lie among the real ones, and the share of these with a fake nearby.

    Around each real one a ball reaches to its `near`-th neighbour among the real ones.
    """
    among = distances(real, real)
    reach = np.partition(among, near, axis=1)[:, near]  # its own distance of 0 comes first
    gaps = distances(real, fake)  # [N, M]
    inside = gaps <= reach[:, None]
    density = float(inside.sum(axis=0).mean() / near)
    return density, float(inside.any(axis=1).mean())


def distances(one: Array, other: Array) -> Array:
    """The distance of each row [N, D] to each row [M, D], [N, M]."""
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    squared = (first**2).sum(1)[:, None] - 2.0 * first @ second.T + (second**2).sum(1)
    lengths: Array = np.sqrt(np.clip(squared, 0.0, None))
    return lengths


def class_shares(probabilities: Array) -> Array:
    """Which share of the pictures the judge takes for each class, [C]."""
    said = probabilities.argmax(axis=1)
    shares: Array = np.bincount(said, minlength=probabilities.shape[1]) / max(len(said), 1)
    return shares


def newness(known: Array, held: Array, fake: Array) -> float:
    """How far fakes lie from the nearest picture learned from, over how far new real ones lie.

    About 1: as new as pictures never learned from. Far below 1: learned by heart. All are features,
    the medians are compared.
    """
    far = np.median(distances(held, known).min(axis=1))
    return float(np.median(distances(fake, known).min(axis=1)) / max(float(far), 1e-9))


def ladder(pictures: Array, labels: Array, seed: int = 1) -> dict[str, Array]:
    """Heaps that any honest judge must put in this order, from real pictures [N, H, W, ch].

    The pictures themselves; with noise on them; drawn from one Gaussian of pixels for each class;
    of one class only; noise. All as many, all 0 to 255.
    """
    random, kinds = np.random.default_rng(seed), np.unique(labels)
    noisy = pictures + random.normal(0.0, NOISY, pictures.shape)
    drawn = np.concatenate([_gaussian(pictures[labels == kind], random) for kind in kinds])
    members = np.flatnonzero(labels == kinds[0])
    alone = pictures[random.choice(members, len(pictures))]
    noise = random.integers(0, 256, pictures.shape)
    heaps = (pictures, noisy, drawn, alone, noise)
    whole = [np.clip(np.rint(heap), 0, 255).astype(np.uint8) for heap in heaps]
    return dict(zip(RUNGS, whole, strict=True))


def _gaussian(pictures: Array, random: np.random.Generator) -> Array:
    """As many pictures from a Gaussian with the mean and covariance of these, [N, ...]."""
    rows = pictures.reshape(len(pictures), -1).astype(np.float64)
    mean = rows.mean(axis=0)
    weights = random.normal(size=(len(rows), len(rows))) / np.sqrt(max(len(rows) - 1, 1))
    drawn: Array = (mean + weights @ (rows - mean)).reshape(pictures.shape)
    return drawn


def _kernel(one: Array, other: Array, width: int) -> Array:
    values: Array = (one @ other.T / width + 1.0) ** 3
    return values


def _root(matrix: Array) -> Array:
    """The symmetric square root of a covariance."""
    values, vectors = np.linalg.eigh(matrix)
    root: Array = (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
    return root
