"""What the agents of deep Q-learning reach, and how fast they learn.

Each is trained in a fresh process and judged greedily on a hundred fresh episodes after its last
step; no better moment is picked, and no return of the training counts.
"""

import json
from typing import Any

from benchmarks import fresh
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread

FULL = 500.0
RACED = 20_000  # steps
LAKE: dict[str, Any] = {
    "data": "frozen_lake", "n_steps": 1, "hidden_layers": "", "steps": 60_000, "discount": 0.95,
    "epsilon": 0.3, "exploration_share": 0.5, "learning_rate": 0.02, "memory": 60_000,
}  # fmt: skip
GRID: dict[str, Any] = {
    "data": "grid", "n_steps": 1, "hidden_layers": "", "steps": 20_000, "discount": 0.95,
    "epsilon": 0.5, "exploration_share": 0.5, "learning_rate": 0.05,
}  # fmt: skip
CAR: dict[str, Any] = {
    "data": "mountain_car", "steps": 120_000, "learning_starts": 1000, "epsilon": 0.07,
    "discount": 0.98, "learning_rate": 0.002, "target_every": 300, "train_every": 16,
    "gradient_steps": 8, "batch_size": 128,
}  # fmt: skip
LANDER: dict[str, Any] = {"steps": 100_000, "memory": 100_000}


def dqn_cartpole(seeds: int) -> Measured:
    """How many seeds keep the pole up for 500 steps in all hundred episodes, in per cent."""
    found = _agents(seeds, "quick", {})
    means = [one["mean"] for one in found]
    return Measured(
        100.0 * sum(mean == FULL for mean in means) / seeds,
        spread(means),
        beside={
            "lowest": min(means),
            "mean": sum(means) / seeds,
            "most_steps": max(one["steps"] for one in found),
            "seconds": max(one["seconds"] for one in found),
        },
    )


def dqn_grid(seeds: int) -> Measured:
    """In which share of the reachable states the best action is found, in the worst case, %."""
    shares, seconds = [], 0.0
    for values in (GRID, LAKE):
        for one in _agents(seeds, "quick", values):
            shares.append(100.0 * one["best_share"])
            seconds = max(seconds, one["seconds"])
    beside = {"mean": sum(shares) / len(shares), "seconds": seconds}
    return Measured(min(shares), spread(shares), beside=beside)


def dqn_acrobot(seeds: int) -> Measured:
    """The mean greedy return with the standard preset."""
    return _reached(seeds, "standard", {})


def dqn_lunarlander(seeds: int) -> Measured:
    """The mean greedy return after 100,000 steps of the `gpu` preset."""
    return _reached(seeds, "gpu", LANDER)


def dqn_mountaincar(seeds: int) -> Measured:
    """The mean greedy return after 120,000 steps."""
    return _reached(seeds, "quick", CAR)


def dqn_speed(seeds: int) -> Measured:
    """Environment steps a second, learning included, over Stable-Baselines3's."""
    ours, theirs = [], []
    for _ in range(seeds):
        ours.append(fresh.call("benchmarks.dqn_race", "ours", str(RACED))["steps_per_second"])
        theirs.append(fresh.call("benchmarks.dqn_race", "sb3", str(RACED))["steps_per_second"])
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    beside = {"steps_per_second": middle(ours), "peer_steps_per_second": middle(theirs)}
    return Measured(middle(ratios), spread(ratios), peer=1.0, beside=beside)


def _reached(seeds: int, preset: str, values: dict[str, Any]) -> Measured:
    found = _agents(seeds, preset, values)
    means = [one["mean"] for one in found]
    beside = {"lowest": min(means), "seconds": max(one["seconds"] for one in found)}
    return Measured(middle(means), spread(means), beside=beside)


def _agents(seeds: int, preset: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        fresh.call("benchmarks.dqn_agent", preset, json.dumps({**values, "seed": seed}))
        for seed in range(1, seeds + 1)
    ]
