"""Generative adversarial network: knobs, presets, charts and playground."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pydantic

from dlkit import datasets, recipe
from dlkit.algorithms.gan import referee
from dlkit.contract import Algorithm, Array, Layer, Paper, RunData, View, Words
from dlkit.datasets import clouds
from dlkit.params import BaseParams, choice, integer, real, switch, text
from dlkit.views import classes, curves, generated, pictures, plane

PICTURES = tuple(name for name, one in datasets.DATASETS.items() if one.kind == "image")
SHEET, WALK, BOARD = 64, 9, 6  # pictures on the sheet, on a walk, of the guessing game
PUSHES = 4  # sliders
ROW_HEIGHT = 190  # of one row of pictures in the playground, in pixels


class Params(BaseParams):
    """What can be set. `side` says who learns now; the other one stands still."""

    data: str = choice("grid", *clouds.CLOUDS, *PICTURES)
    loss: str = choice(
        "relativistic", "non_saturating", "minimax", "hinge", "least_squares", "wasserstein",
        "relativistic",
    )  # fmt: skip
    conditional: bool = switch(False)
    noise_size: int = integer(8, low=2, high=256)
    learning_rate: float = real(0.002, low=1e-6, high=1.0, scale="log", live=True)
    discriminator_rate: float = real(0.002, low=1e-6, high=1.0, scale="log", live=True)
    side: str = choice("both", "both", "generator", "discriminator", live=True)
    epochs: int = integer(300, low=1, high=5000)
    strokes: str = text(clouds.FACE, pattern=clouds.STROKES, group="drawing")
    width: int = integer(64, low=4, high=512, group="network")
    depth: int = integer(3, low=1, high=6, group="network")
    normalisation: str = choice("none", "batch", "none", group="network")
    spectral_norm: bool = switch(False, group="network")
    generator_steps: int = integer(1, low=1, high=10, group="game")
    discriminator_steps: int = integer(1, low=1, high=10, group="game")
    r1: float = real(0.02, low=0.0, high=100.0, step=0.001, group="game")
    gradient_penalty: float = real(10.0, low=0.0, high=100.0, step=0.5, group="game")
    shift: int = integer(0, low=0, high=4, unit="pixels", group="game")
    batch_size: int = integer(100, low=2, high=1024, unit="examples", group="optimization")
    momentum: float = real(0.0, low=0.0, high=0.95, step=0.05, group="optimization")
    schedule: str = recipe.schedule("cosine")
    average: float = recipe.average(0.999)
    stop_at: float = recipe.stop_at()
    minutes: float = recipe.minutes()
    seed: int = recipe.seed()


def is_cloud(params: Any) -> bool:
    """Whether points in the plane are to be made, not pictures."""
    return params.data in clouds.CLOUDS


def is_picture(params: Any) -> bool:
    """Whether pictures are to be made."""
    return not is_cloud(params)


def shape_of(params: Params) -> tuple[int, ...]:
    """The shape of one thing."""
    return (2,) if is_cloud(params) else datasets.find(params.data).shape


def num_classes_of(params: Any) -> int:
    """The classes of the data."""
    if is_cloud(params):
        return clouds.cloud(params.data, params.strokes).num_classes
    return datasets.find(params.data).num_classes


def num_modes_of(params: Any) -> int:
    """How many modes or classes there are to be seen."""
    if is_cloud(params):
        return clouds.cloud(params.data, params.strokes).num_modes
    return num_classes_of(params)


def layers(params: Params, words: Words) -> Sequence[Layer]:
    """Both networks, one behind the other: from the noise to the picture, from it to the score."""
    kinds = num_classes_of(params) if params.conditional else 0
    noise = Layer(words("layer.noise"), (params.noise_size + kinds,), kind="data")
    both = _for_points if is_cloud(params) else _for_pictures
    return [noise, *both(params, words, kinds=kinds)]


def _for_points(params: Params, words: Words, *, kinds: int) -> list[Layer]:
    width, norm, spectral = params.width, _norm(params), int(params.spectral_norm)
    boxes, before = [], params.noise_size + kinds
    for _ in range(params.depth):
        weights = (before + 1 + norm) * width
        boxes.append(Layer(words("layer.made"), (width,), weights, kind="dense"))
        before = width
    boxes.append(Layer(words("layer.thing"), (2,), (before + 1) * 2, kind="dense"))
    before = 2
    for _ in range(params.depth):
        weights = (before + 1 + spectral) * width
        boxes.append(Layer(words("layer.judged"), (width,), weights, kind="dense"))
        before = width
    return [*boxes, _score(params, words, width=width, kinds=kinds)]


def _for_pictures(params: Params, words: Words, *, kinds: int) -> list[Layer]:
    height, across, channels = shape_of(params)
    width, norm, spectral = params.width, _norm(params), int(params.spectral_norm)
    bias = 0 if norm else 1
    side, other = height // 4, across // 4
    start = (params.noise_size + kinds + bias) * side * other * 2 * width + norm * 2 * width
    first = (32 * width + bias + norm) * width
    deep = 16 * width * 2 * width + (1 + spectral) * 2 * width
    flat = side * other * 2 * width
    made, judged = words("layer.made"), words("layer.judged")
    return [
        Layer(made, (side, other, 2 * width), start, kind="dense"),
        Layer(made, (2 * side, 2 * other, width), first, kind="convolution"),
        Layer(words("layer.thing"), (height, across, channels), (16 * width + 1) * channels,
              kind="convolution"),
        Layer(judged, (2 * side, 2 * other, width), (16 * channels + 1 + spectral) * width,
              kind="convolution"),
        Layer(judged, (side, other, 2 * width), deep, kind="convolution"),
        _score(params, words, width=flat, kinds=kinds),
    ]  # fmt: skip


def _norm(params: Params) -> int:
    """Numbers of a batch normalisation for each channel."""
    return 4 if params.normalisation == "batch" else 0


def _score(params: Params, words: Words, *, width: int, kinds: int) -> Layer:
    spectral = int(params.spectral_norm)
    weights = width + 1 + spectral + kinds * width + (spectral * width if kinds else 0)
    return Layer(words("layer.score"), (1,), weights, kind="answer")


def samples(data: RunData, words: Words) -> go.Figure:
    """What the fixed noises have become."""
    return pictures.sheet(_held(data).get("samples"))


def cloud(data: RunData, words: Words) -> go.Figure:
    """Generated points on real ones, and what the discriminator believes of each place."""
    held = _held(data)
    known = {"belief": held.get("belief"), "moves": held.get("moves")}
    return plane.cloud(held.get("real"), held.get("cloud"), held.get("frame"), words, **known)


def manifold(data: RunData, words: Words) -> go.Figure:
    """How a sheet of noise is bent."""
    held = _held(data)
    return plane.mesh(held.get("manifold"), held.get("frame"), words, real=held.get("real"))


def losses(data: RunData, words: Words) -> go.Figure:
    """Both sides' losses."""
    return curves.several(data, words, ("generator_loss", "discriminator_loss"))


