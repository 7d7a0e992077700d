"""The sampler lab: what the playground asks of a trained diffusion."""

from typing import Any

import numpy as np

from dlkit import datasets
from dlkit.algorithms.diffusion import shown, spec
from dlkit.algorithms.diffusion.sampling import Sampler
from dlkit.contract import Array


def points(sample: Sampler, params: spec.Params, asked: dict[str, Any]) -> dict[str, Array]:
    """Points on their way back, and real ones."""
    random = np.random.default_rng(asked["seed"])
    start = random.standard_normal((spec.RUNNERS, 2)).astype(np.float32)
    split = spec.split_of(params)
    labels = split.y_val[datasets.spread(len(split.y_val), spec.RUNNERS)]
    way = sample(start, labels, **_how(asked))
    chosen = [*shown.frames(way, spec.FRAMES - 1), len(way.clean)]
    real = split.x_val[datasets.spread(len(split.x_val), spec.POINTS)]
    return {
        "film": np.array([way.noisy[place] for place in chosen], np.float32),
        "aims": np.array([way.clean[min(place, len(way.clean) - 1)] for place in chosen]),
        "shares": np.array([way.moments[place] / params.time_steps for place in chosen]),
        "labels": labels,
        "real": real,
    }


def pictures(sample: Sampler, params: spec.Params, asked: dict[str, Any]) -> dict[str, Array]:
    """Pictures from noise, from a drawing, or around what is known of one; and their way."""
    plan, shape = spec.plan_of(params), spec.shape_of(params)
    random = np.random.default_rng(asked["seed"])
    start = random.standard_normal((spec.PLAYED, *shape)).astype(np.float32)
    given = datasets.centred(np.array(asked["picture"], np.uint8), params.data)
    clean, hidden = shown.signed(given), shown.hole(asked["hidden"], *shape[:2])
    noisy, first, keep = start, plan.last, None
    if asked["begin"] == "drawing":
        first = max(1, round(asked["strength"] * plan.last))
        noisy = plan.signal[first] * clean + plan.noise[first] * start
    elif asked["begin"] == "repair":

        def keep(x: Array, moment: int) -> Array:
            known = plan.signal[moment] * clean + plan.noise[moment] * start
            mixed: Array = (hidden * x + (1.0 - hidden) * known).astype(np.float32)
            return mixed

    way = sample(noisy, _asked_labels(params, asked), first=first, keep=keep, **_how(asked))
    place = round(asked["moment"] * (len(way.clean) - 1))
    seen = {"drawing": given, "repair": np.where(hidden > 0, 128, given)}
    return {
        "sheet": shown.grey(way.samples),
        "noisy": shown.grey(way.noisy[place] / 1.5),
        "clean": shown.grey(way.clean[place]),
        "share": np.array([way.moments[place] / plan.last]),
        "way": shown.rows(way, spec.COLUMNS),
        "given": seen.get(asked["begin"], np.zeros((0, *shape[1:]))).astype(np.uint8),
    }


def _asked_labels(params: spec.Params, asked: dict[str, Any]) -> Array:
    """The class that was asked for, or each in turn, [PLAYED]."""
    code = next((asked[name] for name in spec.CLASS_FIELDS if name in asked), "each")
    each = np.arange(spec.PLAYED) % spec.num_classes(params)
    return each if code == "each" else np.full(spec.PLAYED, int(code))


def _how(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: asked[name] for name in ("sampler", "sampling_steps", "guidance", "seed")}
