"""DNN: the known traps, exact sizes, and that it learns what it must."""

import importlib
from typing import Any

import numpy as np
import pytest

from dlkit import datasets
from dlkit.algorithms.dnn import shown
from dlkit.algorithms.dnn.spec import ALGORITHM, Params
from dlkit.params import ParamsError
from dlkit.texts import LANGUAGES, words
from tests.fakes.recording import RecordingRun

SLOPE = Params(data="plane", hidden_layers="8", learning_rate=0.01, batch_size=16, epochs=12)
KINDS = pytest.mark.parametrize(
    "params",
    [
        Params(data="spirals", hidden_layers="8, 8", normalisation="batch"),
        Params(data="wine", hidden_layers="7, 5", normalisation="layer", dropout=0.2),
        Params(data="diabetes", hidden_layers="", label_smoothing=0.1),
        Params(data="hills", hidden_layers="9", activation="tanh"),
        Params(data="digits", hidden_layers="16", augment=True),
    ],
    ids=lambda params: params.data,
)


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.dnn.model")


@pytest.mark.parametrize("layers", ["2000", "8, 0", "8,,8", "8; 8", "1,2,3,4,5,6,7,8,9"])
def test_layer_lists_that_mean_nothing_are_refused(layers: str) -> None:
    with pytest.raises(ParamsError) as caught:
        Params.checked({"hidden_layers": layers})
    assert caught.value.problems[0].field == "hidden_layers"


@pytest.mark.parametrize(
    "name", ["spirals", "hills", "iris", "wine", "breast_cancer", "diabetes", "california_housing"]
)
def test_every_feature_of_the_data_set_has_a_slider_over_its_range(name: str) -> None:
    inputs = ALGORITHM.inputs(Params(data=name))
    knobs = inputs.knobs()
    assert tuple(knob.name for knob in knobs) == datasets.find(name).features
    for knob, (low, _, high) in zip(knobs, datasets.ranges(name), strict=True):
        assert knob.low is not None and knob.high is not None
        assert knob.low <= low <= high <= knob.high
    assert inputs()


def test_pictures_are_asked_by_a_drawing() -> None:
    (knob,) = ALGORITHM.inputs(Params(data="digits")).knobs()
    assert knob.kind == "drawing" and knob.shape == (28, 28)


def test_both_tasks_have_a_headline_and_views_of_their_own() -> None:
    assert ALGORITHM.headline_of({"loss": 1, "val_accuracy": 0.9}) == "val_accuracy"
    assert ALGORITHM.headline_of({"loss": 1, "val_explained_share": 0.5}) == "val_explained_share"
    names = {
        task: {view.name for view in ALGORITHM.views if view.applies(Params(data=task))}
        for task in ("moons", "hills", "digits")
    }
    assert {"surface", "accuracy", "confusion", "neurons"} <= names["moons"]
    assert {"heights", "explained_share", "mean_absolute_error", "agreement"} <= names["hills"]
    assert not names["hills"] & {"surface", "accuracy", "confusion"}
    assert not names["digits"] & {"surface", "heights", "neurons"}


# ------------------------------------------------------------------------------ exact sizes


@pytest.mark.keras
def test_has_exactly_the_weights_it_should() -> None:
    model = _model().build(Params(data="spirals", hidden_layers="8, 8"))
    assert model.count_params() == (2 * 8 + 8) + (8 * 8 + 8) + (8 * 2 + 2)
    assert _model().build(Params(data="iris", hidden_layers="")).layers[-1].count_params() == 15


@pytest.mark.keras
@KINDS
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_drawn_architecture_is_the_built_one(params: Params, language: str) -> None:
    model = _model().build(params)
    drawn = ALGORITHM.layers(params, words(language, "dnn"))
    assert sum(layer.weights * layer.repeats for layer in drawn) == model.count_params()
    assert drawn[0].shape == tuple(model.input_shape[1:])
    assert drawn[-1].shape == tuple(model.output_shape[1:])


# ------------------------------------------------------------------------------------- traps


@pytest.mark.parametrize("name", ["iris", "wine", "digits", "mnist_5k"])
def test_the_held_out_part_is_no_unshuffled_tail(name: str) -> None:
    split = datasets.load(name, 1)
    learned, held = (np.bincount(y) / len(y) for y in (split.y_train, split.y_val))
    assert np.abs(learned - held).max() < 0.02


@pytest.mark.keras
def test_ends_in_logits_and_the_loss_knows() -> None:
    for params in (Params(), Params(label_smoothing=0.1)):
        model = _model().build(params)
        assert model.layers[-1].activation.__name__ == "linear"
        assert model.loss.get_config()["from_logits"] is True


