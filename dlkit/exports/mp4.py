"""Pictures as an MP4 film (H.264), by the ffmpeg that comes with imageio."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from dlkit.contract import Array


def mp4(pictures: Sequence[Array], *, a_second: int) -> bytes:
    """A film of pictures [H, W, 3], all of one size with even sides, so many a second."""
    height, width = pictures[0].shape[:2]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        writer = imageio_ffmpeg.write_frames(
            str(path), (width, height), fps=a_second, macro_block_size=2
        )
        writer.send(None)
        for picture in pictures:
            writer.send(np.ascontiguousarray(picture))
        writer.close()
        return path.read_bytes()
