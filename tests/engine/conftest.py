"""A real home folder, a real supervisor, real workers; all ended at the end of a test."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from dlkit import engine
from dlkit.algorithms import find
from dlkit.contract import ENDED
from dlkit.store import Settings, Store, open_store, runs
from dlkit.store.runs import RunRow

FAKES = "tests.fakes"
PATIENCE = 120.0


class Lab:
    """A store, and what tests do with runs in it."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def start(self, algorithm: str = "fake", **values: object) -> str:
        """Start a run of the do-nothing algorithm (or another) from its tiny preset."""
        found = find(algorithm)
        params = found.params.checked({**found.tiny.values(), **values})
        return engine.start(self.store, algorithm, params=params)

    def until(
        self, run_id: str, what: Callable[[RunRow], bool], *, seconds: float = PATIENCE
    ) -> RunRow:
        """Wait until the run's row is as wanted."""
        limit = time.monotonic() + seconds
        row = runs.get(self.store, run_id)
        while not what(row):
            assert time.monotonic() < limit, f"still {row}"
            assert row.state != "failed" or what(row), row.error
            time.sleep(0.02)
            row = runs.get(self.store, run_id)
        return row

    def ended(self, run_id: str, *, seconds: float = PATIENCE) -> RunRow:
        """Wait for the run's end, whatever it is."""
        limit = time.monotonic() + seconds
        while (row := runs.get(self.store, run_id)).state not in ENDED:
            assert time.monotonic() < limit, f"still {row}"
            time.sleep(0.02)
        return row

    def supervisor(self) -> psutil.Process:
        """The supervisor's process."""
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            for process in psutil.process_iter():
                if self.supervises(process):
                    return process
            time.sleep(0.05)
        raise AssertionError("no supervisor")

    def supervises(self, process: psutil.Process) -> bool:
        """Whether `process` is a supervisor of this home."""
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            return words[-3:] == ["-m", "dlkit", "worker"] and self._mine(process)
        return False

    def _mine(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return process.environ().get("DLKIT_HOME") == str(self.store.settings.home)
        return False

    def close(self) -> None:
        """End every process that works for this home, also those that are just being started."""
        while mine := [process for process in psutil.process_iter() if self._mine(process)]:
            for process in mine:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            time.sleep(0.05)


@contextlib.contextmanager
def lab_in(home: Path, **settings: str) -> Iterator[Lab]:
    """A lab with a home of its own; `settings` as they would stand in the environment."""
    lab = Lab(open_store(Settings.from_environment({"DLKIT_HOME": str(home), **settings})))
    try:
        yield lab
    finally:
        lab.close()


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The do-nothing algorithm, here and in every process started from here."""
    monkeypatch.setenv("DLKIT_EXTRA_ALGORITHMS", FAKES)


@pytest.fixture(scope="session")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One warm supervisor with two slots, for tests that leave it alive."""
    with lab_in(tmp_path_factory.mktemp("shared"), DLKIT_SLOTS="2") as lab:
        yield lab


@pytest.fixture
def own_lab(tmp_path: Path) -> Iterator[Lab]:
    """A supervisor of the test's own, to be killed."""
    with lab_in(tmp_path, DLKIT_SLOTS="1") as lab:
        yield lab
