"""Data sets: their shapes, that splits are fair, and that a missing set is said to be missing."""

import hashlib
import io
import pickle
import struct
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlkit import datasets
from dlkit.contract import Array, CodedError
from dlkit.datasets import caches, images, splits, tables

CACHED = (images.fashion_mnist, images.mnist, images.cifar10)
THERE = [name for name, one in datasets.DATASETS.items() if one.source != "cache"]


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A machine without any cached set and without a network: its folder."""
    for name in ("FASHION", "MNIST", "CIFAR"):
        one = getattr(images, name)
        files = tuple(replace(file, address=file.names[0]) for file in one.files)
        monkeypatch.setattr(images, name, replace(one, further=(), files=files))
    known = {one.name: one for one in (images.FASHION, images.MNIST, images.CIFAR)}
    monkeypatch.setattr(splits, "_CACHED", {**splits._CACHED, **known})
    monkeypatch.setattr(caches, "ORIGIN", (tmp_path / "nowhere").as_uri() + "/")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("DLKIT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DLKIT_DATA", raising=False)
    for reader in CACHED:
        reader.cache_clear()
    yield tmp_path
    for reader in CACHED:
        reader.cache_clear()


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
    monkeypatch.setattr(caches, "ORIGIN", (tmp_path / "nowhere").as_uri() + "/")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras_home"))
    monkeypatch.setenv("DLKIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DLKIT_DATA", str(tmp_path))
    with pytest.raises(CodedError, match="data_missing") as caught:
        datasets.load("california_housing", 1)
    assert caught.value.values["instead"] == "diabetes"
    assert not datasets.is_there("california_housing")
    folder = tmp_path / "keras" / "datasets"
    folder.mkdir(parents=True)
    (folder / tables.CALIFORNIA.files[0].names[0]).write_bytes(b"not what it says")
    with pytest.raises(CodedError, match="data_missing") as caught:
        datasets.load("california_housing", 1)
    assert "SHA-256" in caught.value.values["reason"]


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


def test_what_is_picked_of_many_is_spread_over_all() -> None:
    assert datasets.spread(5, 10).tolist() == [0, 1, 2, 3, 4]
    assert datasets.spread(101, 3).tolist() == [0, 50, 100]
    plane = datasets.Plane.through(datasets.load("iris", 1))
    assert set(plane.points[:, 2]) == {0, 1, 2}


def test_the_nearest_example_of_an_example_is_itself_whatever_the_units() -> None:
    split = datasets.load("wine", 1)
    assert datasets.nearest(split, split.x_train[5], 3)[0] == 5
    far = split.x_train[5].copy()
    far[-1] += 30.0  # proline counts in hundreds: a tenth of its spread is next to nothing
    assert datasets.nearest(split, far, 1)[0] == 5


def test_embedded_data_cannot_be_changed_by_accident() -> None:
    pictures, _ = images.digits()
    with pytest.raises(ValueError, match="read-only"):
        pictures[0] = 0


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(CodedError, match="not_an_option"):
        datasets.find("no_such_set")


@pytest.mark.parametrize("name", ["fashion_mnist", "mnist", "cifar10"])
def test_missing_data_is_said_to_be_missing(nowhere: Path, name: str) -> None:
    with pytest.raises(CodedError) as caught:
        datasets.load(name, 1)
    assert caught.value.code == "data_missing"
    values = caught.value.values
    assert values["instead"] == "mnist_5k" and str(nowhere / "keras") in values["places"]
    assert "nowhere" in values["reason"]
    assert not datasets.is_there(name)


def test_a_damaged_file_is_refused_and_named(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = nowhere / "keras" / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for file in images.FASHION.files:
        (folder / file.names[0]).write_bytes(b"\x1f\x8b\x08\x00 not what it says")
    monkeypatch.setenv("DLKIT_DATA", str(nowhere))
    with pytest.raises(CodedError, match="data_missing") as caught:
        datasets.load("fashion_mnist", 1)
    assert str(folder / images.FASHION.files[0].names[0]) in caught.value.values["reason"]


def test_a_download_is_checked_and_kept_in_the_own_cache(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _mnist_file()
    monkeypatch.setattr(images, "MNIST", _known(images.MNIST, made))
    (nowhere / "nowhere").mkdir()
    (nowhere / "nowhere" / "mnist.npz").write_bytes(made[:-1])
    with pytest.raises(CodedError, match="data_missing") as caught:
        datasets.load("mnist", 1)
    assert "SHA-256" in caught.value.values["reason"]
    assert not list((nowhere / "home").rglob("*.npz"))
    (nowhere / "nowhere" / "mnist.npz").write_bytes(made)
    split = datasets.load("mnist", 1)
    assert split.x_train.shape == (20, 28, 28, 1) and split.x_val.shape == (10, 28, 28, 1)
    assert split.y_train.dtype == np.int32 and not split.x_train.flags.writeable
    assert (nowhere / "home" / "data" / "mnist.npz").read_bytes() == made
    images.mnist.cache_clear()
    (nowhere / "nowhere" / "mnist.npz").unlink()
    folder = nowhere / "keras" / "datasets"  # a damaged file in an earlier place is passed over
    folder.mkdir(parents=True)
    (folder / "mnist.npz").write_bytes(made[:-1])
    monkeypatch.setenv("DLKIT_DATA", str(nowhere))
    assert np.array_equal(datasets.load("mnist", 1).x_val, split.x_val)


def test_photographs_are_read_from_the_archive_as_caches_hold_it(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _cifar_archive()
    monkeypatch.setattr(images, "CIFAR", _known(images.CIFAR, made))
    folder = nowhere / "keras" / "datasets"
    folder.mkdir(parents=True)
    (folder / "cifar-10-batches-py-target_archive").write_bytes(made)
    split = datasets.load("cifar10", 1)
    assert split.x_train.shape == (50, 32, 32, 3) and split.x_val.shape == (10, 32, 32, 3)
    assert split.x_val[3, 0, 0].tolist() == [3, 100, 200]  # red, green, blue
    assert split.y_val.tolist() == list(range(10))


def test_a_pickle_that_would_run_something_is_refused() -> None:
    with pytest.raises(pickle.UnpicklingError, match="system"):
        images._ArraysOnly(io.BytesIO(b"cos\nsystem\n(S'true'\ntR."), encoding="bytes").load()


def _known(one: caches.Cached, content: bytes) -> caches.Cached:
    """The same set, but with the hash of `content` and at `caches.ORIGIN`."""
    (file,) = one.files
    digest = hashlib.sha256(content).hexdigest()
    return replace(one, files=(replace(file, address=file.names[0], digest=digest),))


def _mnist_file() -> bytes:
    random, file = np.random.default_rng(1), io.BytesIO()
    parts = {f"x_{part}": random.integers(0, 256, (size, 28, 28), np.uint8)
             for part, size in (("train", 20), ("test", 10))}  # fmt: skip
    labels = {f"y_{part}": np.arange(size, dtype=np.uint8) % 10
              for part, size in (("train", 20), ("test", 10))}  # fmt: skip
    np.savez(file, allow_pickle=False, **parts, **labels)
    return file.getvalue()


def _old_pickle(data: Array) -> bytes:
    """Data and labels as Python 2 with its NumPy pickled them, as the archive holds them."""
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n"
    array += b"(I%d\nI%d\ntcnumpy\ndtype\n(S'u1'\nI0\nI1\ntR" % data.shape
    array += b"(I3\nS'|'\nNNNI-1\nI-1\nI0\ntbI00\nT" + struct.pack("<i", data.size)
    labels = b"(l" + b"".join(b"I%d\na" % number for number in range(len(data)))
    return b"(dS'data'\n" + array + data.tobytes() + b"tbsS'labels'\n" + labels + b"s."


def _cifar_archive() -> bytes:
    """Ten pictures a file: picture number i has red i, green 100, blue 200 all over."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name in [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]:
            planes = np.zeros((10, 3, 1024), np.uint8)
            planes[:, 0], planes[:, 1], planes[:, 2] = np.arange(10)[:, None], 100, 200
            content = _old_pickle(planes.reshape(10, -1))
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