@pytest.mark.keras
def test_label_smoothing_spreads_its_share_over_all_classes() -> None:
    logits = np.array([[2.0, -1.0, 0.5]], np.float32)
    log_shares = logits - np.log(np.exp(logits).sum())
    wanted = -(0.9 * log_shares[0, 1] + 0.1 * log_shares.mean())
    loss = _model().SmoothedCrossentropy(0.1)
    assert float(loss(np.array([1]), logits)) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.keras
def test_the_scaler_is_fitted_on_the_training_part_only() -> None:
    model = _model().build(Params(data="wine"))
    split = datasets.load("wine", 1)
    scaler = model.layers[1]
    assert np.allclose(np.ravel(scaler.mean), split.x_train.mean(axis=0), rtol=1e-5)


@pytest.mark.keras
def test_the_target_is_standardised_on_the_training_part_and_answered_in_its_unit() -> None:
    split = datasets.load("diabetes", 1)
    model = _model().build(Params(data="diabetes", hidden_layers=""))
    back = model.layers[-1]
    assert back.scale == pytest.approx(split.y_train.std(), rel=1e-5)
    assert back.offset == pytest.approx(split.y_train.mean(), rel=1e-5)
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    found = model.test_on_batch(split.x_train, split.y_train, return_dict=True)
    assert found["loss"] == pytest.approx(1.0, abs=1e-3)  # the mean, for everybody
    assert found["explained_share"] == pytest.approx(0.0, abs=1e-3)
    off = np.abs(split.y_train - split.y_train.mean()).mean()
    assert found["mean_absolute_error"] == pytest.approx(off, rel=1e-4)


@pytest.mark.keras
def test_one_example_has_no_spread_to_explain() -> None:
    model = _model().build(Params(data="diabetes", hidden_layers=""))
    split = datasets.load("diabetes", 1)
    found = model.test_on_batch(split.x_train[:1], split.y_train[:1], return_dict=True)
    assert found["explained_share"] == 0.0


@pytest.mark.keras
def test_pictures_are_moved_while_training_and_never_at_evaluation() -> None:
    model = _model().build(Params(data="digits", augment=True))
    (shift,) = [layer for layer in model.layers if type(layer).__name__ == "RandomShift"]
    pictures = datasets.load("digits", 1).x_val[:32].astype(np.float32)
    assert np.array_equal(shift(pictures, training=False), pictures)
    moved = np.asarray(shift(pictures, training=True))
    assert not np.array_equal(moved, pictures)
    inner = np.abs(moved[:, 1:-1, 1:-1] - pictures[:, 1:-1, 1:-1]).reshape(32, -1).sum(axis=1)
    assert 0 < (inner == 0).sum() < 32  # one move in nine is none
    assert np.array_equal(model.predict_on_batch(pictures), model.predict_on_batch(pictures))


@pytest.mark.keras
def test_pictures_are_scaled_once() -> None:
    model = _model().build(Params(data="digits"))
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("Rescaling") == 1 and "Normalization" not in kinds
    assert datasets.load("digits", 1).x_train.max() == 255


@pytest.mark.keras
def test_what_is_reported_last_is_the_last_state_not_the_best() -> None:
    """With a learning rate that ruins the net half-way, the ruin is what is reported and kept."""
    params = Params(data="moons", hidden_layers="8", learning_rate=0.02, batch_size=16, epochs=24)
    run = RecordingRun(params)

    def ruin(name: str) -> Any:
        return 9.0 if run.steps and run.steps[-1] > run.total_steps / 2 else 0.02

    run.knob = ruin  # type: ignore[method-assign]
    model = _model().train(params, run)
    split = datasets.load("moons", 1, noise=params.noise)
    said = model.predict_on_batch(split.x_val).argmax(axis=1)
    curve = run.points["val_accuracy"]
    assert curve[run.total_steps] == pytest.approx((said == split.y_val).mean(), abs=1e-6)
    assert max(curve.values()) > curve[run.total_steps]


@pytest.mark.keras
def test_the_same_seed_rewinds_to_the_same_weights() -> None:
    one, same, other = (_model().build(Params(seed=seed)).get_weights() for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one[0], other[0])


# -------------------------------------------------------------------------- what is on show


