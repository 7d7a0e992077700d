"""Arrays, checkpoints and models: whole or not there, and checked when read."""

from pathlib import Path

import numpy as np
import pytest

from dlkit.contract import Array, CodedError
from dlkit.store import Settings, Store, arrays, open_store, runs
from dlkit.store.runs import RunRow


def on_disk(store: Store, row: RunRow) -> list[str]:
    return sorted(path.name for path in (Path(store.settings.files) / row.id).iterdir())


def damage(store: Store, row: RunRow, start: str) -> None:
    (path,) = (Path(store.settings.files) / row.id).glob(f"{start}*")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(12, dtype=np.uint8).reshape(3, 4),
        np.float32(0.5) * np.ones((2, 3, 4), np.float32),
        np.array(7),
        np.zeros((0, 5)),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array([np.nan, np.inf, -0.0]),
        np.array(["猫", "dog"]),
    ],
    ids=["bytes", "floats", "number", "empty", "columns first", "odd numbers", "words"],
)
def test_an_array_comes_back_as_it_was(store: Store, claimed: RunRow, value: Array) -> None:
    arrays.put(store, claimed.id, 1, step=5, name="map", value=value)
    snapshot = arrays.load(store, claimed.id, "map")
    assert snapshot is not None
    assert (snapshot.step, snapshot.value.dtype, snapshot.value.shape) == (
        5,
        value.dtype,
        value.shape,
    )
    np.testing.assert_array_equal(snapshot.value, value)


def test_load_by_step(store: Store, claimed: RunRow) -> None:
    for step in (10, 20, 30):
        arrays.put(store, claimed.id, 1, step=step, name="map", value=np.array([step]))
    assert arrays.steps(store, claimed.id, "map") == [10, 20, 30]
    found = {at: arrays.load(store, claimed.id, "map", step=at) for at in (9, 10, 29, 99, None)}
    assert {at: snapshot and snapshot.step for at, snapshot in found.items()} == {
        9: None,
        10: 10,
        29: 20,
        99: 30,
        None: 30,
    }
    for at, snapshot in found.items():
        newest = arrays.newest(store, claimed.id, ["map", "none"], step=at)
        assert newest == ({} if snapshot is None else {"map": snapshot.step})
    assert arrays.load(store, claimed.id, "other") is None


def test_an_array_put_again_replaces_the_file(store: Store, claimed: RunRow) -> None:
    for value in (1, 2):
        arrays.put(store, claimed.id, 1, step=5, name="map", value=np.array([value]))
    snapshot = arrays.load(store, claimed.id, "map")
    assert snapshot is not None and snapshot.value.tolist() == [2]
    assert len(on_disk(store, claimed)) == 1


def test_objects_are_refused(store: Store, claimed: RunRow) -> None:
    with pytest.raises(ValueError, match="pickle"):
        arrays.put(store, claimed.id, 1, step=5, name="map", value=np.array([object()]))
    with pytest.raises(ValueError, match="pickle"):
        arrays.put_checkpoint(store, claimed.id, 1, step=5, state={"w": np.array([{}])})
    assert arrays.steps(store, claimed.id, "map") == []
    assert on_disk(store, claimed) == []


def test_a_damaged_array_is_refused(store: Store, claimed: RunRow) -> None:
    arrays.put(store, claimed.id, 1, step=5, name="map", value=np.zeros(100))
    damage(store, claimed, "array")
    with pytest.raises(CodedError, match="file_damaged"):
        arrays.load(store, claimed.id, "map")


def test_a_missing_array_is_refused(store: Store, claimed: RunRow) -> None:
    arrays.put(store, claimed.id, 1, step=5, name="map", value=np.zeros(100))
    store.files.remove_all(claimed.id)
    with pytest.raises(CodedError, match="file_damaged"):
        arrays.load(store, claimed.id, "map")


def test_the_last_two_checkpoints_are_kept(store: Store, claimed: RunRow) -> None:
    assert arrays.checkpoint(store, claimed.id) is None
    assert arrays.checkpoint_step(store, claimed.id) is None
    for step in (1, 2, 3):
        state = {"layer/kernel:0": np.full((3, 2), step), "file": np.array(step), "名": np.eye(2)}
        arrays.put_checkpoint(store, claimed.id, 1, step=step, state=state)
    found = arrays.checkpoint(store, claimed.id)
    assert found is not None
    assert found.step == arrays.checkpoint_step(store, claimed.id) == 3
    assert list(found.state) == ["layer/kernel:0", "file", "名"]
    np.testing.assert_array_equal(found.state["layer/kernel:0"], np.full((3, 2), 3))
    assert [name.split("-")[1] for name in on_disk(store, claimed)] == ["2", "3"]


