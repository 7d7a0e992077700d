"""Sets that no package carries: looked for in caches, else downloaded, and never taken unchecked.

Places, in this order: the folders of `DLKIT_DATA` (laid out as Keras and Spektral do), the
program's own cache in `DLKIT_HOME`, Keras' cache, then what the set itself names. A download goes
into the program's own cache.
"""

import gzip
import hashlib
import io
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from dlkit.contract import CodedError

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
TIMEOUT = 20.0


@dataclass(frozen=True)
class File:
    """One file: the names caches give it, the first of them ours, and the SHA-256 of what it holds.

    `packed` files are wrapped in gzip, by each source in its own way; the hash is of the inside.
    `address` is a name below `ORIGIN` or a whole address; with a `member` it is that of a zip which
    holds the file under this name.
    """

    names: tuple[str, ...]
    address: str
    digest: str
    packed: bool = False
    member: str = ""


@dataclass(frozen=True)
class Cached:
    """A set: its files, the folder they share inside a cache, and further places that hold them.

    `layout` is where a folder of `DLKIT_DATA` keeps sets of this kind.
    `instead` names the embedded set that a person can take when this one cannot be had.
    """

    name: str
    files: tuple[File, ...]
    folder: str = ""
    layout: str = "keras/datasets"
    further: tuple[Path, ...] = ()
    instead: str = "mnist_5k"


def places(one: Cached) -> list[Path]:
    """The folders in which the set is looked for, in this order."""
    given = [
        Path(folder) for folder in os.environ.get("DLKIT_DATA", "").split(os.pathsep) if folder
    ]
    keras = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    inside = [folder / one.layout / one.folder for folder in given]
    return [*inside, _own(one), keras / "datasets" / one.folder, *one.further]


def is_there(one: Cached) -> bool:
    """Whether the set can be had without a download."""
    return bool(_paths(one))


def contents(one: Cached) -> list[bytes]:
    """What each file of the set holds, from the first place where all are whole, else downloaded.

    Raises `CodedError` data_missing, which says why the download failed and what was damaged.
    """
    damaged = []
    for paths in _paths(one):
        try:
            pairs = zip(paths, one.files, strict=True)
            return [_checked(path.read_bytes(), file, str(path)) for path, file in pairs]
        except _Damaged as error:
            damaged.append(str(error))
    try:
        return [_downloaded(file, _own(one)) for file in one.files]
    except (OSError, urllib.error.URLError, _Damaged) as error:
        reasons = [str(getattr(error, "reason", error)), *damaged]
        raise CodedError(
            "data_missing",
            name=one.name,
            places=", ".join(str(place) for place in places(one)),
            instead=one.instead,
            reason=f"{_address(one.files[0])}: {'; '.join(reasons)}",
        ) from error


class _Damaged(ValueError):
    """A file that does not hold what it should."""


def _paths(one: Cached) -> list[list[Path]]:
    """The files of each place that has them all."""
    found = [[_first(place, file.names) for file in one.files] for place in places(one)]
    return [[path for path in paths if path] for paths in found if all(paths)]


def _first(place: Path, names: tuple[str, ...]) -> Path | None:
    return next((place / name for name in names if (place / name).is_file()), None)


def _downloaded(file: File, folder: Path) -> bytes:
    """What the file holds, fetched, checked and kept; others see it whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with urllib.request.urlopen(_address(file), timeout=TIMEOUT) as answer:
        content: bytes = answer.read()
    if file.member:
        content = _member(content, file)
    inside = _checked(content, file, file.names[0])
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as part:
        part.write(content)
    Path(part.name).replace(folder / file.names[0])
    return inside


def _member(archive: bytes, file: File) -> bytes:
    """The one file of a zip that is wanted. Raises `_Damaged`."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return opened.read(file.member)
    except (zipfile.BadZipFile, KeyError) as error:
        raise _Damaged(f"{file.address}: {error}") from error


def _checked(content: bytes, file: File, where: str) -> bytes:
    """What the file holds, without its wrapping. Raises `_Damaged`."""
    try:
        inside = gzip.decompress(content) if file.packed else content
    except (OSError, EOFError, zlib.error) as error:
        raise _Damaged(f"{where}: {error}") from error
    if hashlib.sha256(inside).hexdigest() != file.digest:
        raise _Damaged(f"{where}: SHA-256 ≠ {file.digest[:12]}…")
    return inside


def _address(file: File) -> str:
    return urllib.parse.urljoin(ORIGIN, file.address)


def _own(one: Cached) -> Path:
    home = Path(os.environ.get("DLKIT_HOME", Path.home() / ".dlkit"))
    return home / "data" / one.folder
