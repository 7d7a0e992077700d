"""The time-lapse, read back by a decoder that is not ours."""

import io
import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from dlkit.contract import Array, CodedError
from dlkit.exports import timelapse as module
from dlkit.exports.timelapse import film, timelapse
from dlkit.store import Settings, Store, arrays, open_store, runs
from dlkit.store.runs import RunRow


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Settings.from_environment({"DLKIT_HOME": str(tmp_path)}))


@pytest.fixture
def run(store: Store) -> RunRow:
    runs.create(store, "cnn", params={}, owner="me")
    claimed = runs.claim(store, host="here", lease=4e9)
    assert claimed is not None
    return claimed


def _frames(content: bytes) -> list[Array]:
    with Image.open(io.BytesIO(content)) as opened:
        assert opened.format == "GIF"
        found = []
        for number in range(opened.n_frames):  # type: ignore[attr-defined]
            opened.seek(number)
            found.append(np.asarray(opened.convert("RGB")))
        return found


def _film(content: bytes, path: Path) -> Array:
    """The pictures of an MP4, [frames, H, W, 3]."""
    path.write_bytes(content)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo"]
    done = subprocess.run([*command, "-pix_fmt", "rgb24", "-"], capture_output=True, check=True)
    found = re.search(r"h264.* (\d+)x(\d+)", done.stderr.decode())
    assert found is not None
    width, height = (int(side) for side in found.groups())
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)


def _keep(store: Store, run: RunRow, shots: dict[int, Array], *, name: str = "shown") -> None:
    for step, value in shots.items():
        arrays.put(store, run.id, run.attempt, step=step, name=name, value=value)


def test_a_frame_for_each_step_shows_what_was_stored(store: Store, run: RunRow) -> None:
    shots = {}
    for step in (0, 10, 20):
        filters = np.zeros((4, 3, 3, 1), np.float32)
        filters[0] = step / 20
        filters[3] = -step / 20
        shots[step] = filters
    _keep(store, run, shots)
    frames = _frames(timelapse(store, run.id, "shown"))
    assert len(frames) == 3
    first, last = frames[0], frames[-1]
    assert abs(int(first[5, 5, 0]) - 127) <= 2
    assert last[5, 5].min() >= 250  # the first filter, at the upper left, has become white
    corner = last[: last.shape[0] - module.LINE]
    assert corner[-5, corner.shape[1] // 2 + 20].max() <= 5  # the fourth one black
    below = [frame[-module.LINE :].astype(int) for frame in frames]
    assert all(part.max() > 150 for part in below)  # a step is written
    assert not np.array_equal(below[0], below[1])


def test_colours_and_feature_maps_keep_their_places(store: Store, run: RunRow) -> None:
    red = np.zeros((1, 2, 2, 3), np.uint8)
    red[..., 0] = 200
    _keep(store, run, {1: red, 2: red // 2})
    frames = _frames(timelapse(store, run.id, "shown"))
    assert abs(int(frames[0][3, 3, 0]) - 200) <= 8 and frames[0][3, 3, 1:].max() <= 8
    maps = np.zeros((2, 8, 4, 4), np.uint8)
    maps[1, 7] = 255
    _keep(store, run, {3: maps, 4: maps // 3}, name="maps")
    first = _frames(timelapse(store, run.id, "maps"))[0]
    bottom = first.shape[0] - module.LINE
    assert first[bottom - 3, -3].min() >= 250 and first[3, 3].max() <= 5


def test_as_a_film_it_shows_the_same_and_holds_the_end(
    store: Store, run: RunRow, tmp_path: Path
) -> None:
    sheets = [np.full((9, 7, 7, 1), grey, np.uint8) for grey in (0, 90, 180)]
    _keep(store, run, dict(enumerate(sheets)))
    still = _frames(timelapse(store, run.id, "shown"))
    pictures = _film(film(store, run.id, "shown"), tmp_path / "film.mp4")
    assert len(pictures) == 2 + module.LAST_FRAME_MS // module.FRAME_MS
    for picture, frame in zip([*pictures[:3], pictures[-1]], [*still, still[-1]], strict=True):
        assert picture.shape == frame.shape
        assert abs(int(picture[20, 20, 0]) - int(frame[20, 20, 0])) <= 8


def test_frames_that_grow_stand_on_paper_of_one_size(store: Store, run: RunRow) -> None:
    _keep(store, run, {rows: np.full((rows, 8, 5, 5), 255, np.uint8) for rows in (1, 2, 3)})
    first, *_, last = _frames(timelapse(store, run.id, "shown"))
    assert first.shape == last.shape and first.shape[0] % 2 == first.shape[1] % 2 == 0
    middle = first.shape[0] // 2 + 30
    assert first[middle, 5].max() <= 40 and last[middle, 5].min() >= 250


def test_many_moments_are_thinned_and_the_ends_kept(store: Store, run: RunRow) -> None:
    count = module.MOST_FRAMES + 40
    shots = {step: np.full((2, 2), step * 2, np.uint8) for step in range(count)}
    _keep(store, run, shots)
    frames = _frames(timelapse(store, run.id, "shown"))
    assert len(frames) == module.MOST_FRAMES
    ends = frames[0][3, 3, 0], frames[-1][3, 3, 0]
    assert abs(int(ends[0])) <= 2 and abs(int(ends[1]) - 2 * (count - 1)) <= 2


def test_a_single_moment_makes_no_film(store: Store, run: RunRow) -> None:
    with pytest.raises(CodedError, match="no_timelapse"):
        timelapse(store, run.id, "shown")
    _keep(store, run, {1: np.zeros((2, 2))})
    with pytest.raises(CodedError, match="no_timelapse"):
        timelapse(store, run.id, "shown")
