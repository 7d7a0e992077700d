"""ResNet: the known traps, exact sizes, and a twin whose halves do not know of each other."""

import importlib
from typing import Any

import numpy as np
import pytest

from dlkit import datasets
from dlkit.algorithms.resnet.chosen import one_of_each, spread
from dlkit.algorithms.resnet.spec import (
    ALGORITHM,
    PLAIN,
    RESIDUAL,
    Params,
    checks,
    inputs,
    layers,
    nets_of,
    places_of,
)
from dlkit.contract import RunData, Series, Snapshot
from dlkit.params import ParamsError
from dlkit.texts import words

SMALL = Params(data="digits", blocks=1, width=4, shift=0, twin=False, weight_decay=0.0)


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.resnet.model")


def _blocks() -> Any:
    return importlib.import_module("dlkit.algorithms.resnet.blocks")


def _keras() -> Any:
    return importlib.import_module("keras")


def _digits(count: int) -> tuple[Any, Any]:
    split = datasets.load("digits", 1)
    return split.x_train[:count], split.y_train[:count]


def _between(model: Any, *names: str) -> Any:
    """The outputs of some layers for 16 digits."""
    outputs = [model.get_layer(name).output for name in names]
    found = _keras().Model(model.input, outputs)(_digits(16)[0].astype(np.float32))
    return [np.asarray(one) for one in found]


def test_without_shortcuts_there_is_no_twin() -> None:
    assert nets_of(Params()) == (RESIDUAL, PLAIN)
    assert nets_of(Params(twin=False)) == (RESIDUAL,)
    assert nets_of(Params(shortcut=False)) == (PLAIN,)
    assert places_of(Params(blocks=3)) == ["block_3", "block_6", "block_9"]
    assert places_of(Params(blocks=1, shortcut=False))[0] == "plain_block_1"


def test_what_is_looked_at_again_holds_every_class_of_a_sorted_set() -> None:
    labels = datasets.load("mnist_5k", 1).y_val
    assert (np.diff(labels) >= 0).all()  # sorted, so the first few would be zeros alone
    for most in (32, 256, 512):
        assert set(labels[spread(len(labels), most)]) == set(range(10))
    assert list(spread(3, 256)) == [0, 1, 2]
    assert sorted(labels[one_of_each(labels, 12)][:10]) == list(range(10))


def test_digits_are_not_mirrored() -> None:
    assert Params(data="fashion_mnist", flip=True)
    with pytest.raises(ParamsError) as caught:
        Params.checked({"data": "mnist_5k", "flip": True})
    assert caught.value.problems[0].code == "flipped_digits"


def test_the_block_to_switch_off_goes_as_far_as_there_are_blocks() -> None:
    knobs = {knob.name: knob for knob in inputs(Params(blocks=4)).knobs()}
    assert (knobs["block"].low, knobs["block"].high) == (0, 12)
    assert knobs["picture"].shape == (28, 28)
    colour = {knob.name: knob for knob in inputs(Params(data="cifar10")).knobs()}
    assert colour["picture"].shape == (32, 32, 3)


@pytest.mark.keras
def test_the_papers_network_has_exactly_its_weights() -> None:
    params = Params(data="cifar10", blocks=3, width=16, preactivation=False, twin=False)
    model = _model().build(params)
    stem, first = 9 * 3 * 16, 6 * 9 * 16 * 16
    second = 9 * 16 * 32 + 5 * 9 * 32 * 32
    third = 9 * 32 * 64 + 5 * 9 * 64 * 64
    norms = 2 * (16 + 6 * (16 + 32 + 64))
    learned = stem + first + second + third + norms + (64 * 10 + 10)
    assert learned == 269_722  # the paper says 0.27 million
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == learned
    assert model.count_params() == learned + norms  # running means and variances


@pytest.mark.keras
@pytest.mark.parametrize("shortcut", [True, False])
@pytest.mark.parametrize("preactivation", [True, False])
@pytest.mark.parametrize("data", ["digits", "cifar10"])
def test_the_drawing_counts_the_weights(data: str, preactivation: bool, shortcut: bool) -> None:
    params = Params(
        data=data, blocks=2, width=6, twin=False, preactivation=preactivation, shortcut=shortcut
    )
    boxes = layers(params, words("en", "resnet"))
    weights = sum(box.weights * box.repeats for box in boxes)
    assert weights == _model().build(params).count_params()
    assert any(box.skips for box in boxes) == shortcut


@pytest.mark.keras
def test_the_drawing_shows_the_sizes_of_the_network() -> None:
    params = Params(data="digits", blocks=1, width=4, twin=False)
    model = _model().build(params)
    boxes = [box for box in layers(params, words("zh", "resnet")) if box.skips]
    for number, box in enumerate(boxes, start=1):
        assert model.get_layer(f"block_{number}").output.shape[1:] == box.shape


