"""Games on screen: an episode as a film, moment by moment, or as a row of pictures.

Pictures are one byte a pixel: three bits of red, three of green, two of blue.
"""

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dlkit.contract import Array, Words
from dlkit.views import theme

FRAME_MS = 120
MOST_BYTES = 26_000  # of pictures in one figure
GAP = 2
BAND = 32  # points of a text above them, so that it is legible on a phone
COLUMNS = 6  # pictures of an episode on the shelf
INK = "rgb(128,128,128)"  # legible on light and on dark pages
BARE: dict[str, Any] = {"visible": False, "showgrid": False, "constrain": "domain"}


def film(clip: Array | None, text: str) -> go.Figure:
    """The pictures [F, H, W] as a film that runs once, with a text above it."""
    if clip is None or not len(clip):
        return _still(None, "")
    return _still(moving(thinned(clip)), text, shape=clip.shape[1:])


def player(
    clip: Array, facts: Array, names: Sequence[str], words: Words, *, title: str
) -> go.Figure:
    """One moment of an episode beside what each action is worth there; a slider goes through it.

    `facts` [F, 3 + A]: moment, action taken, what was brought until then, Q-values.
    """
    kept = np.linspace(0, len(clip) - 1, len(thinned(clip, squeezed=False))).round().astype(int)
    sources = [single(clip[number]) for number in kept]
    rows = facts[kept]
    bars = [_bar_look(row) for row in rows]
    values = facts[:, 3:]
    low, high = min(0.0, float(np.nanmin(values))), max(0.0, float(np.nanmax(values)))
    room = 0.18 * max(high - low, 1e-6)
    figure = _still(sources[0], "", shape=clip.shape[1:])
    figure.update_layout(
        title={"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
        height=380,
        margin={"l": 8, "r": 48, "t": 8, "b": 84},
        xaxis={"domain": [0.0, 0.56]},
        xaxis2={"domain": [0.72, 1.0], "anchor": "y2", "range": [low - room, high + room]}
        | {"zeroline": True, "zerolinecolor": theme.QUIET, "gridcolor": theme.QUIET},
        yaxis2={"anchor": "x2", "autorange": "reversed", "type": "category", "showgrid": False},
        sliders=[_slider(_steps(rows, sources, bars, words))],
    )
    return figure.add_bar(
        y=list(names), orientation="h", xaxis="x2", yaxis="y2", **bars[0], textposition="outside",
        cliponaxis=False, hoverinfo="skip",
    )  # fmt: skip


def shelf(strips: Array | None, texts: Sequence[str]) -> go.Figure:
    """A row of pictures for each episode, [E, F, H, W], with a text above it."""
    if strips is None or strips.ndim != 4 or len(texts) != len(strips):
        return _still(None, "")
    columns = shelf_columns(strips)
    strips = strips[:, np.linspace(0, strips.shape[1] - 1, columns).round().astype(int)]
    count, frames, height, width = strips.shape
    figure = _still(None, "")
    edges = [frames * (width + GAP), count * (height + BAND)]
    notes, images = [], []
    for row, strip in enumerate(strips):
        top = row * (height + BAND) + BAND
        notes.append(theme.label(texts[row], x=0, y=top, xanchor="left", yanchor="bottom"))
        for column, picture in enumerate(strip):
            place = {"x0": column * (width + GAP), "y0": top}
            images.append(go.Image(source=single(picture), hoverinfo="none", **place))
    figure.update_layout(
        annotations=notes, xaxis={"range": [0, edges[0]]}, yaxis={"range": [edges[1], 0]}
    )
    return figure.add_traces(images)


def shelf_columns(strips: Array) -> int:
    """How many pictures of an episode the shelf shows."""
    return min(COLUMNS, len(strips[0]))


def reel(clip: Array | None, text: str, words: Words) -> go.Figure:
    """The pictures [F, H, W] one by one; a slider goes through them."""
    if clip is None or not len(clip):
        return _still(None, "")
    pictures = thinned(clip, squeezed=False)
    sources = [single(picture) for picture in pictures]
    steps = [
        {
            "method": "restyle",
            "label": words("slider.picture", number=number, count=len(sources)),
            "args": [{"source": [source]}, [0]],
        }
        for number, source in enumerate(sources, start=1)
    ]
    figure = _still(sources[0], text, shape=clip.shape[1:])
    margin = {"l": 8, "r": 8, "t": 28, "b": 84}
    return figure.update_layout(sliders=[_slider(steps)], margin=margin, height=380)


def packed(picture: Array) -> Array:
    """Red, green, blue [..., 3] -> one byte a pixel [...]."""
    most = np.array([7, 7, 3], np.uint16)
    parts = (picture.astype(np.uint16) * most + 127) // 255
    whole: Array = (parts[..., 0] << 5 | parts[..., 1] << 2 | parts[..., 2]).astype(np.uint8)
    return whole


def unpacked(picture: Array) -> Array:
    """One byte a pixel [...] -> red, green, blue [..., 3]."""
    return PALETTE[np.asarray(picture).astype(np.uint8)]


def thinned(clip: Array, *, squeezed: bool = True) -> Array:
    """As many pictures of a clip as one figure may hold, its first and last among them."""
    size = len(_png([clip[len(clip) // 2]])) + (0 if squeezed else 250)
    most = max(2, MOST_BYTES // size)
    if len(clip) <= most:
        return clip
    chosen: Array = clip[np.linspace(0, len(clip) - 1, most).round().astype(int)]
    return chosen


def moving(clip: Array) -> str:
    """The pictures [F, H, W] as the address of an animated PNG that runs once."""
    return _address(_png(list(clip)))


def single(picture: Array) -> str:
    """One picture [H, W] as the address of a PNG."""
    return _address(_png([picture]))


def above(text: str, *, x: float, y: float = 1.0) -> dict[str, Any]:
    """A text that stands above a chart, from `x` on."""
    place = {"x": x, "xref": "paper", "y": y, "yref": "paper", "yanchor": "bottom"}
    return theme.label(text, **place, xanchor="left")


def _palette() -> Array:
    byte = np.arange(256)
    parts = [byte >> 5, byte >> 2 & 7, byte & 3]
    shades = [np.rint(part * (255 / most)) for part, most in zip(parts, (7, 7, 3), strict=True)]
    return np.stack(shades, axis=1).astype(np.uint8)


PALETTE = _palette()


def _png(pictures: Sequence[Array]) -> bytes:
    """Pictures [H, W] of palette colours as a PNG, animated if there are several.

    See https://www.w3.org/TR/png-3/.
    """
    height, width = pictures[0].shape
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))]
    used, places = np.unique(np.stack(pictures).astype(np.uint8), return_inverse=True)
    parts.append((b"PLTE", PALETTE[used].tobytes()))
    planes = places.reshape(len(pictures), height, width).astype(np.uint8)
    packed = [zlib.compress(np.insert(one, 0, 0, axis=1).tobytes(), 9) for one in planes]
    if len(packed) == 1:
        parts.append((b"IDAT", packed[0]))
    else:
        parts.append((b"acTL", struct.pack(">II", len(packed), 1)))
        number = 0
        for place, data in enumerate(packed):
            place_in_time = (number, width, height, 0, 0, FRAME_MS, 1000, 0, 0)
            parts.append((b"fcTL", struct.pack(">IIIIIHHBB", *place_in_time)))
            first = place == 0
            parts.append(
                (b"IDAT", data) if first else (b"fdAT", struct.pack(">I", number + 1) + data)
            )
            number += 1 if first else 2
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in [*parts, (b"IEND", b"")]
    )


def _address(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")


def _still(source: str | None, text: str, shape: tuple[int, ...] = (1, 1)) -> go.Figure:
    along = dict(BARE)
    up = {**BARE, "scaleanchor": "x", "constraintoward": "top"}
    if source is not None:
        along["range"], up["range"] = [-0.5, shape[1] - 0.5], [shape[0] - 0.5, -0.5]
    notes = [above(text, x=0.0)] if text else []
    figure = theme.figure(
        x_axis=along,
        y_axis=up,
        showlegend=False,
        margin={"l": 4, "r": 4, "t": 28 if text else 4, "b": 4},
        annotations=notes,
    )
    return figure if source is None else figure.add_image(source=source, hoverinfo="skip")


def _steps(
    rows: Array, sources: Sequence[str], bars: Sequence[dict[str, Any]], words: Words
) -> list[dict[str, Any]]:
    steps = []
    for row, source, bar in zip(rows, sources, bars, strict=True):
        change = {"source": [source, None], "x": [None, bar["x"]], "text": [None, bar["text"]]}
        change["marker.color"] = [None, bar["marker"]["color"]]
        said = words("slider.moment", moment=int(row[0]), brought=f"{row[2]:.4g}")
        steps.append({"method": "restyle", "label": said, "args": [change, [0, 1]]})
    return steps


def _slider(steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "active": 0,
        "steps": steps,
        "x": 0.0,
        "len": 1.0,
        "pad": {"t": 18, "b": 4},
        "currentvalue": {"xanchor": "left", "font": {"size": 13, "color": INK}},
        "ticklen": 0,
        "font": {"color": "rgba(0,0,0,0)", "size": 1},
    }


def _bar_look(row: Array) -> dict[str, Any]:
    values = [round(float(one), 3) for one in row[3:]]
    taken = int(row[1])
    colors = [theme.TRAIN if i == taken else theme.QUIET for i in range(len(values))]
    return {"x": values, "text": [f"{one:.3g}" for one in values], "marker": {"color": colors}}
