"""Whole trainings from the command line, with real workers."""

import json
import signal
import socket
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Shell

pytestmark = pytest.mark.keras


def test_train_ends_with_one_object(trained: Any) -> None:
    assert trained["state"] == "finished"
    assert trained["step"] == trained["total_steps"] == 160
    assert trained["seconds"] > 0
    assert trained["device"]
    assert trained["params"]["epochs"] == 32
    assert trained["metrics"]["val_loss"] >= trained["best"]["value"] > 0
    assert trained["best"]["metric"] == "val_loss"


def test_same_seed_same_numbers(shell: Shell, trained: Any) -> None:
    again = shell.json("train", "fake", "--set", "epochs=32", "--set", "seed=7")
    assert again["metrics"]["val_loss"] == trained["metrics"]["val_loss"]
    assert again["best"] == trained["best"]


def test_show_and_runs_know_the_run(shell: Shell, trained: Any) -> None:
    shown = shell("show", trained["run"][:12])
    assert shown.returncode == 0
    assert "State: Finished" in shown.stdout
    assert "160 / 160" in shown.stdout
    listed = shell.json("runs", "--state", "finished")
    assert trained["run"] in [row["run"] for row in listed]
    assert shell.json("show", trained["run"])["metrics"] == trained["metrics"]


def test_a_failing_training_says_why_and_ends_with_3(shell: Shell) -> None:
    found = shell("train", "fake", "--set", "fail=raise", "--json")
    assert found.returncode == 3
    last = json.loads(found.stdout.splitlines()[-1])
    assert last["state"] == "failed"
    assert last["error"] == {
        "code": "run_raised",
        "kind": "RuntimeError",
        "message": "asked to fail",
    }
    assert "asked to fail" in found.stderr
    assert "Traceback" not in found.stderr


def test_the_next_run_works_after_a_failed_one(shell: Shell) -> None:
    assert shell.json("train", "fake", "--set", "epochs=4")["state"] == "finished"


def test_ctrl_c_stops_and_the_run_can_go_on(shell: Shell) -> None:
    process = shell.start("train", "fake", "--set", "delay=0.05", "--set", "epochs=64", "--json")
    while not (rows := shell.json("runs", "--state", "running")) or rows[0]["step"] < 5:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    stopped = json.loads(out.splitlines()[-1])
    assert stopped["state"] == "stopped"
    assert 0 < stopped["step"] < stopped["total_steps"]
    assert f"control {stopped['run']} continue" in err
    assert shell("control", stopped["run"], "continue").returncode == 0
    row = _until(shell, stopped["run"], "finished")
    assert row["step"] == row["total_steps"]
    assert row["seconds"] > stopped["seconds"]


def test_detach_pause_step_resume_stop_delete(shell: Shell) -> None:
    started = shell.json("train", "fake", "--detach", "--set", "delay=0.2", "--set", "epochs=999")
    run = started["run"]
    _until(shell, run, "running")
    assert shell.json("control", run, "pause")["wanted"] == "paused"
    before = _until(shell, run, "paused")["step"]
    shell("control", run, "step")
    assert _until(shell, run, "paused", step=before + 1)["step"] == before + 1
    shell("control", run, "step", "--epoch")
    assert _until(shell, run, "paused", step=before + 2)["step"] % 5 == 0
    shell("control", run, "resume")
    _until(shell, run, "running")
    assert shell("control", run, "resume").returncode == 2
    shell("control", run, "stop")
    _until(shell, run, "stopped")
    assert shell("control", run, "delete").returncode == 0
    assert _gone(shell, run)


def test_play_answers_and_writes_files(shell: Shell, trained: Any, tmp_path: Path) -> None:
    found = shell.json("play", trained["run"], "--set", "where=0.5")
    height = found["answer"]["height"]
    shell("play", trained["run"], "--set", "where=0.5", "-o", str(tmp_path / "answer.npz"))
    shell("play", trained["run"], "--set", "where=0.5", "-o", str(tmp_path / "answer.json"))
    with np.load(tmp_path / "answer.npz") as kept:
        np.testing.assert_allclose(kept["height"], height)
    assert json.loads((tmp_path / "answer.json").read_text())["height"] == height
    assert shell("play", trained["run"], "-o", str(tmp_path / "a.png")).returncode == 2
    nowhere = shell("play", trained["run"], "-o", str(tmp_path / "no" / "answer.json"))
    assert nowhere.returncode == 2
    assert "answer.json" in nowhere.stderr


def test_play_refuses_what_is_out_of_range(shell: Shell, trained: Any) -> None:
    found = shell("play", trained["run"], "--set", "where=9")
    assert found.returncode == 2
    assert "where" in found.stderr
    assert "-1" in found.stderr


def test_the_python_api_trains_loads_and_lists(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DLKIT_HOME", "DLKIT_SLOTS", "DLKIT_EXTRA_ALGORITHMS"):
        monkeypatch.setenv(name, shell.environment[name])
    import dlkit

    run = dlkit.train("fake", epochs=8)
    assert run.state == "finished"
    assert run.id in [row.id for row in dlkit.runs("fake")]
    model = dlkit.load(run)
    assert model.predict_on_batch(np.zeros((3, 1))).shape == (3, 1)
    shown = shell.json("play", run.id, "--set", "where=0.0")["answer"]["height"][0]
    assert float(model.predict_on_batch(np.zeros((1, 1)))[0, 0]) == pytest.approx(shown, abs=1e-6)


def test_app_serves_the_studio(shell: Shell) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = shell.start("app", "--port", str(port), "--host", "127.0.0.1")
    try:
        assert _answers(f"http://127.0.0.1:{port}/_stcore/health")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_a_drawing_is_read_from_a_picture(tmp_path: Path) -> None:
    from dlkit.cli.answers import read_drawings, save_answer
    from dlkit.params import BaseParams, drawing

    class Inputs(BaseParams):
        digit: list[list[int]] = drawing(4, 6)

    Image.new("L", (6, 4), 200).save(tmp_path / "digit.png")
    typed = read_drawings({"digit": f"@{tmp_path / 'digit.png'}"}, Inputs.knobs())
    assert Inputs.parsed(typed).values()["digit"] == [[200] * 6] * 4
    save_answer({"maps": np.zeros((2, 8, 8))}, str(tmp_path / "maps.png"))
    with Image.open(tmp_path / "maps.png") as picture:
        assert picture.size == (18, 8)


def _until(shell: Shell, run: str, state: str, *, step: int = 0) -> Any:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        row = shell.json("show", run)
        if row["state"] == state and row["step"] >= step:
            return row
    raise AssertionError(f"not {state}: {row}")


def _gone(shell: Shell, run: str) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if shell("show", run).returncode == 2:
            return True
    return False


def _answers(url: str) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.2)
    return False
