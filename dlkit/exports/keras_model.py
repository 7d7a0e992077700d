"""A run's trained model, built anew and filled from its newest checkpoint."""

from importlib import import_module

import keras

from dlkit.algorithms import find, model_module
from dlkit.contract import CodedError
from dlkit.store import Store, arrays
from dlkit.store.runs import RunRow
from dlkit.weights import load_state


def load(store: Store, row: RunRow) -> keras.Model:
    """The model of a run as it was at its newest whole checkpoint, ready to predict.

    Raises `CodedError` no_checkpoint_yet for a run that has not reached one.
    """
    checkpoint = arrays.checkpoint(store, row.id)
    if checkpoint is None:
        raise CodedError("no_checkpoint_yet", run=row.id)
    params = find(row.algorithm).params.checked(row.params)
    model = import_module(model_module(row.algorithm)).build(params)
    load_state(model, checkpoint.state, optimizer=False)
    return model
