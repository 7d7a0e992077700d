"""Opening: what is missing is made, what is older is upgraded, what cannot be used is named."""

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from dlkit.contract import CodedError
from dlkit.store import Settings, Store, database, migrate, open_store, opening, runs, tables
from tests.store import actors

NOBODY = 65534


def at(home: Path, **environment: str) -> Settings:
    return Settings.from_environment({"DLKIT_HOME": str(home), **environment})


def refused(settings: Settings) -> CodedError:
    with pytest.raises(CodedError) as error:
        open_store(settings)
    return error.value


def test_a_fresh_home_is_made(fresh_settings: Settings) -> None:
    store = open_store(fresh_settings)
    assert runs.count(store) == 0
    assert (fresh_settings.home / "files").is_dir()
    assert (fresh_settings.home.stat().st_mode & 0o077) == 0
    store.close()


def test_the_migrations_lead_to_the_tables(fresh_settings: Settings) -> None:
    store = open_store(fresh_settings)
    with store.database.begin() as connection:
        options = {"version_table": opening.VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables.metadata) == []
        scripts = ScriptDirectory.from_config(migrate.config(connection))
    found = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(found)) == opening.KNOWN
    store.close()


def test_several_processes_open_a_fresh_home_at_once(fresh_settings: Settings) -> None:
    environment = fresh_settings.as_environment()
    openers = [actors.begin(actors.open_it, environment) for _ in range(4)]
    assert [actors.everything(*opener) for opener in openers] == [[0]] * 4


def test_opening_again_is_quick(store: Store, settings: Settings) -> None:
    took = []
    for _ in range(3):
        start = time.process_time()
        open_store(settings).close()
        took.append(time.process_time() - start)
    assert min(took) < 0.03


@pytest.fixture
def newer_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One migration more than there is: the file, to be written by the test."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "MIGRATIONS", folder)
    monkeypatch.setattr(opening, "KNOWN", (*opening.KNOWN, "9999"))
    yield folder / "versions" / "r9999_next.py"


def _migration(body: str) -> str:
    last = opening.KNOWN[-2]
    return (
        f"from alembic import op\nrevision = '9999'\ndown_revision = '{last}'\n"
        f"def upgrade():\n    op.execute('ALTER TABLE runs ADD COLUMN mood TEXT')\n    {body}\n"
    )


def test_an_older_database_is_upgraded(fresh_store: Store, newer_migration: Path) -> None:
    row = runs.create(fresh_store, "dnn", params={}, owner="ann")
    newer_migration.write_text(_migration("""op.execute("UPDATE runs SET mood = 'good'")"""))
    upgraded = open_store(fresh_store.settings)
    with upgraded.database.connect() as connection:
        assert connection.scalar(text("SELECT mood FROM runs")) == "good"
    assert runs.get(upgraded, row.id) == row
    upgraded.close()


