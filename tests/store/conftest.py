"""Every test of the store runs on SQLite, and on a PostgreSQL server started for the purpose."""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from dlkit.store import Settings, Store, open_store, runs, tables

BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server of our own, `user@host:port`, stopped when the tests end."""
    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    if os.getuid() == 0 and "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    folder = Path(tempfile.mkdtemp(prefix="dlkit-postgres-"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    try:
        yield from _serve(Path(programs[-1]), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(programs: Path, folder: Path) -> Iterator[str]:
    data = str(folder / "data")
    port = _free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    options += " -c fsync=off -c max_connections=60 -c shared_buffers=32MB"
    create = [str(programs / "initdb"), "-D", data, "-U", "dlkit", "-A", "trust", "--no-sync"]
    _as_postgres([*create, "-E", "UTF8", "--locale=C"])
    control = [str(programs / "pg_ctl"), "-D", data, "-w"]
    _as_postgres([*control, "-l", str(folder / "log"), "-o", options, "start"])
    try:
        yield f"dlkit@127.0.0.1:{port}"
    finally:
        _as_postgres([*control, "-m", "immediate", "stop"])


def _as_postgres(command: list[str]) -> None:
    """PostgreSQL refuses to run as root."""
    user = "postgres" if os.getuid() == 0 else None
    subprocess.run(
        command, check=True, user=user, cwd="/", stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def shared_database(postgres: str) -> Iterator[str]:
    """A database with tables: emptying them is faster than making another."""
    with _database(postgres) as url, tempfile.TemporaryDirectory() as home:
        open_store(Settings.from_environment({"DLKIT_HOME": home, "DLKIT_DATABASE": url})).close()
        yield url


@pytest.fixture(params=BACKENDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """An empty home, and an empty database of each kind in turn; tests leave its schema alone."""
    environment = {"DLKIT_HOME": str(tmp_path / "home")}
    if request.param == "postgresql":
        environment["DLKIT_DATABASE"] = request.getfixturevalue("shared_database")
        names = ", ".join(table.name for table in tables.metadata.sorted_tables)
        with psycopg.connect(environment["DLKIT_DATABASE"]) as connection:
            connection.execute(f"TRUNCATE {names} RESTART IDENTITY")
    yield Settings.from_environment(environment)


@pytest.fixture(params=BACKENDS)
def fresh_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Like `settings`, but the database is the test's own and has no tables yet."""
    environment = {"DLKIT_HOME": str(tmp_path / "home")}
    if request.param == "sqlite":
        yield Settings.from_environment(environment)
        return
    with _database(request.getfixturevalue("postgres")) as url:
        yield Settings.from_environment({**environment, "DLKIT_DATABASE": url})


@contextmanager
def _database(server: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"postgresql://{server}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield f"postgresql://{server}/{name}"
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """An open, empty store."""
    opened = open_store(settings)
    yield opened
    opened.close()


@pytest.fixture
def fresh_store(fresh_settings: Settings) -> Iterator[Store]:
    """An open store with a database of its own."""
    opened = open_store(fresh_settings)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """An open, empty store for what concerns SQLite or the files alone."""
    opened = open_store(Settings.from_environment({"DLKIT_HOME": str(tmp_path / "home")}))
    yield opened
    opened.close()


@pytest.fixture
def claimed(store: Store) -> runs.RunRow:
    """A run that a worker has just taken."""
    runs.create(store, "dnn", params={"units": 8}, owner="local")
    row = runs.claim(store, host="here", lease=30.0)
    assert row is not None
    return row
