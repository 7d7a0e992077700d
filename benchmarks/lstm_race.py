"""One layer of 256 LSTM units on letters, ours or PyTorch: `python -m benchmarks.lstm_race WAY S`.

Both train the standard preset's net with Adam on the same windows of 64 letters, 64 a step, without
checking on others and without pictures. PyTorch has two biases where Keras has one; its second is
left out of the count and held at zero. The last line is a JSON object: letters a second, processor
microseconds of one letter, weights.
"""

import argparse
import dataclasses
import json
import sys
from importlib import import_module
from typing import Any

from benchmarks.race import SEED, Clock
from dlkit.algorithms.lstm.spec import EMBEDDED, SIZES, Params
from dlkit.contract import Array
from dlkit.datasets import characters

STEPS = 8  # of an epoch, so that the clock is often asked
PARAMS = Params(
    units=256, batch_size=64, epochs=200, optimizer="adam", schedule="constant", seed=SEED
)


def ours(clock: Clock) -> int:
    """Train with the program's own model and training until the clock is over."""
    training: Any = import_module("dlkit.training")
    racer: Any = import_module("benchmarks.race_keras").Racer
    plain = training.fit
    x, y = _windows()

    def fit(model: Any, split: Any, params: Any, run: Any, **_: Any) -> Any:
        few = {"x_val": split.x_val[:1], "y_val": split.y_val[:1]}
        return plain(model, dataclasses.replace(split, x_train=x, y_train=y, **few), params, run)

    training.fit = fit
    training.CHECKPOINT_SECONDS = float("inf")
    module: Any = import_module("dlkit.algorithms.lstm.model")
    return int(module.train(PARAMS, racer(PARAMS, clock)).count_params())


def peer(clock: Clock) -> int:
    """Train the same net with `torch.nn.LSTM`, eager."""
    torch: Any = import_module("torch")
    nn, size = torch.nn, SIZES[PARAMS.data]
    torch.manual_seed(SEED)
    letters, cell = nn.Embedding(size, EMBEDDED), nn.LSTM(EMBEDDED, PARAMS.units, batch_first=True)
    answer = nn.Linear(PARAMS.units, size)
    nn.init.zeros_(cell.bias_hh_l0)
    cell.bias_hh_l0.requires_grad_(False)
    weights = [w for part in (letters, cell, answer) for w in part.parameters() if w.requires_grad]
    optimizer = torch.optim.Adam(weights, PARAMS.learning_rate, fused=True)
    loss_of = nn.CrossEntropyLoss(ignore_index=characters.UNKNOWN)
    x, y = (torch.from_numpy(one.copy()).long() for one in _windows())
    done = 0
    while not clock.over:
        for rows in torch.randperm(len(x)).split(PARAMS.batch_size):
            optimizer.zero_grad(set_to_none=True)
            logits = answer(cell(letters(x[rows]))[0])
            loss_of(logits.flatten(0, 1), y[rows].flatten()).backward()
            nn.utils.clip_grad_norm_(weights, PARAMS.clip)
            optimizer.step()
        done += len(x)
        clock.mark(done)
    return sum(weight.numel() for weight in weights)


def main() -> None:
    """Race one way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=("ours", "torch"))
    parser.add_argument("seconds", type=float)
    args = parser.parse_args()
    clock = Clock(args.seconds)
    weights = (ours if args.way == "ours" else peer)(clock)
    found = clock.found()
    rate = {"rate": found["rate"] * PARAMS.context, "weights": weights}
    used = found["processor_us"] / PARAMS.context
    sys.stdout.write(json.dumps({**rate, "processor_us": used}) + "\n")


def _windows() -> tuple[Array, Array]:
    x, y = characters.windows(characters.characters(PARAMS.data).train, PARAMS.context)
    count = STEPS * PARAMS.batch_size
    return x[:count], y[:count]


if __name__ == "__main__":
    main()
