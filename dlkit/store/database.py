"""Connections and transactions, the same for SQLite and PostgreSQL.

`reading` and `writing` give a connection inside one transaction. On SQLite a writing transaction
begins with BEGIN IMMEDIATE: it holds the write lock before it looks, so that looking and writing
are one step. Failures of the database come out as `CodedError`.
"""

import os
import shutil
import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Engine,
    ExceptionContext,
    Executable,
    Table,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from dlkit.contract import CodedError

BUSY_SECONDS = 5.0
_SQLITE_CODES = {
    sqlite3.SQLITE_BUSY: "database_locked",
    sqlite3.SQLITE_LOCKED: "database_locked",
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_READONLY: "home_unwritable",
    sqlite3.SQLITE_CANTOPEN: "home_unwritable",
    sqlite3.SQLITE_PERM: "home_unwritable",
}
_SMALLEST_BYTES = 1 << 16
_UNREACHABLE = ("08", "28", "3D", "53", "57", "58")  # SQLSTATE classes: connection, access, server


def parse_url(text: str) -> URL:
    """The database's URL; PostgreSQL always by psycopg. Raises `CodedError`."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        scheme = text.split(":", 1)[0][:20]
        raise CodedError(
            "database_unreachable", url=f"{scheme}:...", reason=type(error).__name__
        ) from None
    kind = url.drivername.split("+")[0]
    if kind in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise CodedError("database_unreachable", url=shown(url), reason="sqlite, postgresql")
    return url


def shown(url: URL) -> str:
    """The URL without its password."""
    return url.set(password=None, query={}).render_as_string(hide_password=True)


def connect(url: URL) -> Engine:
    """An engine for `url`; nothing is opened yet. A forked child gets connections of its own."""
    try:
        engine = create_engine(url, **_options(url))
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise CodedError("database_unreachable", url=shown(url), reason=str(error)) from None
    _explain_errors(engine)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    _forget_in_children(engine)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only looks."""
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write; all of it is kept, or none."""
    options = {"dlkit_begin": "BEGIN IMMEDIATE"}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert `rows`; where the primary key is there already, the new values replace the old."""
    connection.execute(_upsert(connection.dialect.name, table, names=tuple(rows[0])), rows)


@cache
def _upsert(dialect: str, table: Table, *, names: tuple[str, ...]) -> Executable:
    insert: Any = {"sqlite": sqlite, "postgresql": postgresql}[dialect].insert(table)
    keys = [column.name for column in table.primary_key]
    later = {name: insert.excluded[name] for name in names if name not in keys}
    statement: Executable = insert.on_conflict_do_update(index_elements=keys, set_=later)
    return statement


def upsert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert `rows`, and leave alone those that are there already."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement: Any = dialect.insert(table)
    connection.execute(statement.on_conflict_do_nothing(), rows)


def changed(connection: Connection, statement: Executable) -> int:
    """Execute an UPDATE or DELETE; how many rows it met."""
    result = connection.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0


def _options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    return {"connect_args": {"connect_timeout": 5}, "pool_pre_ping": True}


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours, see _begin_sqlite
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get("dlkit_begin", "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


def _forget_in_children(engine: Engine) -> None:
    """A child must not use, or close, the connections of its parent."""
    reference = weakref.ref(engine)

    def forget() -> None:
        inherited = reference()
        if inherited is not None:
            inherited.dispose(close=False)

    os.register_at_fork(after_in_child=forget)


def _explain_errors(engine: Engine) -> None:
    def explain(context: ExceptionContext) -> CodedError | None:
        original = context.original_exception
        if context.is_pre_ping:
            return None
        if isinstance(original, sqlite3.Error):
            return _coded_sqlite(original, engine.url)
        if engine.dialect.name == "postgresql":
            return _coded_postgres(original, engine.url)
        return None

    event.listen(engine, "handle_error", explain, retval=True)


def _coded_sqlite(error: sqlite3.Error, url: URL) -> CodedError | None:
    """The code for what went wrong with the file; None where it is our own mistake."""
    number = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest only says more closely
    path = url.database or ""
    if number in _SQLITE_CODES:
        return CodedError(_SQLITE_CODES[number], path=path)
    if number == sqlite3.SQLITE_IOERR and _no_room(path):
        return CodedError("disk_full", path=path)
    if number in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR):
        return CodedError("database_unreachable", url=shown(url), reason=str(error))
    return None


def _no_room(path: str) -> bool:
    """Whether not even the smallest of SQLite's files can grow: it calls that an I/O error."""
    try:
        return shutil.disk_usage(Path(path).absolute().parent).free < _SMALLEST_BYTES
    except OSError:
        return False


def _coded_postgres(error: BaseException, url: URL) -> CodedError | None:
    """The code for what the server said; None where it is our own mistake."""
    state = getattr(error, "sqlstate", None) or ""
    if state == "53100":
        return CodedError("disk_full", path=shown(url))
    if state == "55P03":
        return CodedError("database_locked", path=shown(url))
    if type(error).__name__ != "OperationalError" and state[:2] not in _UNREACHABLE:
        return None
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if url.password:
        reason = reason.replace(str(url.password), "***")
    return CodedError("database_unreachable", url=shown(url), reason=reason)
