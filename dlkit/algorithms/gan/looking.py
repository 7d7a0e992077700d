"""What a GAN's training shows and is checked by, and what its playground answers.

All noise that is looked at is fixed. Pictures are judged by a judge (`dlkit.judge_network`), points
by where they lie.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dlkit import datasets, judge
from dlkit.algorithms.gan import shown
from dlkit.algorithms.gan.spec import (
    BOARD,
    PUSHES,
    SHEET,
    WALK,
    Params,
    is_cloud,
    num_classes_of,
)
from dlkit.contract import Array, Run
from dlkit.datasets import clouds
from dlkit.gradients import slope
from dlkit.judge_network import Judge, is_kept, judge_of

FIXED = 20140610  # the seed of all noise that is looked at
JUDGED = 400  # pictures or points that are compared with as many real ones
SHOWN_POINTS, ARROWS, LONGEST = 600, 120, 0.1
SIDE, PAPER = 40, 17  # places along a side of the discriminator's map, and of the squared paper
NEAREST = 5


@dataclass(frozen=True)
class Things:
    """Pictures or points with their classes, to learn from and to compare with."""

    x_train: tuple[Array, Array]
    x_val: tuple[Array, Array]
    y_train: None = None
    y_val: None = None


def load(params: Params) -> datasets.Split:
    """The run's data."""
    if is_cloud(params):
        return clouds.load(params.data, params.seed, params.strokes)
    return datasets.load(params.data, params.seed)


class Look:
    """The noises that are looked at all the time, and what is said of the things made from them."""

    def __init__(self, params: Params, run: Run) -> None:
        """Load the data; for pictures have a judge, and say who it is."""
        self._params, split = params, load(params)
        self.things = Things((split.x_train, split.y_train), (split.x_val, split.y_val))
        chosen = datasets.spread(len(split.y_val), JUDGED)
        self._real, self._real_labels = split.x_val[chosen], split.y_val[chosen]
        self._shares: Array | None = None
        kinds = num_classes_of(params)
        self._noise = shown.noise_of(clouds.HELD, params.noise_size, FIXED)
        count = clouds.HELD if is_cloud(params) else JUDGED
        self._noise, self._labels = self._noise[:count], shown.labels_of(count, kinds)
        self._sheet = shown.labels_of(SHEET, kinds)
        if not is_cloud(params):
            self._judge = _judge(params, run)
            self._seen = self._judge.see(self._real)

    def watch(self, model: Any) -> None:
        """The networks to look at; from now on they are judged."""
        self._model = model
        model.judge = self.judge

    def fixed(self) -> dict[str, Array]:
        """What never changes: the real points."""
        if not is_cloud(self._params):
            return {}
        return {"real": self._real, "frame": shown.frame_of(self._real)}

    def judge(self) -> dict[str, float]:
        """The measures of things made from the fixed noise."""
        made = self._model.make(self._noise, self._labels)
        if is_cloud(self._params):
            return self._judged_points(made)
        seen = self._judge.see(made)
        self._shares = judge.class_shares(seen.probabilities)
        wanted = self._labels if self._params.conditional else None
        found = judge.compared(self._seen, seen, wanted)
        return {name: value for name, value in found.items() if name != "kernel_distance"}

    def _judged_points(self, made: Array) -> dict[str, float]:
        spots = clouds.cloud(self._params.data, self._params.strokes)
        some = np.nan_to_num(made[datasets.spread(len(made), JUDGED)], nan=1e6)
        density, coverage = judge.density_and_coverage(self._real, some)
        hit = float((spots.hit(made) > 0).sum())
        good = float(spots.good(made).mean())
        return {"coverage": coverage, "density": density, "good": good, "classes": hit}

    def pictures(self, step: int) -> dict[str, Array]:
        """What the fixed noises have become, and how the discriminator scores."""
        if is_cloud(self._params):
            return self._points()
        made = self._model.make(self._noise[:SHEET], self._sheet)
        labels = self._labels[::2]
        fake = self._model.make(self._noise[::2], labels)
        _, counts, span = self._scored(fake, labels)
        if self._shares is None:
            self.judge()
        return {"samples": made, "scores": counts, "score_span": span, "shares": self._shares}

    def _points(self) -> dict[str, Array]:
        few = datasets.spread(len(self._noise), SHOWN_POINTS)
        labels = self._labels[few]
        made = self._model.make(self._noise[few], labels)
        known, counts, span = self._scored(made, labels)
        every = len(made) // ARROWS
        return {
            "cloud": made,
            "scores": counts,
            "score_span": span,
            "belief": belief(self._model, shown.frame_of(self._real), known),
            "moves": self._moves(made[::every], labels[::every]),
            "manifold": manifold(self._model),
        }

    def _scored(self, fake: Array, labels: Array) -> tuple[Array, Array, Array]:
        """All scores; those of real and of generated things counted; from where to where."""
        real = self._model.scores_of(self._real[: len(fake)], self._real_labels[: len(fake)])
        made = self._model.scores_of(fake, labels)
        return np.concatenate([real, made]), *shown.histograms(real, made)

    def _moves(self, made: Array, labels: Array) -> Array:
        """Places [K, 2] and where the discriminator's gradient sends them, drawn small, [K, 4]."""
        scores = self._model.scores_of
        found = np.asarray(slope(lambda points: scores(points, labels), self._model.scaled(made)))
        usual = float(np.quantile(np.linalg.norm(found, axis=1), 0.9))
        ways = np.clip(LONGEST * found / max(usual, 1e-9), -2 * LONGEST, 2 * LONGEST)
        return np.concatenate([made, ways], axis=1).astype(np.float32)


