"""The loop of deep Q-learning: when it acts, learns, is judged, shown and kept.

A step is one step in each of the worlds. When things happen follows from sizes, and what is left
to chance follows from the seed and the step, so that a run which was interrupted goes on with the
same numbers. This loop speaks to the run as `training.py` does for what `model.fit` can train.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from dlkit import training
from dlkit.algorithms.dqn.games import Worlds
from dlkit.algorithms.dqn.memory import Drawn, Memory
from dlkit.algorithms.dqn.shelf import Shelf
from dlkit.algorithms.dqn.spec import Params, seconds_of_step
from dlkit.contract import Array, CodedError, Run
from dlkit.rhythm import FEWEST_WINDOWS, WINDOW_SECONDS, scheduled
from dlkit.showing import Show

LOOKS = 25
EVENNESS = 0.4  # how much of priorities the weights take back at first; all at the end
ACTING, DRAWING = 1, 2  # what a seed is for


@dataclass(frozen=True)
class Learned:
    """What a block of updates said: losses [K], lengths of gradients [K], errors [K, B]."""

    losses: Array
    lengths: Array
    errors: Array


class Policy(Protocol):
    """Says what every action is worth."""

    noises: int

    def values(self, seen: Array, noise: Array | None = None) -> Array:
        """Observations [B, size] -> Q-values [B, actions]."""


class Learner(Protocol):
    """The networks."""

    def learn(self, drawn: Drawn, done: int) -> Learned:
        """A block of updates."""

    def loss(self, drawn: Drawn) -> float:
        """How wrong it is about one batch."""

    def policies(self) -> tuple[Policy, Policy]:
        """The network that learns and its target, as they are now."""

    def played(self) -> Policy:
        """What is judged and shown."""

    def set_rate(self, rate: float) -> None:
        """Take steps of this size from now on."""

    def state(self) -> dict[str, Array]:
        """All their numbers."""

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from `state`."""


class Judge(Protocol):
    """Says how good a policy is."""

    def __call__(self, policy: Policy) -> dict[str, float]:
        """Values of a greedy player, by name."""


