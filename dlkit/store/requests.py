"""What people ask of a run while it lives: a live knob's new value, a question to the model."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

from sqlalchemy import and_, delete, insert, or_, select, update

from dlkit.contract import Array, CodedError
from dlkit.store.database import changed, reading, writing
from dlkit.store.files import fill_arrays, read_arrays
from dlkit.store.opening import Store
from dlkit.store.runs import fence
from dlkit.store.tables import requests, runs

Kind = Literal["knob", "play"]
RETAKE_SECONDS = 20.0  # a question taken that long ago is asked again: who took it died
PATIENCE_SECONDS = 60.0  # nobody waits longer for an answer
KEEP_SECONDS = 3600.0  # answers are for now, not for keeping


@dataclass(frozen=True)
class RequestRow:
    """A knob's change (`body` is {"name", "value"}) or a question (`body` is the inputs)."""

    id: int
    run: str
    kind: Kind
    body: dict[str, Any]
    created: float


@dataclass(frozen=True)
class Answer:
    """What came back: values, arrays, or an error ({"code", "values"})."""

    body: dict[str, Any] | None
    arrays: dict[str, Array]
    error: dict[str, Any] | None


_ROW = (requests.c.id, requests.c.run, requests.c.kind, requests.c.body, requests.c.created)


def ask(store: Store, run_id: str, *, kind: Kind, body: Mapping[str, Any]) -> int:
    """Ask something of a run; the number under which it is answered."""
    row = {"run": run_id, "kind": kind, "body": dict(body), "created": time.time()}
    with writing(store.database) as connection:
        if connection.execute(select(runs.c.id).where(runs.c.id == run_id)).first() is None:
            raise CodedError("run_unknown", run=run_id)
        number = insert(requests).values(row).returning(requests.c.id)
        return int(connection.execute(number).scalar_one())


def pending(store: Store, *, kind: Kind, run_id: str | None = None) -> list[RequestRow]:
    """What has not been answered yet, the oldest first."""
    rows = select(*_ROW).where(requests.c.kind == kind, requests.c.answered.is_(None))
    if run_id is not None:
        rows = rows.where(requests.c.run == run_id)
    with reading(store.database) as connection:
        return [RequestRow(*row) for row in connection.execute(rows.order_by(requests.c.id))]


def claim_play(store: Store, host: str) -> RequestRow | None:
    """Take the oldest question that someone still waits for and nobody works on; None for none."""
    now = time.time()
    free = or_(requests.c.taken.is_(None), requests.c.taken < now - RETAKE_SECONDS)
    waits = and_(requests.c.answered.is_(None), requests.c.created > now - PATIENCE_SECONDS)
    oldest = select(requests.c.id).where(requests.c.kind == "play", waits, free)
    oldest = oldest.order_by(requests.c.id).limit(1)
    with reading(store.database) as connection:
        if connection.execute(oldest).first() is None:
            return None  # without a lock: this is asked many times a second
    locked = oldest.with_for_update(skip_locked=True).scalar_subquery()
    take = update(requests).where(requests.c.id == locked)
    with writing(store.database) as connection:
        row = connection.execute(take.values(taken=now, host=host).returning(*_ROW)).first()
    return RequestRow(*row) if row else None


def answer(
    store: Store,
    request_id: int,
    *,
    body: Mapping[str, Any] | None = None,
    arrays: Mapping[str, Array] | None = None,
    error: Mapping[str, Any] | None = None,
) -> None:
    """Answer a question; the first answer counts. Answers of an hour ago are deleted."""
    now = time.time()
    values = {
        "answered": now,
        "answer": None if body is None else dict(body),
        "arrays": None if arrays is None else _packed(arrays),
        "error": None if error is None else dict(error),
    }
    open_still = and_(requests.c.id == request_id, requests.c.answered.is_(None))
    old = and_(requests.c.kind == "play", requests.c.created < now - KEEP_SECONDS)
    with writing(store.database) as connection:
        connection.execute(update(requests).where(open_still).values(values))
        connection.execute(delete(requests).where(old))


def get_answer(store: Store, request_id: int) -> Answer | None:
    """The answer, None while there is none."""
    columns = select(requests.c.answer, requests.c.arrays, requests.c.error)
    answered = and_(requests.c.id == request_id, requests.c.answered.is_not(None))
    with reading(store.database) as connection:
        row = connection.execute(columns.where(answered)).first()
    if row is None:
        return None
    return Answer(row.answer, read_arrays(row.arrays) if row.arrays else {}, row.error)


def apply_knob(store: Store, request_id: int, attempt: int, *, step: int) -> bool:
    """Note that a knob's new value holds from `step` on; False where that was noted before.

    Raises `Fenced`.
    """
    this = requests.c.id == request_id
    with writing(store.database) as connection:
        run_id = connection.scalar(select(requests.c.run).where(this))
        fence(connection, run_id or "", attempt)
        new = update(requests).where(this, requests.c.answered.is_(None))
        return changed(connection, new.values(step=step, answered=time.time())) == 1


def knobs_applied(store: Store, run_id: str) -> list[tuple[int, str, Any]]:
    """(step, name, value) of every change so far, in order: a run taken up again repeats them."""
    rows = select(requests.c.step, requests.c.body).where(
        requests.c.run == run_id, requests.c.kind == "knob", requests.c.step.is_not(None)
    )
    with reading(store.database) as connection:
        ordered = connection.execute(rows.order_by(requests.c.step, requests.c.id)).all()
    return [(step, body["name"], body["value"]) for step, body in ordered]


def _packed(arrays: Mapping[str, Array]) -> bytes:
    target = BytesIO()
    fill_arrays(arrays)(target)
    return target.getvalue()
