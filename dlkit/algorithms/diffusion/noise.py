"""How much noise there is at each moment, and four ways to say what it is. Numbers in, numbers out.

At moment t, of T, an example x_0 has become x_t = signal[t] x_0 + noise[t] e with e from a standard
normal distribution. The squares of both rates add up to 1, so x_t is as strong as x_0 and e are.
The functions use plain arithmetic only: NumPy arrays and tensors of any backend will do.
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlkit.contract import Array

TOLD = 32  # numbers that tell the network the moment
SMALLEST_SIGNAL = 0.02  # of the cosine schedule; 0 could not be divided by
BETA_LOW, BETA_HIGH = 0.1, 20.0  # of the linear schedule: noise added per unit of time
SIGMA_LOW, SIGMA_HIGH, BEND = 0.002, 80.0, 7.0  # of EDM
SIGMA_MEAN, SIGMA_SPREAD = -1.2, 1.2  # of the logarithm of EDM's noise while training


@dataclass(frozen=True)
class Schedule:
    """The rates at the moments 0 to T, and how often each moment is trained; all [T + 1].

    Moment 0 is the example itself: signal 1, noise 0, and never trained. Signal is never 0.
    """

    signal: Array
    noise: Array
    chances: Array

    @property
    def last(self) -> int:
        """The moment T, at which hardly any signal is left."""
        return len(self.signal) - 1


@functools.cache
def schedule(name: str, moments: int) -> Schedule:
    """The schedule called `name` with `moments` moments after the example itself.

    Cosine: Alex Nichol, Prafulla Dhariwal, 2021, as the angle on a circle. Linear: Jonathan Ho and
    others, 2020, in continuous time, so that any number of moments will do. EDM: Tero Karras and
    others, 2022, shrunk so that the squares of the rates add up to 1.
    """
    time = np.arange(moments + 1) / moments
    chances = np.full(moments + 1, 1.0 / moments)
    if name == "cosine":
        angle = time * math.acos(SMALLEST_SIGNAL)
        signal, noise = np.cos(angle), np.sin(angle)
    elif name == "linear":
        signal = np.exp(-0.25 * time**2 * (BETA_HIGH - BETA_LOW) - 0.5 * time * BETA_LOW)
        noise = np.sqrt(1.0 - signal**2)
    else:
        along = (np.arange(moments + 1) - 1) / max(1, moments - 1)
        low, high = SIGMA_LOW ** (1 / BEND), SIGMA_HIGH ** (1 / BEND)
        sigma = (low + np.maximum(along, 0.0) * (high - low)) ** BEND
        sigma[0] = 0.0
        signal, noise = 1.0 / np.sqrt(1.0 + sigma**2), sigma / np.sqrt(1.0 + sigma**2)
        chances = _bell(sigma)
    chances[0] = 0.0
    return Schedule(signal, noise, chances / chances.sum())


def drawn(plan: Schedule) -> Array:
    """Moments [N] in which each comes as often as it is trained: where one of them is picked."""
    share = (np.arange(8 * plan.last) + 0.5) / (8 * plan.last)
    moments: Array = np.searchsorted(np.cumsum(plan.chances), share, side="right")
    return moments


def _bell(sigma: Array) -> Array:
    """How often EDM trains each noise: its logarithm is drawn from a normal distribution."""
    logarithms = np.log(np.maximum(sigma, SIGMA_LOW))
    edges = np.concatenate([[-np.inf], (logarithms[1:-1] + logarithms[2:]) / 2, [np.inf]])
    below = [
        0.5 * (1.0 + math.erf((edge - SIGMA_MEAN) / SIGMA_SPREAD / math.sqrt(2.0)))
        for edge in edges
    ]
    return np.concatenate([[0.0], np.diff(below)])


def target(kind: str, clean: Any, noise: Any, *, rates: tuple[Any, Any]) -> Any:
    """What the network is asked for: "noise", "sample", "velocity" or "flow".

    `clean` is x_0, `noise` is e; `rates` are those of signal and noise.
    """
    signal_rate, noise_rate = rates
    if kind == "noise":
        return noise
    if kind == "sample":
        return clean
    if kind == "velocity":
        return signal_rate * noise - noise_rate * clean
    return noise - clean


def solved(kind: str, predicted: Any, noisy: Any, *, rates: tuple[Any, Any]) -> tuple[Any, Any]:
    """x_0 and e, from what was predicted and x_t: the four ways say the same."""
    signal_rate, noise_rate = rates
    if kind == "noise":
        return (noisy - noise_rate * predicted) / signal_rate, predicted
    if kind == "sample":
        return predicted, (noisy - signal_rate * predicted) / noise_rate
    if kind == "velocity":
        clean = signal_rate * noisy - noise_rate * predicted
        return clean, signal_rate * predicted + noise_rate * noisy
    clean = (noisy - noise_rate * predicted) / (signal_rate + noise_rate)
    return clean, clean + predicted
