"""Every algorithm of the catalogue, and the do-nothing one, under one suite."""

import pytest


@pytest.fixture(autouse=True)
def _fakes_have_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLKIT_EXTRA_ALGORITHMS", "tests.fakes")
