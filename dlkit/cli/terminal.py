"""What a person sees in a terminal: words, tables and JSON lines."""

import json
import math
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlkit.contract import CodedError, Words
from dlkit.params import ParamsError, Problem


@dataclass(frozen=True)
class Terminal:
    """The one writer to standard output (answers) and standard error (all else)."""

    words: Words
    json: bool = False

    def say(self, text: str) -> None:
        """A line of the answer; left out where the answer is one JSON object."""
        if not self.json:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def object(self, value: Any) -> None:
        """The answer as one line of JSON, if it was asked for. NaN and infinity become null."""
        if self.json:
            sys.stdout.write(json.dumps(_finite(value), ensure_ascii=False) + "\n")
            sys.stdout.flush()

    def note(self, text: str) -> None:
        """A line beside the answer."""
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns as wide as their longest word; Chinese letters take two places."""
        lines = [[self.words(f"cli.column.{head}") for head in heads], *rows]
        widths = [max(_width(line[i]) for line in lines) for i in range(len(heads))]
        for line in lines:
            cells = [_padded(cell, width) for cell, width in zip(line, widths, strict=True)]
            self.say("  ".join(cells).rstrip())


def problem_lines(error: CodedError | ParamsError, words: Words) -> list[str]:
    """What is wrong, in words: one line for each refused field, or one for the failure."""
    if isinstance(error, ParamsError):
        return [words("cli.problem", text=_field_text(row, words)) for row in error.problems]
    return [words("cli.problem", text=error_text(error.code, error.values, words))]


def error_text(code: str, values: Mapping[str, Any], words: Words) -> str:
    """The text of an error code."""
    if f"error.{code}" not in words.table:
        return f"{code} {dict(values)}"
    return words(f"error.{code}", **values)


def _field_text(problem: Problem, words: Words) -> str:
    text = error_text(problem.code, problem.values, words)
    keys = (f"{kind}.{problem.field}.label" for kind in ("knob", "input"))
    label = next((words.table[key] for key in keys if key in words.table), None)
    if label is None:
        return f"{problem.field}: {text}" if problem.field else text
    return words("cli.knob", label=label, name=problem.field, text=text)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
