"""The Python API: `dlkit.train`, `dlkit.load`, `dlkit.runs`. The same engine as the studio."""

import math
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from tqdm import tqdm

from dlkit import engine
from dlkit.algorithms import find
from dlkit.contract import ENDED, Algorithm, CodedError, Words
from dlkit.params import BaseParams
from dlkit.store import Store, metrics, open_store
from dlkit.store import runs as rows
from dlkit.store.runs import RunRow
from dlkit.texts import words

POLL_SECONDS = 0.2
SUPERVISOR_SECONDS = 2.0


def train(algorithm: str, preset: str = "quick", **values: Any) -> RunRow:
    """Train in a process beside this one, show the progress, and give the ended run.

    Ctrl-C leaves the run going; `dlkit.runs()` finds it again. Raises `ParamsError` for a refused
    value, `CodedError` for an unknown algorithm or preset and when the training failed.
    """
    spec = find(algorithm)
    params = spec.params.checked({**preset_of(spec, preset).values(), **values})
    store = open_store()
    run_id = engine.start(store, spec.name, params=params)
    row = follow(store, run_id, words("en", spec.name))
    if row.state == "failed":
        raise failure(row)
    return row


def load(run: RunRow | str) -> Any:
    """The trained `keras.Model` of a run, from its last checkpoint. Loads Keras."""
    store = open_store()
    row = rows.get(store, run if isinstance(run, str) else run.id)
    return import_module("dlkit.exports.keras_model").load(store, row)


def runs(algorithm: str | None = None, limit: int = 50) -> list[RunRow]:
    """The runs, the newest first."""
    return rows.page(open_store(), algorithm=algorithm, limit=limit)


def preset_of(spec: Algorithm, name: str) -> BaseParams:
    """The values of a preset. Raises `CodedError` preset_unknown."""
    if name not in spec.presets:
        raise CodedError("preset_unknown", given=name, allowed=", ".join(spec.presets))
    return spec.presets[name]


def failure(row: RunRow) -> CodedError:
    """Why a run failed, as the error that its worker or supervisor recorded."""
    error = row.error or {}
    return CodedError(str(error.get("code", "run_raised")), **error.get("values", {}))


def follow(store: Store, run_id: str, words: Words) -> RunRow:
    """Show a run's progress on standard error until it ends."""
    looked = -math.inf
    bar = tqdm(unit=" " + words("cli.step"), disable=None, leave=False, dynamic_ncols=True)
    with bar:
        while (row := engine.state(store, run_id)).state not in ENDED:
            if time.monotonic() - looked > SUPERVISOR_SECONDS:
                engine.ensure_supervisor(store)
                looked = time.monotonic()
            _draw(bar, row, metrics.last(store, [run_id]).get(run_id, {}), words=words)
            time.sleep(POLL_SECONDS)
    return row


def wait_end(store: Store, run_id: str, *, seconds: float) -> RunRow:
    """The run once it has ended, or as it is after `seconds`."""
    until = time.monotonic() + seconds
    while (row := engine.state(store, run_id)).state not in ENDED and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    return row


def _draw(bar: Any, row: RunRow, last: Mapping[str, float], *, words: Words) -> None:
    if bar.disable:
        return
    bar.total = row.total_steps or None
    bar.n = row.step
    if not bar.initial and row.step:
        bar.initial = row.step  # a continued run is not credited with the steps before
    bar.set_description_str(words(f"state.{row.state}"), refresh=False)
    shown = [name for name in last if name == "loss" or name.startswith("val_")]
    bar.set_postfix({name: f"{last[name]:.4g}" for name in shown[:3]}, refresh=False)
    bar.refresh()
