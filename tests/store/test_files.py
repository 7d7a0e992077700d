"""Files that never change: whole or not there."""

import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from dlkit.contract import CodedError
from dlkit.store.files import LocalFiles, open_files


def test_a_file_is_whole_and_its_digest_true(tmp_path: Path) -> None:
    files = open_files(f"file://{tmp_path}/some where")
    digest = files.write("a/b.bin", lambda target: target.write(b"abc") + target.write(b"def"))
    assert digest == hashlib.sha256(b"abcdef").hexdigest()
    assert files.read("a/b.bin", digest) == b"abcdef"
    assert [path.name for path in (tmp_path / "some where" / "a").iterdir()] == ["b.bin"]


def test_a_failure_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    def fill(target: Any) -> None:
        target.write(b"half")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        LocalFiles(tmp_path).write("a/b.bin", fill)
    assert list((tmp_path / "a").iterdir()) == []


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_kill_in_the_middle_leaves_no_file_of_that_name(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        LocalFiles(tmp_path).write("a/b.bin", lambda target: os.kill(os.getpid(), 9))
    os.waitpid(child, 0)
    assert not (tmp_path / "a" / "b.bin").exists()
    LocalFiles(tmp_path).write("a/b.bin", lambda target: target.write(b"again"))
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.bin"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".b.bin.part").symlink_to("/dev/full")
    with pytest.raises(CodedError) as error:
        LocalFiles(tmp_path).write("a/b.bin", lambda target: target.write(b"x" * 100_000))
    assert (error.value.code, error.value.values) == ("disk_full", {"path": str(tmp_path)})
    assert list((tmp_path / "a").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("in the way")
    with pytest.raises(CodedError, match="home_unwritable"):
        LocalFiles(tmp_path).write("a/b.bin", lambda target: target.write(b"x"))


def test_another_failure_is_not_hidden(tmp_path: Path) -> None:
    def fill(target: Any) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    with pytest.raises(OSError, match="broken"):
        LocalFiles(tmp_path).write("a/b.bin", fill)


def test_a_storage_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(CodedError, match="database_unreachable"):
        open_files("nosuch://bucket/folder")


def test_removing_what_is_not_there(tmp_path: Path) -> None:
    for files in (LocalFiles(tmp_path), open_files("memory://nothing-here")):
        files.remove("a/b.bin")
        files.remove_all("a")
