"""The process of people's games: it may end at any time, and it says no in words."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from dlkit.algorithms import find
from dlkit.contract import CodedError
from dlkit.engine import arcade


@pytest.fixture
def hall() -> Iterator[arcade.Arcade]:
    """An arcade that is closed afterwards."""
    opened = arcade.Arcade()
    yield opened
    opened.close()


def question(**change: Any) -> arcade.Question:
    """Two moves in a drawn grid."""
    params = find("dqn").params.checked({"data": "grid", "grid": "S.9G/...."}).values()
    asked = {"game": "a", "algorithm": "dqn", "params": params, "inputs": {}, "since": 0}
    return {**asked, "moves": [1, 1], **change}


def test_a_game_outlives_its_process(hall: arcade.Arcade) -> None:
    first = hall.ask(question())
    assert [round(one["brought"], 2) for one in first["scenes"]] == [0.0, -0.01, -0.92]
    hall._running().kill()
    hall._running().wait()
    after = hall.ask(question(moves=[1, 1, 1], since=2))["scenes"]
    assert after[0] == first["scenes"][2]
    assert after[1]["over"] and after[1]["brought"] == pytest.approx(0.07)


def test_what_cannot_be_played_is_said_and_the_next_question_is_answered(
    hall: arcade.Arcade,
) -> None:
    with pytest.raises(CodedError, match="move_unknown"):
        hall.ask(question(moves=[4]))
    with pytest.raises(CodedError, match="unknown_knob"):
        hall.ask(question(inputs={"wind": 1.0}))
    assert len(hall.ask(question())["scenes"]) == 3


def test_a_process_that_does_not_answer_is_given_up(
    hall: arcade.Arcade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arcade, "LONGEST", 0.01)  # less than the process needs to start
    with pytest.raises(CodedError, match="game_lost"):
        hall.ask(question())


def test_one_answer_has_not_too_many_pictures_and_old_games_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arcade, "KEPT_GAMES", 2)
    lines = [question(game=str(number), moves=[0] * 50) for number in range(4)]
    answers = io.StringIO()
    arcade.serve(io.StringIO("".join(json.dumps(one) + "\n" for one in lines)), answers)
    found = [json.loads(line)["scenes"] for line in answers.getvalue().splitlines()]
    assert len(found) == 4 and {len(one) for one in found} == {arcade.MOST_SCENES + 1}
