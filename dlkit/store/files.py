"""Files that never change: written beside, flushed to the disk, then given their name.

`LocalFiles` is plain calls of the operating system; any other fsspec URL is `remote_files.py`.
Both have the methods of `Files`; names are relative, with `/` between the parts.
"""

import errno
import hashlib
import importlib
import io
import os
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from dlkit.contract import Array, CodedError

FULL = (errno.ENOSPC, errno.EDQUOT)
UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)


class Digest:
    """Passes bytes on to `target` and takes their SHA-256 on the way."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._hash = hashlib.sha256()

    def write(self, data: Any) -> int:
        """Write all of `data`."""
        self._hash.update(data)
        self._target.write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing to do: the file flushes when it is complete."""

    def hexdigest(self) -> str:
        """The SHA-256 of all bytes so far."""
        return self._hash.hexdigest()


Fill = Callable[[Any], None]


class Files(Protocol):
    """What the store asks of a place for files."""

    def write(self, name: str, fill: Fill) -> str:
        """Make file `name` of what `fill(target)` writes; its SHA-256. Never half a file."""

    def read(self, name: str, sha256: str) -> bytes:
        """The whole file. Raises `CodedError("file_damaged")` where it is missing or altered."""

    def remove(self, name: str) -> None:
        """Delete a file, if it is there."""

    def remove_all(self, folder: str) -> None:
        """Delete a folder and all in it, if it is there."""


@dataclass(frozen=True)
class LocalFiles:
    """Files below a folder of this machine."""

    root: Path

    def write(self, name: str, fill: Fill) -> str:
        """See `Files.write`."""
        path = self.root / name
        beside = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            digest = _write_through(beside, fill)
            beside.replace(path)
            _sync_folder(path.parent)
        except OSError as error:
            raise coded(error, str(self.root)) from error
        return digest

    def read(self, name: str, sha256: str) -> bytes:
        """See `Files.read`."""
        try:
            data = (self.root / name).read_bytes()
        except FileNotFoundError:
            raise CodedError("file_damaged", name=name) from None
        return verified(name, data, sha256)

    def remove(self, name: str) -> None:
        """See `Files.remove`."""
        (self.root / name).unlink(missing_ok=True)

    def remove_all(self, folder: str) -> None:
        """See `Files.remove_all`."""
        shutil.rmtree(self.root / folder, ignore_errors=True)


def open_files(url: str) -> Files:
    """The files at a path, a `file://` URL, or any other URL that fsspec knows."""
    if url.startswith("file://"):
        url = url.removeprefix("file://")
    if "://" not in url:
        return LocalFiles(Path(url).expanduser().absolute())
    remote = importlib.import_module("dlkit.store.remote_files")  # fsspec takes 0.1 s to import
    opened: Files = remote.RemoteFiles.at(url)
    return opened


def verified(name: str, data: bytes, sha256: str) -> bytes:
    """`data`, if it is what was written. Raises `CodedError("file_damaged")`."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise CodedError("file_damaged", name=name)
    return data


def coded(error: OSError, path: str) -> Exception:
    """The error a person can be told about, or the error itself."""
    if error.errno in FULL:
        return CodedError("disk_full", path=path)
    if error.errno in UNWRITABLE:
        return CodedError("home_unwritable", path=path)
    return error


def fill_array(value: Array) -> Fill:
    """Writes one array in the .npy format; object arrays are refused with `ValueError`."""

    def fill(target: Any) -> None:
        np.lib.format.write_array(target, np.asanyarray(value), allow_pickle=False)

    return fill


def fill_arrays(state: Mapping[str, Array]) -> Fill:
    """Writes named arrays in the .npz format, not compressed."""

    def fill(target: Any) -> None:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for name, value in state.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as part:
                    fill_array(value)(part)

    return fill


def read_array(data: bytes) -> Array:
    """The array of a .npy file; nothing is unpickled."""
    value: Array = np.load(io.BytesIO(data), allow_pickle=False)
    return value


def read_arrays(data: bytes) -> dict[str, Array]:
    """The arrays of a .npz file by name; nothing is unpickled."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _write_through(path: Path, fill: Fill) -> str:
    try:
        with path.open("wb") as handle:
            digest = Digest(handle)
            fill(digest)
            handle.flush()
            os.fsync(handle.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """A new name is safe only when its folder is on the disk as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
