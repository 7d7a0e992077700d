"""The local backend: workers are processes of this machine, ready before they are needed.

On a CPU they are forked from a server process that has imported Keras and the models and has never
run an operation (0.03 s instead of some 9 s). On a GPU, where forking is not safe, one spare
process is spawned ahead and waits for its work.
"""

import multiprocessing
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import psutil

from dlkit.engine.backend import Job
from dlkit.store.runs import RunRow

GPU_FOLDER = Path("/proc/driver/nvidia/gpus")


def gpu_count() -> int:
    """How many NVIDIA GPUs this machine has."""
    return len(list(GPU_FOLDER.iterdir())) if GPU_FOLDER.is_dir() else 0


class _Pool(Protocol):
    ready: threading.Event

    def launch(self, target: Callable[..., None], *args: Any) -> Job: ...

    def close(self) -> None: ...


class LocalBackend:
    """See `dlkit.engine.backend.Backend`."""

    def __init__(self, modules: Sequence[str], *, start: str) -> None:
        """`modules` are imported ahead; `start` is "forkserver" or "spawn"."""
        self._pool: _Pool = ForkPool(modules) if start == "forkserver" else SparePool(modules)

    def ready(self) -> bool:
        """See `Backend.ready`."""
        return self._pool.ready.is_set()

    def launch(self, target: Callable[..., None], *args: Any) -> Job:
        """See `Backend.launch`."""
        return self._pool.launch(target, *args)

    def alive(self, row: RunRow) -> bool:
        """See `Backend.alive`. A number that was given to another process does not count."""
        return _process(row) is not None

    def end(self, row: RunRow, *, force: bool) -> None:
        """See `Backend.end`."""
        process = _process(row)
        if process is not None:
            process.send_signal(signal.SIGKILL if force else signal.SIGTERM)

    def close(self) -> None:
        """See `Backend.close`."""
        self._pool.close()


def _process(row: RunRow) -> psutil.Process | None:
    if row.pid is None or not psutil.pid_exists(row.pid):
        return None
    try:
        process = psutil.Process(row.pid)
        same = abs(process.create_time() - (row.pid_started or 0)) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


class ForkPool:
    """Processes forked from one that has imported `modules`."""

    def __init__(self, modules: Sequence[str]) -> None:
        """Start the fork server; `ready` is set when its imports are done."""
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(modules))
        self._lock = threading.Lock()
        self.ready = threading.Event()
        threading.Thread(target=self._warm_up, daemon=True).start()

    def launch(self, target: Callable[..., None], *args: Any) -> Job:
        """Fork and run."""
        process = self._context.Process(target=target, args=args)
        with self._lock:
            process.start()
        return process

    def close(self) -> None:
        """Nothing to do: the server ends with the last process that knows it."""

    def _warm_up(self) -> None:
        self.launch(_do_nothing)
        self.ready.set()


def _do_nothing() -> None:
    """The first process is ready when the imports are done."""


class SparePool:
    """Fresh processes, one of them spawned ahead."""

    def __init__(self, modules: Sequence[str]) -> None:
        """Start the first spare; `ready` is set when its imports are done."""
        self._modules = list(modules)
        self._context = multiprocessing.get_context("spawn")
        self.ready = threading.Event()
        self._prepare()

    def launch(self, target: Callable[..., None], *args: Any) -> Job:
        """Hand the work to the spare and spawn the next one."""
        process, pipe = self._spare, self._pipe
        pipe.send((target, args))
        pipe.close()
        self._prepare()
        return process

    def close(self) -> None:
        """End the spare."""
        self._spare.kill()

    def _prepare(self) -> None:
        self.ready.clear()
        self._pipe, theirs = self._context.Pipe()
        self._spare = self._context.Process(target=_wait_for_work, args=(theirs, self._modules))
        self._spare.start()
        theirs.close()
        threading.Thread(target=self._wait_ready, args=(self._pipe,), daemon=True).start()

    def _wait_ready(self, pipe: Connection) -> None:
        if pipe.poll(None) and pipe.recv() == "ready":
            self.ready.set()


def _wait_for_work(pipe: Connection, modules: Sequence[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in modules:
        __import__(name)
    pipe.send("ready")
    try:
        target, args = pipe.recv()
    except EOFError:
        return
    target(*args)