class Loop:
    """The state of one training."""

    def __init__(
        self,
        params: Params,
        run: Run,
        *,
        learner: Learner,
        worlds: Worlds,
        memory: Memory,
        judge: Judge,
    ) -> None:
        """The worlds are those of training; the judge has its own."""
        self._params, self._run, self._judge = params, run, judge
        self._learner, self._worlds, self._memory = learner, worlds, memory
        self.shelf = Shelf()
        self.online, self.target = learner.policies()
        self.errors = np.zeros(0, np.float32)  # of the last block
        self.step, self._updates = 0, 0
        count, seconds = params.worlds, seconds_of_step(params)
        # Whole blocks, so that the last one is learned from too.
        self._total = math.ceil(params.steps / count / params.train_every) * params.train_every
        blocks = min(WINDOW_SECONDS / seconds, self._total / FEWEST_WINDOWS) / params.train_every
        self._window = params.train_every * max(1, round(blocks))
        self._look = self._window * max(1, round(self._total / LOOKS / self._window))
        self._opened = -1  # the window whose chances are drawn
        self._epsilon = params.epsilon
        self._sums = np.zeros(5)  # of this window: losses, updates, returns, episodes, last length
        self._rate = 0.0
        self._logs: dict[str, float] = {}  # the point of the last whole window
        self._marked: tuple[int, float] | None = None
        self._spent = 0.0  # seconds of all pieces before this one, pauses left out
        self._began: float | None = None  # when this piece began
        self._over = False
        self._keep_due = time.monotonic() + training.CHECKPOINT_SECONDS

    def go_on_from(self, checkpoint: Any) -> None:
        """Restore a checkpoint if there is one, and say how long the training is."""
        if checkpoint is not None:
            self._restore(checkpoint.step, checkpoint.state)
        self._run.plan(total_steps=self._total, steps_per_epoch=min(self._look, self._total))

    def train(self, show: Show) -> None:
        """Windows, looks and checkpoints until the end or until nothing more is allowed."""
        if self.step == 0:
            self._run.scalars(0, **self._judge(self.played()))
            show.now(0)
        elif self._params.stop_at and self._is_look():
            self._end_if_good(self._judge(self.played()))  # it may have been killed while ending
        while self.step < self._total and not self._over:
            left = self._look - self.step % self._look
            allowed = self._run.allowed(self.step, left)
            if allowed <= 0:
                break
            self._go(min(self.step + allowed, self._total), show)
            if allowed <= left:
                self._run.scalars(self.step, **self._said())
                show.now(self.step)
        show.now(self.step)
        self._keep()

    def _go(self, goal: int, show: Show) -> None:
        self._began = time.monotonic()
        while self.step < goal:
            end = min((self.step // self._window + 1) * self._window, goal, self._total)
            while self.step < end:
                self._act()
            if self._at_window_end():
                self._write_point()
                self._check()
                show.if_due(self.step)
            if time.monotonic() >= self._keep_due:
                self._keep()
            if self._over or self._run.should_stop():
                break
        self._spent, self._began, self._marked = self._seconds(), None, None

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to do, all steps done or good enough."""
        return self._over or self.step >= self._total

    def played(self) -> Policy:
        """What is judged and shown, as it is now."""
        return self._learner.played()

    # one step

    def _act(self) -> None:
        place = self.step % self._window
        if place == 0:
            self._turn_knobs()
        self._draw_chances()
        made = self.step * self._params.worlds
        chance = 1.0 if made < self._params.learning_starts else self.exploring(self.step)
        actions, by_chance = self._random[place], self._chances[place] < chance
        if not by_chance.all():
            noise = self._noises[place] if self.online.noises else None
            best = self.online.values(self._worlds.seen, noise).argmax(axis=1)
            actions = np.where(by_chance, actions, best)
        found = self._worlds.step(actions)
        self._memory.add(
            seen=found.seen,
            following=found.following,
            actions=actions,
            rewards=found.rewards,
            over=found.over,
            late=found.late,
        )
        self.step += 1
        for brought, seed, played in found.ended:
            self._sums[2:4] += brought, 1
            self.shelf.add(brought, seed, played, step=self.step)
        made += self._params.worlds
        if self.step % self._params.train_every == 0 and made >= self._params.learning_starts:
            self._learn()

    def exploring(self, step: int) -> float:
        """The share of actions left to chance: from all down to `epsilon`, in a straight line."""
        if self._params.exploration == "noisy":
            return 0.0
        falling = max(1.0, self._params.exploration_share * self._total)
        return self._epsilon + (1.0 - self._epsilon) * max(0.0, 1.0 - step / falling)

    def _learn(self) -> None:
        params = self._params
        random = np.random.default_rng([params.seed, DRAWING, self._updates])
        even = EVENNESS + (1.0 - EVENNESS) * self.step / self._total
        drawn = self._memory.draw(
            (params.gradient_steps, params.batch_size),
            random,
            steps=params.n_steps,
            discount=params.discount,
            evenness=even if params.prioritised else None,
        )
        found = self._learner.learn(drawn, self._updates)
        self._updates += params.gradient_steps
        if params.prioritised:
            self._memory.learned(drawn.places, found.errors)
        self._sums[:2] += float(found.losses.sum(dtype=np.float64)), len(found.losses)
        self._sums[4] = float(found.lengths[-1])
        self.errors = found.errors.ravel()
        self.online, self.target = self._learner.policies()

    def _turn_knobs(self) -> None:
        """At a window's start: the live knobs, and the learning rate that the schedule gives."""
        middle = min(1.0, (self.step + self._window / 2) / self._total)
        share = scheduled(self._params.schedule, max(middle, self._time_used()))
        self._rate = float(self._run.knob("learning_rate")) * share
        self._learner.set_rate(self._rate)
        self._epsilon = float(self._run.knob("epsilon"))

    def _draw_chances(self) -> None:
        number = self.step // self._window
        if number == self._opened:
            return
        shape = (self._window, self._params.worlds)
        random = np.random.default_rng([self._params.seed, ACTING, number])
        self._chances = random.random(shape)
        self._random = random.integers(self._worlds.games[0].world.actions, size=shape)
        noises = (self._window, self.online.noises)
        self._noises = random.standard_normal(noises, np.float32)
        self._opened = number

    # between the windows

    def _at_window_end(self) -> bool:
        return self.step % self._window == 0 or self.step == self._total

    def _is_look(self) -> bool:
        return self.step % self._look == 0 or self.step == self._total

    def _means(self) -> dict[str, float]:
        """The window so far. Before anything was learned the loss is that of what was seen."""
        losses, updates, returns, episodes, length = (float(one) for one in self._sums)
        rows = self.step % self._window or min(self._window, self.step)
        loss = losses / updates if updates else self._learner.loss(self._memory.latest(rows))
        found = {"loss": loss, "learning_rate": self._rate, "epsilon": self.exploring(self.step)}
        if updates:
            found["gradient_norm"] = length
        if episodes:
            found["return"] = returns / episodes
        return found

    def _said(self) -> dict[str, float]:
        return self._logs if self._at_window_end() else self._means()

    def _write_point(self) -> None:
        means = self._logs = self._means()
        self._run.scalars(self.step, **means)
        self._sums[:] = 0.0
        if not math.isfinite(means["loss"]):
            raise CodedError("diverged", step=self.step)
        now = time.monotonic()
        if self._marked:
            step, moment = self._marked
            speed = (self.step - step) * self._params.worlds / max(now - moment, 1e-9)
            self._run.scalars(self.step, throughput=speed)
        self._marked = self.step, now

    def _check(self) -> None:
        if self._is_look():
            values = self._judge(self.played())
            self._run.scalars(self.step, **values)
            self._end_if_good(values)
        if self._time_used() >= 1:
            self._end("time_over", minutes=f"{self._params.minutes:g}")

    def _end_if_good(self, values: Mapping[str, float]) -> None:
        wanted, value = self._params.stop_at, values["val_return"]
        if wanted and value >= wanted:
            self._end("good_enough", value=f"{value:.4g}", wanted=f"{wanted:g}")

    def _end(self, why: str, **values: str) -> None:
        if not self._over and self.step < self._total:
            self._over = True
            self._run.note(self.step, why, **values)

    def _time_used(self) -> float:
        return self._seconds() / (60 * self._params.minutes) if self._params.minutes else 0.0

    def _seconds(self) -> float:
        return self._spent + (time.monotonic() - self._began if self._began else 0.0)

    # checkpoints

    def _keep(self) -> None:
        numbers = [self._updates, self._epsilon, self._rate, self._seconds()]
        state = {
            **self._learner.state(),
            **self._worlds.state(),
            **self._memory.state(),
            **self.shelf.state(),
            "loop/numbers": np.array(numbers),
            "loop/sums": self._sums.copy(),
            "loop/errors": self.errors.copy(),
        }
        self._run.checkpoint(self.step, state)
        size = sum(value.nbytes for value in state.values())
        wait = training.CHECKPOINT_SECONDS + size / training.CHECKPOINT_BYTES_A_SECOND
        self._keep_due = time.monotonic() + wait

    def _restore(self, step: int, state: Mapping[str, Array]) -> None:
        self._learner.restore(state)
        self._worlds.restore(state)
        self._memory.restore(state)
        self.shelf.restore(state)
        updates, self._epsilon, self._rate, spent = (float(x) for x in state["loop/numbers"])
        self.step, self._updates, self._spent = step, int(updates), spent
        self._sums[:] = state["loop/sums"]
        self.errors = np.array(state["loop/errors"])
        self.online, self.target = self._learner.policies()
        self._learner.set_rate(self._rate)