def game(data: RunData, words: Words) -> go.Figure:
    """How often a real thing is scored above a generated one."""
    up = {"title": {"text": words("metric.told_apart")}, "tickformat": ".0%", "range": [0, 1.03]}
    return curves.several(data, words, ("told_apart",), up=up)


def scores(data: RunData, words: Words) -> go.Figure:
    """The discriminator's scores of real and generated things."""
    held = _held(data)
    return generated.scores(held.get("scores"), held.get("score_span"), words)


def shares(data: RunData, words: Words) -> go.Figure:
    """Which classes the generated pictures fall into."""
    params: Any = data.params
    names = classes.names_of(params.data, num_classes_of(params), words)
    return generated.shares(_held(data).get("shares"), names, words, fair=1 / len(names))


def distance(data: RunData, words: Words) -> go.Figure:
    """How far the judge finds generated pictures from real ones."""
    return curves.single(data, words, "val_distance")


def coverage(data: RunData, words: Words) -> go.Figure:
    """How much of the real things is reached, and how densely fakes lie among them."""
    return curves.several(data, words, ("val_coverage", "val_density"))


def good(data: RunData, words: Words) -> go.Figure:
    """The share of points that lie where points should be."""
    up = {"title": {"text": words("metric.val_good")}, "tickformat": ".0%", "range": [0, 1.03]}
    return curves.several(data, words, ("val_good",), up=up)


def modes(data: RunData, words: Words) -> go.Figure:
    """How many modes or classes are seen."""
    return curves.single(data, words, "val_classes")


@functools.cache
def _inputs(pictured: bool, kinds: int) -> type[BaseParams]:
    fields: dict[str, Any] = {"number": (int, integer(1, low=1, high=999))}
    if kinds > 1:
        fields["kind"] = (int, integer(0, low=0, high=kinds - 1))
    for number in range(1, PUSHES + 1):
        fields[f"push_{number}"] = (float, real(0.0, low=-4.0, high=4.0, step=0.1))
    fields["other"] = (int, integer(2, low=1, high=999))
    if pictured:
        fields["board"] = (int, integer(1, low=1, high=999))
        fields["guess"] = (int, integer(0, low=0, high=BOARD))
    return pydantic.create_model("Inputs", __base__=BaseParams, **fields)


def inputs(params: Params) -> type[BaseParams]:
    """Which noise, how it is pushed, where a walk leads, and which picture is the fake."""
    return _inputs(is_picture(params), num_classes_of(params) if params.conditional else 0)


