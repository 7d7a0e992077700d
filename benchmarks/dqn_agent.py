"""One agent, trained and then judged: `python -m benchmarks.dqn_agent PRESET PARAMS`.

It is judged greedily on a hundred episodes whose starts neither the training nor its own looks
have seen. The last line on standard output is a JSON object: the mean and the least return, the
share of states with a best action where that can be calculated, the environment steps and seconds
of the training (looks and pictures included), and the last value of every curve.
"""

import json
import sys
import time
from importlib import import_module
from typing import Any

from benchmarks.bare_training import Nobody
from dlkit import training
from dlkit.algorithms import find, model_module

EPISODES = 100
ELSEWHERE = 1_000_003  # added to the seed: other starts than those of training and looks


def main(preset: str, values: dict[str, Any]) -> None:
    """Train, judge, and write what came out."""
    training.CHECKPOINT_SECONDS = float("inf")
    spec, module = find("dqn"), import_module(model_module("dqn"))
    params: Any = spec.params.checked({**spec.presets[preset].values(), **values})
    run: Any = Nobody(params)
    began = time.monotonic()
    model = module.train(params, run)
    seconds = time.monotonic() - began
    games = import_module("dlkit.algorithms.dqn.games")
    made = [games.Game(params.data, params.grid, params.slip) for _ in range(EPISODES)]
    shown = import_module("dlkit.algorithms.dqn.shown")
    fresh = params.model_copy(update={"seed": params.seed + ELSEWHERE})
    returns = shown.returns(module.Policy(model, params), made, fresh, random=0.0)
    last = run.last()
    found = {
        "mean": float(returns.mean()),
        "least": float(returns.min()),
        "best_share": last.get("best_share", 0.0),
        "steps": run.curves["loss"][-1][0] * params.worlds,
        "seconds": seconds,
        "last": last,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
