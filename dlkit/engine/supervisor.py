"""The supervisor: claims queued runs, starts their workers, notices dead ones, ends stubborn ones.

One per machine and home folder, a process of its own that outlives the web process. All it knows
stands in the store, so that a new supervisor takes up where a killed one left off, workers
included.
"""

import fcntl
import os
import signal
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from dlkit.algorithms import catalogue, model_module
from dlkit.contract import CodedError, State
from dlkit.engine import LOCK, last_call
from dlkit.engine.answerer import answer_questions
from dlkit.engine.backend import Backend, Job
from dlkit.engine.local import LocalBackend, gpu_count
from dlkit.engine.worker import work
from dlkit.store import Store, open_store, runs, supervisors
from dlkit.store.runs import RunRow

TICK = 0.2
ROUND = 0.5
BEAT = 1.0
LEASE_AT_START = 60.0
PATIENCE = 2.0
MOST_CRASHES = 3
IDLE_SECONDS = 600.0
RESERVE_BYTES = 4 << 20


def main() -> int:
    """Run until told to end or not needed for ten minutes. Returns 0 if another one lives."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    store = open_store()
    lock = take_lock(store.settings.home / "supervisor.lock")
    if lock is None:
        return 0
    backend = LocalBackend(modules(), start=store.settings.start)
    supervisor = Supervisor(store, backend, host=socket.gethostname())
    signal.signal(signal.SIGTERM, lambda *_: supervisor.end())
    signal.signal(signal.SIGINT, lambda *_: supervisor.end())
    supervisor.run()
    backend.close()
    os._exit(0)  # an ordinary exit would wait for the workers, which go on without us


def take_lock(path: Path) -> IO[str] | None:
    """The lock of the one supervisor of this home, or None while another holds it.

    Who started us may have taken it already and handed it over.
    """
    given = os.environ.pop(LOCK, None)
    if given is not None:
        return os.fdopen(int(given), "a")
    handle = path.open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


def modules() -> list[str]:
    """What a worker will need, imported ahead of it."""
    models = [model_module(name) for name in catalogue()]
    return ["dlkit.engine.worker", "dlkit.engine.answerer", "dlkit.training", *models]


@dataclass
class Supervisor:
    """The loop. `jobs` are the workers this supervisor started itself."""

    store: Store
    backend: Backend
    host: str
    jobs: dict[str, tuple[int, Job]] = field(default_factory=dict)
    answerer: Job | None = None
    _stop_seen: dict[str, float] = field(default_factory=dict)
    _next_beat: float = 0.0
    _last_needed: float = field(default_factory=time.monotonic)
    _ended: bool = False

    def run(self) -> None:
        """Look at once when called, else twice a second; until `end` or nobody needs it."""
        heard, due = 0.0, 0.0
        while not self._ended and self._needed():
            called = last_call(self.store)
            if called != heard or time.monotonic() >= due or not self.backend.ready():
                heard, due = called, time.monotonic() + ROUND
                self._look_again_later_if_busy()
            time.sleep(TICK)

    def _look_again_later_if_busy(self) -> None:
        try:
            self.look()
        except CodedError as error:
            if error.code not in ("database_locked", "database_unreachable", "disk_full"):
                raise

    def end(self) -> None:
        """Leave after the current look; workers go on."""
        self._ended = True

    def look(self) -> None:
        """One round."""
        self._beat()
        self._reap()
        held = runs.held(self.store, host=self.host)
        for row in held:
            self._hold_to_promises(row)
        if len(held) < self.store.settings.slots and self.backend.ready():
            self._start_next()
        if self.backend.ready():
            self._keep_answerer()

    def _start_next(self) -> None:
        row = runs.claim(self.store, host=self.host, lease=LEASE_AT_START)
        if row is not None:
            self._last_needed = time.monotonic()
            self.jobs[row.id] = (row.attempt, self.backend.launch(work, row.id, row.attempt))

    def _reap(self) -> None:
        """A worker that ended without saying how has crashed."""
        for run_id, (attempt, job) in list(self.jobs.items()):
            if job.is_alive():
                continue
            del self.jobs[run_id]
            for row in runs.held(self.store, host=self.host):
                if row.id == run_id and row.attempt == attempt:
                    self._take_from_dead(row)

    def _hold_to_promises(self, row: RunRow) -> None:
        """A lease that ran out, a stop that is not followed, a worker that is gone."""
        gone = row.pid is not None and not self.backend.alive(row)
        silent = row.lease is not None and row.lease < time.time()
        if gone or silent:
            self.backend.end(row, force=True)
            self._take_from_dead(row)
        elif row.wanted in ("stopped", "deleted"):
            self._insist(row)
        else:
            self._stop_seen.pop(row.id, None)

    def _insist(self, row: RunRow) -> None:
        waited = time.monotonic() - self._stop_seen.setdefault(row.id, time.monotonic())
        if waited > PATIENCE:
            self.backend.end(row, force=waited > 2 * PATIENCE)

    def _take_from_dead(self, row: RunRow) -> None:
        self._stop_seen.pop(row.id, None)
        if row.wanted in ("stopped", "deleted"):
            runs.release(self.store, row.id, row.attempt, state="stopped", crashed=False)
        elif row.crashes + 1 >= MOST_CRASHES:
            error = {"code": "worker_died", "values": {"times": MOST_CRASHES}, "trace": ""}
            runs.release(self.store, row.id, row.attempt, state="failed", error=error, crashed=True)
        else:
            again: State = "paused" if row.wanted == "paused" else "queued"
            runs.release(self.store, row.id, row.attempt, state=again, crashed=True)

    def _keep_answerer(self) -> None:
        if self.answerer is None or not self.answerer.is_alive():
            self.answerer = self.backend.launch(answer_questions, self.host)

    def _beat(self) -> None:
        if time.monotonic() < self._next_beat:
            return
        self._next_beat = time.monotonic() + BEAT
        runs.delete_wanted(self.store)
        for row in runs.lost(self.store, now=time.time()):
            if row.host != self.host:  # a whole machine is gone; of ours we know more
                self._take_from_dead(row)
        settings = self.store.settings
        info = {"slots": settings.slots, "ready": self.backend.ready(), "gpus": gpu_count(),
                "cores": os.cpu_count(), "memory": settings.memory}  # fmt: skip
        supervisors.beat_supervisor(self.store, host=self.host, pid=os.getpid(), info=info)
        _keep_reserve(settings.reserve)

    def _needed(self) -> bool:
        """Somebody asked lately (who needs us touches the lock), or a run lives."""
        asked = time.time() - last_call(self.store)
        if asked < IDLE_SECONDS or self.jobs:
            self._last_needed = time.monotonic()
        return time.monotonic() - self._last_needed < IDLE_SECONDS


def _keep_reserve(path: Path) -> None:
    """A few megabytes that a worker frees when the disk is full, to be able to say so."""
    if path.exists():
        return
    try:
        path.write_bytes(b"\0" * RESERVE_BYTES)
    except OSError:
        path.unlink(missing_ok=True)
