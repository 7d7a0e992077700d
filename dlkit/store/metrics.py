"""Curves and notes: written in batches by the worker, read by whoever watches.

A point written twice keeps the later value, so a run that goes on from a checkpoint may write
again what it had written.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, and_, bindparam, delete, func, select, update

from dlkit.contract import Series
from dlkit.store.database import reading, upsert, upsert_missing, writing
from dlkit.store.opening import Store
from dlkit.store.runs import fence
from dlkit.store.tables import curves, metrics
from dlkit.store.tables import notes as notes_table
from dlkit.store.thinning import after, fewer, longer, thinned

_FINITE = 1.7976931348623157e308


@dataclass(frozen=True)
class Point:
    """One measured number; NaN and infinity are numbers too."""

    name: str
    step: int
    value: float


@dataclass(frozen=True)
class NoteRow:
    """A sentence of the texts about what happened at `step`; the store sets `created`."""

    step: int
    key: str
    values: dict[str, Any]
    created: float = 0.0


def write(
    store: Store,
    run_id: str,
    attempt: int,
    points: Sequence[Point],
    *,
    notes: Sequence[NoteRow] = (),
) -> None:
    """Keep points and notes, all or none. Raises `Fenced`."""
    with writing(store.database) as connection:
        fence(connection, run_id, attempt)
        if points:
            _write_points(connection, run_id, points)
        if notes:
            _write_notes(connection, run_id, notes)


def note(
    store: Store,
    run_id: str,
    attempt: int,
    *,
    step: int,
    key: str,
    values: Mapping[str, Any],
) -> None:
    """Keep one note. Raises `Fenced`."""
    write(store, run_id, attempt, (), notes=[NoteRow(step, key, dict(values))])


def forget_after(store: Store, run_id: str, attempt: int, *, step: int) -> None:
    """Delete the points and notes after `step`, left by an attempt that got further and was lost.

    For a run that ends before it comes that far again: its curves then end where it does.
    Raises `Fenced`.
    """
    with writing(store.database) as connection:
        fence(connection, run_id, attempt)
        numbers = list(_numbers(connection, run_id).values())
        late = and_(metrics.c.curve.in_(numbers), metrics.c.step > step)
        connection.execute(delete(metrics).where(late))
        late = and_(notes_table.c.run == run_id, notes_table.c.step > step)
        connection.execute(delete(notes_table).where(late))
        _renew_ends(connection, run_id, step)


def notes(store: Store, run_id: str) -> list[NoteRow]:
    """All notes of a run, the earliest step first."""
    table = notes_table.c
    rows = select(table.step, table.key, table["values"], table.created)
    rows = rows.where(table.run == run_id).order_by(table.step, table.created, table.key)
    with reading(store.database) as connection:
        return [NoteRow(*row) for row in connection.execute(rows)]


def since(store: Store, run_id: str, step: int) -> dict[str, Series]:
    """The points after `step` (-1 for all), by curve; curves without such points are left out."""
    with reading(store.database) as connection:
        found = {
            name: after(connection, number, step)
            for name, number in _numbers(connection, run_id).items()
        }
    return {name: series for name, series in found.items() if len(series.steps)}


def overview(store: Store, run_id: str, *, buckets: int = 600) -> dict[str, Series]:
    """Every curve in at most `buckets` points: its first and last, and the extremes between.

    A long curve is cut into stretches of equal length; each gives its least and greatest value.
    """
    with reading(store.database) as connection:
        return {
            name: thinned(connection, number, most=buckets)
            for name, number in _numbers(connection, run_id).items()
        }


def follow(
    store: Store, run_id: str, known: Mapping[str, Series], *, buckets: int = 600
) -> dict[str, Series]:
    """Every curve as `overview` gives it, from what is `known` of it and the points since.

    `known` comes from `overview` or `follow` of the same attempt, which only adds points. A curve
    is thinned when it has grown to twice `buckets`, so that its old points are seldom touched.
    """
    rows = select(curves.c.name, curves.c.id, curves.c.step, curves.c.value)
    rows = rows.where(curves.c.run == run_id).order_by(curves.c.id)
    found = {}
    with reading(store.database) as connection:
        for name, number, *end in connection.execute(rows):
            old = known.get(name)
            if old is None or old.steps[-1] > end[0]:
                found[name] = thinned(connection, number, most=buckets)
            elif [old.steps[-1], old.values[-1]] == end:
                found[name] = old
            else:
                new = longer(connection, number, old)
                found[name] = fewer(new, most=buckets) if len(new.steps) > 2 * buckets else new
    return found


def last(store: Store, run_ids: Sequence[str]) -> dict[str, dict[str, float]]:
    """The newest value of every curve of every given run."""
    rows = select(curves.c.run, curves.c.name, curves.c.value).where(curves.c.run.in_(run_ids))
    found: dict[str, dict[str, float]] = {run_id: {} for run_id in run_ids}
    with reading(store.database) as connection:
        for run, name, value in connection.execute(rows.order_by(curves.c.id)):
            found[run][name] = value
    return found


def best(
    store: Store, run_id: str, name: str, goal: Literal["max", "min"]
) -> tuple[int, float] | None:
    """The first step with the best finite value of a curve, and that value."""
    value = metrics.c.value
    rows = (
        select(metrics.c.step, value)
        .join(curves, curves.c.id == metrics.c.curve)
        .where(curves.c.run == run_id, curves.c.name == name)
        .where(value.between(-_FINITE, _FINITE))
        .order_by(value.desc() if goal == "max" else value, metrics.c.step)
    )
    with reading(store.database) as connection:
        row = connection.execute(rows.limit(1)).first()
    return (row[0], row[1]) if row else None


def _write_points(connection: Connection, run_id: str, points: Sequence[Point]) -> None:
    newest = {point.name: point for point in sorted(points, key=lambda point: point.step)}
    numbers = _numbers(connection, run_id)
    if newest.keys() - numbers.keys():
        upsert_missing(connection, curves, [_curve(run_id, point) for point in newest.values()])
        numbers = _numbers(connection, run_id)
    values = {(numbers[point.name], int(point.step)): float(point.value) for point in points}
    rows = [{"curve": key[0], "step": key[1], "value": value} for key, value in values.items()]
    upsert(connection, metrics, rows)
    ends = [
        {"number": numbers[name], "at": int(point.step), "new": float(point.value)}
        for name, point in newest.items()
    ]
    connection.execute(_NEWER, ends)


_NEWER = (
    update(curves)
    .where(curves.c.id == bindparam("number"), curves.c.step <= bindparam("at"))
    .values(step=bindparam("at"), value=bindparam("new"))
)


def _renew_ends(connection: Connection, run_id: str, step: int) -> None:
    """Set the newest points of the curves that went beyond `step`; delete those without points."""
    newest = select(metrics.c.value).where(metrics.c.curve == curves.c.id)
    value = newest.order_by(metrics.c.step.desc()).limit(1).scalar_subquery()
    at = select(func.max(metrics.c.step)).where(metrics.c.curve == curves.c.id).scalar_subquery()
    late = and_(curves.c.run == run_id, curves.c.step > step)
    connection.execute(delete(curves).where(late, at.is_(None)))
    connection.execute(update(curves).where(late).values(step=at, value=value))


def _write_notes(connection: Connection, run_id: str, notes: Sequence[NoteRow]) -> None:
    now = time.time()
    rows = [
        {"run": run_id, "step": row.step, "key": row.key, "values": row.values, "created": now}
        for row in notes
    ]
    upsert(connection, notes_table, rows)


def _curve(run_id: str, point: Point) -> dict[str, Any]:
    return {"run": run_id, "name": point.name, "step": int(point.step), "value": point.value}


def _numbers(connection: Connection, run_id: str) -> dict[str, int]:
    rows = select(curves.c.name, curves.c.id).where(curves.c.run == run_id).order_by(curves.c.id)
    return {name: number for name, number in connection.execute(rows)}
