"""Diffusion: the known traps, the arithmetic of noise, and what the sampler lab gives."""

import importlib
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlkit.algorithms.diffusion import noise, samplers, shown, spec
from dlkit.algorithms.diffusion.spec import ALGORITHM, Params
from dlkit.contract import Array, RunData, Series, Snapshot
from dlkit.texts import words
from dlkit.views import denoising
from tests.fakes.recording import RecordingRun

WORDS = words("en", "diffusion")
SCHEDULES = ("cosine", "linear", "edm")
PREDICTIONS = ("noise", "velocity", "sample", "flow")
TINY = Params(data="digits", width=8, epochs=1, sampling_steps=4)
POINTS = Params(data="moons", width=16, epochs=1, sampling_steps=4, batch_size=256)
NETWORKS = [
    TINY,
    POINTS,
    Params(),
    Params(data="fashion_mnist", conditional=False, blocks=2, width=16),
    Params(data="ring", width=24, blocks=3),
    Params(data="drawn", conditional=False, width=8),
]


def _model() -> Any:
    return importlib.import_module("dlkit.algorithms.diffusion.model")


def _sampling() -> Any:
    return importlib.import_module("dlkit.algorithms.diffusion.sampling")


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("moments", [4, 50, 1000])
def test_signal_falls_and_never_reaches_zero(name: str, moments: int) -> None:
    plan = noise.schedule(name, moments)
    assert plan.last == moments and plan.signal[0] == 1.0 and plan.noise[0] == 0.0
    assert np.allclose(plan.signal**2 + plan.noise**2, 1.0)
    assert np.all(np.diff(plan.signal) < 0) and plan.signal[-1] > 0.005
    assert plan.noise[1] > 0  # the noise is divided by, too
    assert plan.chances[0] == 0 and plan.chances.sum() == pytest.approx(1.0)
    drawn = np.bincount(noise.drawn(plan), minlength=moments + 1) / (8 * moments)
    assert np.abs(drawn - plan.chances).max() < 1 / (4 * moments)


@pytest.mark.parametrize("kind", PREDICTIONS)
@given(
    angle=st.floats(0.002, 1.55),
    clean=st.floats(-1, 1),
    added=st.floats(-4, 4),
)
@settings(max_examples=60, deadline=None)
def test_each_prediction_tells_picture_and_noise(
    kind: str, angle: float, clean: float, added: float
) -> None:
    rates = float(np.cos(angle)), float(np.sin(angle))
    noisy = rates[0] * clean + rates[1] * added
    asked = noise.target(kind, clean, added, rates=rates)
    found_clean, found_noise = noise.solved(kind, asked, noisy, rates=rates)
    assert found_clean == pytest.approx(clean, abs=1e-6)
    assert found_noise == pytest.approx(added, abs=1e-6)
    for other in PREDICTIONS:  # and so each of the others
        told = noise.target(other, found_clean, found_noise, rates=rates)
        assert told == pytest.approx(noise.target(other, clean, added, rates=rates), abs=1e-5)


@pytest.mark.parametrize("sampler", samplers.SAMPLERS)
@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [2, 20])
def test_who_knows_the_true_noise_finds_the_example(sampler: str, name: str, steps: int) -> None:
    plan, random = noise.schedule(name, 1000), np.random.default_rng(1)
    clean = random.uniform(-1, 1, (5, 2)).astype(np.float32)
    added = random.standard_normal((5, 2)).astype(np.float32)

    def look(noisy: Array, moment: int) -> tuple[Array, Array]:
        return clean, (noisy - plan.signal[moment] * clean) / plan.noise[moment]

    first = plan.signal[-1] * clean + plan.noise[-1] * added
    step = samplers.Step(look, plan, sampler=sampler, seed=1)
    way = samplers.go_back(step, first, samplers.moments_of(steps, plan.last))
    assert np.allclose(way.samples, clean, atol=1e-4)
    assert way.moments[0] == plan.last and way.moments[-1] == 0
    assert len(way.noisy) == len(way.clean) + 1 == len(way.moments)
    if sampler != "ddpm":  # without chance the way is the one that led there
        middle = len(way.moments) // 2
        rates = plan.signal[way.moments[middle]], plan.noise[way.moments[middle]]
        assert np.allclose(way.noisy[middle], rates[0] * clean + rates[1] * added, atol=1e-4)


