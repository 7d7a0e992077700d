"""A part of a measurement in a process of its own: nothing before it can help or disturb."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks.studio import ROOT, quiet_environment

PATIENCE = 3600.0


def call(module: str, *words: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run `python -m module words` and read the JSON object of its last line.

    `environment` is what differs from ours. Raises `RuntimeError` with what the process said.
    """
    command = [sys.executable, "-m", module, *words]
    answer = subprocess.run(
        command,
        cwd=ROOT,
        env={**quiet_environment(), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if answer.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} failed:\n{answer.stderr[-4000:]}")
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found
