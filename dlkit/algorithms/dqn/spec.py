"""Deep Q-learning: knobs, presets, charts and playground."""

import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Self

import plotly.graph_objects as go
import pydantic

from dlkit import recipe
from dlkit.algorithms.dqn import health, screens, worlds
from dlkit.algorithms.dqn.worlds import world_of
from dlkit.contract import Algorithm, Array, CodedError, Layer, Paper, View, Words
from dlkit.datasets import grids
from dlkit.params import BaseParams, choice, integer, real, refuse, switch, text
from dlkit.views import curves, decisions, games

CLIP = 32  # pictures of an episode
SHELF = 6  # pictures of an episode on the shelf
BINS = 41
MAX_WIDTH = 1024


class Params(BaseParams):
    """What can be set. `steps` are counted over all worlds together."""

    data: str = choice("cartpole", *worlds.NAMES)
    grid: str = text(grids.FIRST, pattern=grids.PATTERN, letters=grids.LETTERS)
    steps: int = integer(20_000, low=100, high=10_000_000)
    hidden_layers: str = text("128, 128", pattern=r"^\s*(\d{1,4}(\s*,\s*\d{1,4}){0,5})?\s*$")
    learning_rate: float = real(0.001, low=1e-6, high=1.0, scale="log", live=True)
    epsilon: float = real(0.05, low=0.0, high=1.0, step=0.01, live=True)
    discount: float = real(0.99, low=0.0, high=0.9999, step=0.001)
    double: bool = switch(True)
    slip: float = real(0.0, low=0.0, high=0.6, step=0.05, group="world")
    worlds: int = integer(1, low=1, high=64, group="world")
    dueling: bool = switch(False, group="network")
    normalisation: str = choice("layer", "none", "layer", group="network")
    exploration: str = choice("epsilon", "epsilon", "noisy", group="exploring")
    exploration_share: float = real(0.2, low=0.0, high=1.0, step=0.01, group="exploring")
    memory: int = integer(20_000, low=100, high=1_000_000, group="memory")
    learning_starts: int = integer(500, low=1, high=100_000, group="memory")
    prioritised: bool = switch(False, group="memory")
    n_steps: int = integer(3, low=1, high=20, group="memory")
    train_every: int = integer(64, low=1, high=4096, group="learning")
    gradient_steps: int = integer(32, low=1, high=4096, group="learning")
    batch_size: int = integer(64, low=1, high=4096, group="learning")
    target_update: str = choice("hard", "hard", "soft", group="target")
    target_every: int = integer(64, low=1, high=100_000, group="target")
    target_share: float = real(0.005, low=0.0001, high=1.0, step=0.001, group="target")
    average_weights: bool = switch(True, group="learning")
    optimizer: str = choice("adam", "sgd", "adam", "adamw", "lion", "muon", group="optimization")
    schedule: str = recipe.schedule("cosine")
    weight_decay: float = recipe.weight_decay()
    episodes: int = integer(10, low=1, high=200, group="run")
    stop_at: float = real(0.0, low=-1000.0, high=1000.0, step=0.5, group="run")
    minutes: float = recipe.minutes()
    seed: int = recipe.seed()

    @pydantic.model_validator(mode="after")
    def _fits(self) -> Self:
        for width in widths(self):
            if not 1 <= width <= MAX_WIDTH:
                refuse("hidden_layers", "out_of_range", given=width, low=1, high=MAX_WIDTH)
        if self.learning_starts > self.steps:
            limits = {"low": 1, "high": self.steps}
            refuse("learning_starts", "out_of_range", given=self.learning_starts, **limits)
        if self.data == "grid":
            try:
                grids.grid(self.grid, self.slip)
            except CodedError as error:
                refuse("grid", error.code, **error.values)
        return self


def widths(params: Params) -> list[int]:
    """The neurons of each hidden layer, first to last."""
    return [int(width) for width in params.hidden_layers.split(",") if width.strip()]


def seconds_of_step(params: Params) -> float:
    """About how long a step in all worlds takes, with its share of learning."""
    world = world_of(params)
    sizes = [world.states or world.size, *widths(params), world.actions]
    products = sum(before * after for before, after in itertools.pairwise(sizes))
    update = 1e-4 + 10.0 * products * params.batch_size / 2e10
    game = 1.5e-4 if params.data == "lunar_lander" else 3e-5
    return params.worlds * game + update * params.gradient_steps / params.train_every


def layers(params: Params, words: Words) -> Sequence[Layer]:
    """The network of these params: what is seen, hidden layers, one value for each action."""
    world = world_of(params)
    first = world.states or world.size
    each = 2 if params.exploration == "noisy" else 1
    extra = 2 if params.normalisation == "layer" else 0
    activation = words("knob.activation.option.relu")
    sizes = [first, *widths(params)]
    hidden = [
        Layer(
            words("layer.hidden", number=number, activation=activation),
            (width,),
            (each * (before + 1) + extra) * width,
            kind="dense",
        )
        for number, (before, width) in enumerate(itertools.pairwise(sizes), start=1)
    ]
    heads = world.actions + (1 if params.dueling else 0)
    key = "layer.dueling" if params.dueling else "layer.answer"
    return [
        Layer(words("layer.state" if world.states else "layer.seen"), (first,), kind="data"),
        *hidden,
        Layer(words(key), (world.actions,), each * (sizes[-1] + 1) * heads, kind="answer"),
    ]


