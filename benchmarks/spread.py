"""The middle of repeated measurements and how far they lie apart."""

import statistics
from collections.abc import Sequence


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(statistics.median(values))


def spread(values: Sequence[float]) -> float:
    """The distance between the quartiles; of fewer than four values, between the extremes."""
    if len(values) < 4:
        return max(values) - min(values)
    low, _, high = statistics.quantiles(values, n=4)
    return high - low


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the measurements do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
