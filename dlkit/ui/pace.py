"""How long a run will still take: from the pace of its latest steps, right after a resume too."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from dlkit.store.runs import RunRow

_LOOK_BACK = 20.0
_WARM = 10.0


@dataclass
class Pace:
    """The latest moments of one attempt: `(time, step)`."""

    attempt: int = 0
    begun_at: int = 0
    seen: deque[tuple[float, int]] = field(default_factory=deque)

    def look(self, row: RunRow, now: float) -> None:
        """Note where the run is. A new attempt or a pause begins anew, once the steps move.

        Before the first of them a model is compiled; that time says nothing of the pace.
        """
        if row.attempt != self.attempt or row.state != "running":
            self.attempt, self.begun_at = row.attempt, row.step
            self.seen.clear()
        if row.state == "running" and row.step != self.begun_at:
            self.seen.append((now, row.step))
        while self.seen and now - self.seen[0][0] > _LOOK_BACK:
            self.seen.popleft()

    def left(self, row: RunRow) -> float | None:
        """Seconds until the last step, or until the run's time budget is used up if that is sooner.

        None while that cannot be said.
        """
        budget = 60.0 * float(row.params.get("minutes", 0.0))
        steps = self._until_last_step(row)
        if not budget:
            return steps
        rest = max(0.0, budget - row.seconds)
        return rest if steps is None else min(rest, steps)

    def _until_last_step(self, row: RunRow) -> float | None:
        rate = _rate(self.seen)
        if rate is None and row.seconds > _WARM and row.step > 0:
            rate = row.step / row.seconds
        if not rate or row.total_steps <= 0:
            return None
        return max(0, row.total_steps - row.step) / rate


def _rate(seen: Iterable[tuple[float, int]]) -> float | None:
    moments = list(seen)
    if len(moments) < 2:
        return None
    (began, first), (ended, last) = moments[0], moments[-1]
    if ended - began < 2 or last <= first:
        return None
    return (last - first) / (ended - began)
