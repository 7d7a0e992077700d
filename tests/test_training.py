"""The bridge from Keras to a run, on the do-nothing model and on models made here."""

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from dlkit.contract import Array, CodedError
from tests.fakes.fake.spec import Params
from tests.fakes.recording import RecordingRun

pytestmark = pytest.mark.keras


@dataclass(frozen=True)
class Data:
    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array


def _data(count: int = 40) -> Data:
    x = np.random.default_rng(0).uniform(-1, 1, (count, 1)).astype(np.float32)
    return Data(x, 2 * x, x[:10], 2 * x[:10])


def _linear(rate: float = 0.1, optimizer: str = "sgd", average: float = 0.0) -> Any:
    keras, training = (importlib.import_module(name) for name in ("keras", "dlkit.training"))
    keras.utils.set_random_seed(1)
    place = keras.Input((1,))
    model = keras.Model(place, keras.layers.Dense(1)(place))
    made = training.make_optimizer(optimizer, rate, weight_decay=0.0, average=average)
    model.compile(made, "mse")
    return model


def _fit(model: Any, params: Params, run: RecordingRun, data: Data | None = None) -> None:
    importlib.import_module("dlkit.training").fit(model, data or _data(), params, run)


def test_a_loss_that_is_no_number_ends_the_training_at_its_step() -> None:
    params = Params(epochs=20)
    run = RecordingRun(params)
    broken = _data()
    broken.y_train[:] = np.nan
    with pytest.raises(CodedError) as caught:
        _fit(_linear(), params, run, broken)
    assert caught.value.code == "diverged"
    assert caught.value.values["step"] == max(run.points["loss"])
    assert np.isnan(run.points["loss"][caught.value.values["step"]])


def test_names_do_not_count_the_models_built_before() -> None:
    keras, training = importlib.import_module("keras"), importlib.import_module("dlkit.training")
    names = []
    for _ in range(2):
        training.seed_everything(1)
        names.append([keras.layers.Dense(1).name for _ in range(11)])
    assert names[0] == names[1]


def test_the_gradient_norm_is_that_of_the_loss() -> None:
    model, params = _linear(rate=1e-6), Params(epochs=1, batch_size=40, learning_rate=1e-6)
    weight, bias = (float(np.ravel(w)[0]) for w in model.get_weights())
    run, data = RecordingRun(params), _data()
    _fit(model, params, run)
    wrong = data.x_train * weight + bias - data.y_train
    slope = np.array([(2 * wrong * data.x_train).mean(), (2 * wrong).mean()])
    assert run.points["gradient_norm"][1] == pytest.approx(float(np.linalg.norm(slope)), rel=1e-4)


def test_the_optimizer_is_left_as_it_was() -> None:
    model, params = _linear(), Params(epochs=2)
    model.optimizer.build(model.trainable_variables)
    before = len(model.optimizer.variables)
    _fit(model, params, RecordingRun(params))
    assert len(model.optimizer.variables) == before
    assert "apply" not in vars(model.optimizer)


def test_the_learning_rate_follows_schedule_times_knob() -> None:
    params = Params(epochs=40, schedule="cosine", learning_rate=0.01)
    run = RecordingRun(params)
    _fit(_linear(), params, run)
    rates = list(run.points["learning_rate"].values())
    assert rates[0] == pytest.approx(0.01, rel=0.01) and rates[-1] < 0.001
    assert rates == sorted(rates, reverse=True)


def test_validation_is_that_of_the_whole_held_out_part() -> None:
    params, data, model = Params(epochs=4), _data(), _linear()
    run = RecordingRun(params)
    _fit(model, params, run, data)
    error = model.predict(data.x_val, verbose=0) - data.y_val
    last = run.points["val_loss"][run.total_steps]
    assert last == pytest.approx(float((error**2).mean()), rel=1e-4)


def test_more_than_one_batch_of_validation_gives_the_same_value() -> None:
    training = importlib.import_module("dlkit.training")
    params, data = Params(epochs=2, batch_size=40), _data(training.ONE_BATCH + 500)
    whole = Data(data.x_train[:40], data.y_train[:40], data.x_train, data.y_train)
    run, model = RecordingRun(params), _linear()
    _fit(model, params, run, whole)
    error = model.predict(whole.x_val, verbose=0) - whole.y_val
    last = run.points["val_loss"][run.total_steps]
    assert last == pytest.approx(float((error**2).mean()), rel=1e-4)


def test_a_batch_larger_than_the_data_is_the_whole_data() -> None:
    params = Params(epochs=3, batch_size=40)
    run = RecordingRun(params)
    _fit(_linear(), params, run, _data(count=12))
    assert (run.steps_per_epoch, run.total_steps) == (1, 3)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "lion", "muon"])