def belief(model: Any, frame: Array, known: Array) -> Array:
    """How real the discriminator finds each place, [SIDE, SIDE]: of the classes, the best one's."""
    grid, params = shown.grid_of(frame, SIDE), model.params
    kinds = num_classes_of(params) if params.conditional else 1
    maps = [np.asarray(model.scores_of(grid, np.full(len(grid), kind))) for kind in range(kinds)]
    return shown.belief(np.max(maps, axis=0).reshape(SIDE, SIDE), known)


def manifold(model: Any) -> Array:
    """Where a sheet of squared paper through the noise comes to lie, [PAPER, PAPER, 2]."""
    paper = shown.sheet_of(model.params.noise_size, PAPER)
    made: Array = model.make(paper, np.zeros(len(paper), np.int32))
    return made.reshape(PAPER, PAPER, 2)


def _judge(params: Params, run: Run) -> Judge:
    """The judge of the run's pictures; at the first start the run says who it is."""
    fresh = run.restored() is None
    if fresh and not is_kept(params.data):
        run.note(0, "judge_first")
    found = judge_of(params.data)
    if fresh:
        run.note(0, "judge", accuracy=f"{100 * found.accuracy:.1f}")
    return found


def answered(model: Any, params: Params, inputs: Any) -> dict[str, Array]:
    """What the generator makes of the noise that was chosen, and of the ways from it."""
    noise = _chosen(model, params, inputs)
    label = np.array([getattr(inputs, "kind", 0)], np.int32)
    end = shown.noise_of(1, params.noise_size, inputs.other)[0]
    way = shown.between(noise[0], end, WALK)
    found = {"made": model.make(noise, label), "kind": label}
    found["walk"] = model.make(way, np.repeat(label, WALK))
    if is_cloud(params):
        return {**found, **_about_points(model, params)}
    kinds = num_classes_of(params)
    if params.conditional:
        sweep = np.arange(kinds, dtype=np.int32)
        found["sweep"] = model.make(np.repeat(noise, kinds, axis=0), sweep)
    split = load(params)
    near = datasets.nearest(split, found["made"][0], NEAREST)
    found |= {"near": split.x_train[near], "near_kinds": split.y_train[near]}
    if is_kept(params.data):
        found["probabilities"] = judge_of(params.data).see(found["made"]).probabilities[0]
    guess = np.array([inputs.guess])
    return {**found, "guess": guess, **_board(model, split, inputs.board)}


def _chosen(model: Any, params: Params, inputs: Any) -> Array:
    """Noise [1, size]: a drawn one, pushed along the directions the generator answers to most."""
    noise = shown.noise_of(1, params.noise_size, inputs.number)
    first = next(layer for layer in model.generator.layers if hasattr(layer, "kernel"))
    kernel = np.asarray(first.kernel)[: params.noise_size]
    pushes = [getattr(inputs, f"push_{number}") for number in range(1, PUSHES + 1)]
    ways = shown.directions(kernel, PUSHES)
    return noise + np.array([pushes[: len(ways)]], np.float32) @ ways


def _about_points(model: Any, params: Params) -> dict[str, Array]:
    count = SHOWN_POINTS // 2
    labels = shown.labels_of(count, num_classes_of(params))
    made = model.make(shown.noise_of(count, params.noise_size, FIXED), labels)
    split = load(params)
    real, kinds = split.x_val[:count], split.y_val[:count]
    frame = shown.frame_of(split.x_val)
    known = np.concatenate([model.scores_of(real, kinds), model.scores_of(made, labels)])
    drawn = {"cloud": made, "real": real, "frame": frame, "manifold": manifold(model)}
    return {**drawn, "belief": belief(model, frame, known)}


def _board(model: Any, split: datasets.Split, number: int) -> dict[str, Array]:
    """Real pictures and a generated one among them, [BOARD, ...]; its place."""
    random = np.random.default_rng([number, 11])
    chosen = random.integers(0, len(split.y_val), BOARD)
    place = int(random.integers(0, BOARD))
    shown_ones = np.array(split.x_val[chosen])
    noise = shown.noise_of(1, model.params.noise_size, 1000 + number)
    shown_ones[place] = model.make(noise, split.y_val[chosen[place : place + 1]])[0]
    return {"board": shown_ones, "fake_place": np.array([place])}
