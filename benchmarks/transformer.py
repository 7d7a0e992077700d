"""What the Transformer reaches on a text and on sums, and what its key-value cache saves.

Shakespeare: the loss is that of the whole held-out tenth, in windows as long as the context, one
behind the other, measured once after the last step; looks during the training ask a part of it.
Addition: the share of held-out sums that are right to the last digit; b + a is never learned from
where a + b is held out. A part of a measurement runs in a process of its own:
`python -m benchmarks.transformer WHAT SEED`.
"""

import dataclasses
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks import fresh
from benchmarks.accuracy import reached
from benchmarks.bare_training import Nobody
from benchmarks.listed import find
from benchmarks.race import Clock
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread
from dlkit.algorithms.transformer.spec import ALGORITHM
from dlkit.datasets import characters

WRITTEN = 256  # characters
SECONDS = 20.0  # of a race
ADDITION: dict[str, Any] = {
    "data": "addition",
    "optimizer": "muon",
    "learning_rate": 0.005,
    "batch_size": 128,
    "epochs": 30,
}


def shakespeare(seeds: int) -> Measured:
    """Nats a character on the whole held-out tenth, with the standard preset."""
    found = _each("shakespeare", seeds)
    losses = [one["loss"] for one in found]
    beside = {
        "highest": max(losses),
        "above_floor": sum(loss > find("transformer-shakespeare").floor for loss in losses),
        "seconds": max(one["seconds"] for one in found),
        "weights": found[0]["weights"],
    }
    return Measured(middle(losses), spread(losses), beside=beside)


def addition(seeds: int) -> Measured:
    """Per cent of held-out sums of two numbers below a thousand that are exactly right."""
    return reached("transformer-addition", seeds, algorithm="transformer", **ADDITION)


def cache(seeds: int) -> Measured:
    """How many times as fast 256 characters are written with the cache as by the plain loop."""
    found = _each("cache", seeds)
    ratios = [one["plain"] / one["cached"] for one in found]
    beside = {
        "cached_s": middle([one["cached"] for one in found]),
        "plain_s": middle([one["plain"] for one in found]),
        "same_text": all(one["same"] for one in found),
        "traced": max(one["traced"] for one in found),
    }
    return Measured(middle(ratios), spread(ratios), beside=beside)


def speed(seeds: int) -> Measured:
    """Tokens a second of the standard preset's net over eager PyTorch's, both with AdamW."""
    rounds = []
    for turn in range(1, seeds + 1):
        order = ("ours", "torch") if turn % 2 else ("torch", "ours")
        found = {way: fresh.call("benchmarks.transformer", way, str(turn)) for way in order}
        if found["ours"]["weights"] != found["torch"]["weights"]:
            raise RuntimeError(f"not the same net: {found}")
        rounds.append(found)
    ratios = [one["ours"]["rate"] / one["torch"]["rate"] for one in rounds]
    theirs = middle([one["torch"]["rate"] for one in rounds])
    beside = {
        f"{way}_{name}": middle([one[way][name] for one in rounds])
        for way in ("ours", "torch")
        for name in ("rate", "processor_us")
    }
    return Measured(middle(ratios), spread(ratios), theirs, middle(ratios), beside=beside)


def _each(what: str, seeds: int) -> list[dict[str, Any]]:
    return [fresh.call("benchmarks.transformer", what, str(seed)) for seed in range(1, seeds + 1)]


def _train_shakespeare(seed: int) -> dict[str, Any]:
    params: Any = ALGORITHM.presets["standard"].model_copy(update={"seed": seed})
    network = import_module("dlkit.algorithms.transformer.model")
    began = time.monotonic()
    model = network.train(params, Nobody(params))
    seconds = time.monotonic() - began
    x, y = characters.windows(characters.characters(params.data).held, params.context)
    loss = model.evaluate(x, y, batch_size=64, verbose=0, return_dict=True)["loss"]
    return {"loss": float(loss), "seconds": seconds, "weights": model.count_params()}


def _write_both_ways(seed: int) -> dict[str, Any]:
    """The standard net, untrained, with room for all that is written; the likeliest tokens."""
    changes = {"data": "lee_news", "context": WRITTEN, "seed": seed}
    params: Any = ALGORITHM.presets["standard"].model_copy(update=changes)
    network = import_module("dlkit.algorithms.transformer.model")
    writing = import_module("dlkit.writing")
    model = network.build(params)
    writer = writing.Writer(model, network.begin, network.step)
    prompt = characters.characters(params.data).held[:1]

    def cached() -> list[int]:
        tokens: list[int] = writer.write(prompt, WRITTEN, temperature=0.0)["tokens"].tolist()
        return tokens

    def plain() -> list[int]:
        tokens = np.zeros((1, WRITTEN), np.int32)
        tokens[0, 0] = prompt[0]
        for place in range(WRITTEN - 1):
            tokens[0, place + 1] = model.predict_on_batch(tokens)[0, place].argmax()
        return [int(one) for one in tokens[0]]

    same = cached() == plain()  # both are traced now
    times = {"cached": _seconds(cached), "plain": _seconds(plain)}
    traced = writer.predict_function.experimental_get_tracing_count()
    return {**times, "same": same, "traced": traced}


def _raced() -> Any:
    """The standard preset with what both ways share."""
    changes = {"optimizer": "adamw", "weight_decay": 0.0, "schedule": "constant", "epochs": 1000}
    return ALGORITHM.presets["standard"].model_copy(update=changes)


def _race_ours(seed: int) -> dict[str, Any]:
    """The program's own training; validation is one window, and there are no pictures."""
    params, clock = _raced().model_copy(update={"seed": seed}), Clock(SECONDS)
    training: Any = import_module("dlkit.training")
    racer = import_module("benchmarks.race_keras").Racer(params, clock)
    plain = training.fit

    def fit(model: Any, split: Any, params: Any, run: Any, **_: Any) -> Any:
        few = {"x_val": split.x_val[:1], "y_val": split.y_val[:1]}
        return plain(model, dataclasses.replace(split, **few), params, run)

    training.fit, training.CHECKPOINT_SECONDS = fit, float("inf")
    model = import_module("dlkit.algorithms.transformer.model").train(params, racer)
    return _tokens(clock, params.context, model.count_params())


def _race_torch(seed: int) -> dict[str, Any]:
    params, clock = _raced().model_copy(update={"seed": seed}), Clock(SECONDS)
    weights = import_module("benchmarks.transformer_torch").race(params, clock)
    return _tokens(clock, 1, weights)


def _tokens(clock: Clock, each: int, weights: int) -> dict[str, Any]:
    """Tokens a second where the clock counted things of `each` tokens."""
    found = clock.found()
    rates = {"rate": found["rate"] * each, "processor_us": found["processor_us"] / each}
    return {**rates, "weights": weights}


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def main() -> None:
    """Measure one part and write it as the last line."""
    what, seed = sys.argv[1], int(sys.argv[2])
    parts = {
        "shakespeare": _train_shakespeare,
        "cache": _write_both_ways,
        "ours": _race_ours,
        "torch": _race_torch,
    }
    found = parts[what](seed)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
