"""Charts of generated things: contact sheets, clouds, class shares, scores."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from dlkit.contract import Array
from dlkit.texts import words
from dlkit.views import generated, pictures, plane

WORDS = words("en")
FRAME = np.array([-1.0, 1.0, -1.0, 1.0])
MOST_JSON = 60_000


def _decoded(figure: object) -> Array:
    source = figure.data[0].source  # type: ignore[attr-defined]
    content = base64.b64decode(source.partition(",")[2])
    with Image.open(io.BytesIO(content)) as opened:
        return np.asarray(opened)


@pytest.mark.parametrize("depth", [1, 3])
def test_a_sheet_shows_every_picture_in_its_place(depth: int) -> None:
    tiles = np.zeros((10, 4, 5, depth), np.uint8)
    tiles[:] = 10 * np.arange(10)[:, None, None, None]
    canvas = _decoded(pictures.sheet(tiles, columns=4))
    grey = canvas if depth == 1 else canvas[..., 0]
    assert grey.shape == (3 * 5 - 1, 4 * 6 - 1)
    assert (grey[5:9, 6:11] == 50).all() and (grey[10:, :5] == 80).all()
    assert (grey[4] == pictures.BETWEEN).all() and (grey[10:, 12:] == pictures.BETWEEN).all()


def test_a_sheet_of_64_digits_is_small_and_none_is_no_picture() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 28, 28, 1), np.uint8)
    tiles = np.where(noise > 220, noise, 0).astype(np.uint8)
    assert len(pictures.sheet(tiles).to_json()) < MOST_JSON
    assert len(pictures.sheet(None).data) == len(pictures.sheet(tiles[:0]).data) == 0


def test_a_cloud_is_drawn_with_what_there_is() -> None:
    points = np.random.default_rng(1).normal(size=(600, 2))
    belief = np.zeros((40, 40), np.uint8)
    moves = np.concatenate([points[:60], 0.1 * points[:60]], axis=1)
    assert len(plane.cloud(None, None, None, WORDS).data) == 0
    assert len(plane.cloud(points, points, FRAME, WORDS).data) == 2
    whole = plane.cloud(points, points, FRAME, WORDS, belief=belief, moves=moves)
    assert [trace.type for trace in whole.data] == ["heatmap", "scatter", "scatter", "scatter"]
    assert len(whole.to_json()) < MOST_JSON
    ways = whole.data[2]
    assert np.allclose([ways.x[0], ways.x[1]], [points[0, 0], 1.1 * points[0, 0]])
    assert np.isnan(ways.x[2])


def test_a_mesh_has_a_line_for_each_row_and_column() -> None:
    sheet = np.stack(np.meshgrid(np.arange(3.0), np.arange(4.0)), axis=-1)  # [4, 3, 2]
    rows, columns = plane.mesh(sheet, FRAME, WORDS).data
    assert np.isnan(rows.x).sum() == 4 and np.isnan(columns.x).sum() == 3
    assert len(plane.mesh(None, None, WORDS).data) == 0


def test_shares_mark_the_classes_that_are_missing() -> None:
    figure = generated.shares(np.array([0.5, 0.45, 0.05]), ["a", "b", "c"], WORDS, fair=1 / 3)
    assert figure.data[0].text == ("50 %", "45 %", "5 %")
    assert len(set(figure.data[0].marker.color)) == 2
    assert len(generated.shares(np.array([1.0]), ["a", "b"], WORDS).data) == 0


def test_scores_are_two_hills_of_shares() -> None:
    counts = np.array([[0, 1, 3], [4, 0, 0]])
    real, fake = generated.scores(counts, np.array([-3.0, 3.0]), WORDS).data
    assert real.y.tolist() == [0.0, 0.25, 0.75] and fake.y.tolist() == [1.0, 0.0, 0.0]
    assert real.x.tolist() == [-2.0, 0.0, 2.0]
    assert len(generated.scores(counts, np.array([np.nan, 1.0]), WORDS).data) == 0
