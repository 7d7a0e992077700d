"""Sets of small graphs that each have a class, as one large graph with many parts."""

from collections.abc import Iterator

import numpy as np

from dlkit.contract import Array, CodedError
from dlkit.datasets import caches
from dlkit.datasets.graph_sets import MOLECULES, MUTAG
from dlkit.datasets.graphs import Graph, parted

SMALLEST, SIZES = 8, 8  # atoms of a made molecule: 8 to 15
BONDS = 4  # of an atom at most
RINGS = 2  # bonds that close one
CARBON, NITROGEN, OXYGEN = 0, 1, 2
HELD = 5  # one of so many graphs of each class is held back to check with, and as many for the test


def molecules(name: str, seed: int) -> Graph:
    """The set called `name`, parted by `seed`. Raises `CodedError` not_an_option, data_missing.

    `labels` [G] are those of the graphs; features say of which kind an atom is.
    """
    if name not in MOLECULES:
        raise CodedError("not_an_option", given=name, allowed=", ".join(MOLECULES))
    kinds, edges, owners, labels = _made(seed) if name == "molecules" else _mutag()
    random, parts = np.random.default_rng(seed), []
    for label in range(MOLECULES[name].num_classes):
        members = random.permutation(np.flatnonzero(labels == label))
        cut = len(members) // HELD
        parts.append((members[2 * cut :], members[:cut], members[cut : 2 * cut]))
    whole = [np.concatenate(part) for part in zip(*parts, strict=True)]
    features = np.eye(MOLECULES[name].num_features, dtype=np.float32)[kinds]
    train, validation, test = parted(*whole)
    return Graph(
        features, edges, labels, train, validation, test, kinds=kinds, owners=owners
    )  # fmt: skip


def _made(seed: int) -> tuple[Array, Array, Array, Array]:
    """Molecules made at random, two nitrogens and two oxygens in each. Every second is active.

    Active is one in which a nitrogen is bound to an oxygen. The atoms alone do not tell: all
    molecules of a size have the same ones.
    """
    random, start = np.random.default_rng(seed), 0
    kinds, edges, owners = [], [], []
    count = MOLECULES["molecules"].num_graphs
    active = random.permutation(np.arange(count) % 2)
    for number in range(count):
        bonds = _skeleton(SMALLEST + number % SIZES, random)
        atoms = next(a for a in _filled(bonds, random) if _is_active(a, bonds) == active[number])
        kinds.append(atoms)
        edges.append(bonds + start)
        owners.append(np.full(len(atoms), number))
        start += len(atoms)
    return _small(np.concatenate(kinds), np.concatenate(edges), np.concatenate(owners), active)


def _skeleton(size: int, random: np.random.Generator) -> Array:
    """The bonds of one molecule [B, 2]: a tree, and a few bonds that close rings."""
    bonds: list[tuple[int, int]] = []
    degree = np.zeros(size, int)

    def bind(one: int, other: int) -> None:
        bonds.append((min(one, other), max(one, other)))
        degree[[one, other]] += 1

    for atom in range(1, size):
        bind(int(random.choice(np.flatnonzero(degree[:atom] < BONDS - 1))), atom)
    for _ in range(RINGS):
        one, other = (int(a) for a in random.choice(np.flatnonzero(degree < BONDS), 2, False))
        if (min(one, other), max(one, other)) not in bonds:
            bind(one, other)
    return np.array(sorted(bonds), np.int32)


def _filled(bonds: Array, random: np.random.Generator) -> Iterator[Array]:
    """The kinds of the atoms, drawn again and again; half of the time with N and O side by side."""
    size = int(bonds.max()) + 1
    while True:
        atoms = np.full(size, CARBON, np.int32)
        order = random.permutation(size)
        if random.random() < 0.5:
            bound = random.choice(bonds)
            order = np.concatenate([bound, np.setdiff1d(order, bound)])
            order[2:] = random.permutation(order[2:])
        atoms[order[[0, 2]]], atoms[order[[1, 3]]] = NITROGEN, OXYGEN
        yield atoms


def _is_active(atoms: Array, bonds: Array) -> bool:
    ends = np.sort(atoms[bonds], axis=1)
    return bool((ends == (NITROGEN, OXYGEN)).all(axis=1).any())


def _mutag() -> tuple[Array, Array, Array, Array]:
    """Atoms, bonds, the molecule of each atom, and whether it made bacteria mutate."""
    bonds, owners, kinds, labels = (_numbers(content) for content in caches.contents(MUTAG))
    pairs = np.unique(np.sort(bonds.reshape(-1, 2) - 1, axis=1), axis=0)
    return _small(kinds, pairs[pairs[:, 0] < pairs[:, 1]], owners - 1, labels > 0)


def _small(
    kinds: Array, bonds: Array, owners: Array, labels: Array
) -> tuple[Array, Array, Array, Array]:
    """The same numbers in four bytes each."""
    one, two, three, four = (part.astype(np.int32) for part in (kinds, bonds, owners, labels))
    return one, two, three, four


def _numbers(content: bytes) -> Array:
    return np.array(content.decode("ascii").replace(",", " ").split(), np.int64)
