"""Files of the `play` command: drawings read as inputs, answers written as npz, JSON or PNG."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from dlkit.contract import Array, CodedError
from dlkit.params import Knob

ENDINGS = (".npz", ".json", ".png")
SMALLEST_SIDE = 4  # below that, numbers in a table rather than a picture


def read_drawings(typed: Mapping[str, str], knobs: Iterable[Knob]) -> dict[str, str]:
    """`@picture.png` replaced by the picture's values, in the size and colours asked for."""
    shapes = {knob.name: knob.shape for knob in knobs if knob.shape is not None}
    read = {
        name: _values(value[1:], shape)
        for name, shape in shapes.items()
        if (value := typed.get(name, "")).startswith("@")
    }
    return {**typed, **read}


def check_ending(name: str) -> None:
    """Refuse a file name before the question is asked. Raises `CodedError` file_ending."""
    if Path(name).suffix.lower() not in ENDINGS:
        raise CodedError("file_ending", given=name, allowed=", ".join(ENDINGS))


def save_answer(answer: Mapping[str, Array], name: str) -> None:
    """Write an answer in the form that the name's ending asks for. Raises `CodedError`."""
    check_ending(name)
    path = Path(name)
    ending = path.suffix.lower()
    picture = _picture(answer, name) if ending == ".png" else None
    try:
        if picture is not None:
            picture.save(path)
        elif ending == ".npz":
            np.savez_compressed(path, allow_pickle=False, **answer)
        else:
            rows = {key: value.tolist() for key, value in answer.items()}
            path.write_text(json.dumps(rows, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CodedError("file_unwritable", given=name, reason=error.strerror) from None


def _values(name: str, shape: tuple[int, ...]) -> str:
    try:
        with Image.open(name) as picture:
            read = picture.convert("RGB" if len(shape) == 3 else "L").resize((shape[1], shape[0]))
    except (OSError, UnidentifiedImageError):
        raise CodedError("file_missing", given=name) from None
    return json.dumps(np.asarray(read).tolist())


def _picture(answer: Mapping[str, Array], name: str) -> Image.Image:
    """The pictures of an answer side by side: [H, W], [H, W, 3], [N, H, W] or [N, H, W, C]."""
    tiles = [tile for value in answer.values() for tile in _tiles(value)]
    if not tiles:
        raise CodedError("no_picture", given=name)
    height = max(tile.shape[0] for tile in tiles)
    padded = [np.pad(tile, ((0, height - tile.shape[0]), (0, 1), (0, 0))) for tile in tiles]
    return Image.fromarray(np.concatenate(padded, axis=1))


def _tiles(value: Array) -> list[Array]:
    """Colour tiles [H, W, 3] of 0 to 255 from one array; none from a table or a list."""
    if value.ndim == 2 or value.shape[-1:] not in ((1,), (3,)):
        value = value[..., None]
    if value.ndim not in (3, 4) or min(value.shape[-3:-1]) < SMALLEST_SIDE:
        return []
    low, high = float(np.nanmin(value)), float(np.nanmax(value))
    scaled = (np.nan_to_num(value, nan=low) - low) / ((high - low) or 1.0) * 255
    return [
        np.broadcast_to(tile, (*tile.shape[:2], 3)).astype(np.uint8)
        for tile in scaled.reshape((-1, *scaled.shape[-3:]))
    ]
