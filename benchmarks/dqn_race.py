"""Who plays and learns more steps a second: `python -m benchmarks.dqn_race WAY STEPS`.

Both ways train the same net (4-64-64-2) by Adam on CartPole with one environment, batches of 64,
an update for every second step in blocks of 32 after 64 steps, the target network made equal every
128 steps, chance at 5 % after the first steps. Nobody is judged and nothing is shown. The clock
starts when the first 2,000 steps are done, so that compiling and the random start are left out.
The last line on standard output is a JSON object with the environment steps a second.
"""

import json
import sys
import time
from importlib import import_module
from typing import Any

WARM = 2000
NET = [64, 64]


def ours(steps: int) -> float:
    """The program's own training."""
    bare = import_module("benchmarks.bare_training")
    training: Any = import_module("dlkit.training")
    training.CHECKPOINT_SECONDS = float("inf")
    module = import_module("dlkit.algorithms.dqn.model")
    shown = import_module("dlkit.algorithms.dqn.shown")
    spec = import_module("dlkit.algorithms.dqn.spec")
    shown.Judge.__call__ = lambda *_: {"val_return": 0.0}
    shown.Album.pictures = lambda *_: {}
    params = spec.Params(
        steps=steps, train_every=64, gradient_steps=32, batch_size=64, target_every=64,
        hidden_layers="64, 64", learning_starts=500, exploration_share=0.05, episodes=1,
        double=False, normalisation="none", n_steps=1, schedule="constant",
    )  # fmt: skip
    run: Any = bare.Nobody(params)
    times: list[tuple[int, float]] = []
    plain = run.scalars

    def scalars(step: int, /, **values: float) -> None:
        times.append((step, time.perf_counter()))
        plain(step, **values)

    run.scalars = scalars
    module.train(params, run)
    return _speed(times)


def sb3(steps: int) -> float:
    """Stable-Baselines3's DQN as its users run it."""
    import_module("torch").set_num_threads(1)
    sb = import_module("stable_baselines3")
    callbacks = import_module("stable_baselines3.common.callbacks")
    times: list[tuple[int, float]] = []

    class Watch(callbacks.BaseCallback):  # type: ignore[name-defined]
        """Notes when each block of steps was done."""

        def _on_step(self) -> bool:
            if self.num_timesteps % 64 == 0:
                times.append((self.num_timesteps, time.perf_counter()))
            return True

    agent = sb.DQN(
        "MlpPolicy", "CartPole-v1", learning_rate=0.001, buffer_size=20_000, batch_size=64,
        learning_starts=500, gamma=0.99, train_freq=64, gradient_steps=32,
        target_update_interval=128, exploration_fraction=0.05, exploration_final_eps=0.05,
        policy_kwargs={"net_arch": NET}, seed=1, device="cpu",
    )  # fmt: skip
    agent.learn(steps, callback=Watch())
    return _speed(times)


def _speed(times: list[tuple[int, float]]) -> float:
    late = [(step, moment) for step, moment in times if step >= WARM]
    (first, began), (last, ended) = late[0], late[-1]
    return (last - first) / (ended - began)


if __name__ == "__main__":
    speed = {"ours": ours, "sb3": sb3}[sys.argv[1]](int(sys.argv[2]))
    sys.stdout.write(json.dumps({"steps_per_second": speed}) + "\n")