@pytest.mark.keras
def test_a_small_picture_meets_no_stem_that_shrinks_it() -> None:
    for preactivation in (True, False):
        model = _model().build(Params(blocks=3, width=8, preactivation=preactivation, twin=False))
        stem = model.get_layer("stem_conv")
        assert (stem.kernel_size, stem.strides) == ((3, 3), (1, 1))
        assert stem.output.shape[1:3] == model.get_layer("block_1").output.shape[1:3] == (28, 28)
        sizes = [model.get_layer(f"block_{number}").output.shape[1:] for number in (3, 6, 9)]
        assert sizes == [(28, 28, 8), (14, 14, 16), (7, 7, 32)]


@pytest.mark.keras
def test_every_normalisation_forgets_fast_enough_for_short_runs() -> None:
    model = _model().build(Params(data="digits", blocks=2))
    found = [one for one in model.layers if type(one).__name__ == "BatchNormalization"]
    assert len(found) == 2 * (1 + 12)
    assert {one.momentum for one in found} == {0.9}


@pytest.mark.keras
def test_every_block_adds_what_fits() -> None:
    model = _model().build(Params(data="digits", blocks=2))
    sums = [one for one in model.layers if type(one).__name__ == "Add"]
    assert [one.name for one in sums] == [f"block_{number}_add" for number in range(1, 7)]
    for one in sums:
        assert one.input[0].shape == one.input[1].shape


@pytest.mark.keras
def test_a_picture_passes_silent_blocks_by_the_shortcut_alone() -> None:
    """Perturbation: with every f at zero a plain network is blind, a residual one is not."""
    for shortcut in (True, False):
        model = _model().build(SMALL.model_copy(update={"shortcut": shortcut}))
        for layer in model.layers:
            if "block_" in layer.name and layer.name.endswith("b_conv"):
                layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
        answers = _blocks().logits(model, _digits(16)[0])
        assert (np.ptp(answers, axis=0).max() > 0.01) == shortcut


@pytest.mark.keras
def test_the_shortcut_takes_every_second_pixel_and_fills_with_zeros() -> None:
    x = np.arange(2 * 7 * 7 * 3, dtype=np.float32).reshape(2, 7, 7, 3)
    found = np.asarray(_model()._shortcut(_keras().ops.convert_to_tensor(x), 6, 2))
    assert found.shape == (2, 4, 4, 6)
    assert np.array_equal(found[..., :3], x[:, ::2, ::2]) and not found[..., 3:].any()


@pytest.mark.keras
@pytest.mark.parametrize("preactivation", [True, False])
def test_a_strided_convolution_looks_where_the_shortcut_looks(preactivation: bool) -> None:
    params = SMALL.model_copy(update={"preactivation": preactivation, "width": 2})
    model = _model().build(params)
    layer = model.get_layer("block_2a_conv")
    kernel = np.zeros(layer.kernel.shape, np.float32)
    kernel[1, 1, 0, 0] = 1.0  # only the middle pixel counts
    layer.set_weights([kernel])
    before = "block_2a_relu" if preactivation else "block_1"
    came, left = _between(model, before, "block_2a_conv")
    assert np.allclose(left[..., 0], came[:, ::2, ::2, 0])


@pytest.mark.keras
@pytest.mark.parametrize("preactivation", [True, False])
def test_with_zero_gamma_each_block_is_the_identity_at_the_start(preactivation: bool) -> None:
    params = SMALL.model_copy(
        update={"blocks": 2, "zero_gamma": True, "preactivation": preactivation}
    )
    module = _model()
    model = module.build(params)
    stem = "stem_conv" if preactivation else "stem_relu"
    came, first, second, third, fourth = _between(
        model, stem, *(f"block_{number}" for number in range(1, 5))
    )
    assert np.array_equal(came, first) and np.array_equal(first, second)
    assert np.array_equal(third[..., :4], first[:, ::2, ::2]) and not third[..., 4:].any()
    assert np.array_equal(third, fourth)
    loud = module.build(params.model_copy(update={"zero_gamma": False}))
    assert not np.allclose(*_between(loud, "block_1", "block_2"))


@pytest.mark.keras
@pytest.mark.parametrize("preactivation", [True, False])
def test_blocks_that_start_silent_begin_to_speak(preactivation: bool) -> None:
    params = SMALL.model_copy(update={"zero_gamma": True, "preactivation": preactivation})
    model = _model().build(params)
    model.fit(*_digits(64), batch_size=32, epochs=2, shuffle=False, verbose=0)
    for number in (1, 2, 3):
        last = model.get_layer(f"block_{number}b_{'conv' if preactivation else 'norm'}")
        assert np.abs(last.get_weights()[0]).max() > 0


