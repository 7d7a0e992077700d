"""Explanations on networks made by hand, where the right answer is known."""

import importlib
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras


def _explain() -> Any:
    return importlib.import_module("dlkit.explain")


@pytest.fixture(scope="module")
def brightness() -> Any:
    """Two classes: class 0 for red light anywhere, class 1 for green, by one 1 by 1 filter each."""
    keras = importlib.import_module("keras")
    picture = keras.Input((8, 8, 3))
    scaled = keras.layers.Rescaling(1 / 255)(picture)
    maps = keras.layers.Conv2D(2, 1, use_bias=False, name="colors")(scaled)
    pooled = keras.layers.MaxPooling2D(2, name="pooled")(maps)
    mean = keras.layers.GlobalAveragePooling2D()(pooled)
    model = keras.Model(picture, keras.layers.Dense(2, use_bias=False)(mean))
    colors = np.zeros((1, 1, 3, 2))
    colors[0, 0, 0, 0] = colors[0, 0, 1, 1] = 1.0
    model.set_weights([colors, np.array([[8.0, -8.0], [-8.0, 8.0]])])
    return model


@pytest.fixture
def picture() -> Any:
    """A red square at the upper left, a green one at the lower right."""
    made = np.zeros((8, 8, 3), np.uint8)
    made[0:2, 0:2, 0] = 255
    made[6:8, 6:8, 1] = 255
    return made


def test_grad_cam_shows_the_place_that_speaks_for_the_class(brightness: Any, picture: Any) -> None:
    red = _explain().grad_cam(brightness, "colors", picture, 0)
    assert red.shape == (8, 8)
    wanted = np.zeros((8, 8))
    wanted[0:2, 0:2] = 1.0
    assert np.allclose(red, wanted)
    green = _explain().grad_cam(brightness, "colors", picture, 1)
    assert np.allclose(green, wanted[::-1, ::-1])


def test_grad_cam_of_a_coarse_layer_is_drawn_in_the_size_of_the_picture(
    brightness: Any, picture: Any
) -> None:
    red = _explain().grad_cam(brightness, "pooled", picture, 0)
    assert red.shape == (8, 8) and red.max() == 1.0
    assert red[0, 0] == 1.0 and red[4:, 4:].max() == 0.0


def test_grad_cam_is_empty_where_nothing_speaks_for_the_class(brightness: Any) -> None:
    nothing = _explain().grad_cam(brightness, "colors", np.zeros((8, 8, 3), np.uint8), 0)
    assert nothing.shape == (8, 8) and nothing.max() == 0.0


def test_occlusion_falls_where_the_class_is_and_rises_where_the_other_is(
    brightness: Any, picture: Any
) -> None:
    heat = _explain().occlusion(brightness, picture, 0, patch=2)
    assert heat.shape == (8, 8)
    assert heat[0, 0] == heat.max() > 0.1
    assert heat[7, 7] == heat.min() < -0.1
    assert abs(heat[3:5, 3:5]).max() < abs(heat[0, 0]) / 4


def test_occlusion_of_one_patch_is_the_fall_of_the_probability(
    brightness: Any, picture: Any
) -> None:
    heat = _explain().occlusion(brightness, picture, 0, patch=8)
    assert np.allclose(heat, 0.0, atol=1e-6)  # hidden or not, red and green weigh the same
    picture = picture.copy()
    picture[6:8, 6:8, 1] = 0
    sure = 1 / (1 + np.exp(-2 * 8 / 16))  # one of sixteen pooled places is red
    hidden = 1 / (1 + np.exp(-2 * 8 * picture[..., 0].mean() / 255))
    heat = _explain().occlusion(brightness, picture, 0, patch=8)
    assert np.allclose(heat, sure - hidden, atol=1e-5)


def test_patches_cover_every_place(brightness: Any) -> None:
    for length in (8, 9, 28, 32):
        size = max(2, round(length / 5))
        starts = _explain()._starts(length, size)
        assert starts[0] == 0 and starts[-1] == length - size
        assert max(np.diff(starts)) <= size


def test_feature_maps_have_a_row_for_each_layer(brightness: Any, picture: Any) -> None:
    maps = _explain().feature_maps(brightness, ["colors", "pooled"], picture, 4)
    assert maps.shape == (2, 4, 8, 8) and maps.dtype == np.uint8
    assert maps[0, 0, :2, :2].min() == 255 and maps[0, 0].sum() == 4 * 255
    assert np.array_equal(maps[0], maps[1])  # the squares lie on the grid of the pooling
    assert maps[:, 2:].max() == 0  # two filters have two maps
    one = _explain().feature_maps(brightness, ["colors"], picture, 2)
    assert np.array_equal(one[0], maps[0, :2])


def test_pieces_one_after_the_other_are_the_whole(brightness: Any, picture: Any) -> None:
    x = picture[None].astype(np.float32)
    pieces = _explain().pieces(brightness, ("colors", "pooled"))
    assert [piece.output.shape[1:] for piece in pieces] == [(8, 8, 2), (4, 4, 2), (2,)]
    found = x
    for piece in pieces:
        found = piece(found)
    assert np.allclose(found, brightness(x))
