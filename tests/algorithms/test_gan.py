"""GAN: the known traps and exact sizes."""

import importlib
from typing import Any

import numpy as np
import pytest

from dlkit.algorithms.gan import referee, shown, spec
from dlkit.algorithms.gan.spec import Params
from dlkit.contract import RunData, Series
from dlkit.params import ParamsError
from dlkit.texts import words
from tests.fakes.recording import RecordingRun

WORDS = words("en", "gan")
SMALL = Params(
    data="digits", width=4, noise_size=6, batch_size=16, epochs=1, normalisation="batch", r1=0.0
)
RING = Params(
    data="ring", width=8, depth=2, noise_size=4, batch_size=500, epochs=2, normalisation="batch"
)
NETWORKS = [
    *spec.ALGORITHM.presets.values(),
    spec.ALGORITHM.tiny,
    SMALL,
    Params(data="cifar10", width=8, conditional=True, normalisation="none", spectral_norm=True),
    Params(data="fashion_mnist", width=6, conditional=True),
    RING,
    Params(data="grid", width=8, conditional=True, spectral_norm=True, normalisation="none"),
]
LOSSES = ("non_saturating", "minimax", "hinge", "least_squares", "wasserstein", "relativistic")


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.gan.model")


def _batch(params: Params, count: int = 16) -> tuple[Any, Any]:
    looking = importlib.import_module("dlkit.algorithms.gan.looking")
    split = looking.load(params)
    return split.x_train[:count], split.y_train[:count]


def _weights(network: Any) -> list[Any]:
    return [np.array(one.numpy()) for one in network.trainable_variables]


def _moved(before: list[Any], network: Any) -> bool:
    pairs = zip(before, _weights(network), strict=True)
    return not all(np.array_equal(one, other) for one, other in pairs)


def _stepped(params: Params, side: str = "both", steps: int = 1) -> tuple[bool, bool]:
    """Which of the two sides moved in one step after `steps - 1` others."""
    model = _model().build(params)
    model.optimizer.build(model.trainable_variables)
    knobs = {"learning_rate": 0.01, "discriminator_rate": 0.02, "side": side}
    model.turn(knobs.__getitem__)
    for _ in range(steps):
        kept = _weights(model.generator), _weights(model.discriminator)
        model.train_on_batch(_batch(params))
    return _moved(kept[0], model.generator), _moved(kept[1], model.discriminator)


def test_drawings_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(ParamsError) as caught:
        Params.checked({"strokes": "2 2"})
    assert caught.value.problems[0].code == "wrong_form"
    assert spec.num_modes_of(Params(data="grid")) == 25
    assert spec.num_classes_of(Params(data="drawn", strokes="0 0; 1 1, 0 1")) == 2


def test_the_referee_says_who_wins_and_what_is_missing() -> None:
    def said(apart: float, seen: float, covered: float = 0.5) -> list[str]:
        steps = np.arange(1, 41)
        curves = {"loss": 1.0, "told_apart": apart, "val_classes": seen, "val_coverage": covered}
        metrics = {name: Series(steps, np.full(40, value)) for name, value in curves.items()}
        data = RunData(Params(), "running", step=40, total_steps=100, metrics=metrics)
        return [one.key for one in referee.checks(data, 10)]

    assert said(1.0, 10) == ["discriminator_wins", "all_seen"]
    assert said(0.6, 2) == ["collapse", "even"]
    assert said(0.9, 9) == ["modes_missing", "discriminator_leads"]
    assert said(0.2, 10, 0.9) == ["generator_wins", "good_pictures"]


def test_the_referee_notices_a_fall() -> None:
    steps = np.arange(1, 41)
    covered = np.where(steps < 30, 0.9, 0.3)
    curves = {"loss": np.ones(40), "told_apart": np.full(40, 0.7)}
    curves |= {"val_classes": np.full(40, 10.0), "val_coverage": covered}
    metrics = {name: Series(steps, values) for name, values in curves.items()}
    data = RunData(Params(), "running", step=40, total_steps=100, metrics=metrics)
    assert [one.key for one in referee.checks(data, 10)] == ["falling_back", "even"]


def test_a_walk_stays_where_noise_lies() -> None:
    first, last = shown.noise_of(2, 64, 1)
    way = shown.between(first, last, 9)
    assert np.allclose(way[0], first, atol=1e-5) and np.allclose(way[-1], last, atol=1e-5)
    lengths = np.linalg.norm(way, axis=1)
    assert lengths.min() > 0.9 * min(np.linalg.norm(first), np.linalg.norm(last))
    assert np.allclose(shown.between(first, first, 3), first)