@pytest.mark.keras
def test_both_halves_of_a_twin_start_from_the_same_weights() -> None:
    model = _model().build(Params(data="digits", blocks=2))
    ours = {weight.path: weight.numpy() for weight in model.weights}
    plain = {path.removeprefix("plain_"): path for path in ours if path.startswith("plain_")}
    assert len(plain) == len(ours) / 2
    for path, other in plain.items():
        assert np.array_equal(ours[path], ours[other]), path
    kernels = [value for path, value in ours.items() if "block_1" in path and "kernel" in path]
    assert not np.array_equal(kernels[0], kernels[-1])  # but each place has its own


@pytest.mark.keras
@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon"])
@pytest.mark.parametrize("lone", [{"twin": False}, {"shortcut": False}], ids=["residual", "plain"])
def test_each_half_of_a_twin_learns_exactly_as_alone(lone: dict[str, bool], optimizer: str) -> None:
    module, (x, y) = _model(), _digits(96)
    params = SMALL.model_copy(
        update={
            "twin": True, "shift": 1, "cutout": 2, "weight_decay": 0.01,
            "learning_rate": 0.01, "optimizer": optimizer,
        }
    )  # fmt: skip
    twin, alone = module.build(params), module.build(params.model_copy(update=lone))
    both = dict.fromkeys((RESIDUAL, PLAIN), y)
    how: dict[str, Any] = {"batch_size": 32, "epochs": 2, "shuffle": False, "verbose": 0}
    twin_curves = twin.fit(x, both, **how).history
    curves = alone.fit(x, y, **how).history
    prefix = "plain_" if "shortcut" in lone else ""
    assert twin_curves[f"{prefix}loss"] == pytest.approx(curves["loss"], rel=1e-4)
    assert twin_curves[f"{prefix}accuracy"] == pytest.approx(curves["accuracy"], abs=0.011)
    halves = {weight.path: weight.numpy() for weight in twin.weights}
    for weight in alone.weights:
        assert np.allclose(weight.numpy(), halves[weight.path], rtol=1e-3, atol=1e-4), weight.path


@pytest.mark.keras
def test_a_twins_curves_are_named_after_their_network() -> None:
    model = _model().build(SMALL.model_copy(update={"twin": True}))
    x, y = _digits(32)
    found = model.test_on_batch(x, {RESIDUAL: y, PLAIN: y}, return_dict=True)
    assert set(found) == {"loss", "accuracy", "plain_loss", "plain_accuracy"}
    assert set(found) | {f"val_{name}" for name in found} <= set(ALGORITHM.metrics)


@pytest.mark.keras
def test_a_block_switched_off_leaves_the_shortcut_and_comes_back() -> None:
    for preactivation in (True, False):
        params = SMALL.model_copy(update={"blocks": 2, "preactivation": preactivation})
        model, blocks = _model().build(params), _blocks()
        before = [weight.copy() for weight in model.get_weights()]
        with blocks.silent(model, 2):
            came, left = _between(model, "block_1", "block_2")
            assert np.array_equal(came, left)
        with pytest.raises(ZeroDivisionError), blocks.silent(model, 5):
            raise ZeroDivisionError
        for old, new in zip(before, model.get_weights(), strict=True):
            assert np.array_equal(old, new)


@pytest.mark.keras
@pytest.mark.parametrize("shortcut", [True, False])
@pytest.mark.parametrize("preactivation", [True, False])
def test_all_variants_together_are_the_network_with_single_blocks_off(
    preactivation: bool, shortcut: bool
) -> None:
    changed = {"blocks": 2, "preactivation": preactivation, "shortcut": shortcut}
    params = SMALL.model_copy(update=changed)
    model, blocks, pictures = _model().build(params), _blocks(), _digits(5)[0]
    switched = blocks.switched(model, params, pictures)
    assert switched.shape == (7, 5, 10)
    for block, answers in enumerate(switched):
        with blocks.silent(model, block):
            assert np.allclose(answers, blocks.logits(model, pictures), atol=1e-4), block
        assert block == 0 or not np.allclose(answers, switched[0], atol=1e-3)


@pytest.mark.keras
def test_the_fall_without_each_block_is_found_once_for_the_same_weights() -> None:
    model, blocks = _model().build(SMALL), _blocks()
    first = blocks.accuracies(model, SMALL, weights=blocks.fingerprint(model))
    assert first.shape == (4,) and (first >= 0).all() and (first <= 1).all()
    assert blocks.accuracies(model, SMALL, weights=blocks.fingerprint(model)) is first
    kernel = model.get_layer("logits").kernel
    kernel.assign(-kernel)
    other = blocks.accuracies(model, SMALL, weights=blocks.fingerprint(model))
    assert other is not first and other[0] != first[0]


