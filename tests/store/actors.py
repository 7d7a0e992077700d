"""What other processes do to the store in these tests, each with a store of its own."""

import multiprocessing
import sqlite3
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from dlkit.contract import CodedError
from dlkit.store import Settings, arrays, metrics, open_store, runs
from dlkit.store.metrics import Point

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.store.actors"])


def begin(
    action: Callable[..., None], environment: Mapping[str, str], *args: Any
) -> tuple[BaseProcess, Connection]:
    """Start `action(pipe, environment, *args)` in a process; the other end of its pipe."""
    ours, theirs = _context.Pipe()
    process = _context.Process(target=action, args=(theirs, dict(environment), *args))
    process.start()
    theirs.close()
    return process, ours


def everything(process: BaseProcess, pipe: Connection) -> list[Any]:
    """All that the process sends until its end."""
    found = []
    try:
        while True:
            found.append(pipe.recv())
    except EOFError:
        process.join(30)
        pipe.close()
    assert process.exitcode == 0, process.exitcode
    process.close()
    return found


def open_it(pipe: Connection, environment: dict[str, str]) -> None:
    """Open the store and say whether that went well."""
    try:
        store = open_store(Settings.from_environment(environment))
        pipe.send(runs.count(store))
    except CodedError as error:
        pipe.send(error.code)


def claim_all(pipe: Connection, environment: dict[str, str]) -> None:
    """Wait for the word, then take runs until none is left; send their ids."""
    store = open_store(Settings.from_environment(environment))
    pipe.send("ready")
    pipe.recv()
    while row := runs.claim(store, host="here", lease=30.0):
        pipe.send(row.id)


def write_curve(
    pipe: Connection, environment: dict[str, str], run_id: str, batches: int, points: int
) -> None:
    """Write a curve of its own in batches."""
    store = open_store(Settings.from_environment(environment))
    for batch in range(batches):
        steps = range(batch * points, (batch + 1) * points)
        metrics.write(store, run_id, 1, [Point(f"m-{run_id}", step, step / 2) for step in steps])
    pipe.send("done")


def write_until_killed(pipe: Connection, environment: dict[str, str], run_id: str) -> None:
    """Write points, arrays and checkpoints without end; send each step that is safe."""
    store = open_store(Settings.from_environment(environment))
    step = 0
    while True:
        step += 1
        metrics.write(
            store, run_id, 1, [Point("a", step, float(step)), Point("b", step, -float(step))]
        )
        arrays.put(store, run_id, 1, step=step, name="map", value=np.full((64, 64), step))
        arrays.put_checkpoint(store, run_id, 1, step=step, state={"w": np.full(20_000, step)})
        pipe.send(step)


def hold_lock(pipe: Connection, environment: dict[str, str]) -> None:
    """Hold the SQLite file for itself until told to let go."""
    path = Settings.from_environment(environment).database.removeprefix("sqlite:///")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    pipe.send("held")
    pipe.recv()
    connection.close()


def hold_attempt(pipe: Connection, environment: dict[str, str], run_id: str) -> None:
    """A worker that sleeps through its lease, then tries to write."""
    store = open_store(Settings.from_environment(environment))
    pipe.send("ready")
    pipe.recv()
    try:
        metrics.write(store, run_id, 1, [Point("loss", 1, time.time())])
        pipe.send("written")
    except runs.Fenced:
        pipe.send("fenced")
