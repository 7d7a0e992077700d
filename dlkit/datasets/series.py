"""Series of numbers through time, cut in time: the past to learn from, the end to be foretold.

Three come from equations, one from weather stations. Mean and spread are those of the past only.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dlkit.contract import Array, CodedError
from dlkit.datasets import own
from dlkit.datasets.files import frozen, package

HELD_OUT, OWN_HELD_OUT = 0.1, 0.2  # of the series: its end; pasted ones are short
FEWEST_HELD = 4  # windows of the held-out end
LENGTH = 10_000  # values of a series that is made


@dataclass(frozen=True)
class Series:
    """Values in their own unit: `train` [N], then `held` [M]."""

    train: Array
    held: Array
    mean: float
    spread: float

    def scaled(self, values: Array) -> Array:
        """Values as a network sees them: mean 0, spread 1 over the training part."""
        return ((values - self.mean) / self.spread).astype(np.float32)

    def unscaled(self, values: Array) -> Array:
        """The same in the series' own unit."""
        return values * self.spread + self.mean


@functools.lru_cache(maxsize=8)
def series(name: str, pasted: str = "") -> Series:
    """The series called `name`, or a person's pasted numbers.

    Raises `CodedError` not_an_option, data_missing, or what is wrong with the pasted ones.
    """
    if name == own.OWN:
        found = _cut(own.numbers(pasted, least=2), OWN_HELD_OUT)
        if not found.spread > 0:
            raise CodedError("own_numbers_flat", given=float(found.train[0]))
        return found
    if name not in _READERS:
        raise CodedError("not_an_option", given=name, allowed=", ".join(SERIES))
    return _cut(_READERS[name]().astype(np.float32), HELD_OUT)


def fewest(past: int, future: int) -> int:
    """How many pasted numbers it takes to have some windows in the held-out end."""
    return round((past + future + FEWEST_HELD) / OWN_HELD_OUT)


def _cut(values: Array, share: float) -> Series:
    cut = len(values) - round(len(values) * share)
    train = values[:cut]
    return Series(
        train=frozen(train),
        held=frozen(values[cut:]),
        mean=float(train.mean()),
        spread=float(train.std()),
    )


def windows(values: Array, past: int, future: int, *, stride: int = 1) -> tuple[Array, Array]:
    """Every stretch of a series: its `past` values [N, past] and the `future` ones after them."""
    starts = np.arange(0, len(values) - past - future + 1, stride)
    found = values[starts[:, None] + np.arange(past + future)]
    return found[:, :past], found[:, past:]


def period(values: Array, longest: int) -> int:
    """After how many steps, `longest` at most, a series changes most like before; 1 where never.

    The greatest autocorrelation of the differences behind the first lag at which it is negative;
    differences, because a slow drift would hide a short period.
    """
    change = np.diff(values.astype(np.float64))
    change -= change.mean()
    spectrum = np.fft.rfft(change, 2 * len(change))
    alike = np.fft.irfft(np.abs(spectrum) ** 2)[: longest + 1]
    first = int((alike < 0).argmax())
    return first + int(alike[first:].argmax()) if first else 1


def seasonal(past: Array, future: int, season: int) -> Array:
    """What was a season before, [N, past] -> [N, future]; the last season again where that ends."""
    places = past.shape[1] - season + np.arange(future) % season
    return past[:, places]


def _mackey_glass() -> Array:
    """A blood count that depends on itself 17 steps ago (Mackey and Glass 1977): mild chaos."""
    fine, delay = 10, 170
    values = np.full(delay + (LENGTH + 500) * fine, 1.2)
    for now in range(delay, len(values) - 1):
        old = values[now - delay]
        values[now + 1] = values[now] + (0.2 * old / (1 + old**10) - 0.1 * values[now]) / fine
    return values[delay + 500 * fine :: fine][:LENGTH]


def _lorenz() -> Array:
    """The first coordinate of Lorenz' model of rolling air (1963), 20 values a unit of time."""
    place, found, fine = np.array([1.0, 1.0, 20.0]), [], 10
    for number in range((LENGTH + 200) * fine):
        if number % fine == 0:
            found.append(place[0])
        x, y, z = place
        place = place + np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]) * 0.05 / fine
    return np.array(found[200:])


def _sines() -> Array:
    """Three waves of different length and a little noise."""
    time = np.arange(LENGTH)
    waves = sum(high * np.sin(2 * np.pi * time / long) for high, long in ((1, 25), (0.6, 60)))
    slow = 0.5 * np.sin(2 * np.pi * time / 410)
    return np.asarray(waves + slow + np.random.default_rng(20131016).normal(0, 0.1, LENGTH))


def _temperature() -> Array:
    """What is usual at Seattle at each hour of the year: means over 30 years, degrees Celsius."""
    path = package("vega_datasets", instead="sines") / "_data" / "seattle-temps.csv"
    degrees = np.loadtxt(path, delimiter=",", skiprows=1, usecols=1)
    return (degrees - 32) / 1.8


_READERS: dict[str, Callable[[], Array]] = {
    "mackey_glass": _mackey_glass, "lorenz": _lorenz, "sines": _sines,
    "temperature": _temperature,
}  # fmt: skip
SERIES = tuple(_READERS)
