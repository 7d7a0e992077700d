"""Where things are kept and how much may run at once, read from the environment.

DLKIT_HOME      folder of the database, the files and the supervisor's log (default `~/.dlkit`)
DLKIT_DATABASE  SQLAlchemy URL, SQLite or PostgreSQL (default: SQLite in the home folder)
DLKIT_FILES     folder or fsspec URL of arrays, checkpoints and models (default: in the home folder)
DLKIT_SLOTS     how many runs train at once, 0 for none (default: half of the cores)
DLKIT_MEMORY    whole GiB of memory one worker may use (default 6)
DLKIT_START     how workers are started: forkserver, or spawn where there is a GPU
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dlkit.params import ParamsError, Problem

Start = Literal["forkserver", "spawn"]
STARTS: tuple[Start, ...] = ("forkserver", "spawn")


@dataclass(frozen=True)
class Settings:
    """What `from_environment` found. `database` may hold a password and is left out of `repr`."""

    home: Path
    database: str = field(repr=False)
    files: str
    slots: int
    memory: int
    start: Start

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """The settings of `environment` (default: this process's). Raises `ParamsError`."""
        given = os.environ if environment is None else environment
        home = Path(given.get("DLKIT_HOME") or "~/.dlkit").expanduser().absolute()
        return cls(
            home=home,
            database=given.get("DLKIT_DATABASE") or f"sqlite:///{home / 'dlkit.db'}",
            files=given.get("DLKIT_FILES") or str(home / "files"),
            slots=_integer("DLKIT_SLOTS", given.get("DLKIT_SLOTS"), _half(), low=0, high=1024),
            memory=_integer("DLKIT_MEMORY", given.get("DLKIT_MEMORY"), 6, low=1, high=65536),
            start=_start(given.get("DLKIT_START")),
        )

    @property
    def reserve(self) -> Path:
        """A file whose room is given back when the disk is full, to be able to say so."""
        return self.home / "reserve"

    def as_environment(self) -> dict[str, str]:
        """The variables from which another process reads the same settings."""
        return {
            "DLKIT_HOME": str(self.home),
            "DLKIT_DATABASE": self.database,
            "DLKIT_FILES": self.files,
            "DLKIT_SLOTS": str(self.slots),
            "DLKIT_MEMORY": str(self.memory),
            "DLKIT_START": self.start,
        }


def _half() -> int:
    return max(1, (os.cpu_count() or 1) // 2)


def _integer(name: str, word: str | None, default: int, *, low: int, high: int) -> int:
    if not word:
        return default
    if not word.strip().isdecimal():
        raise _refused(name, "not_an_integer", given=word, default=default)
    if not low <= int(word) <= high:
        raise _refused(name, "out_of_range", given=word, low=low, high=high)
    return int(word)


def _start(word: str | None) -> Start:
    if not word:
        return "spawn" if Path("/dev/nvidiactl").exists() else "forkserver"
    if word not in STARTS:
        raise _refused("DLKIT_START", "not_an_option", given=word, allowed=", ".join(STARTS))
    return word


def _refused(name: str, code: str, **values: object) -> ParamsError:
    return ParamsError([Problem(name, code, values)])
