"""How good a policy is, and what is shown of it: clips, Q-values, maps. NumPy only."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dlkit.algorithms.dqn import worlds
from dlkit.algorithms.dqn.games import Game, seed_of
from dlkit.algorithms.dqn.loop import Loop, Policy
from dlkit.algorithms.dqn.shelf import PLACES, Episode
from dlkit.algorithms.dqn.spec import BINS, CLIP, SHELF, Params
from dlkit.algorithms.dqn.worlds import world_of
from dlkit.contract import Array
from dlkit.datasets import grids
from dlkit.views.games import packed

JUDGED = 7  # what a seed is for
COMPARED = 10  # episodes of the playground's comparison


class Judge:
    """Plays greedily, without chance, in games of its own that begin alike at each look.

    Says the mean return, what was promised (the Q-value of the best action at the start) and what
    was kept of it (the discounted return); in worlds of states also how far the Q-values are from
    those of value iteration, and in which share of the states the best action is chosen.
    """

    def __init__(self, games: Sequence[Game], params: Params) -> None:
        self._games, self._params = games, params
        self._truth: tuple[Array, Array] | None = None
        if world_of(params).states:
            rules = games[0].rules()
            where = grids.reached(rules)
            self._truth = grids.best_values(rules, params.discount), where

    def __call__(self, policy: Policy) -> dict[str, float]:
        """The values by name."""
        played = Played(policy, self._games, self._params)
        found = {
            "val_return": float(played.brought.mean()),
            "promised": float(played.promised.mean()),
            "kept": float(played.kept.mean()),
        }
        if self._truth is not None:
            best, where = self._truth
            said = policy.values(np.arange(len(best), dtype=np.int32)[:, None])
            found["value_error"] = float(np.abs(said - best)[where].mean())
            found["best_share"] = grids.share_of_best(said, best, where)
        return found


class Played:
    """One greedy episode in each of the games, all at once."""

    def __init__(
        self, policy: Policy, games: Sequence[Game], params: Params, *, random: float = 0.0
    ) -> None:
        """`random` is the share of actions left to chance."""
        self.seeds = [seed_of(params.seed, JUDGED, number) for number in range(len(games))]
        seen = np.stack([game.begin(seed) for game, seed in zip(games, self.seeds, strict=True)])
        self.promised = policy.values(seen).max(axis=1)
        self.brought, self.kept = np.zeros(len(games)), np.zeros(len(games))
        chance = np.random.default_rng(params.seed)
        alive, weight = np.arange(len(games)), 1.0
        while len(alive):
            actions = policy.values(seen[alive]).argmax(axis=1)
            if random:
                drawn = chance.integers(games[0].world.actions, size=len(alive))
                actions = np.where(chance.random(len(alive)) < random, drawn, actions)
            going = []
            for number, action in zip(alive.tolist(), actions, strict=True):
                seen[number], reward, over, late = games[number].step(int(action))
                self.brought[number] += reward
                self.kept[number] += weight * reward
                if not (over or late):
                    going.append(number)
            alive, weight = np.array(going, int), weight * params.discount


def returns(policy: Policy, games: Sequence[Game], params: Params, *, random: float) -> Array:
    """What one episode in each of the games brings, [N]."""
    return Played(policy, games, params, random=random).brought.astype(np.float32)


class Album:
    """The pictures of a training."""

    def __init__(self, loop: Loop, game: Game, params: Params) -> None:
        """`game` can be seen; it is used for nothing else."""
        self._loop, self._game, self._params = loop, game, params
        self._shelved: dict[tuple[Episode, int], Array] = {}

    def fixed(self) -> dict[str, Array]:
        """The best values of all states of the map, where they can be calculated."""
        world = self._game.world
        if not world.states:
            return {}
        best = grids.best_values(self._game.rules(), self._params.discount)
        return {"truth": best[list(world.places)].astype(np.float32)}

    def pictures(self, step: int) -> dict[str, Array]:
        """An episode as it is played now, Q-values of fixed moments and of a map, errors."""
        loop, world = self._loop, self._game.world
        both = (loop.online, loop.target)
        found = episode(loop.played(), self._game, seed_of(self._params.seed, JUDGED, 0), 0.0)
        maps = np.stack([policy.values(world.mapped()) for policy in both])
        return {
            "clip": found["clip"],
            "clip_facts": found["clip_facts"],
            "probes": np.stack([policy.values(world.probed()) for policy in both]),
            "map": maps.reshape(2, *world.map_shape(), world.actions).astype(np.float32),
            **_histogram(loop.errors),
            **self._shelf(),
        }

    def _shelf(self) -> dict[str, Array]:
        held = self._loop.shelf.episodes
        if not held:
            return {}
        count = CLIP if self._loop.ended else SHELF  # whole clips once, at the end
        wanted = [(held[name], count) for name in PLACES]
        kept = {key: self._shelved.get(key) for key in wanted}
        self._shelved = {
            key: self._strip(*key) if strip is None else strip for key, strip in kept.items()
        }
        facts = [(one.brought, len(one.actions), one.step) for one, _ in wanted]
        strips = np.stack([self._shelved[key] for key in wanted])
        return {"shelf_pictures": strips, "shelf_facts": np.array(facts, np.float32)}

    def _strip(self, one: Episode, count: int) -> Array:
        """Pictures of an episode, spread evenly from its start to its end, [count, H, W]."""
        moments = np.linspace(0, len(one.actions), count).round().astype(int)
        self._game.begin(one.seed)
        pictures, done = [], 0
        for moment in moments:
            for action in one.actions[done:moment]:
                self._game.step(action)
            done = int(moment)
            pictures.append(packed(self._game.frame()))
        return np.stack(pictures)


def episode(policy: Policy, game: Game, seed: int, random: float) -> dict[str, Array]:
    """One episode twice: first to know how long it is, then again for the pictures.

    `clip` [F, H, W]; `clip_facts` [F, 3 + A]: moment, action, what was brought so far, Q-values;
    `duel` [T]: all its actions, `duel_brought`: their return.
    """
    chance = np.random.default_rng(seed)
    seen, over, rows = game.begin(seed), False, list[list[float]]()
    while not over:
        values = policy.values(seen[None])[0]
        action = int(values.argmax())
        if random and chance.random() < random:
            action = int(chance.integers(game.world.actions))
        rows.append([len(game.actions), action, game.brought, *values])
        seen, _, ended, late = game.step(action)
        over = ended or late
    facts = np.array(rows, np.float32)
    moments = np.unique(np.linspace(0, len(facts) - 1, CLIP).round().astype(int))
    game.begin(seed)
    pictures = []
    for moment, action in enumerate(facts[:, 1]):
        if moment in moments:
            pictures.append(packed(game.frame()))
        game.step(int(action))
    ending = np.array([[len(facts), facts[-1, 1], game.brought, *facts[-1, 3:]]], np.float32)
    pictures.append(packed(game.frame()))
    return {
        "clip": np.stack(pictures),
        "clip_facts": np.concatenate([facts[moments], ending]),
        "duel": facts[:, 1].astype(np.uint8),
        "duel_brought": np.array(game.brought, np.float32),
    }


def map_of(policy: Policy, params: Params, given: Mapping[str, Any]) -> dict[str, Array]:
    """The Q-values over two numbers of the observation that the person chose."""
    world = world_of(params)
    if world.states:
        best = grids.best_values(
            Game(params.data, params.grid, params.slip).rules(), params.discount
        )
        places = list(world.places)
        said = policy.values(world.mapped()).reshape(*world.map_shape(), -1)
        return {"map": said[None].astype(np.float32), "truth": best[places].astype(np.float32)}
    across, upward = (world.numbers.index(str(given[side])) for side in ("across", "upward"))
    said = policy.values(world.mapped((across, upward))).reshape(worlds.MAP, worlds.MAP, -1)
    return {"map": said[None].astype(np.float32), "axes": np.array([across, upward])}


def _histogram(errors: Array) -> dict[str, Array]:
    """How the errors of the last block are spread, and how far they reach."""
    if not len(errors):
        return {}
    limit = float(np.quantile(np.abs(errors), 0.995)) or 1e-6
    counts, _ = np.histogram(np.clip(errors, -limit, limit), BINS, (-limit, limit))
    return {"errors": counts.astype(np.int32), "error_limit": np.array([limit], np.float32)}
