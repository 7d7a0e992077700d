"""The benchmarks' own arithmetic, and that every name in the registry leads somewhere."""

from importlib import import_module

import numpy as np
import pytest

from benchmarks.degradation import shown
from benchmarks.imitation import farther
from benchmarks.ladder import is_sorted
from benchmarks.listed import BENCHMARKS, find
from benchmarks.registry import Benchmark
from benchmarks.speed import ratios
from benchmarks.watching_cost import compared
from benchmarks.word2vec import over, quality


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda benchmark: benchmark.id)
def test_what_measures_is_there(benchmark: Benchmark) -> None:
    module, _, name = benchmark.measure.partition(":")
    assert callable(getattr(import_module(module), name))


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda benchmark: benchmark.id)
def test_the_aim_is_not_below_the_floor(benchmark: Benchmark) -> None:
    more = benchmark.aim - benchmark.floor
    assert more >= 0 if benchmark.better == "more" else more <= 0
    assert find(benchmark.id) is benchmark


def test_names_are_used_once() -> None:
    names = [benchmark.id for benchmark in BENCHMARKS]
    assert len(set(names)) == len(names)


def test_a_figure_beside_can_miss_the_floor() -> None:
    speed = find("dnn-speed")
    good = {"small_over_keras": 5.0, "over_torch": 1.0, "small_over_torch": 2.0}
    assert speed.holds(1.0, good)
    assert not speed.holds(0.99, good)
    assert not speed.holds(1.2, {**good, "over_torch": 0.99})
    fashion = find("dnn-fashion")
    assert fashion.holds(89.5, {"below_floor": 0, "seconds": 180.0})
    assert not fashion.holds(91.0, {"below_floor": 0, "seconds": 181.0})
    assert not fashion.holds(91.0, {"below_floor": 1, "seconds": 100.0})


def test_a_slowly_slower_machine_costs_nothing() -> None:
    extras, control = compared([10.0, 11.0, 12.1, 12.1, 11.0, 10.0])
    assert extras == pytest.approx([0.0, 0.0], abs=1e-9)
    assert control == pytest.approx([0.0])
    extras, control = compared([10.0, 10.3, 10.0, 10.5, 10.5, 10.5])
    assert extras == pytest.approx([2.96, 0.0], abs=0.01)
    assert control == pytest.approx([4.88], abs=0.01)


def test_a_ratio_compares_two_of_one_round() -> None:
    rounds = [{"ours": {"rate": 30.0}, "keras": {"rate": 20.0}}, {"ours": {"rate": 9.0},
              "keras": {"rate": 10.0}}]  # fmt: skip
    assert ratios(rounds, "keras") == [1.5, 0.9]


def test_word_vectors_are_compared_in_spreads_of_the_seeds() -> None:
    assert over([0.3, 0.5], [0.2, 0.2]) == pytest.approx(2.0)
    assert over([0.2, 0.2], [0.3, 0.5]) == pytest.approx(-2.0)
    with pytest.raises(ValueError, match="2 seeds"):
        quality(1)


def test_degradation_needs_both_halves() -> None:
    found = {"plain_20": 0.8, "plain_56": 1.7, "residual_20": 0.6, "residual_56": 0.6}
    assert shown(found)
    assert not shown({**found, "residual_56": 0.61})
    assert not shown({**found, "plain_56": 0.8})


def test_rungs_must_get_strictly_worse() -> None:
    assert is_sorted([1.0, 2.0, 3.0], falling=False) and is_sorted([0.9, 0.1], falling=True)
    assert not is_sorted([1.0, 1.0, 3.0], falling=False)
    assert not is_sorted([0.9, 0.95, 0.1], falling=True)


def test_the_stricter_judge_counts() -> None:
    ours, theirs = {"distance_1": 2.0, "distance_2": 3.0}, {"distance_1": 8.0, "distance_2": 4.0}
    assert farther(ours, theirs) == 0.75
    assert farther(theirs, ours) == 4.0


@pytest.mark.keras
def test_the_recipes_have_the_nets_of_their_pages() -> None:
    recipes = import_module("benchmarks.recipes")
    gan, critics = recipes.dcgan(), recipes.wgan_gp()
    sizes = [one.count_params() for one in (critics.generator, critics.critic)]
    assert sizes == [910_660, 4_305_409]  # as that page prints them
    assert [one.count_params() for one in (gan.generator, gan.discriminator)] == [1_339_905, 74_625]


@pytest.mark.keras
@pytest.mark.parametrize("name", ["dcgan", "wgan_gp", "ddim"])
def test_a_recipe_learns_and_makes_pictures(name: str) -> None:
    model = getattr(import_module("benchmarks.recipes"), name)()
    pictures = np.random.default_rng(1).integers(0, 256, (8, 28, 28, 1), np.uint8)
    kept = [weight.numpy().copy() for weight in model.trainable_variables]
    model.fit(model.prepared(pictures), batch_size=4, verbose=0)
    pairs = zip(kept, model.trainable_variables, strict=True)
    assert sum(not np.array_equal(one, now.numpy()) for one, now in pairs) > len(kept) / 2
    if name != "dcgan":
        made = model.make(3, seed=1)
        assert made.shape == (3, 28, 28, 1) and made.dtype == np.uint8 and made.std() > 0
