"""Clouds to imitate: their modes, what counts as good, and drawings turned into points."""

import re

import numpy as np
import pytest

from dlkit.datasets import clouds


@pytest.mark.parametrize("name", clouds.CLOUDS)
def test_real_points_are_good_and_hit_every_mode(name: str) -> None:
    made, split = clouds.cloud(name), clouds.load(name, 1)
    assert split.x_train.shape == (clouds.LEARNED, 2) and split.x_val.shape == (clouds.HELD, 2)
    assert split.x_train.dtype == np.float32 and np.abs(split.x_train).max() < 1.3
    assert made.good(split.x_val).mean() > 0.98  # of a spot's jitter 1.1 % lies farther out
    assert (made.hit(split.x_val) > 0).all()
    assert set(split.y_train.tolist()) == set(range(made.num_classes))
    assert len(np.unique(made.modes)) == made.num_modes


def test_the_seed_decides_and_the_parts_differ() -> None:
    one, same, other = (clouds.load("ring", seed) for seed in (1, 1, 2))
    assert np.array_equal(one.x_train, same.x_train)
    assert not np.array_equal(one.x_train, other.x_train)
    assert not np.array_equal(one.x_train[: clouds.HELD], one.x_val)


def test_the_known_clouds_have_their_modes() -> None:
    sizes = {name: clouds.cloud(name).num_modes for name in ("ring", "grid")}
    assert sizes == {"ring": 8, "grid": 25}


def test_points_between_the_spots_are_bad_and_a_collapse_hits_one() -> None:
    grid = clouds.cloud("grid")
    between = np.array([[0.2, 0.0], [0.0, 0.2], [np.nan, 0.0], [np.inf, 1.0]])
    assert not grid.good(between).any() and grid.hit(between).sum() == 0
    collapsed = np.repeat(grid.centres[3:4], 50, axis=0)
    assert grid.hit(collapsed).tolist() == [50 if mode == 3 else 0 for mode in range(25)]


def test_a_drawing_becomes_strokes_and_spots() -> None:
    drawn = clouds.cloud("drawn", "-0.5 0, 0.5 0; 0 .8")
    assert drawn.num_classes == 2
    line, spot = drawn.centres[drawn.classes == 0], drawn.centres[drawn.classes == 1]
    assert np.allclose(line[:, 1], 0) and line[:, 0].min() < -0.45 and line[:, 0].max() > 0.45
    assert np.allclose(spot, [0.0, 0.8])


@pytest.mark.parametrize("text", [clouds.FACE, "0 0", "-1 1.00, .5 -0.25", " 0 0 ; 1 1 "])
def test_drawings_that_are_read(text: str) -> None:
    assert re.fullmatch(clouds.STROKES, text)
    assert clouds.cloud("drawn", text).num_modes >= 1


@pytest.mark.parametrize("text", ["", "0", "2 0", "0 0,", "a b", "0;0", "1.5 0"])
def test_drawings_that_are_refused(text: str) -> None:
    assert not re.fullmatch(clouds.STROKES, text)
