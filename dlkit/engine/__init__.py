"""The engine as the studio, the command line and the Python API use it: one way to train.

Every call writes or reads rows of the store; the supervisor and its workers do the rest.
"""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dlkit.algorithms import find
from dlkit.contract import ENDED, Array, CodedError, RunData
from dlkit.params import BaseParams, ParamsError, Problem
from dlkit.store import Store, metrics, requests, runs
from dlkit.store import arrays as stored
from dlkit.store.runs import RunRow

LOCK = "DLKIT_LOCK_FD"
ALIVE = ("starting", "running", "paused")
RACE_MINUTES = 2.0
IN_COMMON = ("data", "own_text", "seed")  # what both sides of a race must have alike
VERBS: dict[str, tuple[str, tuple[str, ...]]] = {
    "pause": ("paused", ("starting", "running")),
    "resume": ("running", ("paused",)),
    "step_batch": ("step_batch", ("paused", "running")),
    "step_epoch": ("step_epoch", ("paused", "running")),
    "stop": ("stopped", ("queued", *ALIVE)),
    "continue": ("running", ("stopped", "failed")),
    "delete": ("deleted", ("queued", *ALIVE, *ENDED)),
}


def start(store: Store, algorithm: str, *, params: BaseParams, owner: str = "local") -> str:
    """Queue a run and make sure somebody will take it. Returns its id."""
    row = runs.create(store, find(algorithm).name, params=params.values(), owner=owner)
    ensure_supervisor(store)
    return row.id


def race(store: Store, algorithm: str, *, params: BaseParams, owner: str = "local") -> list[str]:
    """Queue a run and, in its standard preset, its rival; both learn the same for the same time.

    The time is the run's budget, or `RACE_MINUTES`. Nothing else ends either of them, and both
    learning rates follow the clock. Returns the two ids. Raises `CodedError("no_rival")`.
    """
    ours = find(algorithm)
    name = ours.rival(params)
    if name is None:
        raise CodedError("no_rival", given=ours.name)
    theirs, values = find(name), params.values()
    shared = {one: values[one] for one in IN_COMMON}
    sides = ((ours, values), (theirs, {**theirs.presets["standard"].values(), **shared}))
    minutes = values["minutes"] or RACE_MINUTES
    checked = [
        (one.name, one.params.checked({**held, **_until_time_is_over(one.params, minutes)}))
        for one, held in sides
    ]
    return [start(store, one, params=found, owner=owner) for one, found in checked]


def _until_time_is_over(params: type[BaseParams], minutes: float) -> dict[str, Any]:
    (epochs,) = (knob for knob in params.knobs() if knob.name == "epochs")
    return {"minutes": minutes, "stop_at": 0.0, "epochs": int(epochs.high or 1)}


def control(store: Store, run_id: str, verb: str) -> None:
    """Ask for "pause", "resume", "step_batch", "step_epoch", "stop", "continue" or "delete".

    Raises `CodedError`: verb_unknown, or verb_not_now in a state that has no use for it.
    """
    if verb not in VERBS:
        raise CodedError("verb_unknown", given=verb, allowed=", ".join(VERBS))
    wanted, states = VERBS[verb]
    row = runs.get(store, run_id)
    if row.state not in states:
        raise CodedError("verb_not_now", verb=verb, state=row.state)
    if verb == "continue":
        runs.queue_again(store, row.id)
    else:
        runs.want(store, row.id, wanted)
    if verb == "stop":
        runs.stop_waiting(store, row.id)
    ensure_supervisor(store)


def set_knob(store: Store, run_id: str, name: str, value: Any) -> None:
    """Change a live knob of a run. Raises `CodedError("knob_not_live")` or `ParamsError`."""
    row = runs.get(store, run_id)
    params = find(row.algorithm).params
    live = [knob.name for knob in params.knobs() if knob.live]
    if name not in live:
        raise CodedError("knob_not_live", name=name, allowed=", ".join(live))
    try:
        checked = params.checked({**row.params, name: value}).values()[name]
    except ParamsError as error:
        raise ParamsError(
            [p for p in error.problems if p.field == name] or error.problems
        ) from None
    if row.state in ENDED:
        raise CodedError("verb_not_now", verb=name, state=row.state)
    requests.ask(store, row.id, kind="knob", body={"name": name, "value": checked})
    _ring(store)


