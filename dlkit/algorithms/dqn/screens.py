"""The charts of deep Q-learning, made of what a training wrote down."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.algorithms.dqn.worlds import world_of
from dlkit.contract import Array, Duel, Move, RunData, Words
from dlkit.datasets import grids
from dlkit.views import curves, decisions, games


def clip(data: RunData, words: Words) -> go.Figure:
    """The game as it is played now."""
    held = _held(data)
    facts = held.get("clip_facts")
    if facts is None or facts.shape[1] < 4:
        return games.film(None, "")
    brought, moments = plain(facts[-1, 2]), int(facts[-1, 0])
    return games.film(held.get("clip"), words("clip.brought", brought=brought, moments=moments))


def returns(data: RunData, words: Words) -> go.Figure:
    """What an episode brings: in training, with chance in it, and when it plays in earnest."""
    return curves.several(data, words, ("return", "val_return"))


def promises(data: RunData, words: Words) -> go.Figure:
    """What the network promises at the start of an episode, and what is kept of it."""
    return curves.several(data, words, ("promised", "kept"))


def probes(data: RunData, words: Words) -> go.Figure:
    """The Q-values of a few fixed moments, of the network and of its target."""
    moments, actions = _moments(data.params, words), actions_of(data.params, words)
    return decisions.worth(_held(data).get("probes"), moments, actions, words)


def value_maps(data: RunData, words: Words) -> go.Figure:
    """What the best action is worth everywhere, said by the network and by its target."""
    maps = _held(data).get("map")
    best = maps.max(axis=3) if maps is not None and maps.size else None
    titles = [words("map.online"), words("map.target")]
    spans, axes = spans_of(data.params, words, None)
    return decisions.value_maps(best, titles, spans, axes)


def action_map(data: RunData, words: Words) -> go.Figure:
    """Which action is best where."""
    maps = _held(data).get("map")
    spans, axes = spans_of(data.params, words, None)
    best = maps[0] if maps is not None and maps.size else None
    return decisions.action_map(best, actions_of(data.params, words), spans, axes)


def policy(data: RunData, words: Words) -> go.Figure:
    """The best action of each place, learned and true."""
    held = _held(data)
    return drawn_policy(held.get("map"), held.get("truth"), data.params, words)


def agreement(data: RunData, words: Words) -> go.Figure:
    """Learned Q-values against those of value iteration."""
    held = _held(data)
    said, true, there = decided(held.get("map"), held.get("truth"), data.params)
    return decisions.agreement(said[there], true[there], words)


def best_share(data: RunData, words: Words) -> go.Figure:
    """In how many states the best action is chosen."""
    return curves.single(data, words, "best_share")


def errors(data: RunData, words: Words) -> go.Figure:
    """How far what was said was off what it should have been, in the last block of learning."""
    held = _held(data)
    limit = float(held["error_limit"][0]) if "error_limit" in held else 1.0
    return decisions.errors(held.get("errors"), limit or 1.0, words)


def epsilon(data: RunData, words: Words) -> go.Figure:
    """The share of actions left to chance."""
    return curves.single(data, words, "epsilon")


def shelf(data: RunData, words: Words) -> go.Figure:
    """The first, the worst, the best and the latest episode of the training."""
    return games.shelf(_held(data).get("shelf_pictures"), _shelf_texts(data, words))


def shelf_episode(data: RunData, words: Words, place: Mapping[str, Any]) -> go.Figure:
    """The episode of the shelf that was clicked, picture by picture."""
    clips, texts, picture = (
        _held(data).get("shelf_pictures"),
        _shelf_texts(data, words),
        place["curve"],
    )
    if clips is None or len(texts) != len(clips) or not isinstance(picture, int):
        return games.reel(None, "", words)
    row = min(max(0, picture // games.shelf_columns(clips)), len(clips) - 1)
    return games.reel(clips[row], texts[row], words)


def _shelf_texts(data: RunData, words: Words) -> list[str]:
    facts = _held(data).get("shelf_facts")
    if facts is None or facts.shape[1:] != (3,):
        return []
    return [
        words(f"shelf.{name}", brought=plain(one[0]), moments=int(one[1]), step=int(one[2]))
        for name, one in zip(("first", "worst", "best", "latest"), facts, strict=False)
    ]


def throughput(data: RunData, words: Words) -> go.Figure:
    """Steps a second."""
    return curves.single(data, words, "throughput")


def drawn_policy(maps: Array | None, truth: Array | None, params: Any, words: Words) -> go.Figure:
    """The best action of each place, learned and by value iteration."""
    world, titles = world_of(params), [words("map.online"), words("map.truth")]
    said, true, there = decided(maps, truth, params)
    if not len(said):
        return decisions.arrows(None, world.signs, titles, None)
    shape = (*world.map_shape(), world.actions)
    both = np.stack([said.reshape(shape), true.reshape(shape)])
    return decisions.arrows(both, world.signs, titles, ~there.reshape(world.map_shape()))


def decided(maps: Array | None, truth: Array | None, params: Any) -> tuple[Array, Array, Array]:
    """Learned and true values of the map's places [N, A], and where there is a choice to make."""
    world = world_of(params)
    wanted = (len(world.places), world.actions)
    if maps is None or truth is None or truth.shape != wanted or maps[0].size != truth.size:
        return np.empty((0, 1)), np.empty((0, 1)), np.empty(0, bool)
    there = np.ptp(truth, axis=1) > 1e-9
    if params.data == "grid":
        letters = grids.grid(params.grid).letters.ravel()
        there = ~np.isin(letters, ["#", "G", "X"])
    return maps[0].reshape(wanted), truth, there


def spans_of(
    params: Any, words: Words, chosen: tuple[str, str] | None
) -> tuple[Array | None, tuple[str, str]]:
    """Over what a map spans (left, right, bottom, top), and the names of its sides."""
    world = world_of(params)
    if world.states:
        return None, ("", "")
    names = chosen or tuple(world.numbers[axis] for axis in world.axes)
    places = [world.numbers.index(name) for name in names]
    spans = [edge for place in places for edge in (world.low[place], world.high[place])]
    return np.array(spans), (words(f"number.{names[0]}"), words(f"number.{names[1]}"))


def actions_of(params: Any, words: Words) -> list[str]:
    """What can be done, in words."""
    return [words(f"action.{params.data}.{number}") for number in range(world_of(params).actions)]


def duel(params: Any, words: Words) -> Duel:
    """How a person plays. Worlds of places wait for each move."""
    world = world_of(params)
    moves = map(Move, actions_of(params, words), world.keys)
    return Duel(tuple(moves), world.idle, waits=bool(world.states))


def _moments(params: Any, words: Words) -> list[str]:
    return [
        words(f"moment.{params.data}.{number}") for number in range(len(world_of(params).probes))
    ]


def _held(data: RunData) -> dict[str, Array]:
    return {name: snapshot.value for name, snapshot in data.arrays.items()}


def plain(value: float) -> str:
    """A number in four digits."""
    return f"{float(value):.4g}"
