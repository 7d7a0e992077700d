"""Where workers run: one protocol, one suite of tests for whatever keeps it."""

from collections.abc import Callable
from typing import Any, Protocol

from dlkit.store.runs import RunRow


class Job(Protocol):
    """A process that was started: what the supervisor needs of it."""

    def is_alive(self) -> bool:
        """Whether it still runs."""


class Backend(Protocol):
    """Starts worker processes and ends them, also those an earlier supervisor started."""

    def ready(self) -> bool:
        """Whether a worker would start at once; never blocks."""

    def launch(self, target: Callable[..., None], *args: Any) -> Job:
        """Start `target(*args)` in a process of its own."""

    def alive(self, row: RunRow) -> bool:
        """Whether the worker that holds `row` still runs."""

    def end(self, row: RunRow, *, force: bool) -> None:
        """Ask the worker that holds `row` to end, or end it by force."""

    def close(self) -> None:
        """Let go of what was kept warm; workers go on."""
