"""How an agent came to play: what its training kept of its episodes, as films in MP4."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dlkit.contract import Array, CodedError
from dlkit.exports.mp4 import mp4
from dlkit.store import Store, arrays
from dlkit.views.games import unpacked

WIDTH, LINE = 480, 28  # pixels
MOST_CLIPS = 30
A_SECOND = 12  # pictures
PAPER, INK = (17, 20, 24), (230, 230, 226)


def episodes(store: Store, run_id: str, name: str) -> bytes:
    """The stored clips [F, H, W] called `name` as one film, the step written under each picture.

    Raises `CodedError` no_timelapse where none is kept.
    """
    kept = arrays.steps(store, run_id, name)
    if not kept:
        raise CodedError("no_timelapse", run=run_id)
    places = np.unique(np.linspace(0, len(kept) - 1, MOST_CLIPS).round().astype(int))
    shots = [arrays.load(store, run_id, name, step=kept[place]) for place in places]
    pictures = [
        _picture(one, str(shot.step)) for shot in shots if shot is not None for one in shot.value
    ]
    return mp4(pictures, a_second=A_SECOND)


def shelf(store: Store, run_id: str, pictures: str, facts: str) -> bytes:
    """The episodes of a shelf one after the other, the return of each written under it.

    `pictures` names an array [E, F, H, W], `facts` one [E, any] that begins with the return. Raises
    `CodedError` no_timelapse where none is kept.
    """
    clips, told = (arrays.load(store, run_id, name) for name in (pictures, facts))
    if clips is None or told is None:
        raise CodedError("no_timelapse", run=run_id)
    count, found = len(clips.value), []
    for number, (clip, row) in enumerate(zip(clips.value, told.value, strict=True), start=1):
        text = f"{number}/{count}:  {row[0]:.4g}"
        found += [_picture(one, text) for one in clip] + [_picture(clip[-1], text)] * A_SECOND
    return mp4(found, a_second=A_SECOND)


def _picture(packed: Array, text: str) -> Array:
    """One picture [H, W] enlarged, with a line of text below it, [H', W', 3], sides even."""
    larger = max(1, WIDTH // packed.shape[1])
    colours = unpacked(packed).repeat(larger, axis=0).repeat(larger, axis=1)
    height, width = colours.shape[:2]
    frame = Image.new("RGB", (width + width % 2, height + LINE + height % 2), PAPER)
    frame.paste(Image.fromarray(colours), (0, 0))
    font = ImageFont.load_default(LINE - 12)
    ImageDraw.Draw(frame).text((4, height + 4), text, fill=INK, font=font)
    return np.asarray(frame)
