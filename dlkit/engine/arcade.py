"""The process in which people's games are played: beside the web process, which has no Gymnasium.

A question is one line of JSON and holds all moves of a game, so nothing hangs on this process: it
may end at any time, and a new one plays the moves again. It keeps the last games, so that usually
only the newest move is left to play. It ends when its web process does, or when nobody plays.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from dlkit.algorithms import find, stage_module
from dlkit.contract import CodedError
from dlkit.params import ParamsError
from dlkit.views.games import single

KEPT_GAMES = 64
IDLE_SECONDS = 600
LONGEST = 20.0  # seconds for one question
MOST_SCENES = 32  # of one answer

Question = dict[str, Any]  # game, algorithm, params, inputs, moves, since


class Arcade:
    """The way to that process; it is started by the first question."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def ask(self, question: Question) -> dict[str, Any]:
        """`scenes`: of each a picture's address, what was brought, whether it is over.

        Raises `CodedError`: what the game says, or game_lost where no answer comes.
        """
        with self._lock:
            line = self._answer(json.dumps(question)) or self._answer(json.dumps(question))
        if not line:
            raise CodedError("game_lost", seconds=LONGEST)
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise CodedError(found["error"], **found["values"])
        return found

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.communicate()
            self._process = None

    def _answer(self, question: str) -> str:
        """One line, or nothing where the process ends before it answers."""
        process = self._running()
        questions, answers = process.stdin, process.stdout
        if questions is None or answers is None:
            return ""
        late = threading.Timer(LONGEST, process.kill)
        late.start()
        try:
            questions.write(question + "\n")
            questions.flush()
            return answers.readline()
        except BrokenPipeError:
            return ""
        finally:
            late.cancel()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is not None:
            self._process.communicate()
            self._process = None
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process


def main() -> None:
    """Answer one line after the other, until there is nobody to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library may greet there
    serve(_heard(sys.stdin), answers)


def serve(questions: Iterable[str], answers: TextIO) -> None:
    """Answer each line of `questions` by a line of `answers`."""
    games: OrderedDict[str, Any] = OrderedDict()
    for line in questions:
        try:
            answer = _played(games, json.loads(line))
        except CodedError as error:
            answer = {"error": error.code, "values": error.values}
        except ParamsError as error:
            answer = {"error": error.problems[0].code, "values": error.problems[0].values}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _heard(questions: TextIO) -> Iterator[str]:
    """Line by line; the process ends where none comes for long."""
    signal.alarm(IDLE_SECONDS)
    for line in questions:
        yield line
        signal.alarm(IDLE_SECONDS)


def _played(games: OrderedDict[str, Any], question: Question) -> dict[str, Any]:
    level = [question[part] for part in ("game", "algorithm", "params", "inputs")]
    name = json.dumps(level, sort_keys=True)
    stage = games.pop(name, None) or _stage(question)
    games[name] = stage
    while len(games) > KEPT_GAMES:
        games.popitem(last=False)
    since = question["since"]
    scenes = stage.scenes(question["moves"][: since + MOST_SCENES], since)
    return {
        "scenes": [
            {"picture": single(one.picture), "brought": one.brought, "over": one.over}
            for one in scenes
        ]
    }


def _stage(question: Question) -> Any:
    algorithm = find(question["algorithm"])
    params = algorithm.params.checked(question["params"])
    inputs = algorithm.inputs(params).checked(question["inputs"])
    return importlib.import_module(stage_module(algorithm.name)).Stage(params, inputs)


if __name__ == "__main__":
    main()
