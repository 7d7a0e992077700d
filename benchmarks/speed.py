"""How fast the program trains beside plain Keras and PyTorch, turn and turn about.

Each round runs every way once, each in a process of its own, in an order that moves on by one from
round to round. A ratio compares two runs of one round, so a machine that is slow for a minute is
slow for both; the value is the median over the rounds. See `race` for what is trained.
"""

from collections.abc import Sequence
from typing import Any

from benchmarks import fresh
from benchmarks.registry import Measured
from benchmarks.spread import middle, spread

SECONDS = 10.0

Round = dict[str, dict[str, float]]  # by way: what `race` found


def dnn(seeds: int) -> Measured:
    """784-512-512-10 against plain `fit`; beside it 2-8-8-1's steps, and both against PyTorch."""
    large = rounds("mlp", ("ours", "keras", "torch"), seeds)
    small = rounds("small", ("ours", "keras", "torch"), seeds)
    beside = {**_rates("", large), **_rates("small_", small)}
    beside["over_torch"] = middle(ratios(large, "torch"))
    beside["small_over_keras"] = middle(ratios(small, "keras"))
    beside["small_over_torch"] = middle(ratios(small, "torch"))
    return _measured(large, "keras", beside)


def cnn(seeds: int) -> Measured:
    """The convnet of keras.io against plain `fit`; beside it against PyTorch."""
    found = rounds("convnet", ("ours", "keras", "torch"), seeds)
    beside = {**_rates("", found), "over_torch": middle(ratios(found, "torch"))}
    return _measured(found, "keras", beside)


def resnet(seeds: int) -> Measured:
    """ResNet-20 of width 16 against PyTorch; beside it the seconds of an epoch of Fashion-MNIST."""
    found = rounds("resnet", ("ours", "torch"), seeds)
    beside: dict[str, Any] = _rates("", found)
    beside["epoch_seconds"] = 60_000 / beside["ours_rate"]
    beside["torch_epoch_seconds"] = 60_000 / beside["torch_rate"]
    return _measured(found, "torch", beside)


def rounds(net: str, ways: Sequence[str], count: int, *, seconds: float = SECONDS) -> list[Round]:
    """`count` rounds. Raises `RuntimeError` if the ways do not train the same number of weights."""
    found = []
    for turn in range(count):
        order = [ways[(place + turn) % len(ways)] for place in range(len(ways))]
        one = {way: fresh.call("benchmarks.race", net, way, str(seconds)) for way in order}
        weights = {way: result["weights"] for way, result in one.items()}
        if len(set(weights.values())) > 1:
            raise RuntimeError(f"not the same net: {weights}")
        found.append(one)
    return found


def ratios(found: Sequence[Round], peer: str) -> list[float]:
    """Our examples a second over the peer's, round by round."""
    return [one["ours"]["rate"] / one[peer]["rate"] for one in found]


def _rates(prefix: str, found: Sequence[Round]) -> dict[str, float]:
    """The median examples a second and processor microseconds of an example, of each way."""
    beside = {}
    for way in sorted(found[0]):
        beside[f"{prefix}{way}_rate"] = middle([one[way]["rate"] for one in found])
        used = [one[way]["processor_us"] for one in found]
        beside[f"{prefix}{way}_processor_us"] = middle(used)
    return beside


def _measured(found: Sequence[Round], peer: str, beside: dict[str, Any]) -> Measured:
    times = ratios(found, peer)
    theirs = middle([one[peer]["rate"] for one in found])
    return Measured(middle(times), spread(times), theirs, middle(times), beside=beside)
