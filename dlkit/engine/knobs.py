"""Live knobs of one run: changes asked for by people, applied at a step, repeated after a resume.

A change is written down with the step at which it took effect before it is used. A run taken up
from an earlier checkpoint meets the same change at the same step, so its numbers stay the same.
"""

import threading
from collections.abc import Mapping
from typing import Any

from dlkit.store import Store, requests
from dlkit.store.requests import RequestRow
from dlkit.store.runs import RunRow


class Knobs:
    """Values by step. `look` runs in the reporter's thread, `value` in the training's."""

    def __init__(self, store: Store, row: RunRow, start: Mapping[str, Any]) -> None:
        """`start` holds the values from the run's params."""
        self._store = store
        self._row = row
        self._start = dict(start)
        self._changes = requests.knobs_applied(store, row.id)
        self._asked: list[RequestRow] = []
        self._lock = threading.Lock()

    def look(self) -> None:
        """Fetch changes that were asked for and not yet applied."""
        asked = requests.pending(self._store, kind="knob", run_id=self._row.id)
        with self._lock:
            self._asked = list(asked)

    def value(self, name: str, *, step: int) -> Any:
        """The value at `step`; a waiting change of this knob takes effect now."""
        with self._lock:
            mine = [row for row in self._asked if row.body["name"] == name]
            self._asked = [row for row in self._asked if row.body["name"] != name]
        for row in mine:
            if requests.apply_knob(self._store, row.id, self._row.attempt, step=step):
                self._changes.append((step, name, row.body["value"]))
        past = [value for at, knob, value in self._changes if knob == name and at <= step]
        return past[-1] if past else self._start[name]