@pytest.mark.parametrize("sampler", samplers.SAMPLERS)
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_perfect_network_gives_the_distribution_back(sampler: str, name: str) -> None:
    """Data from one Gaussian: there the best prediction is known."""
    plan, mean, spread = noise.schedule(name, 1000), 0.3, 0.2

    def look(noisy: Array, moment: int) -> tuple[Array, Array]:
        signal, rate = plan.signal[moment], plan.noise[moment]
        best = (mean / spread**2 + signal * noisy / rate**2) / (1 / spread**2 + signal**2 / rate**2)
        return best, (noisy - signal * best) / rate

    start = np.random.default_rng(1).standard_normal((4000, 1)).astype(np.float32)
    step = samplers.Step(look, plan, sampler=sampler, seed=2)
    way = samplers.go_back(step, start, samplers.moments_of(80, plan.last))
    assert way.samples.mean() == pytest.approx(mean, abs=0.01)
    assert way.samples.std() == pytest.approx(spread, rel=0.13 if sampler == "ddpm" else 0.08)


def test_ddpm_keeps_as_much_noise_as_the_moment_asks_for() -> None:
    plan = noise.schedule("cosine", 100)
    nothing, start = np.zeros((20000, 1)), np.ones((20000, 1), np.float32)
    step = samplers.Step(lambda x, t: (nothing, nothing), plan, sampler="ddpm", seed=1)
    made = step(start, 60, 40, clean=nothing, noise=nothing)
    fresh = plan.noise[40] / plan.noise[60] * np.sqrt(1 - (plan.signal[60] / plan.signal[40]) ** 2)
    assert made.std() == pytest.approx(fresh, rel=0.03)


@given(steps=st.integers(1, 100), first=st.integers(1, 1000))
@settings(max_examples=60, deadline=None)
def test_the_moments_of_a_way_fall_to_zero(steps: int, first: int) -> None:
    moments = samplers.moments_of(steps, first)
    assert moments[0] == first and moments[-1] == 0
    assert all(now > then for now, then in itertools.pairwise(moments))
    assert len(moments) <= steps + 1


@pytest.mark.keras
@pytest.mark.parametrize("params", NETWORKS, ids=lambda one: f"{one.data}-{one.width}")
def test_the_drawing_counts_every_weight(params: Params) -> None:
    model = _model().build(params)
    assert model.count_params() == sum(box.weights for box in spec.layers(params, WORDS))


@pytest.mark.keras
def test_the_standard_network_is_small() -> None:
    assert _model().build(ALGORITHM.presets["standard"]).count_params() <= 500_000


def _draws(params: Params, *, training: bool, count: int = 64) -> list[list[Array]]:
    """What is drawn for the same examples, twice: by the compiled model, not layer by layer."""
    model = _model().build(params)
    split = spec.split_of(params)
    given = _model()._named(params, split.x_train[:count], split.y_train[:count])
    layer = model.get_layer("draw")
    clean = given["example"] if spec.is_plane(params) else shown.signed(given["example"])
    parts = [clean, given["label"]] if params.conditional else [clean]
    return [[np.asarray(one) for one in layer(parts, training=training)] for _ in range(2)]


@pytest.mark.keras
@pytest.mark.parametrize("params", [TINY, POINTS], ids=lambda one: one.data)
def test_moment_and_noise_are_drawn_anew_at_each_step_and_never_in_the_check(
    params: Params,
) -> None:
    first, second = _draws(params, training=True)
    for one, other in zip(first[:3], second[:3], strict=True):
        assert not np.array_equal(one, other)
    again, same = _draws(params, training=False)
    assert all(np.array_equal(one, other) for one, other in zip(again, same, strict=True))
    assert 0 < first[2].min() and first[2].max() <= 1.0
    assert np.ptp(first[2]) > 0.9  # the moments of a batch are spread over the whole time


@pytest.mark.keras
def test_a_compiled_step_draws_anew_too() -> None:
    """Drawn while tracing, the loss of an unlearning network would be the same each time."""
    params = TINY.model_copy(update={"prediction": "noise"})
    model = _model().build(params)
    model.optimizer.learning_rate = 0.0
    split = spec.split_of(params)
    batch = _model()._named(params, split.x_train[:64], split.y_train[:64])
    losses = [float(model.train_on_batch(batch)) for _ in range(4)]
    assert len(set(losses)) == 4
    checked = {float(model.test_on_batch(batch)) for _ in range(3)}
    assert len(checked) == 1


