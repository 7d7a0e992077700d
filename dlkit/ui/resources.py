"""What all sessions of the web process share: the open store and the signing key."""

import os
import secrets
from functools import cache
from pathlib import Path

from dlkit.contract import CodedError
from dlkit.store import Settings, Store, open_store

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "assets"


def store() -> Store:
    """The store of this environment. Raises `CodedError` where it cannot be opened."""
    return _opened(Settings.from_environment())


def signing_key() -> bytes:
    """The secret that signs stream addresses; made once and kept in DLKIT_HOME."""
    return _key(Settings.from_environment().home)


@cache
def _opened(settings: Settings) -> Store:
    return open_store(settings)


@cache
def _key(home: Path) -> bytes:
    path = home / "stream.key"
    try:
        home.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    except OSError:
        raise CodedError("home_unwritable", path=str(home)) from None
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    return path.read_bytes()
