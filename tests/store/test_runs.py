"""Runs: queue, claims, leases, fencing, lists, deletion."""

import time
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert

from dlkit.contract import CodedError, State
from dlkit.store import Fenced, Settings, Store, arrays, metrics, requests, runs, tables
from dlkit.store.metrics import Point
from dlkit.store.runs import RunRow
from tests.store import actors


def made(store: Store, number: int = 1) -> list[RunRow]:
    return [runs.create(store, "dnn", params={"n": n}, owner="local") for n in range(number)]


def taken(store: Store) -> RunRow:
    row = runs.claim(store, host="here", lease=30.0)
    assert row is not None
    return row


def test_create_queues_a_run(store: Store) -> None:
    row = runs.create(store, "dnn", params={"rate": 0.1, "deep": {"名": [1]}}, owner="ann")
    assert (row.state, row.wanted, row.attempt, row.crashes) == ("queued", "running", 0, 0)
    assert row.params == {"rate": 0.1, "deep": {"名": [1]}}
    assert len(row.id) == 32
    assert runs.get(store, row.id) == row


def test_create_with_the_same_ident_makes_one_run(store: Store) -> None:
    first = runs.create(store, "dnn", params={"a": 1}, owner="ann", ident="ab" * 16)
    again = runs.create(store, "dnn", params={"a": 2}, owner="ann", ident="ab" * 16)
    assert again == first
    assert runs.count(store) == 1


def test_get_by_prefix(store: Store) -> None:
    first = runs.create(store, "dnn", params={}, owner="ann", ident="abcd1" + "0" * 27)
    runs.create(store, "dnn", params={}, owner="ann", ident="abcd2" + "f" * 27)
    assert runs.get(store, "ABCD1").id == first.id
    with pytest.raises(CodedError) as ambiguous:
        runs.get(store, "abcd")
    assert ambiguous.value.code == "run_ambiguous"


@pytest.mark.parametrize("given", ["", "abc", "abcd", "zzzz", "' OR 1=1 --", "a" * 33, "%%%%"])
def test_get_refuses_what_is_no_run(store: Store, given: str) -> None:
    made(store)
    runs.create(store, "dnn", params={}, owner="x", ident="0123" * 8)
    with pytest.raises(CodedError) as unknown:
        runs.get(store, given)
    assert (unknown.value.code, unknown.value.values) == ("run_unknown", {"run": given})


def test_page_filters_and_orders(store: Store) -> None:
    for owner, algorithm in (("ann", "dnn"), ("ann", "cnn"), ("bob", "dnn")):
        runs.create(store, algorithm, params={}, owner=owner)
    assert [row.algorithm for row in runs.page(store, owner="ann")] == ["cnn", "dnn"]
    assert [row.owner for row in runs.page(store, algorithm="dnn", order="created")] == [
        "ann",
        "bob",
    ]
    assert [row.algorithm for row in runs.page(store, order="algorithm")] == ["cnn", "dnn", "dnn"]
    assert len(runs.page(store, limit=2)) == 2
    assert len(runs.page(store, limit=2, offset=2)) == 1
    assert runs.count(store, owner="ann", algorithm="cnn") == 1
    assert runs.count(store, state="running") == 0
    assert runs.count(store, state=["queued", "running"]) == 3
    with pytest.raises(CodedError, match="not_an_option"):
        runs.page(store, order="params")


def test_claim_takes_the_oldest_once(store: Store) -> None:
    first, second = made(store, 2)
    row = taken(store)
    assert (row.id, row.state, row.attempt, row.host) == (first.id, "starting", 1, "here")
    assert row.lease == pytest.approx(time.time() + 30, abs=5)
    assert runs.queued_before(store, second.created) == 0
    assert taken(store).id == second.id
    assert runs.claim(store, host="here", lease=30.0) is None


@pytest.mark.parametrize("wanted", ["paused", "stopped", "deleted"])
def test_claim_leaves_what_is_not_to_train(store: Store, wanted: str) -> None:
    (row,) = made(store)
    runs.want(store, row.id, wanted)
    assert runs.claim(store, host="here", lease=30.0) is None


@pytest.mark.parametrize("state", ["paused", "stopped"])
@pytest.mark.parametrize("wanted", ["running", "step_batch", "step_epoch"])
def test_claim_takes_what_is_to_go_on(
    store: Store, claimed: RunRow, state: State, wanted: str
) -> None:
    runs.want(store, claimed.id, "paused")
    runs.move(store, claimed.id, 1, state=state, lease=None)
    assert runs.claim(store, host="here", lease=30.0) is None
    runs.want(store, claimed.id, wanted)
    row = taken(store)
    assert (row.attempt, row.wanted, row.ended) == (2, wanted, None)