def answer(found: Mapping[str, Array], params: Params, words: Words) -> Sequence[go.Figure]:
    """What the generator makes of the noise, and of those on the way to another one."""
    if is_cloud(params):
        return _answer_points(found, words)
    names = classes.names_of(params.data, num_classes_of(params), words)
    figures = [
        pictures.picture(found["made"][0], words("answer.made")),
        _row(pictures.sheet(found["walk"], columns=WALK, title=words("answer.walk"))),
    ]
    if "sweep" in found:
        figures.append(pictures.captioned(found["sweep"], names, words("answer.sweep")))
    if "probabilities" in found:
        figures.append(_titled(classes.bars(found["probabilities"], names, words), words))
    near = [names[int(kind)] for kind in found["near_kinds"]]
    beside = np.concatenate([found["made"], found["near"]])
    texts = [words("answer.this"), *near]
    figures.append(_row(pictures.captioned(beside, texts, words("answer.near"))))
    numbers = [str(number) for number in range(1, BOARD + 1)]
    return [*figures, _row(pictures.captioned(found["board"], numbers, _verdict(found, words)))]


def _row(figure: go.Figure) -> go.Figure:
    return figure.update_layout(height=ROW_HEIGHT)


def _titled(figure: go.Figure, words: Words) -> go.Figure:
    title = {"text": words("answer.judge"), "font": {"size": 13}, "x": 0, "xanchor": "left"}
    return figure.update_layout(title=title, margin={"t": 36})


def _verdict(found: Mapping[str, Array], words: Words) -> str:
    guess, place = int(found["guess"][0]), int(found["fake_place"][0]) + 1
    if not guess:
        return words("answer.which")
    return words("answer.right" if guess == place else "answer.wrong", number=place)


def _answer_points(found: Mapping[str, Array], words: Words) -> list[go.Figure]:
    frame = found["frame"]
    first = plane.cloud(found["real"], found["cloud"], frame, words, belief=found["belief"])
    second = plane.mesh(found["manifold"], frame, words, real=found["real"])
    walk = found["walk"].astype(np.float32)
    look: dict[str, Any] = {"color": "#8a6ad9", "width": 2}
    first.add_scatter(
        x=walk[:, 0], y=walk[:, 1], mode="lines+markers", line=look, name=words("answer.walk")
    )
    return [plane.add_place(one, found["made"][0], words("answer.this")) for one in (first, second)]


def _held(data: RunData) -> dict[str, Array]:
    return {name: snapshot.value for name, snapshot in data.arrays.items()}


def checks(data: RunData) -> Sequence[Any]:
    """The referee's words."""
    return referee.checks(data, num_modes_of(data.params))


DIGITS = Params(
    data="mnist_5k", loss="hinge", conditional=True, noise_size=32, learning_rate=0.001,
    discriminator_rate=0.001, epochs=30, width=32, normalisation="batch", spectral_norm=True,
    r1=0.0, shift=1, batch_size=64, momentum=0.5, schedule="constant", average=0.99,
)  # fmt: skip

ALGORITHM = Algorithm(
    name="gan",
    chapter=7,
    family="generative",
    icon=":material/brush:",
    paper=Paper(
        "Ian Goodfellow, Jean Pouget-Abadie, Mehdi Mirza, Bing Xu, David Warde-Farley, "
        "Sherjil Ozair, Aaron Courville, Yoshua Bengio",
        2014,
        "Generative adversarial nets",
        "https://arxiv.org/abs/1406.2661",
    ),
    params=Params,
    presets={
        "quick": Params(),
        "standard": DIGITS,
        "gpu": DIGITS.model_copy(update={"data": "fashion_mnist", "width": 64}),
    },
    tiny=Params(data="ring", width=16, epochs=3),
    metrics={
        "loss": "",
        "generator_loss": "",
        "discriminator_loss": "",
        "told_apart": "share",
        "val_coverage": "share",
        "val_density": "",
        "val_distance": "",
        "val_good": "share",
        "val_classes": "",
        "val_agreement": "share",
        "learning_rate": "",
        "gradient_norm": "",
        "throughput": "examples/s",
    },
    arrays={
        "samples": (SHEET, None, None, None),
        "cloud": (None, 2),
        "real": (None, 2),
        "frame": (4,),
        "belief": (None, None),
        "moves": (None, 4),
        "manifold": (None, None, 2),
        "scores": (2, None),
        "score_span": (2,),
        "shares": (None,),
    },
    headline=("val_coverage",),
    goal="max",
    views=(
        View("samples", samples, arrays=("samples",), wide=True, height=560, applies=is_picture),
        View("cloud", cloud, arrays=("cloud", "real", "frame", "belief", "moves"), height=380,
             applies=is_cloud),
        View("manifold", manifold, arrays=("manifold", "real", "frame"), height=380,
             applies=is_cloud),
        View("game", game, metrics=("told_apart",)),
        View("scores", scores, arrays=("scores", "score_span")),
        View("shares", shares, arrays=("shares",), applies=is_picture),
        View("distance", distance, metrics=("val_distance",), applies=is_picture),
        View("good", good, metrics=("val_good",), applies=is_cloud),
        View("modes", modes, metrics=("val_classes",)),
        View("coverage", coverage, metrics=("val_coverage", "val_density")),
        View("losses", losses, metrics=("generator_loss", "discriminator_loss")),
    ),
    inputs=inputs,
    answer=answer,
    checks=checks,
    layers=layers,
)  # fmt: skip
