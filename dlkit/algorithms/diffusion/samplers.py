"""The way back from noise to an example, in as few looks of the network as possible. NumPy only.

All samplers follow the same path where the network predicts without fault; they differ in how they
step along it:

* DDPM adds fresh noise after each step (Jonathan Ho, Ajay Jain, Pieter Abbeel, 2020).
* DDIM adds none (Jiaming Song, Chenlin Meng, Stefano Ermon, 2021).
* Heun looks at both ends of a step and goes by the mean (Tero Karras and others, 2022).
* DPM-Solver++ looks once and bends by what it saw the step before (Cheng Lu and others, 2022).
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dlkit.algorithms.diffusion.noise import Schedule
from dlkit.contract import Array

SAMPLERS = ("dpm_solver", "ddim", "heun", "ddpm")
# Noisy examples [N, ...] at a moment -> the predicted examples and the predicted noise.
Look = Callable[[Array, int], tuple[Array, Array]]
Keep = Callable[[Array, int], Array]


@dataclass(frozen=True)
class Way:
    """What was seen on the way back: S steps of N examples."""

    moments: list[int]  # S + 1, falling to 0
    noisy: list[Array]  # S + 1 times x_t [N, ...]; the last are the samples
    clean: list[Array]  # S times the predicted x_0
    noise: list[Array]  # S times the predicted noise

    @property
    def samples(self) -> Array:
        """Where the way ends, [N, ...]."""
        return self.noisy[-1]


def moments_of(steps: int, first: int) -> list[int]:
    """At most `steps` steps from the moment `first` down to 0, as the moments they visit.

    They get smaller towards the end, where what is left is small: even steps would blur it.
    """
    places = (np.linspace(0.0, 1.0, steps + 1) ** 2 * first).round().astype(int)
    return [int(place) for place in np.unique(places)[::-1]]


def go_back(step: "Step", noisy: Array, moments: list[int], *, keep: Keep | None = None) -> Way:
    """Take the noise out of `noisy` [N, ...], which is as it would be at the first of `moments`.

    `keep(x, moment)` may put back what must not change.
    """
    way = Way(moments, [noisy], [], [])
    for now, then in itertools.pairwise(moments):
        clean, noise = step.look(way.noisy[-1], now)
        x = step(way.noisy[-1], now, then, clean=clean, noise=noise)
        way.noisy.append(x if keep is None else keep(x, then))
        way.clean.append(clean)
        way.noise.append(noise)
    return way


class Step:
    """One step of a sampler from a moment to an earlier one. All chance follows from `seed`."""

    def __init__(self, look: Look, schedule: Schedule, *, sampler: str, seed: int) -> None:
        self.look, self._sampler = look, sampler
        self._signal, self._noise = schedule.signal, schedule.noise
        self._random = np.random.default_rng(seed)
        self._before: tuple[int, Array] | None = None  # what DPM-Solver++ saw the step before

    def __call__(self, x: Array, now: int, then: int, *, clean: Array, noise: Array) -> Array:
        """x_t at `now` -> x_t at `then`, with what the network predicts at `now`."""
        if self._sampler == "ddpm":
            stepped = self._ddpm(clean, noise, now, then)
        elif self._sampler == "heun" and then > 0:
            stepped = self._heun(x, clean, noise, now, then)
        elif self._sampler == "dpm_solver":
            stepped = self._dpm_solver(x, clean, now, then)
        else:
            stepped = self._again(clean, noise, then)
        return stepped.astype(np.float32)

    def _again(self, clean: Array, noise: Array, then: int) -> Array:
        """The predicted example with as much of the predicted noise as belongs to `then`: DDIM."""
        made: Array = self._signal[then] * clean + self._noise[then] * noise
        return made

    def _ddpm(self, clean: Array, noise: Array, now: int, then: int) -> Array:
        """Part of the noise is drawn anew, just as much as the step before would have added."""
        signal, rate = self._signal, self._noise
        fresh = rate[then] / rate[now] * np.sqrt(1.0 - (signal[now] / signal[then]) ** 2)
        kept = np.sqrt(max(rate[then] ** 2 - fresh**2, 0.0))
        drawn = self._random.standard_normal(clean.shape)
        made: Array = signal[then] * clean + kept * noise + fresh * drawn
        return made

    def _heun(self, x: Array, clean: Array, noise: Array, now: int, then: int) -> Array:
        """Go, look again where one comes out, and go by the mean of both."""
        _, noise_there = self.look(self._again(clean, noise, then).astype(np.float32), then)
        sigma_now, sigma_then = (self._noise[t] / self._signal[t] for t in (now, then))
        scaled = x / self._signal[now] + (sigma_then - sigma_now) * (noise + noise_there) / 2
        made: Array = self._signal[then] * scaled
        return made

    def _dpm_solver(self, x: Array, clean: Array, now: int, then: int) -> Array:
        """Straight on from the last two predictions; the last step trusts the newest alone."""
        before, self._before = self._before, (now, clean)
        if then == 0:
            return clean
        far = self._clarity(then) - self._clarity(now)
        guess = clean
        if before is not None:
            part = far / (self._clarity(now) - self._clarity(before[0])) / 2
            guess = clean + part * (clean - before[1])
        shrunk = self._noise[then] / self._noise[now]
        made: Array = shrunk * x - self._signal[then] * np.expm1(-far) * guess
        return made

    def _clarity(self, moment: int) -> float:
        """The logarithm of signal over noise."""
        return float(np.log(self._signal[moment] / self._noise[moment]))
