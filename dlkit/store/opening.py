"""Opens the store: makes the folder, the database and its schema where they are missing.

A database at the newest schema costs one look at its version. An older one is upgraded, in one
transaction, by whichever process comes first; a newer one is refused and left as it is.
"""

import importlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from dlkit.contract import CodedError
from dlkit.store.database import BUSY_SECONDS, connect, parse_url, reading, writing
from dlkit.store.files import FULL, Files, LocalFiles, open_files
from dlkit.store.settings import Settings

VERSION_TABLE = "dlkit_version"
KNOWN: tuple[str, ...] = ("0001",)  # the migrations in order
_MIGRATION_LOCK = 0x646C6B6974  # any number, the same in every process


@dataclass(frozen=True)
class Store:
    """The database and the files of one installation."""

    settings: Settings
    database: Engine
    files: Files

    def close(self) -> None:
        """Close the connections; the store opens new ones when it is used again."""
        self.database.dispose()


def open_store(settings: Settings | None = None) -> Store:
    """The store of `settings` (default: the environment's), its schema up to date.

    Raises `CodedError`: database_newer, database_locked, database_unreachable, home_unwritable.
    """
    settings = settings or Settings.from_environment()
    engine = connect(parse_url(settings.database))
    files = open_files(settings.files)
    _make_folders(settings.home, engine, files)
    store = Store(settings, engine, files)
    try:
        if not _up_to_date(engine):
            _migrate(engine)
    except BaseException:
        store.close()
        raise
    return store


def _make_folders(home: Path, engine: Engine, files: Files) -> None:
    folders = [home]
    if engine.dialect.name == "sqlite" and engine.url.database:
        folders.append(Path(engine.url.database).absolute().parent)
    if isinstance(files, LocalFiles):
        folders.append(files.root)
    for folder in folders:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            code = "disk_full" if error.errno in FULL else "home_unwritable"
            raise CodedError(code, path=str(folder)) from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CodedError("home_unwritable", path=str(folder))


def _up_to_date(engine: Engine) -> bool:
    with reading(engine) as connection:
        return _version(connection) == KNOWN[-1]


def _version(connection: Connection) -> str | None:
    """The schema of the database, None for an empty one. Raises `CodedError("database_newer")`."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    if found is not None and found not in KNOWN:
        raise CodedError("database_newer", found=found, known=KNOWN[-1])
    return found


def _migrate(engine: Engine) -> None:
    migrate = importlib.import_module("dlkit.store.migrate")  # Alembic takes 0.4 s to import
    if engine.dialect.name == "sqlite":
        _use_write_ahead_log(engine)
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        if _version(connection) != KNOWN[-1]:
            migrate.upgrade(connection)


def _use_write_ahead_log(engine: Engine) -> None:
    """Readers then never wait. The switch itself does not wait for other processes, so we do."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with engine.connect().execution_options(dlkit_begin="") as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            return
        except CodedError as error:
            if error.code != "database_locked" or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
