"""Pages in the test's own process: no browser, no supervisor, the do-nothing algorithm added."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dlkit import engine
from dlkit.algorithms import find
from dlkit.store import Store, open_store
from tests.ui.pages import Opener, open_page


@pytest.fixture(autouse=True)
def _fakes_and_no_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLKIT_EXTRA_ALGORITHMS", "tests.fakes")
    monkeypatch.setattr(engine, "ensure_supervisor", lambda store: None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The store of the test's own home."""
    opened = open_store()
    yield opened
    opened.database.dispose()


@pytest.fixture
def opener() -> Opener:
    """Opens a page by its name, with what its address says."""
    return open_page


@pytest.fixture
def run(store: Store) -> str:
    """A queued run of the do-nothing algorithm."""
    return engine.start(store, "fake", params=find("fake").tiny)
