"""Files on any storage that fsspec knows, such as `s3://bucket/folder` or `memory://`.

An object store shows an object only when it is whole, and a row names a file only after that; so
the file is written under its own name at once.
"""

from dataclasses import dataclass
from typing import Any

import fsspec

from dlkit.contract import CodedError
from dlkit.store.files import Digest, Fill, coded, verified


@dataclass(frozen=True)
class RemoteFiles:
    """Files below a URL."""

    system: Any
    root: str

    @classmethod
    def at(cls, url: str) -> "RemoteFiles":
        """The files below `url`."""
        try:
            system, root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            scheme = url.split(":", 1)[0]
            raise CodedError(
                "database_unreachable", url=f"{scheme}://", reason=str(error)
            ) from error
        return cls(system, root.rstrip("/"))

    def write(self, name: str, fill: Fill) -> str:
        """See `Files.write`."""
        path = f"{self.root}/{name}"
        try:
            self.system.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            with self.system.open(path, "wb") as handle:
                digest = Digest(handle)
                fill(digest)
        except OSError as error:
            raise coded(error, self.root) from error
        return digest.hexdigest()

    def read(self, name: str, sha256: str) -> bytes:
        """See `Files.read`."""
        try:
            data: bytes = self.system.cat_file(f"{self.root}/{name}")
        except FileNotFoundError:
            raise CodedError("file_damaged", name=name) from None
        return verified(name, data, sha256)

    def remove(self, name: str) -> None:
        """See `Files.remove`."""
        path = f"{self.root}/{name}"
        if self.system.exists(path):
            self.system.rm_file(path)

    def remove_all(self, folder: str) -> None:
        """See `Files.remove_all`."""
        path = f"{self.root}/{folder}"
        if self.system.exists(path):
            self.system.rm(path, recursive=True)
