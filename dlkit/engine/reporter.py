"""The real `Run`: what a training says goes to the store, what people want comes back.

The training thread only appends to a list and reads flags. One background thread does all the
talking to the store, in order: metrics every 300 ms or 64 steps, arrays, checkpoints, a heartbeat a
second. A checkpoint is written after every number before it, so that a run taken up from it has no
gap. What people want is asked for when the engine's bell rings (`engine.last_call`), else once a
second: they may also call from another machine.
"""

import functools
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import psutil

from dlkit.contract import Array, Checkpoint, CodedError, State
from dlkit.engine import last_call
from dlkit.engine.knobs import Knobs
from dlkit.store import Store, arrays, metrics, runs
from dlkit.store.metrics import Point
from dlkit.store.runs import RunRow

FREE = 1 << 30
LEASE = 8.0
BEAT = 1.0
ASK = 1.0
TICK = 0.3
TICK_PAUSED = 0.03
BATCH = 64
HOLD = 60.0
MIB = 1 << 20

Item = Point | Callable[[], None]


class Reporter:
    """A `Run` (see `dlkit.contract`) backed by the store. Use as a context manager.

    `ending` says why the training was asked to end: "stopped", "deleted", "parked" (a long pause
    gave the slot back), or None when it ran to its end.
    """

    def __init__(
        self, store: Store, row: RunRow, *, live: Mapping[str, Any], device: Callable[[], str]
    ) -> None:
        """`row` is the claimed run, `live` the values of its live knobs at the start.

        `device` names what trains. It is asked when the training begins, not before: asking starts
        the backend, and an algorithm may set that up first.
        """
        self.ending: str | None = None
        self._store = store
        self._id = row.id
        self._attempt = row.attempt
        self._wanted = row.wanted
        self._state = row.state
        self._step = row.step
        self._seconds = row.seconds
        self._clock: float | None = None
        self._stepping = False
        self._knobs = Knobs(store, row, live)
        self._device = device
        self._outbox: list[Item] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._told = threading.Event()
        self._fault: BaseException | None = None
        self._closing = False
        self._process = psutil.Process()
        self._thread = threading.Thread(target=self._talk, name="reporter", daemon=True)

    def __enter__(self) -> "Reporter":
        """Start the background thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is left and end the thread."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """Time spent training, pauses left out, over all attempts."""
        return self._seconds + (time.monotonic() - self._clock if self._clock else 0.0)

    @property
    def step(self) -> int:
        """The last step that was reported."""
        return self._step

    def check(self) -> None:
        """Raise what the background thread met: a lost lease, a full disk, too little memory."""
        if self._fault is not None:
            raise self._fault

    # what a training calls

    def plan(self, *, total_steps: int, steps_per_epoch: int) -> None:
        """See `Run.plan`."""
        fields = {"total_steps": total_steps, "steps_per_epoch": steps_per_epoch}
        self._put(self._later(runs.move, state="running", device=self._device(), **fields))
        self._enter("running", tell=False)

    def scalars(self, step: int, /, **values: float) -> None:
        """See `Run.scalars`."""
        self._step = step
        points = [Point(name, step, float(value)) for name, value in values.items()]
        with self._lock:
            self._outbox.extend(points)
            full = len(self._outbox) >= BATCH * len(points)
        if full:
            self._wake.set()
        self.check()

    def array(self, step: int, name: str, value: Array) -> None:
        """See `Run.array`."""
        self._put(self._later(arrays.put, step=step, name=name, value=np.array(value)))

    def note(self, step: int, key: str, /, **values: Any) -> None:
        """See `Run.note`."""
        self._put(self._later(metrics.note, step=step, key=key, values=values))

    def knob(self, name: str) -> Any:
        """See `Run.knob`."""
        return self._knobs.value(name, step=self._step)

    def checkpoint(self, step: int, state: Mapping[str, Array]) -> None:
        """See `Run.checkpoint`."""
        self._put(self._later(arrays.put_checkpoint, step=step, state=state))

    def restored(self) -> Checkpoint | None:
        """See `Run.restored`."""
        found = arrays.checkpoint(self._store, self._id)
        self._step = found.step if found else 0
        return found

    def should_stop(self) -> bool:
        """See `Run.should_stop`."""
        if self._fault is not None or self._wanted in ("stopped", "deleted"):
            return True
        return self._wanted != "running" and not self._stepping

    def allowed(self, step: int, epoch_left: int) -> int:
        """See `Run.allowed`."""
        self._step = step
        self._stepping = False
        waited_since = time.monotonic()
        while True:
            self.check()
            wanted = self._wanted
            if wanted in ("stopped", "deleted"):
                return self._end(wanted)
            if wanted != "paused":
                return self._grant(wanted, epoch_left)
            if self._parking(waited_since):
                return self._end("parked")
            self._enter("paused")
            self._told.wait(TICK_PAUSED)
            self._told.clear()

    # the training thread's helpers

    def _grant(self, wanted: str, epoch_left: int) -> int:
        self._enter("running")
        if wanted == "running":
            return FREE
        self._stepping = True
        if runs.want(self._store, self._id, "paused", was=wanted):
            self._wanted = "paused"
        return 1 if wanted == "step_batch" else epoch_left

    def _end(self, why: str) -> int:
        self.ending = why
        return 0

    def _parking(self, since: float) -> bool:
        if time.monotonic() - since > HOLD:
            return True
        return self._state == "paused" and runs.count(self._store, state="queued") > 0

    def _enter(self, state: State, *, tell: bool = True) -> None:
        if self._state == state:
            return
        self._state = state
        self._seconds, self._clock = self.seconds, None
        if state == "running":
            self._clock = time.monotonic()
        if tell:
            self._put(self._later(runs.move, state=state, step=self._step))
            self._wake.set()

    def _later(self, write: Callable[..., None], **named: Any) -> Callable[[], None]:
        return functools.partial(write, self._store, self._id, self._attempt, **named)

    def _put(self, item: Item) -> None:
        with self._lock:
            self._outbox.append(item)
        self.check()

    # the background thread

    def _talk(self) -> None:
        try:
            self._talk_until_closed()
        except BaseException as error:  # carried to the training thread, raised there
            self._fault = error
            self._told.set()

    def _talk_until_closed(self) -> None:
        next_beat, next_ask, heard = 0.0, 0.0, 0.0
        while not self._closing:
            self._flush()
            if time.monotonic() >= next_beat:
                self._beat()
                next_beat = time.monotonic() + BEAT
            called = last_call(self._store)
            if called != heard or time.monotonic() >= next_ask:
                self._listen()
                heard, next_ask = called, time.monotonic() + ASK
            self._wake.wait(TICK_PAUSED if self._state == "paused" else TICK)
            self._wake.clear()
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            items, self._outbox = self._outbox, []
        points: list[Point] = []
        for item in items:
            if isinstance(item, Point):
                points.append(item)
                continue
            self._write(points)
            points = []
            item()
        self._write(points)

    def _write(self, points: list[Point]) -> None:
        if points:
            metrics.write(self._store, self._id, self._attempt, points)

    def _beat(self) -> None:
        used = self._process.memory_info().rss
        limit = self._store.settings.memory
        if used > limit * 1024 * MIB:
            raise CodedError("out_of_memory", limit=limit)
        runs.beat(
            self._store,
            self._id,
            self._attempt,
            lease=LEASE,
            step=self._step,
            seconds=self.seconds,
        )
        if self._step:
            self._write([Point("memory", self._step, used / MIB)])

    def _listen(self) -> None:
        wanted = runs.wanted(self._store, self._id)
        self._knobs.look()
        if wanted != self._wanted:
            self._wanted = wanted
            self._told.set()
