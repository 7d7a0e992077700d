"""The guard over the guards: a test that CI must run and that is skipped fails the session."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest

@pytest.mark.browser
def test_seen():
    pass

@pytest.mark.postgres
def test_stored():
    pytest.skip("no PostgreSQL here")
"""


def session(folder: Path, marks: str) -> "subprocess.CompletedProcess[str]":
    """Run the two tests above with the project's conftest."""
    (folder / "test_two.py").write_text(TESTS, encoding="utf-8")
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text(), "utf-8")
    options = ["-o", "markers=browser\npostgres", "-p", "no:cacheprovider", str(folder)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", *options],
        env={"PATH": "", "DLKIT_MUST_RUN": marks},
        capture_output=True,
        text=True,
    )


def test_a_skipped_test_that_must_run_fails(tmp_path: Path) -> None:
    found = session(tmp_path, "browser,postgres")
    assert found.returncode == 1
    assert "mark 'postgres': skipped" in found.stdout


def test_a_mark_without_any_test_fails(tmp_path: Path) -> None:
    found = session(tmp_path, "browser,keras")
    assert found.returncode == 1
    assert "mark 'keras': no test ran" in found.stdout


def test_elsewhere_a_skip_is_only_reported(tmp_path: Path) -> None:
    assert session(tmp_path, "browser").returncode == 0
    assert session(tmp_path, "").returncode == 0
