"""The same promises, however workers are started."""

from pathlib import Path

import psutil
import pytest

from dlkit import engine
from dlkit.algorithms import find
from dlkit.store import runs
from tests.engine.conftest import Lab, lab_in

pytestmark = pytest.mark.keras


def test_spawned_spares_train_and_answer(tmp_path: Path) -> None:
    with lab_in(tmp_path, DLKIT_START="spawn") as lab:
        first, second = lab.start(), lab.start()
        rows = [lab.ended(run_id) for run_id in (first, second)]
        assert [row.state for row in rows] == ["finished", "finished"]
        assert rows[0].pid != rows[1].pid
        assert engine.play(lab.store, second, {"where": 0.5})["height"].shape == (1,)


def test_however_many_ask_one_supervisor_runs(own_lab: Lab) -> None:
    for _ in range(10):
        engine.ensure_supervisor(own_lab.store)
    keeper = own_lab.supervisor()
    own_lab.ended(own_lab.start())
    assert [p.pid for p in _supervisors(own_lab)] == [keeper.pid]


def test_a_run_of_a_machine_that_is_gone_is_taken_up(own_lab: Lab) -> None:
    row = runs.create(own_lab.store, "fake", params=find("fake").tiny.values(), owner="local")
    assert runs.claim(own_lab.store, host="gone", lease=0.1)
    engine.ensure_supervisor(own_lab.store)
    ended = own_lab.ended(row.id)
    assert (ended.state, ended.attempt, ended.crashes) == ("finished", 2, 1)


def _supervisors(lab: Lab) -> list[psutil.Process]:
    return [p for p in psutil.process_iter() if lab.supervises(p)]
