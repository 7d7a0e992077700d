"""What a benchmark says of itself, and what a measurement gives back."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Benchmark:
    """One number to hold. `floor` must be met, `aim` is what we want.

    Figures beside it must be at most their `limits` and at least what `least` says. `measure` names
    the function, as `module:function`; it takes the number of repetitions.
    """

    id: str
    what: str
    unit: str
    floor: float
    aim: float
    better: Literal["less", "more"]
    source: str
    measure: str
    peer: str = ""
    seeds: int = 3
    limits: dict[str, float] = field(default_factory=dict)
    least: dict[str, float] = field(default_factory=dict)

    def holds(self, value: float, beside: dict[str, Any]) -> bool:
        """Whether the floor is met, and every figure beside that has a limit keeps it."""
        met = value <= self.floor if self.better == "less" else value >= self.floor
        low = all(beside[name] <= limit for name, limit in self.limits.items())
        return met and low and all(beside[name] >= least for name, least in self.least.items())


@dataclass(frozen=True)
class Measured:
    """What a measurement gives: the middle value, its spread, the peer's figure, figures beside.

    `ratio` is ours over the peer's, where that is not simply `value / peer`.
    """

    value: float
    spread: float
    peer: float | None = None
    ratio: float | None = None
    beside: dict[str, Any] = field(default_factory=dict)
