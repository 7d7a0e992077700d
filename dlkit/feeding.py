"""Rows of arrays as `model.fit` takes them in quickest.

Keras makes its own pipeline of arrays: it collects each batch from numbered rows, and TensorFlow
measures the pipeline to tune it. Our rows come in order and in whole batches, so there is nothing
to collect and nothing to tune. The tuner costs most at the end: `fit` waits until it wakes up,
often a tenth of a second (docs/decisions/0018). Other backends take the arrays as they are.
"""

import importlib
from typing import Any

import keras


def whole_batches(x: Any, y: Any, batch: int) -> dict[str, Any]:
    """The arguments of `fit` that feed it `x` and `y`, each one array [rows, ...] or several.

    The number of rows is a multiple of `batch`; `y` may be None.
    """
    if keras.backend.backend() != "tensorflow":
        return {"x": x, "y": y, "batch_size": batch}
    data = importlib.import_module("tensorflow").data
    cut = lambda rows: rows.reshape(-1, batch, *rows.shape[1:])  # noqa: E731
    parts = keras.tree.map_structure(cut, (x,) if y is None else (x, y))
    options = data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    return {"x": data.Dataset.from_tensor_slices(parts).with_options(options)}
