"""Data sets: their shapes, that splits are fair, and that a missing set is said to be missing."""

from pathlib import Path

import numpy as np
import pytest

from dlkit import datasets
from dlkit.contract import CodedError
from dlkit.datasets import files, splits, tables

THERE = [name for name, one in datasets.DATASETS.items() if one.source != "cache"]


@pytest.mark.parametrize("name", THERE)
def test_loads_what_the_catalogue_says(name: str) -> None:
    dataset, split = datasets.find(name), datasets.load(name, 1, noise=0.05)
    for x, y in ((split.x_train, split.y_train), (split.x_val, split.y_val)):
        assert x.shape == (len(y), *dataset.shape)
        if dataset.asks_number:
            assert y.shape == (len(y), 1) and y.dtype == np.float32
        else:
            assert set(y.tolist()) == set(range(dataset.num_classes))
    if dataset.kind == "image":
        assert split.x_train.dtype == np.uint8 and split.x_train.max() == 255
    else:
        assert len(dataset.features) == dataset.shape[0] == len(datasets.ranges(name))


@pytest.mark.parametrize("name", THERE)
def test_the_seed_decides_the_split(name: str) -> None:
    one, same, other = (datasets.load(name, seed, noise=0.05) for seed in (1, 1, 2))
    assert np.array_equal(one.x_train, same.x_train) and np.array_equal(one.x_val, same.x_val)
    assert not np.array_equal(one.x_train, other.x_train)


def test_a_held_out_fifth_is_stratified_and_apart() -> None:
    labels = np.repeat(np.arange(10), 500)
    train, held = splits.hold_out(labels, 1)
    assert set(train) | set(held) == set(range(5000)) and not set(train) & set(held)
    assert np.bincount(labels[held]).tolist() == [100] * 10


def test_scaling_is_measured_on_the_training_part_only() -> None:
    split = datasets.load("wine", 1)
    assert np.allclose(split.mean, split.x_train.mean(axis=0))
    everything = np.concatenate([split.x_train, split.x_val])
    assert not np.allclose(split.mean, everything.mean(axis=0), rtol=1e-4)


def test_points_of_the_check_are_not_those_of_the_training() -> None:
    split = datasets.load("spirals", 1, noise=0.05)
    assert not {tuple(p) for p in split.x_train.tolist()} & {tuple(p) for p in split.x_val.tolist()}


def test_without_noise_the_shapes_are_what_their_names_say() -> None:
    split = datasets.load("circles", 1)
    radius = np.hypot(*split.x_train.T)
    assert radius[split.y_train == 0].max() <= 0.51 and radius[split.y_train == 1].min() >= 0.69
    corners = datasets.load("xor", 1)
    assert np.array_equal(corners.x_train.prod(axis=1) > 0, corners.y_train == 1)


def test_heights_are_what_their_names_say() -> None:
    slope = datasets.load("plane", 1)
    assert np.allclose(slope.y_train[:, 0], slope.x_train.mean(axis=1), atol=1e-6)
    land = datasets.load("hills", 1)
    on_top = np.linalg.norm(land.x_train - (0.66, 0.42), axis=1) < 0.1
    assert land.y_train[on_top].min() > 0.7 and land.y_train.min() < -0.8
    between = np.abs(land.x_train[:, 1]) < 0.01
    assert np.abs(land.y_train[between]).max() < 0.05


def test_a_held_out_fifth_of_numbers_is_drawn_at_random() -> None:
    split = datasets.load("diabetes", 1)
    assert len(split.x_val) == round(442 / 5) and len(split.x_train) == 442 - len(split.x_val)
    assert not np.all(np.diff(split.y_val[:, 0]) >= 0)


def test_california_is_taken_from_a_given_folder_only_if_it_is_the_right_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tables, "ORIGIN", (tmp_path / "nowhere").as_uri() + "/")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras_home"))
    monkeypatch.setenv("DLKIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DLKIT_DATA", str(tmp_path))
    with pytest.raises(CodedError, match="data_missing") as caught:
        datasets.load("california_housing", 1)
    assert caught.value.values["instead"] == "diabetes"
    assert not datasets.has_california()
    folder = tmp_path / "keras" / "datasets"
    folder.mkdir(parents=True)
    (folder / tables.CALIFORNIA).write_bytes(b"not what it says")
    with pytest.raises(CodedError, match="file_damaged"):
        datasets.load("california_housing", 1)


