"""Chapter 10, deep Q-learning."""

from benchmarks.registry import Benchmark

BENCHMARKS = (
    Benchmark(
        id="dqn-cartpole",
        what="DQN, quick preset, 20,000 steps: seeds that keep the pole up in all 100 fresh games",
        unit="%",
        floor=80.0,
        aim=100.0,
        better="more",
        source="algorithms, section 10: 500 in 8 of 10 seeds at 50 k steps, aim 10 of 10 at 20 k",
        measure="benchmarks.dqn:dqn_cartpole",
        seeds=10,
        limits={"seconds": 60.0, "most_steps": 20_096},
    ),
    Benchmark(
        id="dqn-grid",
        what="DQN, own grid and frozen lake: states with an action that value iteration calls best",
        unit="%",
        floor=100.0,
        aim=100.0,
        better="more",
        source="algorithms, section 10: the optimal policy of value iteration",
        measure="benchmarks.dqn:dqn_grid",
    ),
    Benchmark(
        id="dqn-speed",
        what="CartPole steps/s, learning included, over Stable-Baselines3; same net, batch, ratio",
        unit="x",
        floor=1.5,
        aim=3.0,
        better="more",
        source="algorithms, section 10: at least 1.5x, aim 3x",
        measure="benchmarks.dqn:dqn_speed",
        peer="Stable-Baselines3's DQN on one thread",
    ),
    Benchmark(
        id="dqn-mountaincar",
        what="DQN on MountainCar, 120,000 steps: mean greedy return of 100 fresh episodes",
        unit="",
        floor=-115.0,
        aim=-102.0,
        better="more",
        source="algorithms, section 10",
        measure="benchmarks.dqn:dqn_mountaincar",
    ),
    Benchmark(
        id="dqn-lunarlander",
        what="DQN on LunarLander, 100,000 steps: mean greedy return of 100 fresh episodes",
        unit="",
        floor=180.0,
        aim=220.0,
        better="more",
        source="algorithms, section 10; Stable-Baselines3's zoo has 154",
        measure="benchmarks.dqn:dqn_lunarlander",
    ),
)
