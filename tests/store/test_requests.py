"""Live knobs and playground questions."""

import numpy as np
import pytest

from dlkit.contract import CodedError
from dlkit.store import Fenced, Store, requests, runs, supervisors
from dlkit.store.runs import RunRow


def test_a_question_is_answered_once(store: Store, claimed: RunRow) -> None:
    number = requests.ask(store, claimed.id, kind="play", body={"digit": [[0, 255]]})
    assert requests.get_answer(store, number) is None
    row = requests.claim_play(store, "here")
    assert row is not None
    assert (row.id, row.run, row.body) == (number, claimed.id, {"digit": [[0, 255]]})
    assert requests.claim_play(store, "here") is None
    requests.answer(store, number, body={"step": 3}, arrays={"p": np.eye(3, dtype=np.float32)})
    requests.answer(store, number, error={"code": "play_failed", "values": {}})
    answer = requests.get_answer(store, number)
    assert answer is not None
    assert (answer.body, answer.error) == ({"step": 3}, None)
    np.testing.assert_array_equal(answer.arrays["p"], np.eye(3, dtype=np.float32))
    assert requests.pending(store, kind="play") == []


def test_a_failure_is_an_answer(store: Store, claimed: RunRow) -> None:
    number = requests.ask(store, claimed.id, kind="play", body={})
    requests.answer(store, number, error={"code": "play_failed", "values": {"reason": "x"}})
    answer = requests.get_answer(store, number)
    assert answer is not None
    assert (answer.arrays, answer.error) == ({}, {"code": "play_failed", "values": {"reason": "x"}})


def test_a_question_is_asked_again_when_its_answerer_died(
    store: Store, claimed: RunRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = requests.ask(store, claimed.id, kind="play", body={})
    assert requests.claim_play(store, "here") is not None
    monkeypatch.setattr(requests, "RETAKE_SECONDS", -1.0)
    again = requests.claim_play(store, "here")
    assert again is not None and again.id == number
    monkeypatch.setattr(requests, "PATIENCE_SECONDS", -1.0)
    assert requests.claim_play(store, "here") is None


def test_questions_of_an_hour_ago_are_forgotten(
    store: Store, claimed: RunRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = requests.ask(store, claimed.id, kind="play", body={})
    knob = requests.ask(store, claimed.id, kind="knob", body={"name": "rate", "value": 1})
    monkeypatch.setattr(requests, "KEEP_SECONDS", -1.0)
    requests.answer(store, old, body={})
    assert requests.get_answer(store, old) is None
    assert [row.id for row in requests.pending(store, kind="knob")] == [knob]


def test_knobs_are_noted_with_their_step(store: Store, claimed: RunRow) -> None:
    bodies = [{"name": "rate", "value": 0.1}, {"name": "on", "value": True}]
    first, second = (requests.ask(store, claimed.id, kind="knob", body=body) for body in bodies)
    assert [row.id for row in requests.pending(store, kind="knob", run_id=claimed.id)] == [
        first,
        second,
    ]
    assert requests.pending(store, kind="knob", run_id="0" * 32) == []
    with pytest.raises(Fenced):
        requests.apply_knob(store, first, 2, step=10)
    assert requests.apply_knob(store, second, 1, step=20)
    assert requests.apply_knob(store, first, 1, step=20)
    assert not requests.apply_knob(store, first, 1, step=30)
    assert requests.knobs_applied(store, claimed.id) == [(20, "rate", 0.1), (20, "on", True)]
    with pytest.raises(Fenced):
        requests.apply_knob(store, 10**6, 1, step=1)


def test_asking_a_run_that_is_not_there(store: Store) -> None:
    with pytest.raises(CodedError, match="run_unknown"):
        requests.ask(store, "0" * 32, kind="play", body={})


def test_answers_go_with_the_run(store: Store, claimed: RunRow) -> None:
    number = requests.ask(store, claimed.id, kind="play", body={})
    runs.delete(store, claimed.id)
    requests.answer(store, number, body={})
    assert requests.get_answer(store, number) is None


def test_supervisors_say_that_they_live(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisors.beat_supervisor(store, host="here", pid=1, info={"slots": 1})
    supervisors.beat_supervisor(store, host="there", pid=1, info={})
    supervisors.beat_supervisor(store, host="here", pid=1, info={"slots": 2})
    found = supervisors.supervisors(store)
    assert [(row.host, row.info) for row in found] == [("here", {"slots": 2}), ("there", {})]
    monkeypatch.setattr(supervisors, "FORGET_SECONDS", -1.0)
    supervisors.beat_supervisor(store, host="here", pid=1, info={})
    assert supervisors.supervisors(store) == []
