"""A stored picture over the course of a training, as an animated GIF or as an MP4 film."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dlkit.contract import Array, CodedError
from dlkit.exports.mp4 import mp4
from dlkit.store import Store, arrays

WIDTH = 480  # pixels that the tiles should about fill
MOST_TILES, MOST_FRAMES = 64, 80
FRAME_MS, LAST_FRAME_MS = 100, 2000
GAP, LINE = 2, 26
PAPER, INK = (17, 20, 24), (230, 230, 226)


def timelapse(store: Store, run_id: str, name: str) -> bytes:
    """GIF of the stored array `name`: see `_frames`."""
    first, *rest = _frames(store, run_id, name)
    file, times = io.BytesIO(), [FRAME_MS] * len(rest) + [LAST_FRAME_MS]
    first.save(file, "GIF", save_all=True, append_images=rest, duration=times, loop=0)
    return file.getvalue()


def film(store: Store, run_id: str, name: str) -> bytes:
    """The same as an MP4 film, which shows its last picture as long as the GIF does."""
    pictures = [np.asarray(frame) for frame in _frames(store, run_id, name)]
    held = [pictures[-1]] * (LAST_FRAME_MS // FRAME_MS - 1)
    return mp4([*pictures, *held], a_second=1000 // FRAME_MS)


def _frames(store: Store, run_id: str, name: str) -> list[Image.Image]:
    """A frame for each kept step, which is written under it.

    Whole numbers are shown as they are, 0 to 255. Of other numbers, such as the weights of filters,
    grey is zero and the greatest of all frames is white, so that frames can be compared. Takes
    [N, H, W, 1 or 3] (filters, samples), [rows, columns, H, W] (feature maps), [N, H, W] or [H, W].
    Frames that grow are laid on the paper of the largest. Raises `CodedError` no_timelapse where
    fewer than two moments are kept.
    """
    kept = arrays.steps(store, run_id, name)
    if len(kept) < 2:
        raise CodedError("no_timelapse", run=run_id)
    places = np.unique(np.linspace(0, len(kept) - 1, MOST_FRAMES).round().astype(int))
    shots = [arrays.load(store, run_id, name, step=kept[place]) for place in places]
    held = [(shot.step, shot.value) for shot in shots if shot is not None]
    most = max(float(np.nanmax(np.abs(value), initial=1e-9)) for _, value in held)
    return _alike([_frame(_grid(_bytes(value, most)), str(step)) for step, value in held])


def _alike(frames: list[Image.Image]) -> list[Image.Image]:
    """All on paper of one size, whose sides are even: a film asks for both."""
    width, height = (max(one.size[side] for one in frames) for side in (0, 1))
    found = []
    for frame in frames:
        paper = Image.new("RGB", (width + width % 2, height + height % 2), PAPER)
        paper.paste(frame, (0, 0))
        found.append(paper)
    return found


def _bytes(value: Array, most: float) -> Array:
    """Numbers from 0 to 255."""
    if value.dtype.kind in "ui":
        return np.clip(value, 0, 255).astype(np.uint8)
    return np.nan_to_num(127.5 + 127.5 * value / most, nan=127.5).astype(np.uint8)


def _grid(value: Array) -> Array:
    """Tiles beside and below each other, enlarged without smoothing, [H, W, 3]."""
    tiles, columns = _tiles(value)
    count, height, width = tiles.shape[:3]
    rows = -(-count // columns)
    larger = max(1, WIDTH // (columns * (width + GAP)))
    tiles = tiles.repeat(larger, axis=1).repeat(larger, axis=2)
    high, wide = height * larger + GAP, width * larger + GAP
    canvas = np.full((rows * high - GAP, columns * wide - GAP, 3), PAPER, np.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * high, number % columns * wide
        canvas[top : top + high - GAP, left : left + wide - GAP] = tile
    return canvas


def _tiles(value: Array) -> tuple[Array, int]:
    """Tiles [N, H, W, 1 or 3], and how many stand in a row."""
    if value.ndim == 4 and value.shape[-1] not in (1, 3):
        return value.reshape(-1, *value.shape[2:], 1), value.shape[1]
    tiles = value if value.ndim == 4 else value.reshape(-1, *value.shape[-2:], 1)
    tiles = tiles[:MOST_TILES]
    return tiles, max(1, int(np.ceil(np.sqrt(len(tiles)))))


def _frame(canvas: Array, text: str) -> Image.Image:
    """The tiles with a line of text below."""
    height, width, _ = canvas.shape
    frame = Image.new("RGB", (max(width, 6 * LINE), height + LINE), PAPER)
    frame.paste(Image.fromarray(canvas), (0, 0))
    font = ImageFont.load_default(LINE - 10)
    ImageDraw.Draw(frame).text((4, height + 3), text, fill=INK, font=font)
    return frame