def ask(store: Store, run_id: str, inputs: Mapping[str, Any]) -> int:
    """Put a question to the run's latest checkpoint; `answered` has the answer soon."""
    row = runs.get(store, run_id)
    algorithm = find(row.algorithm)
    checked = algorithm.inputs(algorithm.params.checked(row.params)).checked(inputs)
    if stored.checkpoint_step(store, row.id) is None:
        raise CodedError("no_checkpoint_yet", run=row.id)
    request = requests.ask(store, row.id, kind="play", body=checked.values())
    ensure_supervisor(store)
    return request


def answered(store: Store, request_id: int) -> dict[str, Array] | None:
    """The answer, None while it is being worked on. Raises `CodedError` if there will be none."""
    found = requests.get_answer(store, request_id)
    if found is None:
        return None
    if found.error is not None:
        raise CodedError(found.error["code"], **found.error["values"])
    return dict(found.arrays or {})


def play(
    store: Store, run_id: str, inputs: Mapping[str, Any], *, timeout: float = 30.0
) -> dict[str, Array]:
    """Ask and wait. Raises `CodedError("play_timeout")` after `timeout` seconds."""
    request_id = ask(store, run_id, inputs)
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        found = answered(store, request_id)
        if found is not None:
            return found
        time.sleep(0.02)
    raise CodedError("play_timeout", seconds=timeout)


def state(store: Store, run_id: str) -> RunRow:
    """The run's row."""
    return runs.get(store, run_id)


def queue_position(store: Store, run_id: str) -> int | None:
    """1 for the run that starts next, None for one that does not wait."""
    row = runs.get(store, run_id)
    return runs.queued_before(store, row.created) + 1 if row.state == "queued" else None


def read(
    store: Store,
    run_id: str,
    *,
    at: int | None = None,
    arrays: Sequence[str] = (),
    before: RunData | None = None,
) -> RunData:
    """What views draw: the curves, and the named arrays as they were at step `at` (None: now).

    With `before`, an earlier answer to the same question, only what is new is read.
    """
    row = runs.get(store, run_id)
    if before is not None and (before.attempt, before.state) != (row.attempt, row.state):
        before = None  # a new attempt writes anew; one that ended may have taken back points
    steps = stored.newest(store, row.id, arrays, step=at)
    held = {} if before is None else before.arrays
    found = {
        name: held[name]
        if name in held and held[name].step == step
        else stored.load(store, row.id, name, step=at)
        for name, step in steps.items()
    }
    return RunData(
        params=find(row.algorithm).params.checked(row.params),
        state=row.state,
        attempt=row.attempt,
        step=row.step,
        total_steps=row.total_steps,
        steps_per_epoch=row.steps_per_epoch,
        metrics=metrics.overview(store, row.id)
        if before is None
        else metrics.follow(store, row.id, before.metrics),
        arrays={name: snapshot for name, snapshot in found.items() if snapshot is not None},
    )


def ensure_supervisor(store: Store) -> None:
    """Start a supervisor process of its own if this home has none. It outlives the caller.

    The lock is taken here and handed over, so that many callers start one supervisor between them.
    """
    if store.settings.slots == 0:
        return
    _ring(store)
    with _bell(store).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _spawn(store, lock.fileno())


def last_call(store: Store) -> float:
    """When somebody on this machine last wanted something of supervisor, answerer or a worker.

    They look for it many times a second, which costs far less than asking the database so often.
    """
    return _bell(store).stat().st_mtime if _bell(store).exists() else 0.0


def _bell(store: Store) -> Path:
    """The lock file of the supervisor: its time of change tells when somebody last called."""
    return store.settings.home / "supervisor.lock"


def _ring(store: Store) -> None:
    _bell(store).touch()


_started: list[subprocess.Popen[bytes]] = []


def _spawn(store: Store, lock: int) -> None:
    _started[:] = [process for process in _started if process.poll() is None]
    settings = {**store.settings.as_environment(), LOCK: str(lock)}
    with (store.settings.home / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dlkit", "worker"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(lock,),
            env={**os.environ, **settings},
        )
    _started.append(process)


__all__ = [
    "ParamsError",
    "Problem",
    "answered",
    "ask",
    "control",
    "ensure_supervisor",
    "play",
    "queue_position",
    "race",
    "read",
    "set_knob",
    "start",
    "state",
]
