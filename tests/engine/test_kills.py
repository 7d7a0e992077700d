"""Nothing is lost: processes are killed for real, and the numbers stay the same."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from dlkit import engine
from dlkit.contract import Series
from dlkit.store import arrays, metrics, runs
from tests.engine.conftest import Lab

pytestmark = pytest.mark.keras
EPOCHS = 1000
LAST = 5 * EPOCHS


def test_a_killed_worker_is_replaced_and_the_numbers_stay_the_same(own_lab: Lab) -> None:
    undisturbed = _curves(own_lab, own_lab.start(epochs=EPOCHS))
    run_id = own_lab.start(epochs=EPOCHS, delay=0.05)
    for _ in range(2):
        _kill_after_a_checkpoint(own_lab, run_id)
    row = own_lab.until(run_id, lambda row: row.state == "finished")
    assert (row.attempt, row.crashes, row.step) == (3, 2, LAST)
    assert _equal(_curves(own_lab, run_id), undisturbed)


def test_the_third_crash_ends_the_run_with_a_reason(own_lab: Lab) -> None:
    run_id = own_lab.start(epochs=100_000, delay=0.05)
    row = own_lab.until(run_id, lambda row: row.pid is not None)
    for _ in range(2):
        _signal(row, signal.SIGKILL)
        row = _next_attempt(own_lab, row)
    _signal(row, signal.SIGKILL)
    row = own_lab.ended(run_id)
    assert (row.state, row.error and row.error["code"]) == ("failed", "worker_died")
    assert own_lab.ended(own_lab.start()).state == "finished"


def test_a_killed_supervisor_leaves_its_worker_and_is_replaced(own_lab: Lab) -> None:
    run_id = own_lab.start(epochs=EPOCHS, delay=0.05)
    before = own_lab.until(run_id, lambda row: row.step > 0)
    _kill(own_lab.supervisor())
    after = own_lab.until(run_id, lambda row: row.step > before.step + 50)
    assert after.pid == before.pid
    engine.ensure_supervisor(own_lab.store)
    own_lab.supervisor()
    row = own_lab.until(run_id, lambda row: row.state == "finished")
    assert (row.attempt, row.crashes) == (1, 0)
    assert own_lab.ended(own_lab.start()).state == "finished"


def test_supervisor_and_worker_killed_together_are_taken_up_again(own_lab: Lab) -> None:
    run_id = own_lab.start(epochs=EPOCHS, delay=0.05)
    row = _after_a_checkpoint(own_lab, run_id)
    _kill(own_lab.supervisor())
    _signal(row, signal.SIGKILL)
    engine.ensure_supervisor(own_lab.store)
    again = own_lab.until(run_id, lambda row: row.state == "finished")
    assert (again.attempt, again.step) == (2, LAST)
    steps = _curves(own_lab, run_id)["loss"].steps
    assert np.all(np.diff(steps) > 0)


def test_a_worker_that_stops_beating_is_noticed_in_ten_seconds(own_lab: Lab) -> None:
    run_id = own_lab.start(epochs=100_000, delay=0.05)
    row = _after_a_checkpoint(own_lab, run_id)
    frozen = time.monotonic()
    _signal(row, signal.SIGSTOP)
    own_lab.until(run_id, lambda row: row.attempt == 2)
    assert time.monotonic() - frozen < 10
    assert not psutil.pid_exists(row.pid or 0)


def test_a_worker_believed_dead_cannot_write_over_its_successor(own_lab: Lab) -> None:
    run_id = own_lab.start(epochs=100_000, delay=0.05)
    row = _after_a_checkpoint(own_lab, run_id)
    with pytest.raises(runs.Fenced):
        metrics.write(
            own_lab.store, run_id, row.attempt - 1, [metrics.Point("loss", row.step, 1e9)]
        )
    assert metrics.since(own_lab.store, run_id, 0)["loss"].values.max() < 1e9


def test_a_training_outlives_the_process_that_asked_for_it(own_lab: Lab) -> None:
    asker = (
        "import time; from dlkit import engine; from dlkit.algorithms import find;"
        "from dlkit.store import open_store;"
        "tiny = find('fake').params(epochs=400, delay=0.02);"
        "print(engine.start(open_store(), 'fake', params=tiny), flush=True); time.sleep(600)"
    )
    home = {**os.environ, **own_lab.store.settings.as_environment()}
    command = [sys.executable, "-c", asker]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=home) as web:
        run_id = (web.stdout.readline() if web.stdout else "").strip()
        own_lab.until(run_id, lambda row: row.step > 0)
        web.kill()
    row = own_lab.until(run_id, lambda row: row.state == "finished")
    assert (row.attempt, row.step) == (1, 2000)


def _after_a_checkpoint(lab: Lab, run_id: str) -> runs.RunRow:
    kept = arrays.checkpoint_step(lab.store, run_id) or 0
    attempt = runs.get(lab.store, run_id).attempt
    return lab.until(
        run_id,
        lambda row: (
            row.attempt >= attempt
            and row.pid is not None
            and (arrays.checkpoint_step(lab.store, run_id) or 0) > kept
            and row.step > (arrays.checkpoint_step(lab.store, run_id) or 0)
        ),
    )


def _kill_after_a_checkpoint(lab: Lab, run_id: str) -> None:
    row = _after_a_checkpoint(lab, run_id)
    _signal(row, signal.SIGKILL)
    _next_attempt(lab, row)


def _next_attempt(lab: Lab, row: runs.RunRow) -> runs.RunRow:
    later = row.attempt + 1
    return lab.until(row.id, lambda new: new.attempt == later and new.pid is not None)


def _curves(lab: Lab, run_id: str) -> dict[str, Series]:
    lab.ended(run_id)
    return metrics.since(lab.store, run_id, 0)


def _equal(ours: dict[str, Series], theirs: dict[str, Series]) -> bool:
    return all(
        np.array_equal(ours[name].steps, theirs[name].steps)
        and np.array_equal(ours[name].values, theirs[name].values)
        for name in ("loss", "val_loss", "learning_rate", "gradient_norm")
    )


def _signal(row: runs.RunRow, number: signal.Signals) -> None:
    assert row.pid is not None
    os.kill(row.pid, number)


def _kill(process: psutil.Process) -> None:
    process.kill()
    process.wait()