@pytest.mark.keras
@pytest.mark.parametrize("params", [TINY, POINTS], ids=lambda one: one.data)
@pytest.mark.parametrize("kind", PREDICTIONS)
def test_the_network_sees_what_the_samplers_believe_it_sees(params: Params, kind: str) -> None:
    """x_t, moment and target belong together: solved for x_0, they give the example."""
    params = params.model_copy(update={"prediction": kind})
    target, noisy, share, *_ = _draws(params, training=True)[0]
    plan, split = spec.plan_of(params), spec.split_of(params)
    examples = split.x_train[: len(target)]
    clean = examples if spec.is_plane(params) else shown.signed(examples)
    moments = np.rint(share[:, 0] * plan.last).astype(int)
    wide = (-1, *[1] * (clean.ndim - 1))
    rates = plan.signal[moments].reshape(wide), plan.noise[moments].reshape(wide)
    found, _ = noise.solved(kind, target, noisy, rates=rates)
    sure = plan.signal[moments] > 0.1  # elsewhere single precision is divided by next to nothing
    assert np.allclose(found[sure], clean[sure], atol=2e-3)


@pytest.mark.keras
def test_the_network_does_not_see_the_target() -> None:
    """Asked for pure noise at the first moment, hardly any of which is in x_t."""
    params = TINY.model_copy(update={"prediction": "noise"})
    model = _model().build(params)
    random = np.random.default_rng(1)
    for weight in model.get_layer("network").trainable_weights:
        weight.assign(random.normal(0, 0.1, weight.shape))
    split = spec.split_of(params)
    given = _model()._named(params, split.x_train[:64], split.y_train[:64])
    predicted, target = (np.asarray(one) for one in model(given, training=False))
    drawn = [np.asarray(one) for one in model.get_layer("draw")(
        [shown.signed(given["example"]), given["label"]], training=False)]  # fmt: skip
    ours = model.get_layer("network").predict_on_batch(drawn[1:])
    assert np.array_equal(target, drawn[0])
    assert np.allclose(predicted, ours, atol=1e-5)


@pytest.mark.keras
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_null_class_is_told_as_often_as_asked_and_only_while_training(share: float) -> None:
    params = TINY.model_copy(update={"label_dropout": share})
    first, second = _draws(params, training=True, count=1400)
    null = spec.num_classes(params)
    assert np.mean(first[3] == null) == pytest.approx(share, abs=0.05)
    if share:
        assert not np.array_equal(first[3], second[3])
    assert not np.any(_draws(params, training=False)[0][3] == null)


@pytest.mark.keras
def test_the_null_class_is_trained() -> None:
    params = TINY.model_copy(update={"label_dropout": 0.5})
    model = _model().build(params)
    table = model.get_layer("network").get_layer("classes")
    before = table.get_weights()[0][-1]
    split = spec.split_of(params)
    batch = _model()._named(params, split.x_train[:64], split.y_train[:64])
    for _ in range(4):  # the answer begins at zero, so the first steps move nothing behind it
        model.train_on_batch(batch)
    assert np.abs(table.get_weights()[0][-1] - before).max() > 1e-5


@pytest.mark.keras
@pytest.mark.parametrize("kind", PREDICTIONS)
def test_an_untrained_network_answers_zero(kind: str) -> None:
    params = TINY.model_copy(update={"prediction": kind})
    model = _model().build(params)
    split = spec.split_of(params)
    batch = _model()._named(params, split.x_val[:64], split.y_val[:64])
    predicted, target = (np.asarray(one) for one in model(batch))
    assert np.all(predicted == 0)
    loss = float(model.test_on_batch(batch, return_dict=True)["loss"])
    assert loss == pytest.approx(float((target**2).mean()), rel=1e-4)
    if kind == "noise":
        assert loss == pytest.approx(1.0, abs=0.05)


@pytest.mark.keras
def test_samples_are_finite_from_an_untrained_network_of_any_kind() -> None:
    for kind in PREDICTIONS:
        for plan in SCHEDULES:
            params = POINTS.model_copy(update={"prediction": kind, "noise_schedule": plan})
            sample = _sampling().Sampler(_model().build(params).get_layer("network"), params)
            start = np.random.default_rng(1).standard_normal((8, 2)).astype(np.float32)
            for sampler in samplers.SAMPLERS:
                how = {"sampler": sampler, "sampling_steps": 3, "guidance": 2.0, "seed": 1}
                way = sample(start, np.zeros(8), **how)
                assert np.isfinite(way.samples).all()


