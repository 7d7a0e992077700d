"""A stored picture over the course of a training, as an animated GIF."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dlkit.contract import Array, CodedError
from dlkit.store import Store, arrays

WIDTH = 480  # pixels that the tiles should about fill
MOST_TILES, MOST_FRAMES = 64, 80
FRAME_MS, LAST_FRAME_MS = 100, 2000
GAP, LINE = 2, 26
PAPER, INK = (17, 20, 24), (230, 230, 226)


def timelapse(store: Store, run_id: str, name: str) -> bytes:
    """GIF of the stored array `name`, a frame for each kept step, which is written under it.

    Whole numbers are shown as they are, 0 to 255. Of other numbers, such as the weights of filters,
    grey is zero and the greatest of all frames is white, so that frames can be compared. Takes
    [N, H, W, 1 or 3] (filters, samples), [rows, columns, H, W] (feature maps), [N, H, W] or [H, W].
    Raises `CodedError` no_timelapse where fewer than two moments are kept.
    """
    kept = arrays.steps(store, run_id, name)
    if len(kept) < 2:
        raise CodedError("no_timelapse", run=run_id)
    places = np.unique(np.linspace(0, len(kept) - 1, MOST_FRAMES).round().astype(int))
    shots = [arrays.load(store, run_id, name, step=kept[place]) for place in places]
    held = [(shot.step, shot.value) for shot in shots if shot is not None]
    most = max(float(np.nanmax(np.abs(value), initial=1e-9)) for _, value in held)
    frames = [_frame(_grid(_bytes(value, most)), str(step)) for step, value in held]
    file, times = io.BytesIO(), [FRAME_MS] * (len(frames) - 1) + [LAST_FRAME_MS]
    first, rest = frames[0], frames[1:]
    first.save(file, "GIF", save_all=True, append_images=rest, duration=times, loop=0)
    return file.getvalue()


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