def test_the_sliders_follow_the_strongest_directions() -> None:
    kernel = np.zeros((5, 8))
    kernel[3], kernel[1] = 2.0, 1.0
    kernel[1, ::2] *= -1
    ways = shown.directions(kernel, 2)
    assert np.allclose(ways, [[0, 0, 0, 1, 0], [0, 1, 0, 0, 0]], atol=1e-6)


def test_scores_are_counted_over_one_span() -> None:
    counts, span = shown.histograms(np.array([2.0, 2.0, 3.0]), np.array([-1.0, 0.0]))
    assert counts.sum(axis=1).tolist() == [3, 2] and span[0] < -0.9 and span[1] > 2.9
    assert shown.histograms(np.array([np.nan]), np.array([0.0]))[0].sum() == 0
    maps = shown.belief(np.array([[-50.0, 0.5, 50.0]]), np.array([0.0, 1.0]))
    assert maps.tolist() == [[0, 128, 255]]


@pytest.mark.keras
@pytest.mark.parametrize("params", NETWORKS, ids=str)
def test_the_drawing_tells_the_truth_about_shapes_and_weights(params: Params) -> None:
    model, boxes = _model().build(params), spec.layers(params, WORDS)
    assert sum(box.weights for box in boxes) == model.count_params()
    things = [box for box in boxes if box.label == WORDS("layer.thing")]
    assert [box.shape for box in things] == [model.generator.output_shape[1:]]
    assert boxes[-1].kind == "answer"


@pytest.mark.keras
def test_has_exactly_the_weights_it_should() -> None:
    model = _model().build(SMALL)
    made = 6 * 32 + 4 * 8 + 16 * 8 * 4 + 4 * 4 + 16 * 4 + 1
    judged = (16 * 4 + 4) + (16 * 4 * 8 + 8) + (32 + 1)
    assert model.generator.count_params() == made
    assert model.discriminator.count_params() == judged


@pytest.mark.keras
@pytest.mark.parametrize("loss", LOSSES)
def test_each_sides_loss_moves_its_own_weights_only(loss: str) -> None:
    params = RING.model_copy(update={"loss": loss})
    assert _stepped(params) == (True, True)
    assert _stepped(params, side="generator") == (True, False)
    assert _stepped(params, side="discriminator") == (False, True)


@pytest.mark.keras
def test_turns_are_kept() -> None:
    slow = RING.model_copy(update={"discriminator_steps": 3})
    assert [_stepped(slow, steps=count) for count in (1, 2, 3)] == [
        (False, True),
        (False, True),
        (True, True),
    ]
    eager = RING.model_copy(update={"generator_steps": 2})
    assert [_stepped(eager, steps=count)[1] for count in (1, 2, 3)] == [True, False, True]


@pytest.mark.keras
def test_losses_by_hand() -> None:
    losses, real, fake = _model().LOSSES, np.array([2.0]), np.array([-0.5])
    wanted = {
        "non_saturating": (np.log1p(np.exp(-2.0)) + np.log1p(np.exp(-0.5)), np.log1p(np.exp(0.5))),
        "minimax": (np.log1p(np.exp(-2.0)) + np.log1p(np.exp(-0.5)), -np.log1p(np.exp(-0.5))),
        "hinge": (0.5, 0.5),
        "least_squares": (1.25, 2.25),
        "wasserstein": (-2.5, 0.5),
        "relativistic": (np.log1p(np.exp(-2.5)), np.log1p(np.exp(2.5))),
    }
    assert set(losses) == set(wanted)
    for name, (judged, made) in wanted.items():
        assert float(losses[name][0](real, fake)[0]) == pytest.approx(judged, rel=1e-5), name
        assert float(losses[name][1](real, fake)[0]) == pytest.approx(made, rel=1e-5), name


@pytest.mark.keras
def test_a_slope_can_be_punished() -> None:
    keras = importlib.import_module("keras")
    slope = importlib.import_module("dlkit.gradients").slope
    x = keras.ops.convert_to_tensor([[1.0, 2.0], [3.0, -1.0]])
    found = slope(lambda values: keras.ops.sum(values**3, axis=1), x)
    assert np.allclose(found, 3 * np.asarray(x) ** 2)
    twice = slope(lambda values: slope(lambda inner: inner**3, values), x)
    assert np.allclose(twice, 6 * np.asarray(x))


