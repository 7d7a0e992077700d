"""Diffusion: knobs, presets, charts and playground."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pydantic

from dlkit import datasets, recipe
from dlkit.algorithms.diffusion import noise
from dlkit.algorithms.diffusion.samplers import SAMPLERS
from dlkit.contract import Algorithm, Array, Finding, Layer, Paper, RunData, View, Words
from dlkit.datasets import clouds
from dlkit.params import BaseParams, choice, drawing, integer, real, switch, text
from dlkit.views import curves, denoising, pictures
from dlkit.views.findings import values_of

PICTURES = ("mnist_5k", "digits", "fashion_mnist", "mnist")
SAMPLES, PLAYED = 10, 20  # pictures made at each look, and for the playground
FOLLOWED = 3  # the one of them whose way is shown
POINTS = 512  # points made at each look
COLUMNS, LOOKS = 8, 6  # of the matrix: moments of a way, looks
LEVELS = 8  # moments at which the loss is measured
PATHS = 64  # points whose ways are drawn
FRAMES, RUNNERS = 12, 256  # moments and points of the film in the playground
GALLERY, KNOWN = 64, 4000  # held-back and learned pictures that made ones are compared with
POINTS_REACH = 1.5  # no point is believed to lie farther out
JUDGED: dict[str, Any] = {
    "sampler": "dpm_solver",
    "sampling_steps": 10,
    "guidance": 1.0,
}  # points are judged so
HIDDEN = ("right", "left", "top", "bottom", "middle")
CLASS_FIELDS = ("digit", "garment", "part")
# What the playground takes where its controls do not ask.
UNASKED: dict[str, Any] = {"guidance": 1.0, "begin": "noise", "strength": 0.5, "hidden": "right"}
SHEET_HEIGHT = 190  # of a sheet in the playground, in pixels
ENOUGH = 8  # points of a curve before anything is said
FLAT, COPIED = 0.5, 0.45  # of the spread of real pictures; of the distance of new real ones


class Params(BaseParams):
    """What can be set."""

    data: str = choice("mnist_5k", *PICTURES, *clouds.CLOUDS)
    strokes: str = text(clouds.FACE, pattern=clouds.STROKES, group="network")
    prediction: str = choice("velocity", "noise", "velocity", "sample", "flow")
    noise_schedule: str = choice("cosine", "cosine", "linear", "edm")
    conditional: bool = switch(True)
    width: int = integer(32, low=8, high=256, step=8)
    learning_rate: float = real(0.004, low=1e-6, high=10.0, scale="log", live=True)
    batch_size: int = integer(64, low=1, high=1024, unit="examples", group="optimization")
    epochs: int = integer(24, low=1, high=2000)
    blocks: int = integer(1, low=1, high=4, group="network")
    time_steps: int = integer(1000, low=4, high=1000, group="network")
    label_dropout: float = real(0.15, low=0.0, high=0.9, step=0.05, group="network")
    sampler: str = choice(SAMPLERS[0], *SAMPLERS, group="sampling", live=True)
    sampling_steps: int = integer(10, low=2, high=100, group="sampling", live=True)
    guidance: float = real(2.0, low=0.0, high=8.0, step=0.1, group="sampling", live=True)
    optimizer: str = recipe.optimizer("adamw")
    weight_decay: float = recipe.weight_decay(0.0)
    schedule: str = recipe.schedule("cosine")
    average: float = recipe.average(0.98)
    stop_at: float = recipe.stop_at()
    minutes: float = recipe.minutes()
    seed: int = recipe.seed()


def is_plane(params: Any) -> bool:
    """Whether the examples are points in the plane."""
    return params.data in clouds.CLOUDS


def is_picture(params: Any) -> bool:
    """Whether the examples are pictures."""
    return not is_plane(params)


def shape_of(params: Any) -> tuple[int, ...]:
    """The shape of one example."""
    return (2,) if is_plane(params) else datasets.find(params.data).shape


def num_classes(params: Any) -> int:
    """How many classes the examples have; the number after the last means "any"."""
    if is_plane(params):
        return clouds.cloud(params.data, params.strokes).num_classes
    return datasets.find(params.data).num_classes


def split_of(params: Any) -> datasets.Split:
    """The examples to learn from and to check with."""
    if is_plane(params):
        return clouds.load(params.data, params.seed, params.strokes)
    return datasets.load(params.data, params.seed)


def plan_of(params: Any) -> noise.Schedule:
    """How much noise there is at each moment."""
    return noise.schedule(params.noise_schedule, params.time_steps)


def layers(params: Params, words: Words) -> Sequence[Layer]:
    """The network these params make, box by box."""
    told = told_of(params)
    inner = (noise.TOLD + 1) * told + (told + 1) * told
    if params.conditional:
        inner += (num_classes(params) + 1) * told
    boxes = [
        Layer(words("layer.noisy"), shape_of(params), kind="data"),
        Layer(words("layer.told"), (told,), inner, kind="dense"),
    ]
    return [*boxes, *(_plane if is_plane(params) else _u_net)(params, words, told=told)]


def _plane(params: Params, words: Words, *, told: int) -> list[Layer]:
    width, count = params.width, 2 * params.blocks + 1
    block = (told + 1) * width + 2 * (width + 1) * width
    return [
        Layer(words("layer.first"), (width,), 3 * width, kind="dense"),
        *[Layer(words("layer.block"), (width,), block, kind="dense", skips=1)] * count,
        Layer(words("layer.answer_points"), (2,), (width + 1) * 2, kind="answer"),
    ]


def _u_net(params: Params, words: Words, *, told: int) -> list[Layer]:
    height, _, channels = shape_of(params)
    halved, width, deep = halves(params), params.width, 2 * params.width
    kernel = 4 if halved else 3
    upper = height // 2 if halved else height
    lower = upper // 2

    def block(filters: int) -> int:
        return 2 * (9 * filters * filters + 4 * filters) + (told + 1) * 2 * filters + filters

    fine, coarse = (upper, upper, width), (lower, lower, deep)
    above = Layer(words("layer.block"), fine, block(width), kind="convolution", skips=1)
    below = Layer(words("layer.block"), coarse, block(deep), kind="convolution", skips=1)
    down = (9 * width + 1) * deep
    return [
        Layer(words("layer.stem"), fine, (kernel**2 * channels + 1) * width, kind="convolution"),
        *[above] * params.blocks,
        Layer(words("layer.down"), coarse, down, kind="pooling"),
        *[below] * (2 * params.blocks),
        Layer(words("layer.up"), fine, (deep + 1) * width, skips=2 * params.blocks + 2),
        *[above] * params.blocks,
        Layer(
            words("layer.answer"),
            shape_of(params),
            kernel**2 * channels * width + channels + 4 * width,
            kind="answer",
        ),
    ]


def told_of(params: Params) -> int:
    """The length of the vector that tells moment and class."""
    return params.width if is_plane(params) else 4 * params.width


def halves(params: Params) -> bool:
    """Whether the first convolution halves the picture: only very small ones stay whole."""
    return is_picture(params) and shape_of(params)[0] >= 16


def inputs(params: Params) -> type[BaseParams]:
    """The sampler lab: how to go back, from what, towards which class."""
    kind = "part" if is_plane(params) else "garment" if "fashion" in params.data else "digit"
    return _inputs(kind, num_classes(params) if params.conditional else 0)


@functools.cache
def _inputs(kind: str, count: int) -> type[BaseParams]:
    fields: dict[str, Any] = {}
    if kind != "part":
        fields["begin"] = (str, choice("noise", "noise", "drawing", "repair"))
    fields["sampler"] = (str, choice(SAMPLERS[0], *SAMPLERS))
    fields["sampling_steps"] = (int, integer(20, low=2, high=100))
    if count:
        fields["guidance"] = (float, real(1.0 if kind == "part" else 2.0, low=0, high=8, step=0.1))
        codes = [str(number) for number in range(count)]
        fields[kind] = (str, choice("each", "each", *codes))
    fields["seed"] = (int, integer(1, low=0, high=99))
    if kind != "part":
        fields["moment"] = (float, real(0.5, low=0.0, high=1.0, step=0.05))
        fields["strength"] = (float, real(0.6, low=0.05, high=1.0, step=0.05))
        fields["hidden"] = (str, choice("right", *HIDDEN))
        fields["picture"] = (list[list[int]], drawing(28, 28))
    return pydantic.create_model("Inputs", __base__=BaseParams, **fields)


def answer(found: Mapping[str, Array], params: Params, words: Words) -> Sequence[go.Figure]:
    """What was made, and what it was like on the way."""
    if is_plane(params):
        shares = [float(share) for share in found["shares"]]
        made = np.column_stack([found["film"][-1], found["labels"]])
        return [
            denoising.film(
                found["film"], shares, found["labels"], words=words, title=words("answer.film")
            ),
            denoising.cloud(made, found["real"], words, title=words("answer.made")),
        ]
    left = f"{float(found['share'][0]):.0%}"
    names = [words(f"way.{kind}") for kind in ("noisy", "clean", "noise")]
    figures = [
        _sheet(found["sheet"], words("answer.made")),
        denoising.matrix(
            found["way"], names, ends=_ends(words), title=words("answer.way")
        ).update_layout(height=250),
        _sheet(found["noisy"], words("answer.noisy", left=left)),
        _sheet(found["clean"], words("answer.clean", left=left)),
    ]
    if len(found["given"]):
        figures.insert(1, pictures.picture(found["given"], words("answer.given")))
    return figures


def _sheet(made: Array, title: str) -> go.Figure:
    return pictures.sheet(made, columns=10, title=title).update_layout(height=SHEET_HEIGHT)


def sheet(data: RunData, words: Words) -> go.Figure:
    """Pictures made from the same noise as ever."""
    return pictures.sheet(_held(data).get("sheet"), columns=5)


def matrix_clean(data: RunData, words: Words) -> go.Figure:
    """What the network takes for the picture, over the way and over the looks."""
    return _matrix(data, "matrix_clean", words)


def matrix_noisy(data: RunData, words: Words) -> go.Figure:
    """The picture on its way, over the looks."""
    return _matrix(data, "matrix_noisy", words)


def matrix_noise(data: RunData, words: Words) -> go.Figure:
    """What the network takes for the noise, over the way and over the looks."""
    return _matrix(data, "matrix_noise", words)


def cloud(data: RunData, words: Words) -> go.Figure:
    """Points made from the same noise as ever, over real ones."""
    held = _held(data)
    return denoising.cloud(held.get("cloud"), held.get("real"), words)


def paths(data: RunData, words: Words) -> go.Figure:
    """The ways of some points from the noise."""
    return denoising.ways(_held(data).get("paths"), words)


def levels(data: RunData, words: Words) -> go.Figure:
    """The loss by how much noise there is."""
    held = _held(data)
    return denoising.levels(held.get("levels"), held.get("levels_unlearned"), words)


def distance(data: RunData, words: Words) -> go.Figure:
    """How far made points lie from real ones."""
    return curves.single(data, words, "val_distance")


def throughput(data: RunData, words: Words) -> go.Figure:
    """Examples a second."""
    return curves.single(data, words, "throughput")


def checks(data: RunData) -> Sequence[Finding]:
    """Is it learning at all? Do its pictures have contrast, and are they new?"""
    loss, held = values_of(data, "loss"), values_of(data, "val_loss")
    if len(loss) and not np.isfinite(loss[-1]):
        return [Finding("diverged", "warning")]
    unlearned = _held(data).get("levels_unlearned")
    if len(loss) < ENOUGH or not len(held):
        return []
    start = float(held[0]) if unlearned is None else float(np.nanmean(unlearned[..., -1]))
    now = float(np.nanmedian(loss[-3:]))
    if now > 1.5 * start:
        return [Finding("diverging", "warning")]
    share = data.step / data.total_steps if data.total_steps else 0.0
    if share > 0.1 and now > 0.97 * start:
        return [Finding("not_learning", "warning", {"loss": f"{now:.2f}"})]
    return [*_made(data, share), *_learned(data)]


def _made(data: RunData, share: float) -> list[Finding]:
    """What the pictures that were made tell."""
    shots = _held(data)
    made, real, newness = (shots.get(name) for name in ("sheet", "gallery", "newness"))
    if share < 0.3 or made is None or real is None or not len(made) or not len(real):
        return []
    contrast = float(made.std() / max(float(real.std()), 1e-9))
    if contrast < FLAT:
        return [Finding("flat", "warning", {"share": f"{contrast:.0%}"})]
    if newness is not None and len(newness) and float(newness[0]) < COPIED:
        return [Finding("copied", "warning", {"share": f"{float(newness[0]):.0%}"})]
    return []


def _learned(data: RunData) -> list[Finding]:
    far = values_of(data, "val_distance")
    if len(far) >= ENOUGH and np.isfinite(far[-3:]).all() and far[-3:].mean() <= 1.5:
        return [Finding("learned", "good", {"times": f"{far[-3:].mean():.2f}"})]
    return []


def _matrix(data: RunData, name: str, words: Words) -> go.Figure:
    held = _held(data)
    steps = held.get("matrix_steps")
    names = [] if steps is None else [words("way.step", step=int(step)) for step in steps]
    return denoising.matrix(held.get(name), names, ends=_ends(words))


def _ends(words: Words) -> tuple[str, str]:
    return words("way.from"), words("way.to")


def _held(data: RunData) -> dict[str, Array]:
    return {name: snapshot.value for name, snapshot in data.arrays.items()}


POINTS_PRESET = Params(
    data="spiral", conditional=False, width=128, blocks=1, batch_size=256, epochs=60,
    learning_rate=0.002, average=0.995, guidance=1.0,
)  # fmt: skip

ALGORITHM = Algorithm(
    name="diffusion",
    chapter=8,
    family="generative",
    icon=":material/blur_on:",
    paper=Paper(
        "Jonathan Ho, Ajay Jain, Pieter Abbeel",
        2020,
        "Denoising diffusion probabilistic models",
        "https://arxiv.org/abs/2006.11239",
    ),
    params=Params,
    presets={
        "quick": Params(),
        "standard": Params(data="fashion_mnist", epochs=4, width=40, average=0.995),
        "gpu": Params(
            data="fashion_mnist", epochs=60, width=96, blocks=2, batch_size=256, average=0.999
        ),
    },
    tiny=Params(data="digits", width=8, epochs=2, sampling_steps=4),
    metrics={
        "loss": "",
        "val_loss": "",
        "val_distance": "",
        "learning_rate": "",
        "gradient_norm": "",
        "throughput": "examples/s",
    },
    arrays={
        "sheet": (SAMPLES, None, None, 1),
        "matrix_clean": (None, COLUMNS, None, None),
        "matrix_noisy": (None, COLUMNS, None, None),
        "matrix_noise": (None, COLUMNS, None, None),
        "matrix_steps": (None,),
        "newness": (1,),
        "gallery": (None, None, None, 1),
        "levels": (LEVELS, 2),
        "levels_unlearned": (LEVELS, 2),
        "cloud": (POINTS, 3),
        "real": (POINTS, 3),
        "paths": (None, PATHS, 2),
    },
    headline=("val_distance", "val_loss"),
    goal="min",
    views=(
        View("sheet", sheet, arrays=("sheet",), wide=True, height=260, applies=is_picture),
        View("cloud", cloud, arrays=("cloud", "real"), height=380, applies=is_plane),
        View("paths", paths, arrays=("paths",), height=380, applies=is_plane),
        View("distance", distance, metrics=("val_distance",), applies=is_plane),
        View("loss", curves.loss, metrics=("loss", "val_loss")),
        View("levels", levels, arrays=("levels", "levels_unlearned")),
        View("matrix_clean", matrix_clean, arrays=("matrix_clean", "matrix_steps"), height=340,
             applies=is_picture),
        View("matrix_noisy", matrix_noisy, arrays=("matrix_noisy", "matrix_steps"), height=340,
             applies=is_picture),
        View("matrix_noise", matrix_noise, arrays=("matrix_noise", "matrix_steps"), height=340,
             applies=is_picture),
        View("throughput", throughput, metrics=("throughput",)),
    ),
    inputs=inputs,
    answer=answer,
    checks=checks,
    consulted=("sheet", "gallery", "newness", "levels_unlearned"),
    layers=layers,
)  # fmt: skip
