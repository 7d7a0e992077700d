"""Settings from the environment."""

from pathlib import Path

import pytest

from dlkit.params import ParamsError
from dlkit.store import Settings


def test_defaults_lie_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = Settings.from_environment({})
    assert settings.home == tmp_path / ".dlkit"
    assert settings.database == f"sqlite:///{tmp_path}/.dlkit/dlkit.db"
    assert settings.files == f"{tmp_path}/.dlkit/files"
    assert settings.slots >= 1
    assert settings.memory == 6
    assert settings.start in ("forkserver", "spawn")


def test_another_process_reads_the_same(tmp_path: Path) -> None:
    given = {
        "DLKIT_HOME": str(tmp_path),
        "DLKIT_DATABASE": "postgresql://ann:secret@db/dlkit",
        "DLKIT_FILES": "s3://bucket/dlkit",
        "DLKIT_SLOTS": "0",
        "DLKIT_MEMORY": "12",
        "DLKIT_START": "spawn",
    }
    settings = Settings.from_environment(given)
    assert settings.as_environment() == given
    assert Settings.from_environment(settings.as_environment()) == settings
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("DLKIT_SLOTS", "many", "not_an_integer"),
        ("DLKIT_SLOTS", "-1", "not_an_integer"),
        ("DLKIT_SLOTS", "5000", "out_of_range"),
        ("DLKIT_MEMORY", "0", "out_of_range"),
        ("DLKIT_MEMORY", "nan", "not_an_integer"),
        ("DLKIT_START", "fork", "not_an_option"),
    ],
)
def test_a_bad_setting_is_named(name: str, given: str, code: str) -> None:
    with pytest.raises(ParamsError) as error:
        Settings.from_environment({name: given})
    (problem,) = error.value.problems
    assert (problem.field, problem.code, problem.values["given"]) == (name, code, given)


def test_empty_means_not_set() -> None:
    assert Settings.from_environment({"DLKIT_SLOTS": "", "DLKIT_START": ""}).slots >= 1
