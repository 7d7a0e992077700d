"""The command line: `python -m dlkit`. It talks to the same engine as the studio.

Exit code: 0 done or finished, 2 wrong input, 3 the training failed, 130 stopped.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from dlkit.algorithms import catalogue
from dlkit.cli.arguments import parser
from dlkit.cli.commands import WRONG
from dlkit.cli.terminal import Terminal, problem_lines
from dlkit.contract import CodedError, Words
from dlkit.params import ParamsError
from dlkit.texts import LANGUAGES, words


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        language = _language(given)
    except CodedError as error:
        _complain(error, words("en"))
        return WRONG
    args = parser(words(language)).parse_args(given)
    terminal = Terminal(words(language), json=args.json)
    try:
        code: int = args.command(args, terminal)
    except (CodedError, ParamsError) as error:
        _complain(error, _words_for(args, language))
        return WRONG
    return code


def _language(given: Sequence[str]) -> str:
    """The value of `--lang`, else the language of the machine, else English."""
    machine = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    language = "zh" if machine.lower().startswith("zh") else "en"
    for i, word in enumerate(given):
        if word == "--lang" and i + 1 < len(given):
            language = given[i + 1]
        if word.startswith("--lang="):
            language = word.partition("=")[2]
    if language not in LANGUAGES:
        raise CodedError("language_unknown", given=language, allowed=", ".join(LANGUAGES))
    return language


def _words_for(args: argparse.Namespace, language: str) -> Words:
    """Words that know the labels of the algorithm which the command is about, if there is one."""
    name = getattr(args, "algorithm", None)
    return words(language, name if name in catalogue() else None)


def _complain(error: CodedError | ParamsError, say: Words) -> None:
    for line in problem_lines(error, say):
        sys.stderr.write(line + "\n")
