"""Small pictures side by side: what a layer sees, samples with answers, filters, heat.

Pictures are grey [H, W] or [H, W, 1], or in colour [H, W, 3], of whole numbers from 0 to 255. Each
figure holds one small PNG: a tenth of what the same pixels take as numbers.
"""

import base64
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme
from dlkit.views.classes import percent

GAP = 3
BAND = 9  # room for a line of text above a row of samples
NAME_BAND = 14  # the same above a row of feature maps, which are drawn smaller
COLUMNS = 6  # of samples
MOST_FILTERS = 64
BETWEEN = 96  # the grey between the pictures of a contact sheet
# Stops of a palette: value from 0 to 255, then red, green, blue and how much it covers.
HEAT = ((0, (128, 128, 128, 33)), (102, (42, 95, 158, 255)), (178, (217, 131, 36, 255)),
        (255, (255, 224, 138, 255)))  # fmt: skip
INK = ((0, (17, 20, 24, 255)), (255, (244, 244, 240, 255)))
FOR, AGAINST = (255, 128, 0), (0, 160, 255)


def feature_maps(
    maps: Array | None,
    probe: Array | None,
    words: Words,
    *,
    rows: Sequence[str] | None = None,
) -> go.Figure:
    """A row for each block: how strongly its first filters answer to the picture in the first row.

    `maps` [blocks, tiles, H, W] from 0 to 255, `probe` a picture. `rows` names the blocks; without
    it they are numbered.
    """
    if maps is None or probe is None:
        return _drawn(None)
    tiles = maps.shape[1]
    bands = [_row(_painted(probe[None], INK), tiles, band=NAME_BAND)]
    bands += [_row(_painted(block, HEAT), tiles, band=NAME_BAND) for block in maps]
    names = [words("maps.picture")]
    names += rows or [words("maps.block", number=number) for number in range(1, len(maps) + 1)]
    tops = np.cumsum([0, *(len(row) for row in bands[:-1])])
    labels = [
        _said(name, x=0.0, y=top, anchor="left") for name, top in zip(names, tops, strict=False)
    ]
    return _drawn(np.concatenate(bands), labels=labels)


def samples(
    pictures: Array | None, probabilities: Array | None, truth: Array | None, *, names: list[str]
) -> go.Figure:
    """Pictures [N, ...] with the class given to each; wrong ones also say the true class."""
    if pictures is None or probabilities is None or truth is None or not len(pictures):
        return _drawn(None)
    texts = []
    for shares, true in zip(probabilities, truth, strict=False):
        said = int(shares.argmax())
        color = theme.GOOD if said == true else theme.BAD
        sure = percent(float(shares.max()))
        text = f"<b style='color:{color}'>{_name(names, said)}</b> {sure}"
        if said != true:
            text += f"<br>≠ {_name(names, int(true))}"
        texts.append(text)
    return _grid(pictures, texts)


def mistakes(
    gallery: Array | None,
    truth: Array | None,
    places: Array | None,
    probabilities: Array | None,
    *,
    names: list[str],
    none: str = "",
) -> go.Figure:
    """The pictures of `gallery` at `places` (-1: none) with the wrong class and the true one.

    `none` is said where there is no mistake.
    """
    if gallery is None or truth is None or places is None or probabilities is None:
        return _drawn(None)
    held = (places >= 0) & (places < min(len(gallery), len(truth)))
    chosen = places[held]
    if not len(chosen):
        return _drawn(None, labels=[theme.label(none, x=0.5, xref="paper", y=0.5, yref="paper")])
    return samples(gallery[chosen], probabilities[held], truth[chosen], names=names)


