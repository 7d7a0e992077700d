"""What the commands say without training: lists, help, and messages for wrong input."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from dlkit.cli import main
from dlkit.cli.arguments import parser
from dlkit.texts import words

ROOT = Path(__file__).resolve().parents[2]
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _english_with_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("DLKIT_EXTRA_ALGORITHMS", "tests.fakes")
    monkeypatch.setenv("COLUMNS", "100")


def test_list_names_the_algorithms(capsys: Capture) -> None:
    assert main(["list"]) == 0
    assert re.search(r"^fake +99 +Straight line", capsys.readouterr().out, flags=re.MULTILINE)


def test_list_in_chinese_keeps_its_columns(capsys: Capture) -> None:
    assert main(["list", "--lang", "zh"]) == 0
    assert "直线" in capsys.readouterr().out


def test_the_machine_s_language_is_the_default(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    main(["list"])
    assert "算法" in capsys.readouterr().out


def test_list_as_json_is_one_line(capsys: Capture) -> None:
    main(["list", "--json"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert {"algorithm": "fake", "chapter": 99} in json.loads(lines[0])


def test_describe_shows_every_knob_with_its_limits(capsys: Capture) -> None:
    assert main(["describe", "fake"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^epochs +64 +1 to 100000", out, flags=re.MULTILINE)
    assert re.search(r"^fail +none +none, raise", out, flags=re.MULTILINE)
    assert "quick, standard, gpu" in out


def test_describe_as_json_gives_presets_and_limits(capsys: Capture) -> None:
    main(["describe", "fake", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["presets"]["standard"]["epochs"] == 128
    assert [(k["low"], k["high"]) for k in found["knobs"] if k["name"] == "delay"] == [(0.0, 5.0)]


def test_no_runs_yet(capsys: Capture) -> None:
    assert main(["runs"]) == 0
    assert "No runs yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("train fake --set epochs=0", ["epochs", "0", "1", "100000"]),
        ("train fake --set epochs=many", ["epochs", "many"]),
        ("train fake --set learning_rate=nan", ["learning_rate", "nan"]),
        ("train fake --set fail=often", ["fail", "often", "none, raise"]),
        ("train fake --set colour=red", ["colour", "epochs, learning_rate"]),
        ("train fake --set epochs", ["epochs", "name=value"]),
        ("train fake --preset huge", ["huge", "quick, standard, gpu"]),
        ("train nothing", ["nothing", "fake"]),
        ("describe nothing", ["nothing", "fake"]),
        ("runs --algorithm nothing", ["nothing", "fake"]),
        ("runs --state asleep", ["asleep", "queued, starting, running"]),
        ("show 12ab34", ["12ab34"]),
        ("play 12ab34", ["12ab34"]),
        ("play 12ab34 -o answer.gif", ["answer.gif", ".npz, .json, .png"]),
        ("control 12ab34 pause", ["12ab34"]),
        ("control 12ab34 fly", ["fly", "pause, resume, step, stop, continue, delete"]),
        ("list --lang fr", ["fr", "en, zh"]),
        ("list --lang=fr", ["fr", "en, zh"]),
    ],
)
def test_wrong_input_is_named_with_what_is_allowed(
    line: str, told: list[str], capsys: Capture
) -> None:
    assert main(line.split()) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert [word for word in told if word not in found.err] == []
    assert "{" not in found.err  # a sentence, not a code with its values


def test_each_wrong_knob_has_its_line(capsys: Capture) -> None:
    assert main(["train", "fake", "--set", "epochs=0", "--set", "delay=9"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize("line", ["", "frob", "train", "list --wrong", "runs --limit some"])
def test_words_that_cannot_be_read_end_with_2(line: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    assert ended.value.code == 2
    assert "--help" in capsys.readouterr().err


def test_a_wrong_setting_is_wrong_input(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLKIT_SLOTS", "many")
    assert main(["runs"]) == 2
    assert "DLKIT_SLOTS" in capsys.readouterr().err


def test_a_database_of_something_else_is_wrong_input(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLKIT_DATABASE", "postgresql+psycopg://me:secret@127.0.0.1:1/none")
    assert main(["runs"]) == 2
    err = capsys.readouterr().err
    assert "127.0.0.1" in err
    assert "secret" not in err


def test_a_home_that_cannot_be_written_is_named(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DLKIT_HOME", str(tmp_path / "file"))
    assert main(["runs"]) == 2
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_command_has_help(language: str) -> None:
    assert parser(words(language)).format_help().count("\n") > 15


def test_both_languages_have_the_same_words() -> None:
    tables = {
        language: _keys(
            tomllib.loads((ROOT / f"dlkit/texts/{language}/cli.toml").read_text("utf-8"))
        )
        for language in ("en", "zh")
    }
    assert tables["en"] == tables["zh"]


def _keys(tree: dict[str, object], prefix: str = "") -> dict[str, list[str]]:
    """Each key with the names that its text fills in."""
    found: dict[str, list[str]] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= _keys(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = sorted(re.findall(r"\{(\w+)\}", str(value)))
    return found
