"""Sets that no package carries: looked for in caches, else downloaded, and never taken unchecked.

Places, in this order: the folders of `DLKIT_DATA` (laid out as Keras lays its cache), the program's
own cache in `DLKIT_HOME`, Keras' cache, then what the set itself names. A download goes into the
program's own cache.
"""

import gzip
import hashlib
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
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
    `address` is a name below `ORIGIN` or a whole address.
    """

    names: tuple[str, ...]
    address: str
    digest: str
    packed: bool = False


@dataclass(frozen=True)
class Cached:
    """A set: its files, the folder they share inside a cache, and further places that hold them.

    `instead` names the embedded set that a person can take when this one cannot be had.
    """

    name: str
    files: tuple[File, ...]
    folder: str = ""
    further: tuple[Path, ...] = ()
    instead: str = "mnist_5k"


def places(one: Cached) -> list[Path]:
    """The folders in which the set is looked for, in this order."""
    given = [
        Path(folder) for folder in os.environ.get("DLKIT_DATA", "").split(os.pathsep) if folder
    ]
    keras = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    inside = [folder / "keras" / "datasets" / one.folder for folder in given]
    return [*inside, _own(one), keras / "datasets" / one.folder, *one.further]


def is_there(one: Cached) -> bool:
    """Whether the set can be had without a download."""
    return bool(_paths(one))


def contents(one: Cached) -> list[bytes]:
    """What each file of the set holds. Raises `CodedError` data_missing or file_damaged."""
    paths = _paths(one) or _download(one)
    return [_checked(path.read_bytes(), file) for path, file in zip(paths, one.files, strict=True)]


def _paths(one: Cached) -> list[Path]:
    """The files in the first place that has them all; none if there is no such place."""
    for place in places(one):
        found = [_first(place, file.names) for file in one.files]
        if all(found):
            return [path for path in found if path]
    return []


def _first(place: Path, names: tuple[str, ...]) -> Path | None:
    return next((place / name for name in names if (place / name).is_file()), None)


def _download(one: Cached) -> list[Path]:
    folder = _own(one)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_downloaded(file, folder) for file in one.files]
    except (OSError, urllib.error.URLError) as error:
        raise CodedError(
            "data_missing",
            name=one.name,
            places=", ".join(str(place) for place in places(one)),
            instead=one.instead,
            reason=f"{_address(one.files[0])}: {getattr(error, 'reason', error)}",
        ) from error


def _downloaded(file: File, folder: Path) -> Path:
    """The file, fetched and checked; others see it whole or not at all."""
    path = folder / file.names[0]
    with urllib.request.urlopen(_address(file), timeout=TIMEOUT) as answer:
        content: bytes = answer.read()
    _checked(content, file)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as part:
        part.write(content)
    Path(part.name).replace(path)
    return path


def _checked(content: bytes, file: File) -> bytes:
    """What the file holds, without its wrapping. Raises `CodedError` file_damaged."""
    try:
        inside = gzip.decompress(content) if file.packed else content
    except (OSError, EOFError, zlib.error) as error:
        raise CodedError("file_damaged", name=file.names[0]) from error
    if hashlib.sha256(inside).hexdigest() != file.digest:
        raise CodedError("file_damaged", name=file.names[0])
    return inside


def _address(file: File) -> str:
    return urllib.parse.urljoin(ORIGIN, file.address)


def _own(one: Cached) -> Path:
    home = Path(os.environ.get("DLKIT_HOME", Path.home() / ".dlkit"))
    return home / "data" / one.folder
