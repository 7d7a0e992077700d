"""Arrays, checkpoints and models of a run: a file each, and a row that names it.

The file is written first, under a name of its own, and the row after it; so a row never names half
a file, and a reader never sees one change. What a new row replaces is deleted after the commit.
"""

import time
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, select

from dlkit.contract import Array, Checkpoint, CodedError, Snapshot
from dlkit.store.database import reading, upsert, writing
from dlkit.store.files import Fill, fill_array, fill_arrays, read_array, read_arrays
from dlkit.store.opening import Store
from dlkit.store.runs import fence
from dlkit.store.tables import files

_KEPT_CHECKPOINTS = 2
_SUFFIX = {"array": "npy", "checkpoint": "npz", "file": "bin"}


def put(store: Store, run_id: str, attempt: int, *, step: int, name: str, value: Array) -> None:
    """Keep an array made at `step`. Raises `Fenced`."""
    key = {"run": run_id, "kind": "array", "name": name, "step": int(step)}
    _keep(store, key, attempt, fill=fill_array(value))


def steps(store: Store, run_id: str, name: str) -> list[int]:
    """The steps at which the array was kept, rising."""
    rows = select(files.c.step).where(_these(run_id, "array", name=name)).order_by(files.c.step)
    with reading(store.database) as connection:
        return list(connection.scalars(rows))


def newest(
    store: Store, run_id: str, names: Collection[str], *, step: int | None = None
) -> dict[str, int]:
    """The step of the newest array of each of these names, or of the newest not after `step`."""
    rows = select(files.c.name, func.max(files.c.step)).group_by(files.c.name)
    rows = rows.where(files.c.run == run_id, files.c.kind == "array", files.c.name.in_(names))
    if step is not None:
        rows = rows.where(files.c.step <= step)
    with reading(store.database) as connection:
        return {name: at for name, at in connection.execute(rows)}


def load(store: Store, run_id: str, name: str, *, step: int | None = None) -> Snapshot | None:
    """The newest array of that name, or the newest that is not after `step`.

    Raises `CodedError("file_damaged")`.
    """
    found = _read(store, _these(run_id, "array", name=name), until=step)
    return Snapshot(found[0], read_array(found[1])) if found else None


def forget_after(store: Store, run_id: str, attempt: int, *, step: int) -> None:
    """Delete the arrays after `step`; see `metrics.forget_after`. Raises `Fenced`."""
    late = and_(files.c.run == run_id, files.c.kind == "array", files.c.step > step)
    with writing(store.database) as connection:
        fence(connection, run_id, attempt)
        names = list(connection.scalars(select(files.c.file).where(late)))
        connection.execute(delete(files).where(late))
    for name in names:
        store.files.remove(name)


def put_checkpoint(
    store: Store, run_id: str, attempt: int, *, step: int, state: Mapping[str, Array]
) -> None:
    """Keep the place to go on from; the last two are kept. Raises `Fenced`."""
    key = {"run": run_id, "kind": "checkpoint", "name": "", "step": int(step)}
    _keep(store, key, attempt, fill=fill_arrays(state), most=_KEPT_CHECKPOINTS)


def checkpoint(store: Store, run_id: str) -> Checkpoint | None:
    """The newest checkpoint that is whole, None where none was ever kept.

    Raises `CodedError("file_damaged")` where there are some and none is whole.
    """
    tried: set[str] = set()
    damage: CodedError | None = None
    while True:
        rows = [row for row in _checkpoints(store, run_id) if row.file not in tried]
        if not rows:
            break
        tried.add(rows[0].file)
        try:
            data = store.files.read(rows[0].file, rows[0].sha256)
            return Checkpoint(rows[0].step, read_arrays(data))
        except CodedError as error:
            damage = damage or error
    if damage:
        raise damage
    return None


def checkpoint_step(store: Store, run_id: str) -> int | None:
    """The step of the newest checkpoint, without looking into its file."""
    rows = _checkpoints(store, run_id)
    return rows[0].step if rows else None


def put_file(store: Store, run_id: str, attempt: int, *, name: str, data: bytes) -> None:
    """Keep a file, such as `model.keras`, in the place of one of that name. Raises `Fenced`."""
    key = {"run": run_id, "kind": "file", "name": name, "step": 0}
    _keep(store, key, attempt, fill=lambda target: target.write(data))


def get_file(store: Store, run_id: str, name: str) -> bytes | None:
    """The file's contents, None where there is none. Raises `CodedError("file_damaged")`."""
    found = _read(store, _these(run_id, "file", name=name), until=None)
    return found[1] if found else None


def file_names(store: Store, run_id: str) -> set[str]:
    """The names of the run's files."""
    rows = select(files.c.name).where(files.c.run == run_id, files.c.kind == "file")
    with reading(store.database) as connection:
        return set(connection.scalars(rows))


def _these(run_id: str, kind: str, *, name: str) -> Any:
    return and_(files.c.run == run_id, files.c.kind == kind, files.c.name == name)


def _checkpoints(store: Store, run_id: str) -> list[Row[Any]]:
    """The newest first: a later attempt may have gone on from an earlier step."""
    rows = select(files).where(_these(run_id, "checkpoint", name=""))
    with reading(store.database) as connection:
        ordered = rows.order_by(files.c.attempt.desc(), files.c.step.desc())
        return list(connection.execute(ordered).all())


def _read(store: Store, these: Any, *, until: int | None) -> tuple[int, bytes] | None:
    """The newest of `these`; looked up again if it was replaced while being read."""
    rows = select(files.c.step, files.c.file, files.c.sha256).where(these)
    if until is not None:
        rows = rows.where(files.c.step <= until)
    tried = ""
    while True:
        with reading(store.database) as connection:
            row = connection.execute(rows.order_by(files.c.step.desc()).limit(1)).first()
        if row is None:
            return None
        try:
            return row.step, store.files.read(row.file, row.sha256)
        except CodedError:
            if row.file == tried:
                raise
            tried = row.file


def _keep(
    store: Store, key: dict[str, Any], attempt: int, *, fill: Fill, most: int | None = None
) -> None:
    run_id, kind = key["run"], key["kind"]
    with writing(store.database) as connection:
        fence(connection, run_id, attempt)
    file = f"{run_id}/{kind}-{key['step']}-{uuid.uuid4().hex[:12]}.{_SUFFIX[kind]}"
    sha256 = store.files.write(file, fill)
    row = {**key, "attempt": attempt, "file": file, "sha256": sha256, "created": time.time()}
    try:
        with writing(store.database) as connection:
            fence(connection, run_id, attempt)
            replaced = _replaced(connection, key)
            upsert(connection, files, [row])
            replaced += _outdated(connection, key, most=most) if most else []
    except BaseException:
        store.files.remove(file)
        raise
    for name in replaced:
        store.files.remove(name)


def _replaced(connection: Connection, key: dict[str, Any]) -> list[str]:
    same = (files.c[name] == value for name, value in key.items())
    return list(connection.scalars(select(files.c.file).where(*same)))


def _outdated(connection: Connection, key: dict[str, Any], *, most: int) -> list[str]:
    """Forget all but the newest `most` of a kind; the names of their files."""
    these = _these(key["run"], key["kind"], name=key["name"])
    rows = select(files.c.file).where(these)
    ordered = rows.order_by(files.c.attempt.desc(), files.c.step.desc()).offset(most)
    names = list(connection.scalars(ordered))
    if names:
        connection.execute(delete(files).where(these, files.c.file.in_(names)))
    return names
