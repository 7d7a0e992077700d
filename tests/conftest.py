"""What every test gets: a home of its own, and marks that CI may not skip without a word.

`DLKIT_MUST_RUN="browser,postgres,keras"` makes a skipped test of these marks a failed session.
"""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_SETTINGS = ("DLKIT_DATABASE", "DLKIT_FILES", "DLKIT_SLOTS", "DLKIT_MEMORY", "DLKIT_START")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the runs of the person who starts it."""
    monkeypatch.setenv("DLKIT_HOME", str(tmp_path / "home"))
    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module", autouse=True)
def _nothing_old_is_searched() -> Iterator[None]:
    """What one module leaves alive is no longer searched for garbage in the next ones.

    Keras and TensorFlow keep millions of objects of models that are gone; looking through them
    takes seconds at a time, in the middle of a test that counts them.
    """
    yield
    gc.collect()
    gc.freeze()


class _MustRun:
    """Counts, for each mark that must run, the tests that passed and the ones that were skipped."""

    def __init__(self, marks: frozenset[str]) -> None:
        self.marks = marks
        self.ran: set[str] = set()
        self.skipped: list[tuple[str, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        marks = self.marks & set(report.keywords)
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped += [(mark, report.nodeid) for mark in sorted(marks)]
        elif report.when == "call":
            self.ran |= marks

    def faults(self) -> list[str]:
        never = [f"mark '{mark}': no test ran" for mark in sorted(self.marks - self.ran)]
        return never + [f"mark '{mark}': skipped {test}" for mark, test in self.skipped]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK and self.faults():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        faults = self.faults()
        if faults:
            terminalreporter.section("must run, but did not (DLKIT_MUST_RUN)")
            for fault in faults:
                terminalreporter.line(fault)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests without Keras come first: Streamlit looks through all objects after each page.

    Browser tests come last: Playwright leaves an event loop running in this thread.
    """
    late = ("browser", "keras")
    items.sort(key=lambda item: [item.get_closest_marker(mark) is not None for mark in late])


def pytest_configure(config: pytest.Config) -> None:
    """Watch the marks named in the environment."""
    marks = frozenset(filter(None, os.environ.get("DLKIT_MUST_RUN", "").split(",")))
    if marks:
        config.pluginmanager.register(_MustRun(marks), "must_run")
