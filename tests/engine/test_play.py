"""The playground is answered by a warm process from the latest checkpoint, during training too."""

import time

import numpy as np
import pytest

from dlkit import engine
from dlkit.contract import CodedError
from dlkit.params import ParamsError
from dlkit.store import arrays
from tests.engine.conftest import Lab

pytestmark = pytest.mark.keras


def test_the_answer_changes_while_it_trains(shared_lab: Lab) -> None:
    run_id = shared_lab.start(epochs=100_000, delay=0.05)
    store = shared_lab.store
    shared_lab.until(run_id, lambda row: arrays.checkpoint_step(store, run_id) is not None)
    first = engine.play(store, run_id, {"where": 1.0})
    shared_lab.until(
        run_id, lambda row: (arrays.checkpoint_step(store, run_id) or 0) > int(first["step"])
    )
    second = engine.play(store, run_id, {"where": 1.0})
    engine.control(store, run_id, "stop")
    shared_lab.ended(run_id)
    assert second["step"] > int(first["step"])
    assert not np.array_equal(second["height"], first["height"])


def test_a_warm_answer_comes_at_once(shared_lab: Lab) -> None:
    run_id = shared_lab.start()
    shared_lab.ended(run_id)
    engine.play(shared_lab.store, run_id, {"where": 0.0})
    took = []
    for where in (0.1, 0.2, 0.3, 0.4, 0.5):
        asked = time.monotonic()
        engine.play(shared_lab.store, run_id, {"where": where})
        took.append(time.monotonic() - asked)
    assert sorted(took)[2] < 0.3


def test_questions_that_cannot_be_answered_are_refused(shared_lab: Lab) -> None:
    run_id = shared_lab.start(epochs=1)
    shared_lab.ended(run_id)
    with pytest.raises(ParamsError, match="out_of_range"):
        engine.ask(shared_lab.store, run_id, {"where": 7.0})
    with pytest.raises(ParamsError, match="unknown_knob"):
        engine.ask(shared_lab.store, run_id, {"when": 7.0})
    failed = shared_lab.start(fail="diverge")
    shared_lab.ended(failed)
    with pytest.raises(CodedError, match="no_checkpoint_yet"):
        engine.ask(shared_lab.store, failed, {"where": 0.0})