@pytest.mark.keras
def test_guidance_goes_from_no_class_towards_the_class() -> None:
    model = _model().build(TINY)
    random = np.random.default_rng(1)
    for weight in model.get_layer("network").trainable_weights:
        weight.assign(random.normal(0, 0.2, weight.shape))
    sample = _sampling().Sampler(model.get_layer("network"), TINY)
    noisy = random.standard_normal((4, 8, 8, 1)).astype(np.float32)
    told, null = np.full((4, 1), 3, np.int32), np.full((4, 1), 10, np.int32)
    plan, labels = spec.plan_of(TINY), np.full(4, 3)
    parts = [sample.predicted(noisy, 500, one) for one in (told, null)]
    for guidance in (0.0, 1.0, 2.5):
        wanted = parts[1] + guidance * (parts[0] - parts[1])
        rates = plan.signal[500], plan.noise[500]
        clean, _ = noise.solved("velocity", wanted, noisy, rates=rates)
        found, left = sample.look(labels, guidance)(noisy, 500)
        assert np.allclose(found, np.clip(clean, -1, 1), atol=1e-5)
        assert np.allclose(rates[0] * found + rates[1] * left, noisy, atol=1e-5)


@pytest.mark.keras
def test_one_trace_serves_every_sampler_and_guidance() -> None:
    model = _model().build(TINY)
    network = model.get_layer("network")
    sample = _sampling().Sampler(network, TINY)
    start = np.zeros((6, 8, 8, 1), np.float32)
    for sampler in samplers.SAMPLERS:
        for steps, guidance in ((2, 1.0), (5, 3.0)):
            how = {"sampler": sampler, "sampling_steps": steps, "guidance": guidance, "seed": 1}
            sample(start, np.zeros(6), **how)
    assert network.predict_function.experimental_get_tracing_count() == 1


@pytest.fixture(scope="module")
def learned() -> tuple[RecordingRun, Any, Params]:
    """Two moons, learned for a few seconds."""
    params = Params(
        data="moons", conditional=False, width=64, epochs=25, batch_size=256, guidance=1.0,
        learning_rate=0.002, average=0.99,
    )  # fmt: skip
    run = RecordingRun(params)
    return run, _model().train(params, run), params


@pytest.mark.keras
def test_points_come_to_lie_like_real_ones(learned: tuple[RecordingRun, Any, Params]) -> None:
    run, _, _ = learned
    far = run.points["val_distance"]
    assert far[0] > 6.0 and far[run.total_steps] < 3.0
    losses = run.arrays["levels"][run.total_steps][:, 1]
    assert np.all(losses < run.arrays["levels_unlearned"][0][:, 1])


@pytest.mark.keras
def test_looks_use_the_average_of_the_weights() -> None:
    """What is shown at the end is what the returned model makes, whose weights are the average."""
    params = TINY.model_copy(update={"average": 0.9, "guidance": 1.0})
    run = RecordingRun(params)
    model = _model().train(params, run)
    looking = importlib.import_module("dlkit.algorithms.diffusion.looking")
    sample = _sampling().Sampler(model.get_layer("network"), params)
    again = looking.Look(sample, run, spec.split_of(params)).pictures(run.total_steps)
    assert np.array_equal(again["sheet"], run.arrays["sheet"][run.total_steps])
    state = run.checkpoints[-1].state
    plain, mean = (
        np.concatenate([v.ravel() for k, v in sorted(state.items()) if k.startswith(part)])
        for part in ("model/", "average/")
    )
    assert len(mean) and not np.array_equal(plain[: len(mean)], mean)


@pytest.mark.keras
def test_the_points_of_the_playground_go_from_noise_to_their_places(
    learned: tuple[RecordingRun, Any, Params],
) -> None:
    _, model, params = learned
    found = _model().play(model, params, spec.inputs(params)())
    film = found["film"]
    assert film.shape[1:] == (spec.RUNNERS, 2) and len(film) == len(found["shares"])
    assert found["shares"][0] == 1.0 and found["shares"][-1] == 0.0
    assert film[0].std() > 0.8
    near = np.linalg.norm(film[-1][:, None] - found["real"][None], axis=2).min(axis=1)
    assert np.median(near) < 0.08
    sizes = [len(figure.to_json()) for figure in spec.answer(found, params, WORDS)]
    assert max(sizes) < 60_000