@pytest.mark.data
def test_fashion_mnist_keeps_its_official_parts() -> None:
    if not datasets.is_there("fashion_mnist"):
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
    pictures, _ = images.mnist_5k()
    for picture in pictures[::500, ..., 0]:
        again = datasets.centred(picture, "mnist_5k")[..., 0]
        assert np.abs(again.astype(int) - picture.astype(int)).mean() < 4


def test_a_set_in_colour_takes_pictures_as_they_are_but_for_their_size() -> None:
    photo = np.zeros((64, 64, 3), np.uint8)
    photo[:, :32] = (200, 100, 0)
    made = datasets.centred(photo, "cifar10")
    assert made.shape == (32, 32, 3)
    assert made[5, 5].tolist() == [200, 100, 0] and made[5, 20].tolist() == [0, 0, 0]
    grey = datasets.centred(np.full((28, 28), 80, np.uint8), "cifar10")
    assert grey.shape == (32, 32, 3) and set(grey.flat) == {80}


def test_a_photo_for_a_grey_set_becomes_as_bright_as_it_looks() -> None:
    photo = np.zeros((28, 28, 3), np.uint8)
    photo[4:24, 4:24] = (0, 255, 0)
    made = datasets.centred(photo, "mnist_5k")
    assert made.shape == (28, 28, 1) and made.max() == 150  # 0.587 of 255


@pytest.mark.data
def test_the_ranges_of_california_are_those_of_the_file() -> None:
    if not datasets.is_there("california_housing"):
        pytest.skip("California housing is in none of the caches of this machine")
    columns = tables.table("california_housing")[0].T
    measured = [(c.min(), np.median(c), c.max()) for c in columns]
    assert np.allclose(measured, datasets.ranges("california_housing"), atol=1e-3)
