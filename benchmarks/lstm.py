"""What the LSTM chapter reaches and how fast it is, each run in a fresh process.

Shakespeare: the loss over the whole held-out tenth after the last step, in windows of 1,024
characters that begin with an empty memory (looks during the training ask a part of it); the
standard preset, nothing picked. The seconds are those of the training, pictures included as in the
studio; starting Python is left out. Adding: rows of 100 numbers, LSTM and simple network in one
run. Speed: the same net in PyTorch, turn and turn about; see `speed` and `lstm_race`. Shakespeare
is learned in a process of its own: `python -m benchmarks.lstm SEED`.
"""

import json
import sys
import time
from importlib import import_module
from typing import Any

from benchmarks import fresh
from benchmarks.accuracy import trained
from benchmarks.bare_training import Nobody
from benchmarks.listed import find
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread
from dlkit.algorithms.lstm.spec import ALGORITHM
from dlkit.datasets import characters

SECONDS = 10.0
ADDING: dict[str, Any] = {"task": "adding", "context": 100, "units": 64, "epochs": 8}


def shakespeare(seeds: int) -> Measured:
    """Nats a character on the held-out tenth of tiny Shakespeare."""
    found = [fresh.call("benchmarks.lstm", str(seed)) for seed in range(1, seeds + 1)]
    losses = [one["loss"] for one in found]
    floor = find("lstm-shakespeare").floor
    beside = {
        "highest": max(losses),
        "above_floor": sum(loss > floor for loss in losses),
        "seconds": max(one["seconds"] for one in found),
        "weights": found[0]["weights"],
    }
    return Measured(middle(losses), spread(losses), beside=beside)


def adding(seeds: int) -> Measured:
    """The mean squared error of the LSTM on rows of 100; beside it that of the simple network."""
    found = [trained("lstm", "quick", {**ADDING, "seed": seed}) for seed in range(1, seeds + 1)]
    errors = [one["last"]["val_loss"] for one in found]
    floor = find("lstm-adding").floor
    beside = {
        "highest": max(errors),
        "above_floor": sum(error > floor for error in errors),
        "simple": min(one["last"]["val_simple_loss"] for one in found),
        "seconds": max(one["whole_seconds"] for one in found),
    }
    return Measured(middle(errors), spread(errors), beside=beside)


def speed(seeds: int) -> Measured:
    """Characters a second over those of PyTorch, round by round."""
    ways, rounds = ("ours", "torch"), []
    for turn in range(seeds):
        order = ways if turn % 2 == 0 else ways[::-1]
        rounds.append({way: fresh.call("benchmarks.lstm_race", way, str(SECONDS)) for way in order})
    weights = {one[way]["weights"] for one in rounds for way in ways}
    if len(weights) > 1:
        raise RuntimeError(f"not the same net: {weights}")
    times = [one["ours"]["rate"] / one["torch"]["rate"] for one in rounds]
    rates = {f"{way}_rate": middle([one[way]["rate"] for one in rounds]) for way in ways}
    peer = rates["torch_rate"]
    return Measured(middle(times), spread(times), peer, middle(times), beside=rates)


def _train_shakespeare(seed: int) -> dict[str, Any]:
    params: Any = ALGORITHM.presets["standard"].model_copy(update={"seed": seed})
    network = import_module("dlkit.algorithms.lstm.model")
    began = time.monotonic()
    model = network.train(params, Nobody(params))
    seconds = time.monotonic() - began
    x, y = characters.windows(characters.characters(params.data).held, characters.STRETCH)
    loss = model.evaluate(x, y, batch_size=512, verbose=0, return_dict=True)["loss"]
    return {"loss": float(loss), "seconds": seconds, "weights": model.count_params()}


def main() -> None:
    """Train once and write what came out as the last line."""
    sys.stdout.write(json.dumps(_train_shakespeare(int(sys.argv[1]))) + "\n")


if __name__ == "__main__":
    main()
