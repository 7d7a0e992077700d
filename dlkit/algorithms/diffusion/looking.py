"""What a training shows of a diffusion at each look."""

from collections.abc import Iterator

import numpy as np

from dlkit import datasets
from dlkit.algorithms.diffusion import noise, samplers, shown, spec
from dlkit.algorithms.diffusion.sampling import Sampler
from dlkit.contract import Array, Run

FIXED = 20210218  # the seed of the noise from which all looks begin


class Look:
    """What a training shows: the same noise at every look, on its way to becoming an example."""

    def __init__(self, sample: Sampler, run: Run, split: datasets.Split) -> None:
        params = sample.params
        self._sample, self._params, self._run = sample, params, run
        plane, shape = spec.is_plane(params), spec.shape_of(params)
        count = spec.POINTS if plane else spec.SAMPLES
        random = np.random.default_rng([FIXED, params.seed])
        self._noise, self._added = random.standard_normal((2, count, *shape)).astype(np.float32)
        held = datasets.spread(len(split.x_val), count)
        self._held = split.x_val[held] if plane else shown.signed(split.x_val[held])
        self._held_labels = split.y_val[held]
        self._labels = self._held_labels if plane else np.arange(count) % spec.num_classes(params)
        self._ways: dict[int, Array] = {}
        if plane:
            self._real = np.column_stack([self._held, self._held_labels]).astype(np.float32)
            self._floor = shown.floor(split.x_val, count)
        else:
            self._real = split.x_val[datasets.spread(len(split.x_val), spec.GALLERY)]
            known = split.x_train[datasets.spread(len(split.x_train), spec.KNOWN)]
            self._known = known.astype(np.float32)
            self._far = shown.far(self._real, self._known)

    def judge(self) -> dict[str, float]:
        """How far the points made lie from real ones, over how far real ones lie from others."""
        way = self._sample(self._noise, self._labels, seed=FIXED, **spec.JUDGED)
        return {"distance": shown.sliced_wasserstein(way.samples, self._held) / self._floor}

    def fixed(self) -> dict[str, Array]:
        """Real examples, and the loss of who always answers zero."""
        name = "real" if spec.is_plane(self._params) else "gallery"
        losses = [(share, np.mean(target**2)) for share, _, _, target in self._levels()]
        return {name: self._real, "levels_unlearned": np.array(losses, np.float32)}

    def points(self, step: int) -> dict[str, Array]:
        """Where points made from the noise end, the way of some of them, the loss by moment."""
        way = self._made()
        chosen = [*shown.frames(way, spec.FRAMES - 1), len(way.clean)]
        ends = np.column_stack([way.samples, self._labels])
        paths = np.array([way.noisy[place][: spec.PATHS] for place in chosen])
        return {
            "cloud": ends.astype(np.float32),
            "paths": paths.astype(np.float32),
            "levels": self._losses(),
        }

    def pictures(self, step: int) -> dict[str, Array]:
        """Pictures made from the noise, the way of one of them at each look, the loss by moment."""
        way = self._made()
        sheet = shown.grey(way.samples)
        self._ways[step] = shown.rows(way, spec.COLUMNS, spec.FOLLOWED)
        chosen = shown.thinned(list(self._ways), spec.LOOKS)
        self._ways = {one: self._ways[one] for one in chosen}
        noisy, clean, added = np.array(list(self._ways.values())).swapaxes(0, 1)
        return {
            "sheet": sheet,
            "matrix_noisy": noisy,
            "matrix_clean": clean,
            "matrix_noise": added,
            "matrix_steps": np.array(chosen),
            "newness": np.array([shown.far(sheet, self._known) / self._far]),
            "levels": self._losses(),
        }

    def _made(self) -> samplers.Way:
        how = {name: self._run.knob(name) for name in ("sampler", "sampling_steps", "guidance")}
        return self._sample(self._noise, self._labels, seed=FIXED, **how)

    def _levels(self) -> Iterator[tuple[float, int, Array, Array]]:
        """Share of the time, moment, x_t of held-back examples, and what was asked for."""
        plan = spec.plan_of(self._params)
        for level in range(spec.LEVELS):
            moment = max(1, round((level + 0.5) / spec.LEVELS * plan.last))
            rates = plan.signal[moment], plan.noise[moment]
            noisy = rates[0] * self._held + rates[1] * self._added
            asked = self._params.prediction
            target = noise.target(asked, self._held, self._added, rates=rates)
            yield moment / plan.last, moment, noisy, target

    def _losses(self) -> Array:
        """The loss at each level, [LEVELS, 2]: share of the time, mean squared error."""
        told = self._held_labels.reshape(-1, 1).astype(np.int32)
        losses = [
            (share, np.mean((self._sample.predicted(noisy, moment, told) - target) ** 2))
            for share, moment, noisy, target in self._levels()
        ]
        return np.array(losses, np.float32)