def test_two_supervisors_never_claim_one_run(store: Store, settings: Settings) -> None:
    wanted = [row.id for row in made(store, 60)]
    claimers = [actors.begin(actors.claim_all, settings.as_environment()) for _ in range(3)]
    for _, pipe in claimers:
        assert pipe.recv() == "ready"
    for _, pipe in claimers:
        pipe.send("go")
    taken_ids = [actors.everything(*claimer) for claimer in claimers]
    assert sorted(ident for idents in taken_ids for ident in idents) == sorted(wanted)


def test_beat_renews_and_tells_what_is_wanted(store: Store, claimed: RunRow) -> None:
    runs.want(store, claimed.id, "paused")
    row = runs.beat(store, claimed.id, 1, lease=8.0, step=12, seconds=1.5)
    assert (row.wanted, row.step, row.seconds) == ("paused", 12, 1.5)
    assert row.lease == pytest.approx(time.time() + 8, abs=5)
    assert runs.wanted(store, claimed.id) == "paused"


def test_want_only_if_unchanged(store: Store, claimed: RunRow) -> None:
    assert runs.want(store, claimed.id, "step_batch")
    assert not runs.want(store, claimed.id, "paused", was="running")
    assert runs.want(store, claimed.id, "paused", was="step_batch")
    with pytest.raises(CodedError, match="run_unknown"):
        runs.want(store, "0" * 32, "paused")
    with pytest.raises(CodedError, match="not_an_option"):
        runs.want(store, claimed.id, "flying")
    assert runs.wanted(store, "0" * 32) == "deleted"


def test_a_later_attempt_fences_the_earlier(store: Store, claimed: RunRow) -> None:
    assert runs.release(store, claimed.id, 1, state="queued", crashed=True)
    assert taken(store).attempt == 2
    writes = [
        lambda: runs.take_worker(store, claimed.id, 1, pid=1, pid_started=1.0),
        lambda: runs.beat(store, claimed.id, 1, lease=8.0, step=1, seconds=1.0),
        lambda: runs.move(store, claimed.id, 1, state="finished"),
        lambda: metrics.write(store, claimed.id, 1, [Point("loss", 1, 1.0)]),
        lambda: metrics.note(store, claimed.id, 1, step=1, key="k", values={}),
        lambda: arrays.put(store, claimed.id, 1, step=1, name="map", value=np.zeros(3)),
        lambda: arrays.put_checkpoint(store, claimed.id, 1, step=1, state={"w": np.zeros(3)}),
        lambda: arrays.put_file(store, claimed.id, 1, name="model.keras", data=b"x"),
    ]
    for write in writes:
        with pytest.raises(Fenced):
            write()
    assert not runs.release(store, claimed.id, 1, state="failed", crashed=True)
    row = runs.get(store, claimed.id)
    assert (row.state, row.attempt, row.crashes, row.pid) == ("starting", 2, 1, None)
    assert metrics.since(store, claimed.id, -1) == {}
    assert not list(Path(store.settings.files).rglob("*.np*"))


def test_a_run_taken_away_is_not_held_by_a_late_beat(store: Store, claimed: RunRow) -> None:
    runs.release(store, claimed.id, 1, state="queued", crashed=True)
    with pytest.raises(Fenced):
        runs.beat(store, claimed.id, 1, lease=8.0, step=1, seconds=1.0)
    assert taken(store).attempt == 2


def test_a_sleeping_worker_in_another_process_is_fenced(
    store: Store, settings: Settings, claimed: RunRow
) -> None:
    sleeper = actors.begin(actors.hold_attempt, settings.as_environment(), claimed.id)
    assert sleeper[1].recv() == "ready"
    runs.release(store, claimed.id, 1, state="queued", crashed=True)
    taken(store)
    sleeper[1].send("wake up")
    assert actors.everything(*sleeper) == ["fenced"]


def test_release_leaves_a_run_that_ended_well(store: Store, claimed: RunRow) -> None:
    runs.move(store, claimed.id, 1, state="finished", ended=5.0, lease=None)
    assert not runs.release(store, claimed.id, 1, state="queued", crashed=True)
    assert runs.get(store, claimed.id).state == "finished"


def test_lost_and_held(store: Store, claimed: RunRow) -> None:
    assert [row.id for row in runs.held(store, host="here")] == [claimed.id]
    assert runs.held(store, host="elsewhere") == []
    assert runs.lost(store, now=time.time()) == []
    assert [row.id for row in runs.lost(store, now=time.time() + 31)] == [claimed.id]
    runs.move(store, claimed.id, 1, state="paused", lease=None)
    assert runs.lost(store, now=time.time() + 31) == []
    assert runs.held(store, host="here") == []


