"""Which supervisors are alive, and what each says of itself."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from dlkit.store.database import reading, upsert, writing
from dlkit.store.opening import Store
from dlkit.store.tables import supervisors as table

FORGET_SECONDS = 86_400.0


@dataclass(frozen=True)
class SupervisorRow:
    """A supervisor's last sign of life, in seconds since 1970."""

    host: str
    pid: int
    heartbeat: float
    info: dict[str, Any]


def beat_supervisor(store: Store, *, host: str, pid: int, info: Mapping[str, Any]) -> None:
    """Say that this supervisor is alive; those silent for a day are forgotten."""
    now = time.time()
    row = {"host": host, "pid": pid, "heartbeat": now, "info": dict(info)}
    with writing(store.database) as connection:
        upsert(connection, table, [row])
        connection.execute(delete(table).where(table.c.heartbeat < now - FORGET_SECONDS))


def supervisors(store: Store) -> list[SupervisorRow]:
    """All supervisors heard of, the last heard first."""
    rows = select(table).order_by(table.c.heartbeat.desc())
    with reading(store.database) as connection:
        return [SupervisorRow(*row) for row in connection.execute(rows)]
