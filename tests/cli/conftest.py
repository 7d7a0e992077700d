"""`python -m dlkit` as a person calls it: a process of its own, in a home folder of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0


class Shell:
    """A home folder and the commands typed there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **{name: value for name, value in os.environ.items() if name[:6] != "DLKIT_"},
            "DLKIT_HOME": str(home),
            "DLKIT_SLOTS": "1",
            "DLKIT_EXTRA_ALGORITHMS": "tests.fakes",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "LC_ALL": "C.UTF-8",
        }

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """A command that is not waited for."""
        return subprocess.Popen(
            [sys.executable, "-m", "dlkit", *words],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """A command with its exit code and words."""
        process = self.start(*words)
        with process:
            out, err = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def json(self, *words: str, code: int = 0) -> Any:
        """The object on the last line of a command with `--json`."""
        found = self(*words, "--json")
        assert found.returncode == code, found.stdout + found.stderr
        return json.loads(found.stdout.splitlines()[-1])

    def close(self) -> None:
        """End the supervisor and the workers of this home."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("DLKIT_HOME") == str(self.home):
                    process.send_signal(signal.SIGKILL)


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """One home for all tests of the command line."""
    made = Shell(tmp_path_factory.mktemp("cli"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def trained(shell: Shell) -> Any:
    """A finished run, as `train --json` reports it."""
    return shell.json("train", "fake", "--set", "epochs=32", "--set", "seed=7")
