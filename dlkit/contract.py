"""The shared types: what an algorithm gives, and what it may use of the world outside.

Nothing here runs anything. `spec.py` of an algorithm makes one `Algorithm`; `model.py` gets one
`Run`; a view gets `RunData` and `Words` and gives a figure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import plotly.graph_objects as go
from numpy.typing import NDArray

from dlkit.params import BaseParams

Array = NDArray[Any]
Family = Literal["networks", "sequences", "generative", "graphs", "decisions"]
State = Literal["queued", "starting", "running", "paused", "finished", "stopped", "failed"]
ENDED: tuple[State, ...] = ("finished", "stopped", "failed")


class CodedError(Exception):
    """A failure a person can be told about: a key of `errors.toml` and the values of its text."""

    def __init__(self, code: str, **values: Any) -> None:
        self.code = code
        self.values = values
        super().__init__(f"{code} {values}" if values else code)


@dataclass(frozen=True)
class Words:
    """Every word on screen in one language: `words("knob.units.label")`."""

    language: str
    table: Mapping[str, str]

    def __call__(self, key: str, **values: Any) -> str:
        """The text of `key` with `{name}` filled in. Raises `KeyError` for a key without a text."""
        return self.table[key].format(**values)


@dataclass(frozen=True)
class Checkpoint:
    """All that is needed to go on exactly: flat arrays by name, and the step they belong to."""

    step: int
    state: Mapping[str, Array]


class Run(Protocol):
    """The whole outside world of a training. Steps count updates from 1 and never fall."""

    def plan(self, *, total_steps: int, steps_per_epoch: int) -> None:
        """Say how long the training is, so that progress and the time left can be shown."""

    def scalars(self, step: int, /, **values: float) -> None:
        """Numbers measured at `step`; a name written twice at one step keeps the later value."""

    def array(self, step: int, name: str, value: Array) -> None:
        """A picture, map or table at `step`, of the shape declared in `Algorithm.arrays`."""

    def note(self, step: int, key: str, /, **values: Any) -> None:
        """A sentence of the texts (`note.<key>`) about what just happened."""

    def knob(self, name: str) -> Any:
        """The value of a live knob now; a change takes effect at the step that first reads it."""

    def allowed(self, step: int, epoch_left: int) -> int:
        """How many steps may run before asking again; waits while paused, 0 ends the training here.

        `step` steps are done, `epoch_left` remain in this epoch. After a 0 the caller writes a
        checkpoint and returns.
        """

    def should_stop(self) -> bool:
        """Cheap: whether the loop should come back to `allowed` now (pause, stop, lost lease)."""

    def checkpoint(self, step: int, state: Mapping[str, Array]) -> None:
        """Keep `state` as the place to go on from. The arrays must not change afterwards."""

    def restored(self) -> Checkpoint | None:
        """The checkpoint to go on from, or None at the first start."""


@dataclass(frozen=True)
class Series:
    """One curve: `steps` [N] integers that rise, `values` [N]."""

    steps: Array
    values: Array


@dataclass(frozen=True)
class Snapshot:
    """One stored array and the step it was made at."""

    step: int
    value: Array


@dataclass(frozen=True)
class RunData:
    """What a view may look at. Any curve or array may still be missing, short or hold NaN."""

    params: BaseParams
    state: State = "queued"
    attempt: int = 0
    step: int = 0
    total_steps: int = 0
    steps_per_epoch: int = 0
    metrics: Mapping[str, Series] = field(default_factory=dict)
    arrays: Mapping[str, Snapshot] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """A live chart. `metrics` and `arrays` name what it reads; `wide` asks for the full width.

    `detail` draws what lies behind a clicked place of the chart, `behind` names the arrays that it
    reads. The place is what Plotly says of a point: "x", "y", "curve", "number".
    """

    name: str
    build: Callable[[RunData, Words], go.Figure]
    metrics: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()
    wide: bool = False
    height: int = 320
    applies: Callable[[Any], bool] = lambda params: True
    detail: Callable[[RunData, Words, Mapping[str, Any]], go.Figure] | None = None
    behind: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A health check's word: text key `finding.<key>` and `finding.<key>.try`."""

    key: str
    level: Literal["good", "hint", "warning"]
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Paper:
    """Where the idea comes from."""

    authors: str
    year: int
    title: str
    link: str


@dataclass(frozen=True)
class Layer:
    """One box of a drawn architecture: a name in words, the shape that leaves it, its weights.

    `skips` says how many boxes back a shortcut that ends here began; 0 for none.
    """

    label: str
    shape: tuple[int, ...]
    weights: int = 0
    kind: Literal["data", "dense", "convolution", "pooling", "other", "answer"] = "other"
    repeats: int = 1
    skips: int = 0


@dataclass(frozen=True)
class Move:
    """One thing that a player can do: its name, and its key: an arrow or a letter."""

    label: str
    key: str


@dataclass(frozen=True)
class Duel:
    """How a person plays the level that the trained network plays.

    `idle` is the number of the move that is made while no key is held; where it is None the last
    one goes on. A game that `waits` goes on when a key is pressed, and not by itself.
    """

    moves: tuple[Move, ...]
    idle: int | None
    waits: bool


@dataclass(frozen=True)
class Scene:
    """One moment of a game: a picture [H, W] of one byte a pixel, the return, whether it ended."""

    picture: Array
    brought: float
    over: bool


def _nothing_drawn(params: Any, words: Words) -> Sequence[Layer]:
    return ()


def _nothing_found(data: RunData) -> Sequence[Finding]:
    return ()


@dataclass(frozen=True)
class Algorithm:
    """One chapter of the studio, declared without Keras.

    `metrics` gives each curve's unit, `arrays` each array's shape (None: any length). `headline`
    names the metrics by which runs are listed: of each run the first that it has; `goal` says
    whether more or less of it is better. `inputs` gives the playground's controls for a run's
    params; `answer` draws what `play` returned for them. `checks` may look at the curves and at the
    arrays that `consulted` names. `layers` lists the network that these params make. `rival` names
    the algorithm that can learn the same from the same `data`, so that the two may race. With
    `duel` a person can play against it: `stage.py` beside the spec then plays any moves of a level,
    and the playground's answer holds those of the network as `duel` [T] and their return as
    `duel_brought`.
    """

    name: str
    chapter: int
    family: Family
    icon: str
    paper: Paper
    params: type[BaseParams]
    presets: Mapping[str, BaseParams]
    tiny: BaseParams
    metrics: Mapping[str, str]
    arrays: Mapping[str, tuple[int | None, ...]]
    headline: tuple[str, ...]
    goal: Literal["max", "min"]
    views: tuple[View, ...]
    inputs: Callable[[Any], type[BaseParams]]
    answer: Callable[[Mapping[str, Array], Any, Words], Sequence[go.Figure]]
    checks: Callable[[RunData], Sequence[Finding]] = _nothing_found
    consulted: tuple[str, ...] = ()
    layers: Callable[[Any, Words], Sequence[Layer]] = _nothing_drawn
    rival: Callable[[Any], str | None] = lambda params: None
    duel: Callable[[Any, Words], Duel] | None = None

    def headline_of(self, values: Mapping[str, float]) -> str | None:
        """The headline of a run with these values: which one it is depends on its task."""
        return next((name for name in self.headline if name in values), None)
