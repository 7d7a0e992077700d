"""CNN: the known traps and exact sizes."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlkit import datasets
from dlkit.algorithms.cnn import spec
from dlkit.algorithms.cnn.spec import TILES, Params
from dlkit.contract import RunData, Snapshot
from dlkit.datasets import splits
from dlkit.params import ParamsError
from dlkit.texts import words
from tests.fakes.recording import RecordingRun

WORDS = words("en", "cnn")
KERAS_IO = Params(
    padding="valid", batch_normalisation=False, dense_units=0, dropout=0.5, shift=0
)  # https://keras.io/examples/vision/mnist_convnet/
NETWORKS = [
    Params(),
    KERAS_IO,
    Params(filters="8, 16", batch_normalisation=False, dense_units=10, dropout=0.0),
    Params(filters="4, 6, 8", convolutions=2, pooling="stride", head="global_pooling"),
    Params(filters="4, 6", convolutions=3, padding="valid", pooling="stride", kernel=3),
    Params(data="digits", filters="4, 6", kernel=5, pooling="average", padding="same"),
    Params(data="cifar10", filters="4, 6", kernel=1, dense_units=3, flip=True),
]


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.cnn.model")


def test_more_blocks_than_the_picture_can_halve_are_refused() -> None:
    assert Params(data="digits", filters="4, 4, 4")
    with pytest.raises(ParamsError) as caught:
        Params.checked({"data": "digits", "filters": "4, 4, 4, 4"})
    assert caught.value.problems[0].code == "too_many_blocks"
    with pytest.raises(ParamsError):
        Params.checked({"filters": "300"})


def test_filters_that_fit_nowhere_are_refused() -> None:
    wide = {"data": "digits", "filters": "4", "kernel": 5, "padding": "valid", "convolutions": 2}
    with pytest.raises(ParamsError) as caught:
        Params.checked(wide)
    assert caught.value.problems[0].code == "filter_too_large"
    assert Params.checked({**wide, "padding": "same"})


@pytest.mark.parametrize("name", ["digits", "mnist_5k", "mnist"])
def test_digits_are_never_mirrored(name: str) -> None:
    assert not Params().flip
    with pytest.raises(ParamsError) as caught:
        Params.checked({"data": name, "flip": True})
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == ("flip", "flipped_digits")


def test_clothes_and_photographs_may_be_mirrored() -> None:
    assert Params(data="fashion_mnist", flip=True) and Params(data="cifar10", flip=True)


def test_a_run_on_photographs_is_asked_by_a_photograph() -> None:
    shapes = {
        name: spec.inputs(Params(data=name)).knobs()[0].shape for name in ("digits", "cifar10")
    }
    assert shapes == {"digits": (28, 28), "cifar10": (32, 32, 3)}


def test_dead_filters_are_named_with_their_block() -> None:
    def found(*shares: float) -> list[tuple[str, str]]:
        arrays = {"dead_filters": Snapshot(50, np.array(shares))}
        data = RunData(Params(), step=50, total_steps=100, arrays=arrays)
        return [(one.key, one.level) for one in spec.checks(data)]

    assert found(0.0, 0.1) == []
    assert found(0.0, 0.5) == [("dead_filters", "hint")]
    assert found(0.95, 0.5) == [("dead_filters", "warning")]


@pytest.mark.keras
def test_has_exactly_the_weights_it_should() -> None:
    plain = Params(filters="8, 16", batch_normalisation=False, dense_units=10, dropout=0.0)
    convolutions = (3 * 3 * 1 * 8 + 8) + (3 * 3 * 8 * 16 + 16)
    dense = (7 * 7 * 16 * 10 + 10) + (10 * 10 + 10)
    assert _model().build(plain).count_params() == convolutions + dense
    pooled = plain.model_copy(update={"head": "global_pooling"})
    assert _model().build(pooled).count_params() == convolutions + (16 * 10 + 10)


@pytest.mark.keras
def test_the_convnet_of_keras_io_can_be_built() -> None:
    assert _model().build(KERAS_IO).count_params() == 34_826


@pytest.mark.keras
@pytest.mark.parametrize("params", NETWORKS, ids=str)
def test_the_drawing_tells_the_truth_about_shapes_and_weights(params: Params) -> None:
    model, boxes = _model().build(params), spec.layers(params, WORDS)
    assert sum(box.weights for box in boxes) == model.count_params()
    kinds = ("Conv2D", "MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D", "Dense")
    built = [layer.output.shape[1:] for layer in model.layers if type(layer).__name__ in kinds]
    assert [box.shape for box in boxes[1:]] == built
    assert boxes[0].shape == model.input_shape[1:] and boxes[-1].kind == "answer"


@pytest.mark.keras
def test_ends_in_logits_and_scales_once() -> None:
    model = _model().build(Params())
    assert model.layers[-1].activation.__name__ == "linear"
    assert [type(layer).__name__ for layer in model.layers].count("Rescaling") == 1
    loss, logits = model.loss, np.array([[20.0, 0.0, 0.0]], np.float32)
    assert float(loss(np.array([0]), logits)) < 1e-6  # of probabilities it would be about 0.55


@pytest.mark.keras
def test_smoothing_spreads_a_share_of_the_label_over_all_classes() -> None:
    loss = _model().SmoothedCrossentropy(0.3)
    shares = np.array([[0.5, 0.25, 0.25]], np.float32)
    wanted = -(0.8 * np.log(0.5) + 0.1 * np.log(0.25) + 0.1 * np.log(0.25))
    assert float(loss(np.array([0]), np.log(shares))) == pytest.approx(wanted, rel=1e-5)


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
def test_a_flip_mirrors_about_half_of_the_pictures_left_to_right() -> None:
    _seeded()
    pictures = np.random.default_rng(1).random((200, 6, 6, 3), np.float32)
    flipped = np.asarray(_model().RandomFlip()(pictures, training=True))
    same = np.all(flipped == pictures, axis=(1, 2, 3))
    assert np.array_equal(flipped[~same], pictures[~same][:, :, ::-1])
    assert 60 < same.sum() < 140


@pytest.mark.keras
def test_cutout_hides_one_square_of_the_wanted_size() -> None:
    _seeded()
    hidden = np.asarray(_model().Cutout(3)(np.ones((300, 9, 9, 1), np.float32), training=True)) == 0
    sizes = hidden.sum(axis=(1, 2, 3))
    assert sizes.max() == 9 and sizes.min() >= 4  # in a corner, two by two are left
    whole = hidden[sizes == 9][..., 0]
    assert len(whole) > 100
    assert set(whole.any(axis=1).sum(axis=1)) == set(whole.any(axis=2).sum(axis=1)) == {3}


@pytest.mark.keras
def test_pictures_are_changed_in_training_only() -> None:
    cnn, pictures = _model(), np.random.default_rng(1).random((4, 7, 7, 1), np.float32)
    for layer in (cnn.RandomShift(2), cnn.RandomFlip(), cnn.Cutout(4)):
        assert np.array_equal(np.asarray(layer(pictures, training=False)), pictures)
        assert np.array_equal(np.asarray(layer(pictures)), pictures)
        assert not np.array_equal(np.asarray(layer(pictures, training=True)), pictures)


@pytest.mark.keras
def test_no_layer_keeps_xla_from_compiling_the_model() -> None:
    model = _model().build(Params(data="fashion_mnist", shift=2, flip=True, cutout=8))
    kinds = {type(layer).__name__ for layer in model.layers}
    assert {"RandomShift", "RandomFlip", "Cutout"} <= kinds
    assert all(getattr(layer, "supports_jit", True) for layer in model.layers)
    model.compile("sgd", model.loss, jit_compile=True)
    pictures = np.random.default_rng(1).integers(0, 256, (8, 28, 28, 1), np.uint8)
    assert np.all(np.isfinite(model.train_on_batch(pictures, np.arange(8))))


@pytest.mark.keras
def test_an_answer_explains_itself() -> None:
    params = Params(data="digits", filters="4, 12", dense_units=8)
    model, sheet = _model().build(params), np.zeros((28, 28), int)
    sheet[4:24, 12:15] = 255
    found = _model().play(model, params, spec.Sheet(picture=sheet.tolist()))
    assert found["feature_maps"].shape == (2, TILES, 8, 8)
    assert found["feature_maps"].dtype == np.uint8
    assert found["feature_maps"][0, 4:].max() == 0  # four filters have four maps
    assert np.array_equal(found["picture"], datasets.centred(sheet.astype(np.uint8), "digits"))
    assert found["grad_cam"].shape == found["occlusion"].shape == (8, 8)
    assert 0 <= found["grad_cam"].min() and found["grad_cam"].max() <= 1
    assert found["probabilities"].sum() == pytest.approx(1.0, abs=1e-5)
    assert len(spec.answer(found, params, WORDS)) == 4


@pytest.mark.keras
def test_a_filter_that_never_fires_is_counted_as_dead() -> None:
    params = Params(data="digits", filters="4, 4", batch_normalisation=False)
    cnn = _model()
    model = cnn.build(params)
    first = model.get_layer("convolution_1_1")
    kernel, bias = first.get_weights()
    bias[1] = -1e6
    first.set_weights([kernel, bias])
    pictures = datasets.load("digits", 1).x_val[:64]
    logits, block_1, _ = cnn._judge(model, params).predict_on_batch(pictures)
    assert np.allclose(logits, model.predict_on_batch(pictures), atol=1e-4)
    assert (block_1.max(axis=0) <= 0).tolist() == [False, True, False, False]


@pytest.mark.keras
def test_every_class_is_judged_also_where_a_set_is_sorted() -> None:
    cnn = _model()
    labels = np.repeat(np.arange(10), 100)
    judged = cnn._spread(len(labels), 512)
    assert len(set(judged)) == 512 and judged[0] == 0 and judged[-1] == 999
    assert np.bincount(labels[judged]).min() >= 50
    assert cnn._spread(7, 512).tolist() == list(range(7))
    chosen = cnn._one_of_each(labels[judged])
    assert len(chosen) == spec.SAMPLES and set(labels[judged][chosen]) == set(range(10))


@pytest.mark.keras
def test_photographs_are_learned_shown_and_answered_in_colour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shades, labels = np.linspace(60, 250, 32), np.arange(60, dtype=np.int32) % 10
    photos = np.zeros((60, 32, 32, 3), np.uint8)
    photos[..., 0], photos[..., 2] = shades, 25 * labels[:, None, None]
    parts = photos[:40], labels[:40], photos[40:], labels[40:]
    monkeypatch.setitem(splits._OFFICIAL, "cifar10", lambda: parts)
    params = Params(data="cifar10", filters="4, 4", batch_size=20, epochs=1, flip=True, cutout=4)
    run = RecordingRun(params)
    model = _model().train(params, run)
    kept = {name: shots[max(shots)] for name, shots in run.arrays.items()}
    assert kept["filters"].shape == (4, 3, 3, 3) and kept["probe"].shape == (32, 32, 3)
    assert np.array_equal(kept["gallery"], photos[40:])
    data = RunData(params, arrays={name: Snapshot(2, value) for name, value in kept.items()})
    for view in spec.ALGORITHM.views:
        if view.arrays:
            assert view.build(data, WORDS).data or view.name == "mistakes"
    assert spec.behind_cell(data, WORDS, {"x": "no such", "y": "class"}).data == ()
    found = _model().play(model, params, spec.Photo(picture=photos[3].tolist()))
    assert np.array_equal(found["picture"], photos[3])
    assert len(spec.answer(found, params, WORDS)) == 4


def _seeded() -> None:
    importlib.import_module("keras").utils.set_random_seed(1)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_saved_network_finds_its_own_layers_beside_those_of_other_chapters(
    tmp_path: Path,
) -> None:
    keras, ours = importlib.import_module("keras"), _model()
    importlib.import_module("dlkit.algorithms.dnn.model")  # it has layers of the same names
    model = ours.build(Params(shift=2))
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [type(layer) for layer in loaded.layers] == [type(layer) for layer in model.layers]
    assert type(loaded.loss) is ours.SmoothedCrossentropy
