"""Runs: asked for by anyone, trained by one worker at a time.

A worker holds an attempt of a run, and a lease that it renews. All it writes carries the attempt
number, checked in the same transaction: who was believed dead and replaced gets `Fenced`.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    func,
    or_,
    select,
    update,
)

from dlkit.contract import ENDED, CodedError, State
from dlkit.store.database import changed, reading, upsert_missing, writing
from dlkit.store.opening import Store
from dlkit.store.tables import curves, metrics, runs

Wanted = Literal["running", "paused", "stopped", "deleted", "step_batch", "step_epoch"]
TRAIN: tuple[Wanted, ...] = ("running", "step_batch", "step_epoch")
WANTED: tuple[Wanted, ...] = (*TRAIN, "paused", "stopped", "deleted")
HELD: tuple[State, ...] = ("starting", "running", "paused")
ORDERS = ("created", "started", "ended", "algorithm", "owner", "state", "step", "seconds")
_DELETE_AT_ONCE = 50_000  # rows a transaction: others must be able to write in between
_MOVABLE = {"step", "total_steps", "steps_per_epoch", "started", "ended", "device", "error",
            "lease", "seconds"}  # fmt: skip


class Fenced(Exception):
    """The run is gone, or has a later attempt: who gets this must stop at once."""


@dataclass(frozen=True)
class RunRow:
    """One run as it stands. Times are seconds since 1970; `seconds` is time spent training."""

    id: str
    owner: str
    algorithm: str
    params: dict[str, Any]
    state: State
    wanted: Wanted
    attempt: int
    crashes: int
    step: int
    total_steps: int
    steps_per_epoch: int
    created: float
    started: float | None
    ended: float | None
    seconds: float
    device: str | None
    host: str | None
    pid: int | None
    pid_started: float | None
    lease: float | None
    heartbeat: float | None
    error: dict[str, Any] | None


def create(
    store: Store,
    algorithm: str,
    *,
    params: Mapping[str, Any],
    owner: str,
    ident: str | None = None,
) -> RunRow:
    """Put a run in the queue. Asked twice with one `ident` (32 hex digits), it is made once."""
    run_id = ident or uuid.uuid4().hex
    row = {
        "id": run_id,
        "owner": owner,
        "algorithm": algorithm,
        "params": dict(params),
        "state": "queued",
        "wanted": "running",
        "created": time.time(),
    }
    with writing(store.database) as connection:
        upsert_missing(connection, runs, [row])
        return _row(connection.execute(select(runs).where(runs.c.id == run_id)).one())


def get(store: Store, run_id: str) -> RunRow:
    """The run, by its id or by its first digits (four or more).

    Raises `CodedError`: run_unknown, run_ambiguous.
    """
    digits = run_id.strip().lower()
    if not 4 <= len(digits) <= 32 or set(digits) - set("0123456789abcdef"):
        raise CodedError("run_unknown", run=run_id)
    found = select(runs).where(runs.c.id >= digits, runs.c.id < digits + "g").limit(2)
    with reading(store.database) as connection:
        rows = connection.execute(found).all()
    if not rows:
        raise CodedError("run_unknown", run=run_id)
    if len(rows) > 1:
        raise CodedError("run_ambiguous", run=run_id)
    return _row(rows[0])


def page(  # noqa: PLR0913  (three filters, an order and a place: what a list is asked by)
    store: Store,
    *,
    owner: str | None = None,
    algorithm: str | None = None,
    state: str | Sequence[str] | None = None,
    order: str = "-created",
    limit: int = 50,
    offset: int = 0,
) -> list[RunRow]:
    """A page of the list. `order` names a column, with `-` in front for the greatest first."""
    name = order.removeprefix("-")
    if name not in ORDERS:
        raise CodedError("not_an_option", given=order, allowed=", ".join(ORDERS))
    columns = dict.fromkeys((name, "created", "id"))
    falling = order.startswith("-")
    by: list[ColumnElement[Any]] = [
        runs.c[column].desc() if falling else runs.c[column] for column in columns
    ]
    rows = select(runs).where(*_filters(owner, algorithm, state=state)).order_by(*by)
    with reading(store.database) as connection:
        return [_row(row) for row in connection.execute(rows.limit(limit).offset(offset))]


def count(
    store: Store,
    *,
    owner: str | None = None,
    algorithm: str | None = None,
    state: str | Sequence[str] | None = None,
) -> int:
    """How many runs `page` would list without a limit."""
    number = select(func.count()).select_from(runs)
    with reading(store.database) as connection:
        where = _filters(owner, algorithm, state=state)
        return connection.scalar(number.where(*where)) or 0


def want(store: Store, run_id: str, wanted: str, *, was: str | None = None) -> bool:
    """Say what should become of a run; its worker or a supervisor sees to it.

    With `was`, only if that is what is wanted now; False where it is not. Raises `CodedError`.
    """
    if wanted not in WANTED:
        raise CodedError("not_an_option", given=wanted, allowed=", ".join(WANTED))
    this = update(runs).where(runs.c.id == run_id)
    if was is not None:
        this = this.where(runs.c.wanted == was)
    with writing(store.database) as connection:
        done = changed(connection, this.values(wanted=wanted)) == 1
    if not done and was is None:
        raise CodedError("run_unknown", run=run_id)
    return done


def wanted(store: Store, run_id: str) -> Wanted:
    """What should become of the run; "deleted" also where it is gone."""
    with reading(store.database) as connection:
        found: Wanted | None = connection.scalar(select(runs.c.wanted).where(runs.c.id == run_id))
    return found or "deleted"


def queue_again(store: Store, run_id: str) -> None:
    """Put a run that was stopped or failed at the place in the queue that it had.

    Raises `CodedError("run_unknown")` where there is no such run.
    """
    anew = {"state": "queued", "wanted": "running", "crashes": 0, "error": None, "ended": None}
    ended = and_(runs.c.id == run_id, runs.c.lease.is_(None), runs.c.state.in_(ENDED))
    with writing(store.database) as connection:
        done = changed(connection, update(runs).where(ended).values(anew))
    if not done:
        get(store, run_id)


def stop_waiting(store: Store, run_id: str) -> None:
    """End a run that is wanted stopped and that no worker holds: there is nobody else to do it."""
    waits = (runs.c.lease.is_(None), runs.c.state.in_(("queued", "paused")))
    this = update(runs).where(runs.c.id == run_id, runs.c.wanted == "stopped", *waits)
    with writing(store.database) as connection:
        changed(connection, this.values(state="stopped", ended=time.time()))


def claim(store: Store, *, host: str, lease: float) -> RunRow | None:
    """Take the oldest run that waits for a worker, in one step; None where none waits.

    Waiting are queued runs, and paused, stopped and failed ones that are wanted to train again.
    The run is held for `lease` seconds.
    """
    now = time.time()
    with reading(store.database) as connection:
        if connection.execute(_waiting(select(runs.c.id)).limit(1)).first() is None:
            return None  # without a lock: supervisors ask often
    oldest = _waiting(select(runs.c.id)).limit(1).with_for_update(skip_locked=True)
    taken = {
        "state": "starting",
        "attempt": runs.c.attempt + 1,
        "crashes": case((runs.c.state == "failed", 0), else_=runs.c.crashes),
        "host": host,
        "lease": now + lease,
        "heartbeat": now,
        "pid": None,
        "pid_started": None,
        "ended": None,
        "error": None,
    }
    take = update(runs).where(runs.c.id == oldest.scalar_subquery()).values(taken).returning(runs)
    with writing(store.database) as connection:
        row = connection.execute(take).first()
    return _row(row) if row else None


def queued_before(store: Store, created: float) -> int:
    """How many runs wait for a worker that were made before `created`."""
    waiting = _waiting(select(runs.c.id)).where(runs.c.created < created).order_by(None)
    with reading(store.database) as connection:
        return connection.scalar(select(func.count()).select_from(waiting.subquery())) or 0


def held(store: Store, *, host: str) -> list[RunRow]:
    """The runs that workers of `host` hold, the oldest first."""
    rows = select(runs).where(runs.c.state.in_(HELD), runs.c.lease.is_not(None))
    with reading(store.database) as connection:
        ordered = rows.where(runs.c.host == host).order_by(runs.c.created)
        return [_row(row) for row in connection.execute(ordered)]


def take_worker(store: Store, run_id: str, attempt: int, *, pid: int, pid_started: float) -> None:
    """Note which process trains the run. Raises `Fenced`."""
    _fenced_update(store, run_id, attempt, values={"pid": pid, "pid_started": pid_started})


def beat(
    store: Store, run_id: str, attempt: int, *, lease: float, step: int, seconds: float
) -> RunRow:
    """Hold the run for `lease` more seconds; the run as it stands, with what is wanted of it.

    Raises `Fenced` also when the run was taken from the worker and nobody holds it yet.
    """
    now = time.time()
    alive = {"lease": now + lease, "heartbeat": now, "step": step, "seconds": seconds}
    still_held = _held(run_id, attempt)
    with writing(store.database) as connection:
        row = connection.execute(
            update(runs).where(still_held).values(alive).returning(runs)
        ).first()
    if row is None:
        raise Fenced(run_id)
    return _row(row)


def move(store: Store, run_id: str, attempt: int, *, state: State, **fields: Any) -> None:
    """Change the state, and any of `_MOVABLE`; `lease=None` gives the run back. Raises `Fenced`.

    A run that failed is not wanted to train any more, until someone asks for it again.
    """
    unknown = set(fields) - _MOVABLE
    if unknown:
        raise ValueError(f"not fields that a worker sets: {sorted(unknown)}")
    values = {**fields, "state": state}
    if state == "failed":
        values["wanted"] = "stopped"
    _fenced_update(store, run_id, attempt, values=values)


def lost(store: Store, *, now: float) -> list[RunRow]:
    """The runs whose worker has not renewed its lease in time."""
    rows = select(runs).where(runs.c.state.in_(HELD), runs.c.lease < now).order_by(runs.c.created)
    with reading(store.database) as connection:
        return [_row(row) for row in connection.execute(rows)]


def release(
    store: Store,
    run_id: str,
    attempt: int,
    *,
    state: State,
    error: Mapping[str, Any] | None = None,
    crashed: bool,
) -> bool:
    """Take the run from a dead worker and give it `state`: queued again, stopped or failed.

    False where the worker had given it back itself, or a later attempt holds it.
    """
    values: dict[str, Any] = {
        "state": state,
        "lease": None,
        "error": dict(error) if error else None,
        "crashes": runs.c.crashes + int(crashed),
        "ended": time.time() if state in ENDED else None,
    }
    if state == "failed":
        values["wanted"] = "stopped"
    still_held = _held(run_id, attempt)
    with writing(store.database) as connection:
        return changed(connection, update(runs).where(still_held).values(values)) == 1


def delete(store: Store, run_id: str) -> None:
    """Delete the run, its rows and its files. A worker that still holds it is fenced off."""
    fence_off = {"attempt": runs.c.attempt + 1, "wanted": "deleted", "state": "stopped"}
    with writing(store.database) as connection:
        this = update(runs).where(runs.c.id == run_id).values({**fence_off, "lease": None})
        if not changed(connection, this):
            raise CodedError("run_unknown", run=run_id)
    _delete_points(store, run_id)
    with writing(store.database) as connection:
        connection.execute(sqlalchemy.delete(runs).where(runs.c.id == run_id))
    store.files.remove_all(run_id)


def delete_wanted(store: Store) -> None:
    """Delete every run that is wanted deleted and that no worker holds."""
    rows = select(runs.c.id).where(runs.c.wanted == "deleted", runs.c.lease.is_(None))
    with reading(store.database) as connection:
        gone = list(connection.scalars(rows))
    for run_id in gone:
        delete(store, run_id)


def fence(connection: Connection, run_id: str, attempt: int) -> None:
    """Go on only if `attempt` holds the run; it cannot change before this transaction ends.

    Raises `Fenced`.
    """
    row = select(runs.c.id).where(_held(run_id, attempt)).with_for_update(key_share=True)
    if connection.execute(row).first() is None:
        raise Fenced(run_id)


def _fenced_update(store: Store, run_id: str, attempt: int, *, values: Mapping[str, Any]) -> None:
    with writing(store.database) as connection:
        this = update(runs).where(_held(run_id, attempt)).values(dict(values))
        if not changed(connection, this):
            raise Fenced(run_id)


def _held(run_id: str, attempt: int) -> ColumnElement[bool]:
    """This attempt, as long as it was not taken from its worker."""
    mine = (runs.c.id == run_id, runs.c.attempt == attempt)
    return and_(*mine, runs.c.lease.is_not(None))


def _waiting(rows: Select[Any]) -> Select[Any]:
    state, again = runs.c.state, ("queued", "paused", "stopped", "failed")
    waits = (state.in_(again), runs.c.wanted.in_(TRAIN), runs.c.lease.is_(None))
    return rows.where(*waits).order_by(runs.c.created, runs.c.id)


def _filters(
    owner: str | None, algorithm: str | None, *, state: str | Sequence[str] | None
) -> list[ColumnElement[bool]]:
    found = []
    if owner is not None:
        found.append(runs.c.owner == owner)
    if algorithm is not None:
        found.append(runs.c.algorithm == algorithm)
    if state is not None:
        found.append(runs.c.state.in_([state] if isinstance(state, str) else list(state)))
    return found


def _delete_points(store: Store, run_id: str) -> None:
    """Delete the curves piece by piece; stopped in the middle, the run is still there to delete."""
    with reading(store.database) as connection:
        numbers = list(connection.scalars(select(curves.c.id).where(curves.c.run == run_id)))
    for number in numbers:
        while True:
            nth = select(metrics.c.step).where(metrics.c.curve == number).order_by(metrics.c.step)
            until = nth.offset(_DELETE_AT_ONCE).limit(1).scalar_subquery()
            piece = and_(metrics.c.curve == number, or_(until.is_(None), metrics.c.step < until))
            with writing(store.database) as connection:
                deleted = changed(connection, sqlalchemy.delete(metrics).where(piece))
            if deleted < _DELETE_AT_ONCE:
                break


def _row(row: Row[Any]) -> RunRow:
    values: tuple[Any, ...] = tuple(row)
    return RunRow(*values)
