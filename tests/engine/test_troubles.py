"""Runs that go wrong say why in words a person understands, and the next run works."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlkit.texts import LANGUAGES, words
from tests.engine.conftest import Lab, lab_in

pytestmark = pytest.mark.keras


@pytest.mark.parametrize(
    ("fail", "code"),
    [("raise", "run_raised"), ("memory", "out_of_memory"), ("diverge", "diverged")],
)
def test_a_failed_run_says_why_and_the_next_one_works(
    shared_lab: Lab, fail: str, code: str
) -> None:
    row = shared_lab.ended(shared_lab.start(fail=fail))
    assert row.state == "failed"
    assert row.error is not None
    assert row.error["code"] == code
    assert "Traceback" in row.error["trace"]
    for language in LANGUAGES:
        assert words(language)(f"error.{code}", **row.error["values"])
    assert shared_lab.ended(shared_lab.start()).state == "finished"


def test_a_worker_that_uses_too_much_memory_is_ended_before_the_machine_is(
    tmp_path: Path,
) -> None:
    with lab_in(tmp_path, DLKIT_MEMORY="1") as lab:
        row = lab.ended(lab.start(fail="hoard"))
        assert row.error is not None
        assert (row.state, row.error["code"]) == ("failed", "out_of_memory")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB."""
    if os.getuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root")
    mounting = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(tmp_path)]
    if subprocess.run(mounting, check=False).returncode != 0:
        pytest.skip("this machine does not allow mounting a small disk")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def test_a_full_disk_ends_the_run_with_a_reason(small_disk: Path) -> None:
    with lab_in(small_disk) as lab:
        run_id = lab.start(epochs=100_000, delay=0.01)
        lab.until(run_id, lambda row: row.step > 0)
        filler = small_disk / "filler"
        with filler.open("wb") as handle, pytest.raises(OSError, match="No space"):
            while True:
                handle.write(b"\0" * 65536)
                handle.flush()
        row = lab.ended(run_id)
        assert row.error is not None
        assert (row.state, row.error["code"]) == ("failed", "disk_full")
        filler.unlink()
        assert lab.ended(lab.start()).state == "finished"