def test_the_plane_shows_points_as_they_are_and_tables_at_right_angles() -> None:
    plane = datasets.Plane.through(datasets.load("moons", 1, noise=0.05))
    place = np.array([[0.25, -0.5]], np.float32)
    assert np.allclose(plane.place(place), place)
    left, right, bottom, top = plane.frame
    assert np.isclose(right - left, top - bottom)
    table = datasets.Plane.through(datasets.load("wine", 1))
    assert np.allclose(table.axes @ table.axes.T, np.eye(2), atol=1e-5)
    corners = table.place(table.rows(2))
    left, right, bottom, top = table.frame
    assert np.allclose(corners[[0, 3]], [(left, bottom), (right, top)], atol=1e-4)
    spread = table.place(datasets.load("wine", 1).x_train).var(axis=0)
    assert spread[0] > spread[1]


def test_the_nearest_example_of_an_example_is_itself_whatever_the_units() -> None:
    split = datasets.load("wine", 1)
    assert datasets.nearest(split, split.x_train[5], 3)[0] == 5
    far = split.x_train[5].copy()
    far[-1] += 30.0  # proline counts in hundreds: a tenth of its spread is next to nothing
    assert datasets.nearest(split, far, 1)[0] == 5


def test_embedded_data_cannot_be_changed_by_accident() -> None:
    pictures, _ = files.digits()
    with pytest.raises(ValueError, match="read-only"):
        pictures[0] = 0


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(CodedError, match="not_an_option"):
        datasets.find("no_such_set")


def test_missing_data_is_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(files, "DEBIAN", tmp_path / "none")
    monkeypatch.setattr(files, "ORIGIN", (tmp_path / "nowhere").as_uri() + "/")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("DLKIT_DATA", raising=False)
    files.fashion_mnist.cache_clear()
    with pytest.raises(CodedError) as caught:
        datasets.load("fashion_mnist", 1)
    assert caught.value.code == "data_missing"
    assert caught.value.values["instead"] == "mnist_5k"
    assert str(tmp_path / "keras") in caught.value.values["places"]
    assert not datasets.has_fashion_mnist()


def test_a_damaged_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "keras" / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for name in files.FASHION:
        (folder / f"{name}.gz").write_bytes(b"\x1f\x8b\x08\x00 not what it says")
    monkeypatch.setenv("DLKIT_DATA", str(tmp_path))
    files.fashion_mnist.cache_clear()
    with pytest.raises(CodedError, match="file_damaged"):
        datasets.load("fashion_mnist", 1)


@pytest.mark.data
def test_fashion_mnist_keeps_its_official_parts() -> None:
    files.fashion_mnist.cache_clear()
    if not datasets.has_fashion_mnist():
        pytest.skip("Fashion-MNIST is not on this machine (Debian: dataset-fashion-mnist)")
    split = datasets.load("fashion_mnist", 1)
    assert split.x_train.shape == (60_000, 28, 28, 1) and split.x_val.shape == (10_000, 28, 28, 1)
    assert np.bincount(split.y_val).tolist() == [1000] * 10


def test_a_drawing_is_scaled_into_the_box_and_centred_by_mass() -> None:
    sheet = np.zeros((28, 28), np.uint8)
    sheet[2:6, 3:5] = 255  # a short bar in a corner
    made = datasets.centred(sheet, "mnist_5k")[..., 0]
    rows, columns = np.nonzero(made)
    assert rows.max() - rows.min() + 1 == 20
    mass = made.astype(float) / made.sum()
    assert abs((mass.sum(axis=1) * np.arange(28)).sum() - 14) <= 0.5
    assert abs((mass.sum(axis=0) * np.arange(28)).sum() - 14) < 0.51
    assert columns.max() - columns.min() + 1 == 10
    assert datasets.centred(np.zeros((28, 28), np.uint8), "digits").shape == (8, 8, 1)


def test_a_digit_of_mnist_is_left_nearly_as_it_is() -> None:
    pictures, _ = files.mnist_5k()
    for picture in pictures[::500, ..., 0]:
        again = datasets.centred(picture, "mnist_5k")[..., 0]
        assert np.abs(again.astype(int) - picture.astype(int)).mean() < 4
