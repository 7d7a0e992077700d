"""What a training owes: what it declared, the same numbers after a kill, and an answer."""

import importlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlkit.algorithms import catalogue
from dlkit.contract import Algorithm, Checkpoint, RunData, Series, Snapshot
from dlkit.texts import LANGUAGES, words
from tests.fakes.fake.spec import ALGORITHM as FAKE
from tests.fakes.recording import Broken, RecordingRun

pytestmark = pytest.mark.keras

CLOCKED = {"throughput"}  # measured with a clock, so never twice the same
TINY_SECONDS = 15.0
MOST_JSON = 60_000


@dataclass(frozen=True)
class Trained:
    """A tiny training that nothing disturbed."""

    algorithm: Algorithm
    module: Any
    run: RecordingRun
    model: Any
    seconds: float


@pytest.fixture(
    scope="module", params=[*catalogue().values(), FAKE], ids=lambda algorithm: algorithm.name
)
def trained(request: pytest.FixtureRequest) -> Trained:
    algorithm: Algorithm = request.param
    package = "tests.fakes.fake" if algorithm is FAKE else f"dlkit.algorithms.{algorithm.name}"
    module = importlib.import_module(f"{package}.model")
    run, began = RecordingRun(algorithm.tiny), time.process_time()
    model = module.train(algorithm.tiny, run)
    return Trained(algorithm, module, run, model, time.process_time() - began)


@pytest.fixture(autouse=True)
def _checkpoint_at_every_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    training = importlib.import_module("dlkit.training")
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(training, "CHECKPOINT_BYTES_A_SECOND", 1e18)


def test_tiny_is_quick(trained: Trained) -> None:
    assert trained.seconds < TINY_SECONDS  # of the processor, whatever else the machine does


def test_emits_what_it_declared(trained: Trained) -> None:
    run, algorithm = trained.run, trained.algorithm
    applying = [view for view in algorithm.views if view.applies(algorithm.tiny)]
    assert set(run.points) <= set(algorithm.metrics)
    assert {name for view in applying for name in view.metrics} <= set(run.points)
    wanted = algorithm.arrays
    assert set(run.arrays) <= set(wanted)
    assert {name for view in applying for name in view.arrays} <= set(run.arrays)
    for name, kept in run.arrays.items():
        for value in kept.values():
            assert len(value.shape) == len(wanted[name]), name
            pairs = zip(value.shape, wanted[name], strict=True)
            assert all(size in (have, None) for have, size in pairs), name


def test_steps_never_fall_and_reach_the_end(trained: Trained) -> None:
    run = trained.run
    assert run.steps == sorted(run.steps)
    assert run.steps[-1] == run.total_steps > 0
    assert 0 < run.steps_per_epoch <= run.total_steps
    assert run.points.keys() & set(trained.algorithm.headline)
    for name in run.points.keys() & {"loss", *trained.algorithm.headline}:
        assert max(run.points[name]) == run.total_steps


def test_same_seed_same_numbers(trained: Trained) -> None:
    again = RecordingRun(trained.algorithm.tiny)
    trained.module.train(trained.algorithm.tiny, again)
    assert _numbers(again) == _numbers(trained.run)


def test_another_seed_other_numbers(trained: Trained) -> None:
    other = trained.algorithm.tiny.model_copy(update={"seed": 2})
    run = RecordingRun(other)
    trained.module.train(other, run)
    assert _numbers(run) != _numbers(trained.run)


@pytest.mark.parametrize("moment", [0.35, 0.8])
def test_killed_and_taken_up_again_ends_the_same(trained: Trained, moment: float) -> None:
    params = trained.algorithm.tiny
    killed = RecordingRun(params, breaks_at=int(trained.run.calls * moment))
    with pytest.raises(Broken):
        trained.module.train(params, killed)
    heir = RecordingRun(params, start=killed.checkpoints[-1])
    trained.module.train(params, heir)
    _assert_seamless(trained, killed, heir)


def test_stopped_in_mid_window_and_taken_up_again_ends_the_same(trained: Trained) -> None:
    params, first = trained.algorithm.tiny, trained.run.total_steps // 3 + 1
    stopped = RecordingRun(params, grants=[first, 0])
    trained.module.train(params, stopped)
    assert stopped.checkpoints[-1].step == first
    heir = RecordingRun(params, start=stopped.checkpoints[-1])
    trained.module.train(params, heir)
    _assert_seamless(trained, stopped, heir)


