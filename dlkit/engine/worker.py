"""One process, one attempt of one run: load the model's module by name, train, say how it ended."""

import errno
import importlib
import os
import resource
import signal
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import psutil

from dlkit.algorithms import find, model_module
from dlkit.contract import CodedError, State
from dlkit.engine.local import gpu_count
from dlkit.engine.reporter import Reporter
from dlkit.store import Fenced, Store, arrays, metrics, open_store, runs
from dlkit.store.runs import RunRow

GIB = 1 << 30
ROOM_FOR_LIBRARIES = 4
LONGEST_MESSAGE = 600


def work(run_id: str, attempt: int) -> None:
    """Train the claimed run to its end. Every outcome is written to the store.

    A lost lease (another worker took over) ends the process without a word.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    store = open_store()
    limit_memory(store)
    try:
        row = runs.get(store, run_id)
        me = psutil.Process()
        runs.take_worker(store, run_id, attempt, pid=me.pid, pid_started=me.create_time())
        _train(store, row)
    except Fenced:
        return
    except BaseException as error:  # the one place that catches all: it records what happened
        end_failed(store, run_id, attempt, error)


def limit_memory(store: Store) -> None:
    """Cap the address space as a backstop; the reporter watches the real use.

    Not with a GPU: its driver maps far more than it uses.
    """
    if gpu_count():
        return
    size = (store.settings.memory + ROOM_FOR_LIBRARIES) * GIB
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _train(store: Store, row: RunRow) -> None:
    algorithm = find(row.algorithm)
    params = algorithm.params.checked(row.params)
    live = {knob.name: getattr(params, knob.name) for knob in params.knobs() if knob.live}
    module = importlib.import_module(model_module(row.algorithm))
    device = importlib.import_module("dlkit.training").device_name
    since = row.started or time.time()
    runs.move(store, row.id, row.attempt, state="starting", started=since)
    with Reporter(store, row, live=live, device=device) as run:
        model = module.train(params, run)
        if run.ending is None:
            keep_model(store, row, model)
    run.check()
    _end(store, row, run)


def _end(store: Store, row: RunRow, run: Reporter) -> None:
    states: dict[str | None, State] = {None: "finished", "parked": "paused"}
    state = states.get(run.ending, "stopped")
    if state == "stopped":  # an attempt that was killed may have been further than this one
        metrics.forget_after(store, row.id, row.attempt, step=run.step)
        arrays.forget_after(store, row.id, row.attempt, step=run.step)
    ended = None if state == "paused" else time.time()
    runs.move(
        store,
        row.id,
        row.attempt,
        state=state,
        ended=ended,
        seconds=run.seconds,
        step=run.step,
        lease=None,
    )


def keep_model(store: Store, row: RunRow, model: Any) -> None:
    """Save the trained model whole, as Keras' own `.keras` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        arrays.put_file(store, row.id, row.attempt, name="model.keras", data=path.read_bytes())


def end_failed(store: Store, run_id: str, attempt: int, error: BaseException) -> None:
    """Write down why the run failed. A full disk first gets back the room kept for this."""
    what = describe(error, limit=store.settings.memory)
    if what["code"] == "disk_full":
        store.settings.reserve.unlink(missing_ok=True)
    try:
        runs.move(store, run_id, attempt, state="failed", ended=time.time(), error=what, lease=None)
    except Fenced:
        return


def describe(error: BaseException, *, limit: int) -> dict[str, Any]:
    """An error as a code of `errors.toml`, its values, and the traceback for those who want it."""
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, CodedError):
        return {"code": error.code, "values": error.values, "trace": trace}
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return {"code": "out_of_memory", "values": {"limit": limit}, "trace": trace}
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return {"code": "disk_full", "values": {"path": os.fspath(error.filename or "")},
                "trace": trace}  # fmt: skip
    message = str(error)[:LONGEST_MESSAGE]
    values = {"kind": type(error).__name__, "message": message}
    return {"code": "run_raised", "values": values, "trace": trace}