def test_a_damaged_checkpoint_falls_back_to_the_one_before(store: Store, claimed: RunRow) -> None:
    for step in (1, 2):
        arrays.put_checkpoint(store, claimed.id, 1, step=step, state={"w": np.full(50, step)})
    damage(store, claimed, "checkpoint-2")
    found = arrays.checkpoint(store, claimed.id)
    assert found is not None and (found.step, found.state["w"][0]) == (1, 1)
    damage(store, claimed, "checkpoint-1")
    with pytest.raises(CodedError, match="file_damaged"):
        arrays.checkpoint(store, claimed.id)


def test_the_newest_checkpoint_is_the_last_written(store: Store, claimed: RunRow) -> None:
    """A run that had to go back has newer checkpoints at earlier steps."""
    for step in (10, 20):
        arrays.put_checkpoint(store, claimed.id, 1, step=step, state={"w": np.full(50, 1)})
    damage(store, claimed, "checkpoint-20")
    runs.release(store, claimed.id, 1, state="queued", crashed=True)
    runs.claim(store, host="here", lease=30.0)
    arrays.put_checkpoint(store, claimed.id, 2, step=15, state={"w": np.full(50, 2)})
    assert arrays.checkpoint_step(store, claimed.id) == 15
    arrays.put_checkpoint(store, claimed.id, 2, step=20, state={"w": np.full(50, 2)})
    found = arrays.checkpoint(store, claimed.id)
    assert found is not None and (found.step, found.state["w"][0]) == (20, 2)
    assert len(on_disk(store, claimed)) == 2


def test_files_by_name(store: Store, claimed: RunRow) -> None:
    assert arrays.get_file(store, claimed.id, "model.keras") is None
    for data in (b"first", b"second \0"):
        arrays.put_file(store, claimed.id, 1, name="model.keras", data=data)
    assert arrays.get_file(store, claimed.id, "model.keras") == b"second \0"
    arrays.put_file(store, claimed.id, 1, name="../../evil", data=b"x")
    assert arrays.get_file(store, claimed.id, "../../evil") == b"x"
    assert len(on_disk(store, claimed)) == 2
    assert sorted(path.name for path in store.settings.home.iterdir() if path.is_dir()) == ["files"]


def test_file_names_are_those_of_files_only(store: Store, claimed: RunRow) -> None:
    assert arrays.file_names(store, claimed.id) == set()
    arrays.put(store, claimed.id, 1, step=1, name="map", value=np.zeros(1))
    arrays.put_file(store, claimed.id, 1, name="model.keras", data=b"1")
    assert arrays.file_names(store, claimed.id) == {"model.keras"}


def test_files_elsewhere_by_fsspec(tmp_path: Path) -> None:
    """The same calls on a storage that is not a folder."""
    place = {"DLKIT_HOME": str(tmp_path), "DLKIT_FILES": f"memory://dlkit{tmp_path.name}"}
    store = open_store(Settings.from_environment(place))
    runs.create(store, "dnn", params={}, owner="local")
    row = runs.claim(store, host="here", lease=30.0)
    assert row is not None
    for step in (1, 2, 3):
        arrays.put_checkpoint(store, row.id, 1, step=step, state={"w": np.full(3, step)})
        arrays.put(store, row.id, 1, step=1, name="map", value=np.full(3, step))
    found = arrays.checkpoint(store, row.id)
    snapshot = arrays.load(store, row.id, "map")
    assert found is not None and found.step == 3
    assert snapshot is not None and snapshot.value[0] == 3
    system = store.files.system  # type: ignore[attr-defined]
    names = system.ls(f"{store.files.root}/{row.id}", detail=False)  # type: ignore[attr-defined]
    assert len(names) == 3
    system.pipe_file(names[0], b"damaged")
    with pytest.raises(CodedError, match="file_damaged"):
        arrays.load(store, row.id, "map")
    runs.delete(store, row.id)
    assert system.find(store.files.root) == []  # type: ignore[attr-defined]
    store.close()