@functools.lru_cache(maxsize=64)
def _inputs(name: str, grid: str, slip: float) -> type[BaseParams]:
    world = worlds.world(name, grid, slip)
    fields: dict[str, Any] = {
        "episode": (int, integer(1, low=1, high=100)),
        "random": (float, real(0.0, low=0.0, high=1.0, step=0.05)),
    }
    for constant, one in world.constants.items():
        default = slip if constant == "slip" else one.default
        fields[constant] = (float, real(default, low=one.low, high=one.high, step=one.step))
    if not world.states:
        across, upward = (world.numbers[axis] for axis in world.axes)
        fields["across"] = (str, choice(across, *world.numbers))
        fields["upward"] = (str, choice(upward, *world.numbers))
    return pydantic.create_model("Inputs", __base__=BaseParams, **fields)


def inputs(params: Params) -> type[BaseParams]:
    """Which episode, how much chance, the world's constants, what the map shows."""
    return _inputs(params.data, params.grid, params.slip)


def answer(found: Mapping[str, Array], params: Params, words: Words) -> Sequence[go.Figure]:
    """An episode to step through, how it fares in the changed world, what it thinks where."""
    actions, facts = screens.actions_of(params, words), found["clip_facts"]
    told = {"brought": screens.plain(facts[-1, 2]), "moments": int(facts[-1, 0])}
    shown = [
        games.player(found["clip"], facts, actions, words, title=words("clip.brought", **told)),
        decisions.compared(
            [found["home"], found["here"]],
            [words("answer.home"), words("answer.here")],
            words("answer.compared", count=len(found["home"])),
        ),
    ]
    if "truth" in found:
        said, true, there = screens.decided(found["map"], found["truth"], params)
        learned = decisions.agreement(said[there], true[there], words)
        return [*shown, screens.drawn_policy(found["map"], found["truth"], params, words), learned]
    world = world_of(params)
    chosen = [world.numbers[int(axis)] for axis in found["axes"]]
    spans, axes = screens.spans_of(params, words, (chosen[0], chosen[1]))
    best = decisions.action_map(found["map"][0], actions, spans, axes)
    best.update_layout(title_text=words("view.actions"))
    worth = decisions.value_maps(found["map"].max(axis=3), [words("map.online")], spans, axes)
    worth.update_layout(title_text=words("view.values"))
    return [*shown, best, worth]


def _is_seen(params: Any) -> bool:
    return not world_of(params).states


def _has_states(params: Any) -> bool:
    return bool(world_of(params).states)


ALGORITHM = Algorithm(
    name="dqn",
    chapter=10,
    family="decisions",
    icon=":material/sports_esports:",
    paper=Paper(
        "Volodymyr Mnih, Koray Kavukcuoglu, David Silver and others",
        2015,
        "Human-level control through deep reinforcement learning",
        "https://doi.org/10.1038/nature14236",
    ),
    params=Params,
    presets={
        "quick": Params(),
        "standard": Params(
            data="acrobot", steps=100_000, memory=100_000, n_steps=5,
            learning_starts=1000, exploration_share=0.1,
        ),
        "gpu": Params(
            data="lunar_lander", steps=200_000, memory=200_000, learning_starts=2000,
            batch_size=128, worlds=4, learning_rate=0.0007, train_every=16, gradient_steps=48,
            target_every=128, epsilon=0.02, exploration_share=0.1,
        ),
    },
    tiny=Params(
        data="grid", steps=600, hidden_layers="16", learning_starts=60, train_every=8,
        gradient_steps=4, batch_size=16, memory=200, episodes=2, grid="S..G/.#.X/...2",
        n_steps=2, prioritised=True, worlds=2,
    ),
    metrics={
        "loss": "",
        "return": "",
        "val_return": "",
        "promised": "",
        "kept": "",
        "best_share": "share",
        "value_error": "",
        "epsilon": "share",
        "learning_rate": "",
        "gradient_norm": "",
        "throughput": "steps/s",
    },
    arrays={
        "clip": (None, None, None),
        "clip_facts": (None, None),
        "probes": (2, None, None),
        "map": (2, None, None, None),
        "truth": (None, None),
        "errors": (BINS,),
        "error_limit": (1,),
        "shelf_pictures": (4, None, None, None),
        "shelf_facts": (4, 3),
    },
    headline=("val_return",),
    goal="max",
    views=(
        View("clip", screens.clip, arrays=("clip", "clip_facts"), height=300),
        View("returns", screens.returns, metrics=("return", "val_return"), height=300),
        View("policy", screens.policy, arrays=("map", "truth"), height=380, wide=True,
             applies=_has_states),
        View("values", screens.value_maps, arrays=("map",), height=340, wide=True,
             applies=_is_seen),
        View("actions", screens.action_map, arrays=("map",), height=360, applies=_is_seen),
        View("probes", screens.probes, arrays=("probes",), height=360),
        View("promises", screens.promises, metrics=("promised", "kept")),
        View("best_share", screens.best_share, metrics=("best_share",), applies=_has_states),
        View("agreement", screens.agreement, arrays=("map", "truth"), applies=_has_states),
        View("shelf", screens.shelf, arrays=("shelf_pictures", "shelf_facts"), height=420,
             wide=True, detail=screens.shelf_episode),
        View("errors", screens.errors, arrays=("errors", "error_limit"), height=280),
        View("epsilon", screens.epsilon, metrics=("epsilon",), height=280),
        View("loss", curves.loss, metrics=("loss",)),
        View("throughput", screens.throughput, metrics=("throughput",)),
    ),
    inputs=inputs,
    answer=answer,
    checks=health.checks,
    layers=layers,
    duel=screens.duel,
)  # fmt: skip
