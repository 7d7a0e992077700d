"""The warm process that answers the playground from the latest checkpoint."""

import importlib
import multiprocessing
import os
import signal
import time
from collections import OrderedDict
from typing import Any

import numpy as np

from dlkit.algorithms import find, model_module
from dlkit.contract import CodedError
from dlkit.engine import last_call
from dlkit.engine.worker import describe, limit_memory
from dlkit.store import Store, arrays, open_store, requests, runs
from dlkit.store.requests import RequestRow
from dlkit.weights import load_state

KEPT_MODELS = 4
TICK = 0.08
ROUND = 0.5


def answer_questions(host: str) -> None:
    """Answer until the supervisor that started this process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    store = open_store()
    limit_memory(store)
    models = Models(store)
    supervisor = multiprocessing.parent_process()
    heard, due = 0.0, 0.0
    while supervisor is None or supervisor.is_alive():
        called = last_call(store)
        if called == heard and time.monotonic() < due:
            time.sleep(TICK)
            continue
        row = requests.claim_play(store, host)
        if row is None:
            heard, due = called, time.monotonic() + ROUND
        else:
            answer(store, models, row)


def answer(store: Store, models: "Models", row: RequestRow) -> None:
    """Answer one question; a failure is an answer too."""
    try:
        found = models.play(row.run, row.body)
    except Exception as error:  # recorded for the person who asked
        what = describe(error, limit=store.settings.memory)
        if what["code"] == "run_raised":
            what = {**what, "code": "play_failed", "values": {"reason": str(error)}}
        requests.answer(store, row.id, error=what)
    else:
        requests.answer(store, row.id, arrays=found)


class Models:
    """The models asked for last, each with the weights of its run's newest checkpoint."""

    def __init__(self, store: Store) -> None:
        """Start with none."""
        self._store = store
        self._kept: OrderedDict[str, tuple[int, Any, Any]] = OrderedDict()

    def play(self, run_id: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """What the run's model says of `inputs`. Raises `CodedError("no_checkpoint_yet")`."""
        run = runs.get(self._store, run_id)
        algorithm = find(run.algorithm)
        module = importlib.import_module(model_module(run.algorithm))
        step, model, params = self._model(run_id, algorithm.params.checked(run.params), module)
        checked = algorithm.inputs(params).checked(inputs)
        return {"step": np.array(step), **module.play(model, params, checked)}

    def _model(self, run_id: str, params: Any, module: Any) -> tuple[int, Any, Any]:
        newest = arrays.checkpoint_step(self._store, run_id)
        kept = self._kept.pop(run_id, None)
        if kept is None or kept[0] != newest:
            kept = self._loaded(run_id, params, module, kept)
        self._kept[run_id] = kept
        while len(self._kept) > KEPT_MODELS:
            self._kept.popitem(last=False)
        return kept

    def _loaded(self, run_id: str, params: Any, module: Any, kept: Any) -> tuple[int, Any, Any]:
        found = arrays.checkpoint(self._store, run_id)
        if found is None:
            raise CodedError("no_checkpoint_yet", run=run_id)
        model = kept[1] if kept else module.build(params)
        load_state(model, found.state, optimizer=False)
        return found.step, model, params
