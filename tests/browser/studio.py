"""A real studio for the browser tests: its own home, a free port, the command one would type."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from dlkit.store import Settings, Store, open_store, supervisors

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]


@dataclass
class Studio:
    """A running server and the store behind it."""

    url: str
    store: Store
    process: subprocess.Popen[bytes]

    def close(self) -> None:
        """Stop the server, its supervisor, and all that they started."""
        _end(self.process.pid)
        self.process.wait(timeout=10)
        for one in supervisors.supervisors(self.store):
            _end(one.pid)
        self.store.database.dispose()


def start(home: Path) -> Studio:
    """Serve the studio from `home` and wait until it answers."""
    port = _free_port()
    environment = {**os.environ, "DLKIT_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    home.mkdir(parents=True, exist_ok=True)
    with (home / "studio.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--server.address", "127.0.0.1"],
            cwd=ROOT, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    _wait_for(f"{url}/_stcore/health")
    return Studio(url, open_store(Settings.from_environment({"DLKIT_HOME": str(home)})), process)


def _wait_for(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url):
            return
        time.sleep(0.1)
    raise TimeoutError(url)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _end(pid: int) -> None:
    with suppress(psutil.NoSuchProcess):
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGTERM)
        for one in psutil.wait_procs(family, timeout=5)[1]:
            with suppress(psutil.NoSuchProcess):
                one.kill()
