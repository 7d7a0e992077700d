"""Making examples with a trained network: steered by a class, from any moment, with any sampler.

The network is only asked to predict, always for as many examples at once: it is compiled once,
whatever sampler, steps and guidance are chosen.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dlkit.algorithms.diffusion import noise, samplers, spec
from dlkit.contract import Array


@dataclass(frozen=True)
class Sampler:
    """Makes examples with a trained network."""

    network: Any
    params: spec.Params

    def look(self, labels: Array, guidance: float) -> samplers.Look:
        """What the network sees in x_t [N, ...], asked for classes [N]; the way it is steered.

        Guidance goes from what is seen without a class towards, and beyond, what is seen with it.
        """
        plan, params = spec.plan_of(self.params), self.params
        limit = spec.POINTS_REACH if spec.is_plane(params) else 1.0

        def look(noisy: Array, moment: int) -> tuple[Array, Array]:
            told = labels.reshape(-1, 1).astype(np.int32)
            predicted = self.predicted(noisy, moment, told)
            if params.conditional and guidance != 1.0:
                null = np.full_like(told, spec.num_classes(params))
                without = self.predicted(noisy, moment, null)
                predicted = without + guidance * (predicted - without)
            rates = plan.signal[moment], plan.noise[moment]
            clean, _ = noise.solved(params.prediction, predicted, noisy, rates=rates)
            clean = np.clip(clean, -limit, limit)
            return clean, (noisy - rates[0] * clean) / rates[1]

        return look

    def predicted(self, noisy: Array, moment: int, told: Array) -> Array:
        """What the network predicts for x_t [N, ...], in double precision."""
        share = np.full((len(noisy), 1), moment / self.params.time_steps, np.float32)
        given = [noisy.astype(np.float32), share, *([told] if self.params.conditional else [])]
        return np.asarray(self.network.predict_on_batch(given), np.float64)

    def __call__(
        self, noisy: Array, labels: Array, *, first: int = 0, keep: Any = None, **how: Any
    ) -> samplers.Way:
        """The way from x_t at the moment `first` (0: the last) back.

        `how` has sampler, sampling_steps, guidance and seed.
        """
        plan = spec.plan_of(self.params)
        moments = samplers.moments_of(how["sampling_steps"], first or plan.last)
        look = self.look(labels, how["guidance"])
        step = samplers.Step(look, plan, sampler=how["sampler"], seed=how["seed"])
        return samplers.go_back(step, noisy, moments, keep=keep)