def test_every_optimizer_learns_and_resumes(optimizer: str) -> None:
    params = Params(epochs=8)
    whole = RecordingRun(params)
    _fit(_linear(0.01, optimizer), params, whole)
    first = RecordingRun(params, grants=[13, 0])
    _fit(_linear(0.01, optimizer), params, first)
    rest = RecordingRun(params, start=first.checkpoints[-1])
    _fit(_linear(0.01, optimizer), params, rest)
    losses = {**first.points["loss"], **rest.points["loss"]}
    assert all(losses[step] == value for step, value in whole.points["loss"].items())
    checked = list(whole.points["val_loss"].values())
    assert checked[-1] < checked[0]


def test_the_moving_average_is_checked_kept_and_given_back() -> None:
    """One step a window, so that the weights after each step can be followed by hand."""
    params = Params(epochs=3, batch_size=40, average=0.5, learning_rate=0.1)
    averaged, weights = _linear(average=0.5), []
    for epochs in (1, 2, 3):
        one = _linear()
        _fit(one, params.model_copy(update={"epochs": epochs}), RecordingRun(params))
        weights.append(one.get_weights()[0].item())
    mean = 0.25 * weights[0] + 0.25 * weights[1] + 0.5 * weights[2]
    run, data = RecordingRun(params), _data()
    _fit(averaged, params, run, data)
    assert averaged.get_weights()[0].item() == pytest.approx(mean, rel=1e-5)
    error = averaged.predict(data.x_val, verbose=0) - data.y_val
    assert run.points["val_loss"][3] == pytest.approx(float((error**2).mean()), rel=1e-4)
    kept = run.checkpoints[-1].state
    assert kept["model/0000"].item() == pytest.approx(weights[-1], rel=1e-5)
    assert kept["average/0000"].item() == pytest.approx(mean, rel=1e-5)


def test_before_the_first_step_the_weights_themselves_are_checked_and_kept() -> None:
    params, data = Params(epochs=3, average=0.9), _data()
    model, run = _linear(average=0.9), RecordingRun(params, grants=[0])
    first = model.get_weights()
    error = model.predict(data.x_val, verbose=0) - data.y_val
    _fit(model, params, run, data)
    assert run.points["val_loss"][0] == pytest.approx(float((error**2).mean()), rel=1e-4)
    assert all(np.array_equal(*pair) for pair in zip(first, model.get_weights(), strict=True))


def test_a_training_with_a_moving_average_resumes_exactly() -> None:
    params = Params(epochs=8, average=0.9)
    whole = RecordingRun(params)
    _fit(_linear(0.01, average=0.9), params, whole)
    first = RecordingRun(params, grants=[13, 0])
    _fit(_linear(0.01, average=0.9), params, first)
    rest = RecordingRun(params, start=first.checkpoints[-1])
    _fit(_linear(0.01, average=0.9), params, rest)
    assert rest.points["val_loss"][40] == whole.points["val_loss"][40]


def test_it_stops_when_the_validation_is_good_enough_and_says_so() -> None:
    params = Params(epochs=200, stop_at=0.01)
    run = RecordingRun(params)
    _fit(_linear(), params, run)
    (step, last), (_, before) = list(run.points["val_loss"].items())[::-1][:2]
    assert last <= 0.01 < before and step < run.total_steps
    assert [(note[0], note[1]) for note in run.notes] == [(step, "good_enough")]
    again = RecordingRun(params, start=run.checkpoints[-1])  # killed after the last checkpoint
    _fit(_linear(), params, again)
    assert max(again.points.get("loss", {0: 0.0})) <= step


def test_it_stops_when_the_time_is_over_with_the_schedule_at_its_end() -> None:
    params = Params(epochs=100_000, minutes=0.05, schedule="cosine")
    run = RecordingRun(params)
    _fit(_linear(), params, run)
    assert [note[1] for note in run.notes] == ["time_over"]
    assert max(run.points["loss"]) < run.total_steps
    rates = list(run.points["learning_rate"].values())
    assert rates[-1] < 0.1 * rates[0]
    assert float(run.checkpoints[-1].state["spent"]) >= 3.0
    clock = run.points["seconds"]
    assert list(clock) == list(run.points["val_loss"]) and clock[0] == 0.0
    assert list(clock.values()) == sorted(clock.values())
    assert max(clock) == max(run.points["loss"])  # the finished network is checked too
    assert 3.0 <= max(clock.values()) < 4.0