def test_failed_waits_until_it_is_asked_for_again(store: Store, claimed: RunRow) -> None:
    error = {"code": "run_raised", "values": {"kind": "ValueError", "x": float("nan")}}
    runs.release(store, claimed.id, 1, state="failed", error=error, crashed=True)
    row = runs.get(store, claimed.id)
    assert row.error is not None and row.error["code"] == "run_raised"
    assert row.ended == pytest.approx(time.time(), abs=5)
    assert runs.claim(store, host="here", lease=30.0) is None
    runs.queue_again(store, claimed.id)
    again = taken(store)
    assert (again.attempt, again.crashes, again.error, again.ended) == (2, 0, None, None)
    with pytest.raises(CodedError, match="run_unknown"):
        runs.queue_again(store, "0" * 32)


def test_move_sets_only_a_workers_fields(store: Store, claimed: RunRow) -> None:
    fields = {"total_steps": 100, "steps_per_epoch": 10, "started": 3.5, "device": "cpu"}
    runs.move(store, claimed.id, 1, state="running", **fields)
    row = runs.get(store, claimed.id)
    assert (row.state, row.total_steps, row.started, row.device) == ("running", 100, 3.5, "cpu")
    with pytest.raises(ValueError, match="owner"):
        runs.move(store, claimed.id, 1, state="running", owner="eve")


def test_delete_leaves_nothing(
    store: Store, claimed: RunRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_DELETE_AT_ONCE", 7)
    metrics.write(store, claimed.id, 1, [Point("loss", step, 0.0) for step in range(30)])
    metrics.note(store, claimed.id, 1, step=1, key="k", values={})
    arrays.put(store, claimed.id, 1, step=1, name="map", value=np.zeros(3))
    requests.ask(store, claimed.id, kind="play", body={})
    (other,) = made(store)
    runs.delete(store, claimed.id)
    with store.database.connect() as connection:
        for table in tables.metadata.sorted_tables:
            left = connection.execute(table.select()).all()
            assert len(left) == (1 if table.name == "runs" else 0), table.name
    assert list(Path(store.settings.files).iterdir()) == []
    assert [row.id for row in runs.page(store)] == [other.id]
    with pytest.raises(Fenced):
        metrics.write(store, claimed.id, 1, [Point("loss", 1, 0.0)])
    with pytest.raises(CodedError, match="run_unknown"):
        runs.delete(store, claimed.id)


def test_delete_wanted_spares_what_is_held(store: Store, claimed: RunRow) -> None:
    (waiting,) = made(store)
    for row in (claimed, waiting):
        runs.want(store, row.id, "deleted")
    runs.delete_wanted(store)
    assert [row.id for row in runs.page(store)] == [claimed.id]


def test_ten_thousand_runs_are_listed_at_once(store: Store) -> None:
    rows = [
        {
            "id": f"{number:032x}",
            "owner": f"owner-{number % 40}",
            "algorithm": ("dnn", "cnn", "gan")[number % 3],
            "params": {"units": 64, "rate": 0.001, "layers": "64, 32", "seed": number},
            "state": ("finished", "stopped", "failed")[number % 3],
            "wanted": "stopped",
            "created": float(number),
        }
        for number in range(10_000)
    ]
    with store.database.begin() as connection:
        connection.execute(insert(tables.runs), rows)
    looks = [
        lambda: runs.page(store, limit=50),
        lambda: runs.page(store, owner="owner-3", limit=50),
        lambda: runs.page(store, order="algorithm", limit=50, offset=5000),
        lambda: runs.count(store),
        lambda: runs.claim(store, host="here", lease=1.0),
    ]
    for look in looks:
        assert min(_seconds(look) for _ in range(3)) < 0.1
    assert [row.created for row in runs.page(store, limit=2)] == [9999.0, 9998.0]


def _seconds(look: object) -> float:
    assert callable(look)
    start = time.process_time()  # of this process alone: the machine may be busy
    look()
    return time.process_time() - start


def test_who_was_believed_dead_can_write_nothing_even_before_a_successor_comes(
    store: Store, claimed: RunRow
) -> None:
    assert runs.release(store, claimed.id, claimed.attempt, state="queued", crashed=True)
    with pytest.raises(runs.Fenced):
        runs.move(store, claimed.id, claimed.attempt, state="running")
    with pytest.raises(runs.Fenced):
        runs.take_worker(store, claimed.id, claimed.attempt, pid=1, pid_started=1.0)
    assert runs.get(store, claimed.id).state == "queued"
