"""The knobs that every training by gradient steps has: fields for an algorithm's `Params`.

They stand here once, so that a knob has one meaning, one range and one text in all chapters.
"""

from typing import Any

from dlkit.params import choice, integer, real


def optimizer(default: str = "adamw") -> Any:
    """The rule that turns gradients into steps; see `training.make_optimizer`."""
    return choice(default, "sgd", "adam", "adamw", "lion", "muon")


def schedule(default: str = "cosine") -> Any:
    """How the learning rate changes over the training; see `rhythm.scheduled`."""
    return choice(default, "constant", "cosine", "one_cycle", "warmup", group="optimization")


def weight_decay(default: float = 0.0) -> Any:
    """How strongly weights are pulled towards zero."""
    return real(default, low=0.0, high=1.0, step=0.0001, group="optimization")


def average(default: float = 0.0) -> Any:
    """How much of the moving average of the weights each step keeps; 0 uses the weights as such."""
    return real(default, low=0.0, high=0.9999, step=0.001, group="optimization")


def clip(default: float = 0.0) -> Any:
    """The greatest length a gradient may have; longer ones are shortened to it. 0 sets no limit."""
    return real(default, low=0.0, high=100.0, step=0.1, group="optimization")


def stop_at(default: float = 0.0, *, high: float = 1.0) -> Any:
    """The value of the headline metric that is good enough to stop at; 0 never stops."""
    return real(default, low=0.0, high=high, step=0.005, group="run")


def minutes(default: float = 0.0) -> Any:
    """The most time to train; 0 sets no limit."""
    return real(default, low=0.0, high=1440.0, step=0.5, unit="minutes", group="run")


def seed(default: int = 1) -> Any:
    """The number all chance follows from."""
    return integer(default, low=0, high=2**31 - 1, group="run")