@pytest.mark.keras
@KINDS
def test_every_kind_of_data_emits_what_its_views_read_and_plays(params: Params) -> None:
    quick = params.model_copy(update={"epochs": 2, "batch_size": 64})
    run = RecordingRun(quick)
    model = _model().train(quick, run)
    applying = [view for view in ALGORITHM.views if view.applies(quick)]
    assert {name for view in applying for name in view.arrays} <= set(run.arrays)
    assert {name for view in applying for name in view.metrics} <= set(run.points)
    for name, kept in run.arrays.items():
        for value in kept.values():
            pairs = zip(value.shape, ALGORITHM.arrays[name], strict=True)
            assert all(have in (size, None) or size is None for size, have in pairs), name
    found = _model().play(model, quick, ALGORITHM.inputs(quick)())
    for language in LANGUAGES:
        figures = ALGORITHM.answer(found, quick, words(language, "dnn"))
        assert all(0 < len(figure.to_json()) < 60_000 for figure in figures)


@pytest.mark.keras
def test_a_slope_is_learned_and_answered_in_its_unit() -> None:
    run = RecordingRun(SLOPE)
    model = _model().train(SLOPE, run)
    assert run.points["val_explained_share"][run.total_steps] > 0.98
    corner = ALGORITHM.inputs(SLOPE).checked({"x": 1.0, "y": 1.0})
    found = _model().play(model, SLOPE, corner)
    assert found["value"][0] == pytest.approx(1.0, abs=0.1)
    heights = found["heights"]
    assert heights[0, 0] == heights.min() and heights[-1, -1] == heights.max()


@pytest.mark.keras
def test_stopping_when_good_means_the_explained_share_where_a_number_is_asked() -> None:
    params = SLOPE.model_copy(update={"stop_at": 0.5})
    run = RecordingRun(params)
    _model().train(params, run)
    shares = run.points["val_explained_share"]
    assert run.steps[-1] < run.total_steps
    assert shares[max(shares)] >= 0.5 > max(list(shares.values())[:-1])


@pytest.mark.keras
def test_what_does_not_enter_the_answer_has_no_influence() -> None:
    params = Params(data="moons", hidden_layers="")
    model = _model().build(params)
    model.set_weights([np.array([[0, 3], [0, 0]], np.float32), np.zeros(2, np.float32)])
    found = _model().play(model, params, ALGORITHM.inputs(params).checked({"x": 0.8, "y": 0.1}))
    across, up = found["influence"]
    assert across > 0.1 and up == pytest.approx(0.0, abs=1e-6)
    split = datasets.load("moons", 1, noise=params.noise)
    nearest = np.linalg.norm(split.x_train - (0.8, 0.1), axis=1).argmin()
    assert np.allclose(found["near"][0, :2], split.x_train[nearest], atol=1e-5)


def test_dead_and_saturated_neurons_are_counted() -> None:
    answers = np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
    assert shown.idle(answers, "relu") == pytest.approx(1 / 3)
    assert shown.idle(np.array([[1.0, -0.99, 0.5, 0.0]]), "tanh") == 0.5
    assert shown.idle(np.array([[0.99, 0.01, 0.5, 0.4]]), "sigmoid") == 0.5
    assert shown.idle(answers, "gelu") == 0.0


def test_gradients_are_counted_by_decades_and_zeros_at_the_far_left() -> None:
    weights = [np.array([[-2.0, 2.0]]), np.array([[0.1], [0.2]])]
    gradients = [np.array([[1e-3, -1e-3]]), np.array([[0.0], [1e9]])]
    found = shown.histograms(weights, gradients)
    assert found["weight_limit"] == [2.0]
    assert found["weights"][0, 0] == found["weights"][0, -1] == 1
    assert found["gradients"][0].max() == 2 and found["gradients"].sum() == 4
    assert found["gradients"][1, 0] == found["gradients"][1, -1] == 1


def test_neurons_are_shown_signed_and_each_on_its_own_scale() -> None:
    side = shown.TILE
    ramp = np.linspace(-5, 5, side * side)[:, None]
    tiles = shown.tiles([np.concatenate([ramp, 0 * ramp], axis=1)], side)
    assert tiles.shape == (1, shown.NEURONS, side, side)
    assert tiles[0, 0, 0, 0] == 1 and tiles[0, 0, -1, -1] == 255
    assert np.all(tiles[0, 1] == 128) and np.all(tiles[0, 2:] == 0)


@pytest.mark.keras
def test_probabilities_add_up_to_one_even_for_huge_logits() -> None:
    dnn = _model()
    model = dnn.build(Params(hidden_layers=""))
    model.set_weights([np.full((2, 2), 1e4, np.float32), np.array([0, 9], np.float32)])
    shares = dnn.predict(model, np.array([[1.0, 1.0], [-1.0, -1.0]], np.float32))
    assert np.allclose(shares.sum(axis=1), 1.0) and shares[0, 1] > 0.99