def test_an_upgrade_that_fails_changes_nothing(
    fresh_store: Store, newer_migration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = runs.create(fresh_store, "dnn", params={}, owner="ann")
    newer_migration.write_text(_migration("raise RuntimeError('half way')"))
    with pytest.raises(RuntimeError, match="half way"):
        open_store(fresh_store.settings)
    monkeypatch.setattr(opening, "KNOWN", opening.KNOWN[:-1])
    again = open_store(fresh_store.settings)
    assert runs.get(again, row.id) == row
    with again.database.connect() as connection:
        assert "mood" not in connection.execute(text("SELECT * FROM runs")).keys()
    again.close()


def test_a_newer_database_is_refused_and_left_alone(fresh_store: Store) -> None:
    with fresh_store.database.begin() as connection:
        connection.execute(text(f"UPDATE {opening.VERSION_TABLE} SET version_num = '7777'"))
    fresh_store.close()
    path = fresh_store.settings.home / "dlkit.db"
    before = path.read_bytes() if path.exists() else b""
    error = refused(fresh_store.settings)
    assert (error.code, error.values) == (
        "database_newer",
        {"found": "7777", "known": opening.KNOWN[-1]},
    )
    assert (path.read_bytes() if path.exists() else b"") == before


def test_a_locked_database_is_named(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    holder = actors.begin(actors.hold_lock, sqlite_store.settings.as_environment())
    assert holder[1].recv() == "held"
    patient = open_store(sqlite_store.settings)  # looking is possible, writing is not
    with pytest.raises(CodedError) as error:
        runs.create(patient, "dnn", params={}, owner="ann")
    holder[1].send("let go")
    assert actors.everything(*holder) == []
    assert error.value.code == "database_locked"
    assert error.value.values == {"path": str(sqlite_store.settings.home / "dlkit.db")}
    assert runs.create(patient, "dnn", params={}, owner="ann").state == "queued"
    patient.close()


def test_a_database_locked_before_it_has_tables_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.1)
    settings = at(tmp_path)
    holder = actors.begin(actors.hold_lock, settings.as_environment())
    assert holder[1].recv() == "held"
    assert refused(settings).code == "database_locked"
    holder[1].send("let go")
    actors.everything(*holder)
    open_store(settings).close()


def test_a_file_in_the_place_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    error = refused(at(tmp_path / "home"))
    assert (error.code, error.values) == ("home_unwritable", {"path": str(tmp_path / "home")})
    assert refused(at(tmp_path / "home" / "below")).code == "home_unwritable"


def test_a_home_where_no_folder_can_be_made() -> None:
    assert refused(at(Path("/proc/nowhere"))).code == "home_unwritable"


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_home_that_may_not_be_written(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and not folder.stat().st_mode & 0o001:
            folder.chmod(0o711)
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    child = os.fork()
    if child == 0:
        os._exit(_exit_code_as_nobody(at(home)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
    assert list(home.iterdir()) == []


def _exit_code_as_nobody(settings: Settings) -> int:
    if os.getuid() == 0:
        os.setuid(NOBODY)
    try:
        open_store(settings)
    except CodedError as error:
        return 42 if error.code == "home_unwritable" else 43
    return 44


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "dlkit.db").write_bytes(b"this is a diary, not a database" * 100)
    error = refused(at(tmp_path))
    assert error.code == "database_unreachable"
    assert "not a database" in error.values["reason"]
    assert (tmp_path / "dlkit.db").read_bytes().startswith(b"this is a diary")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:topsecret@127.0.0.1:{port}/dlkit",
        "postgresql+psycopg://ann:topsecret@127.0.0.1:{port}/dlkit?password=topsecret",
        "mysql://ann:topsecret@127.0.0.1/dlkit",
        "ann:topsecret@nowhere",
        "postgresql://ann:topsecret@127.0.0.1:port/dlkit",
    ],
)
def test_a_password_never_shows(tmp_path: Path, url: str) -> None:
    with socket.socket() as probe:  # bound and not listening: the connection is refused
        probe.bind(("127.0.0.1", 0))
        settings = at(tmp_path, DLKIT_DATABASE=url.format(port=probe.getsockname()[1]))
        error = refused(settings)
    assert error.code == "database_unreachable"
    assert "topsecret" not in str(error) + repr(settings) + repr(error.__cause__)


@pytest.mark.postgres
def test_a_wrong_password_or_database_is_named(postgres: str, tmp_path: Path) -> None:
    url = f"postgresql://{postgres.replace('@', ':topsecret@')}/nowhere"
    error = refused(at(tmp_path, DLKIT_DATABASE=url))
    assert error.code == "database_unreachable"
    assert "nowhere" in error.values["reason"]
    assert "topsecret" not in str(error)


def test_a_full_disk_is_named(sqlite_store: Store) -> None:
    runs.create(sqlite_store, "dnn", params={}, owner="ann")
    with sqlite_store.database.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(CodedError) as error:
        runs.create(sqlite_store, "dnn", params={"long": "x" * 100_000}, owner="ann")
    assert error.value.code == "disk_full"
    assert runs.count(sqlite_store) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)]
    if os.getuid() or subprocess.run(mount, stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("mounting a small disk takes the rights of root")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def test_a_disk_without_any_room_is_named(small_disk: Path) -> None:
    settings = at(small_disk / "home")
    open_store(settings).close()
    with (small_disk / "junk").open("wb", buffering=0) as junk, pytest.raises(OSError):
        while True:
            junk.write(bytes(4096))
    assert refused(settings).code == "disk_full"
    (small_disk / "junk").unlink()
    store = open_store(settings)
    assert runs.create(store, "dnn", params={}, owner="ann").state == "queued"
    store.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own(store: Store) -> None:
    runs.create(store, "dnn", params={}, owner="parent")
    child = os.fork()
    if child == 0:
        runs.create(store, "dnn", params={}, owner="child")
        os._exit(runs.count(store))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    assert runs.count(store, owner="child") == 1
    runs.create(store, "dnn", params={}, owner="parent")


def test_sqlite_keeps_a_write_ahead_log(sqlite_store: Store) -> None:
    with sqlite3.connect(str(sqlite_store.database.url.database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    with sqlite_store.database.connect() as ours:
        assert ours.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert ours.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        assert ours.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000
