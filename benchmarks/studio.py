"""A studio of its own to measure: an empty home, a warm supervisor, the web process as hosted."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from dlkit import engine
from dlkit.store import Store, open_store, runs, supervisors
from dlkit.ui.signing import Watch, address

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120.0


@contextlib.contextmanager
def empty_home() -> Iterator[Store]:
    """A store in a new temporary folder, gone afterwards with its supervisor."""
    folder = tempfile.mkdtemp(prefix="dlkit-bench-")
    before = {name: value for name, value in os.environ.items() if name.startswith("DLKIT_")}
    for name in ("DLKIT_DATABASE", "DLKIT_FILES"):
        os.environ.pop(name, None)
    os.environ["DLKIT_HOME"] = folder
    store = open_store()
    try:
        yield store
    finally:
        _end_supervisors(store)
        store.database.dispose()
        del os.environ["DLKIT_HOME"]
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


def warm_supervisor(store: Store) -> None:
    """Start a supervisor and wait until its workers can begin at once."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        engine.ensure_supervisor(store)
        if any(one.info.get("ready") for one in supervisors.supervisors(store)):
            return
        time.sleep(0.2)
    raise TimeoutError("the supervisor was not ready in time")


@contextlib.contextmanager
def served(store: Store) -> Iterator[tuple[str, psutil.Process]]:
    """The web process under uvicorn, as hosted: its address and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (store.settings.home / "web.log").open("ab")
    command = [sys.executable, "-m", "uvicorn", "app:app", "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--log-level", "warning"],
        cwd=ROOT,
        stdout=log,
        stderr=log,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield url, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        log.close()


class Viewer(threading.Thread):
    """One who looks at a run's stream and notes when each step arrived."""

    def __init__(self, url: str, run_id: str) -> None:
        super().__init__(daemon=True)
        self.url = f"{url}/{address(Watch(run_id, 'en'))}"
        self.seen: list[tuple[int, float]] = []
        self.bytes = 0
        self.ended = threading.Event()

    def run(self) -> None:
        """Read the stream until it ends."""
        with contextlib.suppress(OSError), urllib.request.urlopen(self.url) as stream:
            for line in stream:
                self.bytes += len(line)
                if line.startswith(b"data: {") and len(line) > 10:
                    step = int(json.loads(line[6:])["step"])
                    self.seen.append((step, time.time()))
        self.ended.set()

    def arrival(self, step: int) -> float | None:
        """When the first figure with `step` or a later one came."""
        return next((moment for seen, moment in self.seen if seen >= step), None)


def finish(store: Store, run_id: str, *, seconds: float) -> Any:
    """The run's row once it ended. Raises `TimeoutError`, or `RuntimeError` if it failed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        row = runs.get(store, run_id)
        if row.state == "failed":
            raise RuntimeError(f"the training failed: {row.error}")
        if row.state in ("finished", "stopped"):
            return row
        time.sleep(0.1)
    raise TimeoutError(f"the run did not end within {seconds:g} s")


def quiet_environment() -> Mapping[str, str]:
    """This process's environment with TensorFlow's chatter off."""
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("the web process ended at once")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health"):
            return
        time.sleep(0.1)
    raise TimeoutError("the web process did not answer in time")


def _end_supervisors(store: Store) -> None:
    for one in supervisors.supervisors(store):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(one.pid)
            family = [process, *process.children(recursive=True)]
            for member in family:
                member.kill()
            psutil.wait_procs(family, timeout=5)
