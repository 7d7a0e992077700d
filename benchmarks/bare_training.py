"""One training with nobody watching: `python -m benchmarks.bare_training dnn SEED`."""

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from dlkit import training
from dlkit.algorithms import find, model_module
from dlkit.contract import Array, Checkpoint


class Nobody:
    """A `Run` that hears everything and keeps nothing."""

    def __init__(self, params: Any) -> None:
        """`params` gives the values of the live knobs."""
        self.params = params
        self.began = 0.0

    def plan(self, *, total_steps: int, steps_per_epoch: int) -> None:
        """The training begins: start the clock, as the studio does."""
        self.began = time.monotonic()

    def scalars(self, step: int, /, **values: float) -> None:
        """Dropped."""

    def array(self, step: int, name: str, value: Array) -> None:
        """Dropped."""

    def note(self, step: int, key: str, /, **values: Any) -> None:
        """Dropped."""

    def knob(self, name: str) -> Any:
        """As it was at the start."""
        return getattr(self.params, name)

    def allowed(self, step: int, epoch_left: int) -> int:
        """Go on without end."""
        return 1 << 30

    def should_stop(self) -> bool:
        """Never."""
        return False

    def checkpoint(self, step: int, state: Mapping[str, Array]) -> None:
        """Dropped."""

    def restored(self) -> Checkpoint | None:
        """Always from the start."""
        return None


def main(name: str, seed: int) -> None:
    """Train the quick preset without pictures and checkpoints, save, and write the seconds."""
    plain = training.fit

    def without_pictures(model: Any, split: Any, params: Any, run: Any, **_: Any) -> Any:
        return plain(model, split, params, run, pictures=None)

    training.fit = without_pictures
    training.CHECKPOINT_SECONDS = float("inf")
    spec = find(name)
    params = spec.params.checked({**spec.presets["quick"].values(), "seed": seed})
    run = Nobody(params)
    model = import_module(model_module(name)).train(params, run)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
    seconds = time.monotonic() - run.began
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