@pytest.mark.keras
def test_repairing_leaves_what_is_known_and_beginning_with_a_picture_stays_near_it() -> None:
    model, split = _model().build(TINY), spec.split_of(TINY)
    picture = [[int(v) for v in row] for row in split.x_val[0].repeat(3, 0).repeat(3, 1)[..., 0]]
    wide = np.zeros((28, 28), int)
    wide[2:26, 2:26] = picture
    ask = spec.inputs(TINY)
    common = {"picture": wide.tolist(), "sampling_steps": 6, "guidance": 1.0}
    found = _model().play(model, TINY, ask.checked({**common, "begin": "repair"}))
    hidden = shown.hole("right", 8, 8)[..., 0] > 0
    assert np.abs(found["sheet"][:, ~hidden].astype(int) - found["given"][~hidden]).max() <= 1
    assert np.all(found["given"][hidden] == 128)
    little = _model().play(
        model, TINY, ask.checked({**common, "begin": "drawing", "strength": 0.05})
    )
    gaps = np.abs(little["sheet"].astype(float) - little["given"])
    assert gaps.mean() < 20


@pytest.mark.keras
def test_the_same_noise_number_gives_the_same_pictures_and_another_one_others() -> None:
    model, ask = _model().build(TINY), spec.inputs(TINY)
    sheets = [
        _model().play(model, TINY, ask.checked({"seed": seed, "sampling_steps": 2}))["noisy"]
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(sheets[0], sheets[1]) and not np.array_equal(sheets[0], sheets[2])


def test_the_matrix_keeps_first_and_last_look() -> None:
    steps: list[int] = []
    for step in range(0, 1000, 10):
        steps = shown.thinned([*steps, step], spec.LOOKS)
        assert steps[0] == 0 and steps[-1] == step and len(steps) <= spec.LOOKS
    assert np.diff(steps).max() < 500


def test_a_distance_of_clouds_by_hand() -> None:
    cloud = np.random.default_rng(1).normal(size=(400, 2))
    assert shown.sliced_wasserstein(cloud, cloud[::-1]) == pytest.approx(0.0)
    moved = shown.sliced_wasserstein(cloud, cloud + np.array([0.3, 0.0]))
    assert moved == pytest.approx(0.3 * 2 / np.pi, rel=1e-3)  # the mean of |cos| is 2 / pi
    assert 0 < shown.floor(cloud, 100) < 0.5


def test_pictures_as_whole_numbers_and_back() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    assert np.array_equal(shown.grey(shown.signed(grey)), grey)
    assert shown.signed(grey).min() == -1.0 and shown.signed(grey).max() == 1.0
    assert shown.grey(np.array([np.nan, 9.0, -9.0])).tolist() == [128, 255, 0]


def test_a_look_at_full_size_is_light_enough_for_the_browser() -> None:
    random = np.random.default_rng(1)
    rows = random.integers(0, 256, (spec.LOOKS, spec.COLUMNS, 28, 28)).astype(np.uint8)
    figure = denoising.matrix(rows, ["Step 1"] * spec.LOOKS, ends=("a", "b"))
    assert len(figure.to_json()) < 60_000


def test_health_checks_say_what_they_see() -> None:
    def found(loss: float, **arrays: Array) -> list[str]:
        steps = np.arange(1, 21)
        metrics = {name: Series(steps, np.full(20, loss)) for name in ("loss", "val_loss")}
        shots = {name: Snapshot(1, value) for name, value in arrays.items()}
        shots["levels_unlearned"] = Snapshot(0, np.ones((spec.LEVELS, 2)))
        data = RunData(Params(), step=50, total_steps=100, metrics=metrics, arrays=shots)
        return [one.key for one in spec.checks(data)]

    random = np.random.default_rng(1)
    real = random.integers(0, 256, (64, 8, 8, 1)).astype(np.uint8)
    grey = random.integers(120, 136, (20, 8, 8, 1)).astype(np.uint8)
    assert found(1.0) == ["not_learning"]
    assert found(2.0) == ["diverging"]
    assert found(float("nan")) == ["diverged"]
    assert found(0.1) == []
    assert found(0.1, sheet=grey, gallery=real) == ["flat"]
    assert found(0.1, sheet=real[:20], gallery=real, newness=np.array([0.1])) == ["copied"]
    assert found(0.1, sheet=real[:20], gallery=real, newness=np.array([0.9])) == []
