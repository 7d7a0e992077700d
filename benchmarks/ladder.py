"""Whether the judges of generated pictures can be believed: heaps of known quality, in order.

See `dlkit.judge.ladder`. What a judge says of a GAN's pictures counts only while this sorts.
"""

import itertools

from dlkit import datasets, judge
from dlkit.judge_network import RECIPES, judge_of

MEASURES = ("distance", "kernel_distance", "coverage")
MOST = 2500  # pictures on a rung


def climbed(data: str, seed: int) -> dict[str, float]:
    """How right each judge is, how far it finds each rung; the share of measures that sort them."""
    split, found, sorts = datasets.load(data, 1), {}, []
    some = datasets.spread(len(split.x_val), min(MOST, len(split.x_val)))
    known = split.x_train[datasets.spread(len(split.x_train), len(some))]
    rungs = judge.ladder(split.x_val[some], split.y_val[some], seed)
    for number in RECIPES:
        judged = judge_of(data, number)
        found[f"accuracy_{number}"] = 100.0 * judged.accuracy
        seen = judged.see(known)
        said = {name: judge.compared(seen, judged.see(heap)) for name, heap in rungs.items()}
        for measure in MEASURES:
            values = [said[name][measure] for name in judge.RUNGS]
            sorts.append(is_sorted(values, falling=measure == "coverage"))
        found |= {f"{name}_{number}": said[name]["distance"] for name in judge.RUNGS}
    return {**found, "sorted": sum(sorts) / len(sorts)}


def is_sorted(values: list[float], *, falling: bool) -> bool:
    """Whether the values of the rungs, the best first, get strictly worse."""
    pairs = list(itertools.pairwise(values))
    return all(one > other if falling else one < other for one, other in pairs)
