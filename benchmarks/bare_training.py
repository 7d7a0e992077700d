"""One training with nobody watching: `python -m benchmarks.bare_training ALGORITHM [options]`.

The last line on standard output is a JSON object: the seconds from the plan to the saved model, as
the studio counts them; the seconds of the whole call, reading of the data and building included;
the last value of every curve, its mean over the last fifth of the steps, and the number of weights.
"""

import argparse
import dataclasses
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
    """A `Run` that hears everything and keeps nothing but the curves."""

    def __init__(self, params: Any) -> None:
        """`params` gives the values of the live knobs."""
        self.params = params
        self.began = 0.0
        self.total_steps = self.steps_per_epoch = 0
        self.curves: dict[str, list[tuple[int, float]]] = {}

    def plan(self, *, total_steps: int, steps_per_epoch: int) -> None:
        """The training begins: start the clock, as the studio does."""
        self.total_steps, self.steps_per_epoch = total_steps, steps_per_epoch
        self.began = time.monotonic()

    def scalars(self, step: int, /, **values: float) -> None:
        """Kept, because they are the result."""
        for name, value in values.items():
            self.curves.setdefault(name, []).append((step, float(value)))

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

    def last(self) -> dict[str, float]:
        """The last value of every curve."""
        return {name: points[-1][1] for name, points in self.curves.items()}

    def late(self) -> dict[str, float]:
        """The mean of every curve over the last fifth of the steps."""
        since = 0.8 * self.total_steps
        late = {n: [v for step, v in points if step > since] for n, points in self.curves.items()}
        return {name: sum(values) / len(values) for name, values in late.items() if values}


def main() -> None:
    """Train without checkpoints, save, and write what came out."""
    args = _arguments()
    _change_fit(args.examples, args.checked, pictures=args.pictures)
    training.CHECKPOINT_SECONDS = float("inf")
    spec = find(args.algorithm)
    values = {**spec.presets[args.preset].values(), **json.loads(args.values)}
    params = spec.params.checked(values)
    run = Nobody(params)
    called = time.monotonic()
    model = import_module(model_module(args.algorithm)).train(params, run)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
    ended = time.monotonic()
    found = {
        "seconds": ended - run.began,
        "whole_seconds": ended - called,
        "last": run.last(),
        "late": run.late(),
        "weights": model.count_params(),
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _change_fit(examples: int | None, checked: int | None, *, pictures: bool) -> None:
    """Let trainings of this process use only the first of each part, and leave out pictures."""
    plain = training.fit

    def fit(model: Any, split: Any, params: Any, run: Any, **shown: Any) -> Any:
        if examples or checked:
            learned = {"x_train": split.x_train[:examples], "y_train": split.y_train[:examples]}
            held = {"x_val": split.x_val[:checked], "y_val": split.y_val[:checked]}
            split = dataclasses.replace(split, **learned, **held)
        return plain(model, split, params, run, **(shown if pictures else {}))

    training.fit = fit


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("algorithm")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--values", default="{}", help="params in place of the preset's, as JSON")
    parser.add_argument("--examples", type=int, help="learn from the first ones only")
    parser.add_argument("--checked", type=int, help="and check on the first ones only")
    parser.add_argument("--pictures", action="store_true", help="make them, as the studio does")
    return parser.parse_args()


if __name__ == "__main__":
    main()