def behind_cell(
    gallery: Array | None,
    cells: Array | None,
    place: Mapping[str, Any],
    names: list[str],
    words: Words,
) -> go.Figure:
    """The pictures behind a clicked cell of `classes.confusion`: `place` has its classes' names.

    `cells` [C, C, most] holds places in `gallery`, -1 where there is none.
    """
    true, said = place.get("y"), place.get("x")
    if gallery is None or cells is None or true not in names or said not in names:
        return _drawn(None)
    places = cells[names.index(true), names.index(said)] if len(cells) == len(names) else cells[:0]
    chosen = places[(places >= 0) & (places < len(gallery))]
    text = words("cell.title" if len(chosen) else "cell.empty", true=true, said=said)
    above = {"x": 0, "xref": "paper", "y": 1, "yref": "paper", "yanchor": "bottom"}
    canvas = _row(_painted(gallery[chosen], INK), cells.shape[-1], band=0) if len(chosen) else None
    return _drawn(canvas, labels=[theme.label(text, **above, xanchor="left")], top=28)


def filters(weights: Array | None) -> go.Figure:
    """The first filters of a layer, [F, k, k, ch]: grey is no weight, bright above, dark below it.

    Filters that look at colours are drawn in the colours they look for.
    """
    if weights is None or not weights.size:
        return _drawn(None)
    shown = np.asarray(weights[:MOST_FILTERS], np.float64)
    if shown.shape[-1] != 3:
        shown = shown.mean(axis=-1, keepdims=True)
    most = np.nanmax(np.abs(shown), initial=1e-9)
    grey = np.nan_to_num(127.5 + 127.5 * shown / most, nan=127.5).astype(np.uint8)
    larger = max(1, 15 // grey.shape[1])
    tiles = grey.repeat(larger, axis=1).repeat(larger, axis=2)
    columns = 8 if len(tiles) <= 32 else 16
    bands = [
        _row(_painted(tiles[start : start + columns], INK), columns, band=0)
        for start in range(0, len(tiles), columns)
    ]
    return _drawn(np.concatenate(bands))


def heat_over(picture: Array, heat: Array, label: str) -> go.Figure:
    """A picture under `heat` [H, W]: orange where it is above zero, blue where below.

    The strongest place is drawn in full; `label` should say how strong that is.
    """
    drawn = _painted(picture[None], INK)[0].astype(np.float64)
    strength = np.nan_to_num(np.asarray(heat, np.float64))
    strength = strength / max(float(np.abs(strength).max()), 1e-9)
    covers = 0.75 * np.abs(strength)[..., None]
    color = np.where(strength[..., None] > 0, FOR, AGAINST)
    drawn[..., :3] = (1 - covers) * (0.7 * drawn[..., :3]) + covers * color
    return _labelled(drawn.astype(np.uint8), label)


def picture(shown: Array, label: str) -> go.Figure:
    """One picture with a text above it."""
    return _labelled(_painted(shown[None], INK)[0], label)


def captioned(pictures: Array, texts: Sequence[str], title: str) -> go.Figure:
    """Pictures [N, ...] with a text above each, and one above them all."""
    place = {"x": 0, "xref": "paper", "y": 1, "yref": "paper", "yanchor": "bottom"}
    figure = _grid(pictures, texts)
    notes = [*figure.layout.annotations, theme.label(title, **place, xanchor="left")]
    return figure.update_layout(annotations=notes, margin={"t": 28})


def sheet(pictures: Array | None, *, columns: int = 8, title: str = "") -> go.Figure:
    """A contact sheet: pictures [N, H, W, 1 or 3] in rows, close together."""
    if pictures is None or not pictures.size:
        return _drawn(None)
    tiles = np.clip(np.nan_to_num(pictures), 0, 255).astype(np.uint8)
    count, height, width, depth = tiles.shape
    rows = -(-count // columns)
    canvas = np.full((rows, height + 1, columns, width + 1, depth), BETWEEN, np.uint8)
    for number, tile in enumerate(tiles):
        canvas[number // columns, :height, number % columns, :width] = tile
    whole = canvas.reshape(rows * (height + 1), columns * (width + 1), depth)[:-1, :-1]
    if depth == 3:
        whole = np.concatenate([whole, np.full_like(whole[..., :1], 255)], axis=-1)
    drawn = whole if depth == 3 else whole[..., 0]
    return _labelled(drawn, title) if title else _drawn(drawn)


def _labelled(canvas: Array, label: str) -> go.Figure:
    place = {"x": 0, "xref": "paper", "y": 1, "yref": "paper", "yanchor": "bottom"}
    return _drawn(canvas, labels=[theme.label(label, **place, xanchor="left")], top=28)


def _grid(pictures: Array, texts: Sequence[str]) -> go.Figure:
    """Rows of pictures with up to two lines of text above each."""
    tiles = _painted(pictures, INK)
    starts = range(0, len(tiles), COLUMNS)
    bands = [_row(tiles[start : start + COLUMNS], COLUMNS, band=2 * BAND) for start in starts]
    height, width = len(bands[0]), tiles.shape[2] + GAP
    labels = []
    for number, text in enumerate(texts):
        row, column = divmod(number, COLUMNS)
        middle = column * width + tiles.shape[2] / 2
        labels.append(_said(text, x=middle, y=row * height, anchor="center"))
    return _drawn(np.concatenate(bands), labels=labels)


def _painted(pictures: Array, stops: Sequence[tuple[int, tuple[int, ...]]]) -> Array:
    """Pictures [K, H, W], [K, H, W, 1] or [K, H, W, 3] -> red, green, blue, cover [K, H, W, 4]."""
    whole = np.clip(np.nan_to_num(pictures), 0, 255).astype(np.uint8)
    if whole.ndim == 4 and whole.shape[-1] == 3:
        return np.concatenate([whole, np.full_like(whole[..., :1], 255)], axis=-1)
    values, colors = [value for value, _ in stops], np.array([color for _, color in stops])
    columns = [np.interp(np.arange(256), values, colors[:, part]) for part in range(4)]
    palette = np.stack(columns, axis=1).astype(np.uint8)  # [256, 4]
    painted: Array = palette[whole[..., 0] if whole.ndim == 4 else whole]
    return painted


def _row(tiles: Array, columns: int, *, band: int) -> Array:
    """Tiles [K, H, W, 4] beside each other under an empty band; gaps are seen through."""
    count, height, width = tiles.shape[:3]
    canvas = np.zeros((band + height + GAP, columns * (width + GAP) - GAP, 4), np.uint8)
    for number in range(min(count, columns)):
        left = number * (width + GAP)
        canvas[band : band + height, left : left + width] = tiles[number]
    return canvas


def _drawn(
    canvas: Array | None, *, labels: Sequence[dict[str, Any]] = (), top: int = 4
) -> go.Figure:
    """`canvas` [H, W, 4] or grey [H, W], the first row on top, no axes; no picture if None."""
    along: dict[str, Any] = {"visible": False, "showgrid": False, "constrain": "domain"}
    up = {**along, "scaleanchor": "x", "constraintoward": "middle"}
    if canvas is not None:
        height, width = canvas.shape[:2]
        along["range"], up["range"] = [-0.5, width - 0.5], [height - 0.5, -0.5]
    figure = theme.figure(
        x_axis=along,
        y_axis=up,
        showlegend=False,
        margin={"l": 4, "r": 4, "t": top, "b": 4},
        annotations=list(labels),
    )
    if canvas is None:
        return figure
    source = "data:image/png;base64," + base64.b64encode(_png(canvas)).decode("ascii")
    return figure.add_image(source=source, hoverinfo="skip")


def _png(canvas: Array) -> bytes:
    """`canvas` [H, W, 4] or grey [H, W] as a PNG file (https://www.w3.org/TR/png-3/)."""
    height, width = canvas.shape[:2]
    colors = 6 if canvas.ndim == 3 else 0
    across = np.diff(canvas, axis=1, prepend=np.uint8(0))  # small numbers in photographs
    packed = [
        zlib.compress(np.insert(part.reshape(height, -1), 0, kind, axis=1).tobytes(), 4)
        for kind, part in enumerate((canvas, across))  # each line begins with its kind
    ]
    header = struct.pack(">IIBBBBB", width, height, 8, colors, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", min(packed, key=len)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _said(text: str, *, x: float, y: float, anchor: str) -> dict[str, Any]:
    place = {"x": x - 0.5, "y": y - 0.5, "xanchor": anchor, "yanchor": "top", "align": anchor}
    return theme.label(text, **place, font={"size": 11}, borderpad=0)


def _name(names: list[str], number: int) -> str:
    return names[number] if 0 <= number < len(names) else str(number)