@pytest.mark.keras
def test_gradients_are_grouped_by_network_and_block() -> None:
    params = SMALL.model_copy(update={"twin": True})
    model = _model().build(params)
    x, y = _digits(32)
    norms = _blocks().gradients(model, params, x, {RESIDUAL: y, PLAIN: y})
    assert norms.shape == (2, 3) and norms.dtype == np.float32
    alone = params.model_copy(update={"twin": False})
    lone = _blocks().gradients(_model().build(alone), alone, x, y)
    assert np.allclose(lone[0], norms[0], rtol=1e-3)
    assert not np.allclose(norms[0], norms[1], rtol=0.05)


@pytest.mark.keras
def test_a_smoothed_loss_is_that_of_the_formula() -> None:
    loss = _model().SmoothedCrossentropy(0.1)
    logits = np.log(np.array([[0.7, 0.2, 0.1], [0.2, 0.5, 0.3]], np.float32))
    wanted = [
        -(0.9 + 0.1 / 3) * np.log(0.7) - 0.1 / 3 * (np.log(0.2) + np.log(0.1)),
        -(0.9 + 0.1 / 3) * np.log(0.3) - 0.1 / 3 * (np.log(0.2) + np.log(0.5)),
    ]
    assert float(loss(np.array([0, 2]), logits)) == pytest.approx(np.mean(wanted), rel=1e-5)


@pytest.mark.keras
def test_pictures_are_moved_mirrored_and_cut_in_training_only() -> None:
    augmentation = _model().Augmentation
    picture = np.zeros((64, 8, 8, 1), np.float32)
    picture[:, 2:5, 2], picture[:, 4, 3] = 1.0, 1.0  # an L, which a mirror would turn
    still = augmentation(2, True, 3, seed=1)
    assert np.array_equal(np.asarray(still(picture, training=False)), picture)
    moved = np.asarray(augmentation(2, False, 0, seed=1)(picture, training=True))[..., 0]
    shapes = {one[one.any(axis=1)][:, one.any(axis=0)].tobytes() for one in moved}
    corners = {(int(np.nonzero(one)[0].min()), int(np.nonzero(one)[1].min())) for one in moved}
    assert len(shapes) == 1 and len(corners) > 12
    mirrored = np.asarray(augmentation(0, True, 0, seed=1)(picture, training=True))
    turned = (mirrored == picture[:, :, ::-1]).all(axis=(1, 2, 3))
    assert 16 < turned.sum() < 48
    assert np.array_equal(mirrored[~turned], picture[~turned])
    white = np.ones((64, 8, 8, 3), np.float32)
    cut = np.asarray(augmentation(0, False, 3, seed=1)(white, training=True))
    black = (cut == 0).all(axis=3).sum(axis=(1, 2))
    assert black.max() == 9 and black.min() >= 4


@pytest.mark.keras
def test_no_layer_keeps_xla_from_compiling_the_model() -> None:
    model = _model().build(Params(data="fashion_mnist", flip=True, cutout=4))
    assert all(getattr(layer, "supports_jit", True) for layer in model.layers)


def _seen(**arrays: Any) -> RunData:
    steps = np.arange(1, 21)
    curves = {
        "loss": np.linspace(2.0, 0.5, 20), "val_loss": np.linspace(2.0, 0.6, 20),
        "plain_loss": np.linspace(2.2, 1.6, 20), "accuracy": np.linspace(0.2, 0.8, 20),
        "val_accuracy": np.linspace(0.2, 0.8, 20),
    }  # fmt: skip
    shots = {name: Snapshot(20, np.array(value)) for name, value in arrays.items()}
    series = {name: Series(steps, values) for name, values in curves.items()}
    return RunData(Params(), step=20, total_steps=20, metrics=series, arrays=shots)


def test_says_when_the_plain_networks_gradient_fades() -> None:
    keys = [one.key for one in checks(_seen(block_gradients=[[0.5, 0.4, 0.5], [0.01, 0.2, 0.5]]))]
    assert "vanishing" in keys and "degradation" in keys
    even = [one.key for one in checks(_seen(block_gradients=[[0.5, 0.4, 0.5], [0.2, 0.2, 0.5]]))]
    assert "vanishing" not in even and "exploding" not in even
    stairs = [one.key for one in checks(_seen(block_gradients=[[0.6, 0.2, 0.1], [240, 9, 0.3]]))]
    assert "exploding" in stairs