def test_led_step_by_step_gives_the_same_numbers(trained: Trained) -> None:
    epoch = trained.run.steps_per_epoch
    led = RecordingRun(trained.algorithm.tiny, grants=[1, 1, 1, max(1, epoch - 3), 2, 1])
    trained.module.train(trained.algorithm.tiny, led)
    assert {1, 2, 3} <= set(led.points["loss"])
    _assert_seamless(trained, led)


def test_stop_is_heard_within_a_window(trained: Trained) -> None:
    params, late = trained.algorithm.tiny, trained.run.total_steps // 2

    def reached(run: RecordingRun) -> bool:
        return bool(run.steps) and run.steps[-1] >= late

    run = RecordingRun(params, stops=reached)
    trained.module.train(params, run)
    windows = sorted(trained.run.points["loss"])
    first = next(step for step in windows if step >= late)
    assert run.steps[-1] == run.checkpoints[-1].step == first


def test_the_learning_rate_is_live(trained: Trained) -> None:
    run = RecordingRun(trained.algorithm.tiny)
    run.knobs["learning_rate"] /= 10
    trained.module.train(trained.algorithm.tiny, run)
    slow, fast = (one.points["learning_rate"] for one in (run, trained.run))
    assert np.allclose([10 * rate for rate in slow.values()], list(fast.values()), rtol=1e-5)


# Keras 3.15 saves in a way that NumPy 2.4 warns of; the files are right.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_saves_and_loads(trained: Trained, tmp_path: Path) -> None:
    keras = importlib.import_module("keras")
    path = tmp_path / "model.keras"
    trained.model.save(path)
    loaded = keras.saving.load_model(path)
    for ours, theirs in zip(trained.model.get_weights(), loaded.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("language", LANGUAGES)
def test_plays_from_a_checkpoint_in_both_languages(trained: Trained, language: str) -> None:
    weights = importlib.import_module("dlkit.weights")
    algorithm, params = trained.algorithm, trained.algorithm.tiny
    model = trained.module.build(params)
    weights.load_state(model, trained.run.checkpoints[-1].state, optimizer=False)
    inputs = algorithm.inputs(params)()
    found = trained.module.play(model, params, inputs)
    assert all(isinstance(value, np.ndarray) for value in found.values())
    figures = algorithm.answer(found, params, words(language, algorithm.name))
    assert figures and all(len(figure.to_json()) < MOST_JSON for figure in figures)
    titles = [str(figure.layout.title.text or "") for figure in figures]
    assert not any("<" in title for title in titles)  # shown as plain text above the figure


@pytest.mark.parametrize("language", LANGUAGES)
def test_views_draw_a_finished_run_in_both_languages(trained: Trained, language: str) -> None:
    shown, data = words(language, trained.algorithm.name), _data(trained)
    for view in trained.algorithm.views:
        if view.applies(data.params):
            figure = view.build(data, shown)
            assert len(figure.data) > 0, view.name
            assert len(figure.to_json()) < MOST_JSON, view.name
            assert figure.layout.font.color is None, view.name
            assert json.loads(figure.to_json())


def test_a_damaged_checkpoint_is_refused(trained: Trained) -> None:
    contract = importlib.import_module("dlkit.contract")
    last = trained.run.checkpoints[-1]
    damaged = dict(last.state)
    damaged.pop("model/0000")
    run = RecordingRun(trained.algorithm.tiny, start=Checkpoint(last.step, damaged))
    with pytest.raises(contract.CodedError, match="file_damaged"):
        trained.module.train(trained.algorithm.tiny, run)


def _numbers(run: RecordingRun) -> dict[str, dict[int, float]]:
    return {name: points for name, points in run.points.items() if name not in CLOCKED}


def _assert_seamless(trained: Trained, *runs: RecordingRun) -> None:
    """Together the runs wrote every point of the undisturbed one, to the last bit."""
    for name, points in _numbers(trained.run).items():
        written = {step: value for run in runs for step, value in run.points.get(name, {}).items()}
        assert {step: written.get(step) for step in points} == points, name


def _data(trained: Trained) -> RunData:
    run = trained.run
    curves = {
        name: Series(np.array(list(points)), np.array(list(points.values())))
        for name, points in run.points.items()
    }
    arrays = {
        name: Snapshot(max(kept), kept[max(kept)]) for name, kept in run.arrays.items() if kept
    }
    return RunData(
        trained.algorithm.tiny,
        state="finished",
        step=run.total_steps,
        total_steps=run.total_steps,
        steps_per_epoch=run.steps_per_epoch,
        metrics=curves,
        arrays=arrays,
    )
