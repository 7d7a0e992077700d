"""A run's ordinary life: start, pause, step, resume, stop, continue, delete, wait in a queue."""

import time

import numpy as np
import pytest

from dlkit import engine
from dlkit.contract import CodedError
from dlkit.params import ParamsError
from dlkit.store import arrays, metrics, runs
from tests.engine.conftest import Lab

pytestmark = pytest.mark.keras
STEPS_AN_EPOCH = 5


def test_a_run_finishes_with_curves_arrays_and_a_model(shared_lab: Lab) -> None:
    run_id = shared_lab.start()
    row = shared_lab.ended(run_id)
    assert (row.state, row.error, row.lease) == ("finished", None, None)
    assert row.step == row.total_steps == 32 * STEPS_AN_EPOCH
    assert row.device is not None
    data = engine.read(shared_lab.store, run_id, arrays=["line"])
    assert data.metrics["loss"].steps[-1] == row.step
    assert np.all(np.diff(data.metrics["loss"].steps) > 0)
    assert data.metrics["val_loss"].values[-1] < data.metrics["val_loss"].values[0]
    assert data.arrays["line"].value.shape == (21,)
    assert arrays.get_file(shared_lab.store, run_id, "model.keras") is not None


def test_stepping_advances_by_a_batch_and_by_an_epoch(shared_lab: Lab) -> None:
    run_id = shared_lab.start(epochs=100_000, delay=0.05)
    shared_lab.until(run_id, lambda row: row.step > 0)
    engine.control(shared_lab.store, run_id, "pause")
    before = shared_lab.until(run_id, lambda row: row.state == "paused").step
    engine.control(shared_lab.store, run_id, "step_batch")
    assert shared_lab.until(run_id, lambda row: row.step != before).step == before + 1
    shared_lab.until(run_id, lambda row: row.state == "paused" and row.wanted == "paused")
    engine.control(shared_lab.store, run_id, "step_epoch")
    after = shared_lab.until(
        run_id, lambda row: row.state == "paused" and row.step > before + 1
    ).step
    assert after % STEPS_AN_EPOCH == 0
    assert before + 1 < after <= before + 1 + STEPS_AN_EPOCH
    engine.control(shared_lab.store, run_id, "resume")
    shared_lab.until(run_id, lambda row: row.step > after + 20)
    engine.control(shared_lab.store, run_id, "stop")
    assert shared_lab.ended(run_id).state == "stopped"


def test_pause_and_stop_are_followed_within_a_second(shared_lab: Lab) -> None:
    run_id = shared_lab.start(epochs=100_000)
    shared_lab.until(run_id, lambda row: row.step > 0)
    asked = time.monotonic()
    engine.control(shared_lab.store, run_id, "pause")
    shared_lab.until(run_id, lambda row: row.state == "paused")
    paused = time.monotonic() - asked
    engine.control(shared_lab.store, run_id, "stop")
    asked = time.monotonic()
    shared_lab.ended(run_id)
    assert paused < 1.0
    assert time.monotonic() - asked < 1.0


def test_a_stopped_run_goes_on_where_it_stopped(shared_lab: Lab) -> None:
    whole = shared_lab.start(epochs=400)
    run_id = shared_lab.start(epochs=400, delay=0.02)
    shared_lab.until(run_id, lambda row: row.step > 40)
    engine.control(shared_lab.store, run_id, "stop")
    stopped = shared_lab.ended(run_id)
    assert 40 < stopped.step < 2000
    engine.control(shared_lab.store, run_id, "continue")
    assert runs.get(shared_lab.store, run_id).state in ("queued", "starting", "running")
    row = shared_lab.until(run_id, lambda row: row.state == "finished")
    assert row.step == 2000
    shared_lab.ended(whole)
    ours = metrics.since(shared_lab.store, run_id, 0)
    theirs = metrics.since(shared_lab.store, whole, 0)
    for name in ("loss", "val_loss"):
        assert np.array_equal(ours[name].steps, theirs[name].steps)
        assert np.array_equal(ours[name].values, theirs[name].values)


def test_a_live_knob_takes_effect_while_it_trains(shared_lab: Lab) -> None:
    run_id = shared_lab.start(epochs=100_000, delay=0.02)
    shared_lab.until(run_id, lambda row: row.step > 0)
    engine.set_knob(shared_lab.store, run_id, "learning_rate", 0.5)
    limit = time.monotonic() + 5
    rates: list[float] = []
    while 0.5 not in rates and time.monotonic() < limit:
        rates = list(metrics.since(shared_lab.store, run_id, 0)["learning_rate"].values)
    engine.control(shared_lab.store, run_id, "stop")
    shared_lab.ended(run_id)
    assert rates[0] == pytest.approx(0.05)
    assert rates[-1] == pytest.approx(0.5)


def test_what_cannot_be_is_refused_by_name(shared_lab: Lab) -> None:
    run_id = shared_lab.start()
    shared_lab.ended(run_id)
    store = shared_lab.store
    with pytest.raises(CodedError, match="verb_not_now"):
        engine.control(store, run_id, "pause")
    with pytest.raises(CodedError, match="verb_unknown"):
        engine.control(store, run_id, "explode")
    with pytest.raises(CodedError, match="run_unknown"):
        engine.control(store, "00000000", "stop")
    with pytest.raises(CodedError, match="knob_not_live"):
        engine.set_knob(store, run_id, "epochs", 3)
    with pytest.raises(ParamsError, match="out_of_range"):
        engine.set_knob(store, run_id, "learning_rate", 1e9)


def test_a_third_run_waits_its_turn_and_deleting_removes_all(shared_lab: Lab) -> None:
    store = shared_lab.store
    first, second = (shared_lab.start(epochs=100_000, delay=0.02) for _ in range(2))
    for run_id in (first, second):
        shared_lab.until(run_id, lambda row: row.step > 0)
    third, fourth, fifth = (shared_lab.start() for _ in range(3))
    engine.control(store, fifth, "stop")
    assert shared_lab.ended(fifth).state == "stopped"
    assert [engine.queue_position(store, run_id) for run_id in (first, third, fourth)] == [
        None, 1, 2]  # fmt: skip
    engine.control(store, first, "delete")
    shared_lab.ended(third)
    with pytest.raises(CodedError, match="run_unknown"):
        runs.get(store, first)
    assert not list(store.settings.home.rglob(f"*{first}*"))
    engine.control(store, second, "stop")
    assert shared_lab.ended(fourth).state == "finished"


def test_a_pause_gives_its_slot_to_those_who_wait(shared_lab: Lab) -> None:
    busy = [shared_lab.start(epochs=100_000, delay=0.02) for _ in range(2)]
    for run_id in busy:
        shared_lab.until(run_id, lambda row: row.step > 0)
    waiting = shared_lab.start()
    engine.control(shared_lab.store, busy[0], "pause")
    assert shared_lab.ended(waiting).state == "finished"
    parked = shared_lab.until(busy[0], lambda row: row.state == "paused" and row.lease is None)
    engine.control(shared_lab.store, busy[0], "step_batch")
    assert shared_lab.until(busy[0], lambda row: row.step != parked.step).step == parked.step + 1
    for run_id in busy:
        engine.control(shared_lab.store, run_id, "stop")
        shared_lab.ended(run_id)
