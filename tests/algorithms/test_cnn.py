"""CNN: the known traps and exact sizes."""

import importlib
from typing import Any

import numpy as np
import pytest

from dlkit.algorithms.cnn.spec import TILES, Params
from dlkit.params import ParamsError


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.cnn.model")


def test_more_blocks_than_the_picture_can_halve_are_refused() -> None:
    assert Params(data="digits", filters="4, 4, 4")
    with pytest.raises(ParamsError) as caught:
        Params.checked({"data": "digits", "filters": "4, 4, 4, 4"})
    assert caught.value.problems[0].code == "too_many_blocks"
    with pytest.raises(ParamsError):
        Params.checked({"filters": "300"})


@pytest.mark.keras
def test_has_exactly_the_weights_it_should() -> None:
    plain = Params(filters="8, 16", batch_normalisation=False, dense_units=10, dropout=0.0)
    convolutions = (3 * 3 * 1 * 8 + 8) + (3 * 3 * 8 * 16 + 16)
    dense = (7 * 7 * 16 * 10 + 10) + (10 * 10 + 10)
    assert _model().build(plain).count_params() == convolutions + dense
    pooled = plain.model_copy(update={"head": "global_pooling"})
    assert _model().build(pooled).count_params() == convolutions + (16 * 10 + 10)


@pytest.mark.keras
def test_ends_in_logits_and_scales_once() -> None:
    model = _model().build(Params())
    assert model.layers[-1].activation.__name__ == "linear"
    assert model.loss.get_config()["from_logits"] is True
    assert [type(layer).__name__ for layer in model.layers].count("Rescaling") == 1


@pytest.mark.keras
def test_a_shift_moves_and_never_flips() -> None:
    shift = _model().RandomShift(2)
    picture = np.zeros((64, 7, 7, 1), np.float32)
    picture[:, 2:5, 2] = 1.0
    picture[:, 4, 3] = 1.0  # an L, which a mirror would turn
    moved = np.asarray(shift(picture, training=True))[..., 0]
    places = set()
    for one in moved:
        rows, columns = np.nonzero(one)
        top, left = rows.min(), columns.min()
        places.add((top - 2, left - 2))
        wanted = np.zeros((7, 7), np.float32)
        wanted[top : top + 3, left] = 1.0
        wanted[top + 2, left + 1] = 1.0
        assert np.allclose(one, wanted)
    assert len(places) > 12 and {abs(part) for place in places for part in place} == {0, 1, 2}


@pytest.mark.keras
def test_nothing_is_shifted_when_the_network_is_checked() -> None:
    shift = _model().RandomShift(2)
    picture = np.random.default_rng(1).random((4, 7, 7, 1), np.float32)
    assert np.array_equal(np.asarray(shift(picture, training=False)), picture)


@pytest.mark.keras
def test_no_layer_keeps_xla_from_compiling_the_model() -> None:
    model = _model().build(Params(shift=2))
    assert all(getattr(layer, "supports_jit", True) for layer in model.layers)


@pytest.mark.keras
def test_feature_maps_have_a_row_for_each_block() -> None:
    cnn, params = _model(), Params(data="digits", filters="4, 12")
    model = cnn.build(params)
    maps = cnn._maps(cnn._watcher(model, params), np.full((8, 8, 1), 200, np.uint8))
    assert maps.shape == (2, TILES, 8, 8) and maps.dtype == np.uint8
    assert maps[0, 4:].max() == 0  # four filters have four maps
    assert np.array_equal(maps[1, 0, 0], maps[1, 0, 1])  # of half the size, so each line twice
