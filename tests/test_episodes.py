"""The film of an agent's episodes, read back by a decoder that is not ours."""

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from dlkit.contract import CodedError
from dlkit.exports.episodes import A_SECOND, LINE, episodes, shelf
from dlkit.store import Settings, Store, arrays, open_store, runs
from dlkit.views.games import packed


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Settings.from_environment({"DLKIT_HOME": str(tmp_path)}))


def test_all_kept_clips_follow_each_other(store: Store, tmp_path: Path) -> None:
    runs.create(store, "dqn", params={}, owner="me")
    run = runs.claim(store, host="here", lease=4e9)
    assert run is not None
    with pytest.raises(CodedError, match="no_timelapse"):
        episodes(store, run.id, "clip")
    red, blue = np.array([255, 0, 0]), np.array([0, 0, 255])
    for step, colour in ((0, red), (640, blue)):
        clip = packed(np.broadcast_to(colour, (5, 40, 61, 3)))
        arrays.put(store, run.id, run.attempt, step=step, name="clip", value=clip)
    path = tmp_path / "film.mp4"
    path.write_bytes(episodes(store, run.id, "clip"))
    told, pixels = _decoded(path)
    width, height = 428, 280 + LINE
    assert "Video: h264" in told and f"{width}x{height}" in told
    frames = np.frombuffer(pixels, np.uint8).reshape(-1, height, width, 3)
    assert len(frames) == 10
    for frame, colour in ((frames[0], red), (frames[-1], blue)):
        assert np.abs(frame[20, 20].astype(int) - colour).max() < 40


def test_the_shelf_is_one_film_with_a_pause_after_each_episode(
    store: Store, tmp_path: Path
) -> None:
    runs.create(store, "dqn", params={}, owner="me")
    run = runs.claim(store, host="here", lease=4e9)
    assert run is not None
    with pytest.raises(CodedError, match="no_timelapse"):
        shelf(store, run.id, "shelf_pictures", "shelf_facts")
    red, blue = np.array([255, 0, 0]), np.array([0, 0, 255])
    clips = np.stack([packed(np.broadcast_to(one, (3, 40, 60, 3))) for one in (red, blue)])
    kept = {"shelf_pictures": clips, "shelf_facts": np.array([[9.0, 9, 9], [500.0, 500, 700]])}
    for name, value in kept.items():
        arrays.put(store, run.id, run.attempt, step=5, name=name, value=value)
    path = tmp_path / "film.mp4"
    path.write_bytes(shelf(store, run.id, *kept))
    frames = np.frombuffer(_decoded(path)[1], np.uint8).reshape(-1, 320 + LINE, 480, 3)
    assert len(frames) == 2 * (3 + A_SECOND)
    for frame, colour in ((frames[2 + A_SECOND], red), (frames[3 + A_SECOND], blue)):
        assert np.abs(frame[20, 20].astype(int) - colour).max() < 40


def _decoded(film: Path) -> tuple[str, bytes]:
    """What ffmpeg tells of a film, and its pictures, three bytes a point."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(film)]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    return done.stderr.decode(), done.stdout
