"""The judge: numbers by hand, a ladder that sorts, judges that are kept and checked again."""

import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlkit import datasets, judge
from dlkit.judge import Seen


def _network() -> Any:
    return importlib.import_module("dlkit.judge_network")


def _cloud(seed: int, count: int = 600, *, middle: float = 0.0, spread: float = 1.0) -> Any:
    return np.random.default_rng(seed).normal(middle, spread, (count, 4))


def test_frechet_of_two_gaussians_by_hand() -> None:
    one = np.array([[-1.0, 0], [1, 0], [0, -1], [0, 1]])  # covariance 2/3 of the identity
    assert judge.frechet(one, one) == pytest.approx(0.0, abs=1e-9)
    assert judge.frechet(one, one + np.array([3.0, 4.0])) == pytest.approx(25.0)
    # Twice as wide: each axis adds (sqrt(8/3) - sqrt(2/3)) squared.
    assert judge.frechet(one, 2 * one) == pytest.approx(2 * (2 / 3))
    assert np.isnan(judge.frechet(one, np.full((4, 2), np.nan)))


def test_the_kernel_distance_of_one_kind_is_about_nothing_and_grows_with_the_gap() -> None:
    same = judge.kernel_distance(_cloud(1), _cloud(2))
    near, far = (judge.kernel_distance(_cloud(1), _cloud(2, middle=gap)) for gap in (0.5, 1.0))
    assert abs(same) < 0.05 < near < far


def test_density_and_coverage_by_hand() -> None:
    real = np.array([[0.0], [1.0], [2.0], [10.0]])
    density, coverage = judge.density_and_coverage(real, np.array([[0.5], [0.6]]), near=1)
    # Balls of radius 1, 1, 1, 8 hold 2, 2, 0 and 0 of the fakes.
    assert (density, coverage) == (2.0, 0.5)
    assert judge.density_and_coverage(real, real, near=1)[1] == 1.0


def test_fakes_on_one_spot_are_dense_and_cover_little() -> None:
    real, spot = _cloud(1), np.zeros((600, 4)) + 0.01 * _cloud(2)
    density, coverage = judge.density_and_coverage(real, spot)
    assert density > 1.0 and coverage < 0.2


def test_copies_are_told_from_new_ones() -> None:
    known, held = _cloud(1), _cloud(2)
    assert judge.newness(known, held, known[:100]) == 0.0
    assert 0.8 < judge.newness(known, held, _cloud(3)) < 1.25


def test_all_numbers_of_a_heap() -> None:
    sure = np.eye(10)[np.repeat(np.arange(10), 60)]
    real = Seen(_cloud(1), sure)
    found = judge.compared(real, Seen(_cloud(2), sure), wanted=np.repeat(np.arange(10), 60))
    assert found["classes"] == 10 and found["agreement"] == 1.0
    alone = judge.compared(real, Seen(_cloud(2), np.eye(10)[np.zeros(600, int)]))
    assert alone["classes"] == 1 and "agreement" not in alone
    assert judge.class_shares(sure).tolist() == [0.1] * 10
    assert len(real[:5].features) == len(real[:5].probabilities) == 5


def test_the_ladder_has_heaps_of_one_size() -> None:
    pictures, labels = datasets.load("digits", 1).x_val, datasets.load("digits", 1).y_val
    rungs = judge.ladder(pictures, labels)
    assert tuple(rungs) == judge.RUNGS
    assert {heap.shape for heap in rungs.values()} == {pictures.shape}
    assert {heap.dtype for heap in rungs.values()} == {np.dtype(np.uint8)}
    assert np.array_equal(rungs["real"], pictures)


@pytest.mark.keras
@pytest.mark.parametrize("number", [1, 2])
def test_the_ladder_sorts_strictly_on_digits(number: int) -> None:
    split = datasets.load("mnist_5k", 1)
    judged = _network().judge_of("mnist_5k", number)
    assert judged.accuracy >= 0.97
    known = judged.see(split.x_train[datasets.spread(len(split.x_train), len(split.x_val))])
    rungs = judge.ladder(split.x_val, split.y_val)
    found = [judge.compared(known, judged.see(heap)) for heap in rungs.values()]
    for name in ("distance", "kernel_distance"):
        values = [one[name] for one in found]
        assert values == sorted(values) and len(set(values)) == len(values), (name, values)
    coverage = [one["coverage"] for one in found]
    assert coverage == sorted(coverage, reverse=True), coverage


@pytest.mark.keras
def test_a_judge_is_kept_and_a_damaged_one_is_not_believed(monkeypatch: Any) -> None:
    network = _network()
    monkeypatch.setitem(network.EPOCHS, "digits", 2)
    assert not network.is_kept("digits")
    first = network._trained("digits", 1)
    assert network.is_kept("digits") and not network.is_kept("digits", 2)
    pictures = datasets.load("digits", 1).x_val[:7]
    again = network._kept("digits", 1)
    assert (again.accuracy, again.digest) == (first.accuracy, first.digest)
    assert np.array_equal(again.see(pictures).features, first.see(pictures).features)
    assert again.see(pictures).probabilities.sum(axis=1) == pytest.approx(np.ones(7), abs=1e-5)
    path = Path(os.environ["DLKIT_HOME"]) / "judges" / f"digits-1-{network.VERSION}.npz"
    with np.load(path) as held:
        found = {name: held[name] for name in held.files}
    np.savez(path, **{**found, "weight_00": found["weight_00"] + 1})
    assert network._kept("digits", 1) is None
    path.write_bytes(b"no archive")
    assert network._kept("digits", 1) is None
