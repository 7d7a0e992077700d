"""When a training shows its pictures: seldom enough that watching costs next to nothing."""

import time
from collections.abc import Callable, Mapping

from dlkit.contract import Array, Run

PICTURE_SHARE = 0.015  # of the time: within three seconds where pictures take up to 45 ms
FIRST_PICTURE_WAIT = 0.5


class Show:
    """Asks for pictures and hands them to the run."""

    def __init__(
        self,
        run: Run,
        pictures: Callable[[int], Mapping[str, Array]] | None,
        fixed: Mapping[str, Array],
    ) -> None:
        """`pictures(step)` gives what changes; `fixed` is written once."""
        self._run, self._pictures, self._fixed = run, pictures, fixed
        self._last, self._due = -1, 0.0

    def if_due(self, step: int) -> None:
        """Write them unless the last ones are too recent for what they cost."""
        if time.monotonic() >= self._due:
            self.now(step)

    def now(self, step: int) -> None:
        """Write them unless this step's are written."""
        if self._pictures is None or step == self._last:
            return
        began = time.monotonic()
        fixed = self._fixed if self._last < 0 else {}
        for name, value in {**fixed, **self._pictures(step)}.items():
            self._run.array(step, name, value)
        ended = time.monotonic()
        # The first pictures also pay for tracing; only the later ones tell what pictures cost.
        wait = (ended - began) / PICTURE_SHARE if self._last >= 0 else FIRST_PICTURE_WAIT
        self._last, self._due = step, ended + wait