@pytest.mark.keras
def test_the_gradient_penalty_is_nothing_where_the_slope_is_one() -> None:
    params = RING.model_copy(update={"loss": "wasserstein", "depth": 1, "r1": 0.0})
    model = _model().build(params)
    first, last = (layer for layer in model.discriminator.layers if layer.weights)
    kernel = np.zeros((2, 8), np.float32)
    kernel[:, 0] = 0.6, 0.8
    first.set_weights([kernel, np.full(8, 9.0, np.float32)])  # never below the bend
    last.set_weights([np.eye(8, 1, dtype=np.float32), np.zeros(1, np.float32)])
    points, labels = _batch(params)
    assert float(model._penalty(points, points[::-1].copy(), labels)) == pytest.approx(0, abs=1e-6)
    last.set_weights([3 * np.eye(8, 1, dtype=np.float32), np.zeros(1, np.float32)])
    found = float(model._penalty(points, points[::-1].copy(), labels))
    assert found == pytest.approx(10.0 * 4.0, rel=1e-4)


@pytest.mark.keras
def test_the_average_is_kept_of_the_generator_alone_and_begins_where_it_stands() -> None:
    weights = importlib.import_module("dlkit.weights")
    params = RING.model_copy(update={"average": 0.9})
    model = _model().build(params)
    model.optimizer.build(model.trainable_variables)
    before = _weights(model)
    with weights.averaged(model):
        assert all(np.array_equal(a, b) for a, b in zip(before, _weights(model), strict=True))
    for _ in range(3):
        model.train_on_batch(_batch(params))
    now = _weights(model.generator), _weights(model.discriminator)
    with weights.averaged(model):
        assert _moved(now[0], model.generator)
        assert not _moved(now[1], model.discriminator)


@pytest.mark.keras
def test_no_batch_normalisation_ever_sees_real_and_generated_things_together() -> None:
    for params in NETWORKS:
        model = _model().build(params)
        kinds = {type(layer).__name__ for layer in model.discriminator.layers}
        assert "BatchNormalization" not in kinds


@pytest.mark.keras
def test_the_penalty_draws_a_place_for_each_pair() -> None:
    params = SMALL.model_copy(update={"loss": "wasserstein"})
    model = _model().build(params)
    labels = _batch(params)[1]
    places: list[Any] = []

    def scores(things: Any, *_: Any) -> Any:
        places.append(np.asarray(things))
        return things[:, 0, 0, 0]

    model._scores = scores
    real = np.zeros((16, 8, 8, 1), np.float32)
    model._penalty(real, real + 1.0, labels)
    between = places[-1]
    assert np.ptp(between, axis=(1, 2, 3)).max() < 1e-6  # one share for each picture
    shares = between[:, 0, 0, 0]
    assert len(set(shares.tolist())) == 16 and 0 <= shares.min() and shares.max() <= 1


@pytest.mark.keras
def test_the_noise_that_is_looked_at_is_always_the_same() -> None:
    run = RecordingRun(RING)
    model = _model()
    generator = model.train(RING, run)
    clouds = run.arrays["cloud"]
    assert len(clouds) >= 2
    last = clouds[max(clouds)]
    again = model.train(RING, RecordingRun(RING))
    noise = shown.noise_of(5, RING.noise_size, 3)
    assert np.array_equal(generator.predict_on_batch([noise]), again.predict_on_batch([noise]))
    assert (
        last.shape == (600, 2) and run.points["val_classes"].keys() == run.points["val_good"].keys()
    )


@pytest.mark.keras
def test_points_are_played_with() -> None:
    model = _model().build(RING)
    inputs = spec.inputs(RING).checked({"push_1": 1.5, "number": 3, "other": 9})
    found = _model().play(model, RING, inputs)
    assert found["walk"].shape == (spec.WALK, 2) and found["made"].shape == (1, 2)
    assert len(spec.answer(found, RING, WORDS)) == 2


@pytest.mark.keras
def test_pictures_are_played_with_and_the_fake_is_found() -> None:
    params = SMALL.model_copy(update={"conditional": True})
    model = _model().build(params)
    found = _model().play(model, params, spec.inputs(params).checked({"kind": 3, "board": 4}))
    assert found["sweep"].shape == (10, 8, 8, 1) and found["near"].shape == (5, 8, 8, 1)
    place = int(found["fake_place"][0]) + 1
    for guess, key in ((0, "which"), (place, "right"), (place % 6 + 1, "wrong")):
        figure = spec.answer({**found, "guess": np.array([guess])}, params, WORDS)[-1]
        title = figure.layout.annotations[-1].text
        assert title == WORDS(f"answer.{key}", number=place)
