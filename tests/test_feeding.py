"""Rows fed in whole batches teach a model the same as Keras' own way with arrays."""

import importlib
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras
ROWS, BATCH = 24, 4


def _weights(several: bool, target: bool, *, ours: bool) -> list[Any]:
    keras = importlib.import_module("keras")
    feeding = importlib.import_module("dlkit.feeding")
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    first, second = keras.Input((3,)), keras.Input((2,))
    inputs = [first, second] if several else first
    x = keras.layers.Concatenate()([first, second]) if several else first
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.compile("adam", "mse", steps_per_execution=3)
    if not target:
        model.compute_loss = lambda x, y, y_pred, sample_weight, training: y_pred**2
    rng = np.random.default_rng(1)
    rows = [rng.normal(size=(ROWS, n)).astype("float32") for n in (3, 2, 1)]
    given: Any = (rows[0], rows[1]) if several else rows[0]
    wanted = rows[2] if target else None
    way = {"x": given, "y": wanted, "batch_size": BATCH}
    fed = feeding.whole_batches(given, wanted, BATCH) if ours else way
    model.fit(**fed, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == ROWS // BATCH
    return model.get_weights()


@pytest.mark.parametrize("target", [True, False])
@pytest.mark.parametrize("several", [False, True])
def test_the_same_is_learned(several: bool, target: bool) -> None:
    ours = _weights(several, target, ours=True)
    keras_own = _weights(several, target, ours=False)
    for one, other in zip(ours, keras_own, strict=True):
        np.testing.assert_array_equal(one, other)
