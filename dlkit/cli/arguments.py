"""The commands and their arguments, with help in the language of the person."""

import argparse
from typing import Any, NoReturn

from dlkit.cli import commands
from dlkit.contract import Words


def parser(say: Words) -> argparse.ArgumentParser:
    """A parser whose result has the function to call as `command`."""
    top = _Parser(say, prog="python -m dlkit", description=say("cli.about"))
    top.epilog = say("cli.after")
    verbs = top.add_subparsers(
        metavar="COMMAND", required=True, dest="verb_name", title=say("cli.commands")
    )
    _verb(verbs, "list", say=say).set_defaults(command=commands.list_)

    one = _verb(verbs, "describe", say=say)
    one.add_argument("algorithm", metavar="ALGORITHM", help=say("cli.help.algorithm"))
    one.set_defaults(command=commands.describe)

    one = _verb(verbs, "train", say=say)
    one.add_argument("algorithm", metavar="ALGORITHM", help=say("cli.help.algorithm"))
    one.add_argument("--preset", default="quick", metavar="NAME", help=say("cli.help.preset"))
    _settings(one, say("cli.help.set"))
    one.add_argument("--detach", action="store_true", help=say("cli.help.detach"))
    one.set_defaults(command=commands.train)

    _about_runs(verbs, say)
    _verb(verbs, "worker", say=say).set_defaults(command=commands.worker)

    one = _verb(verbs, "app", say=say)
    one.add_argument("--port", type=int, default=8501, help=say("cli.help.port"))
    one.add_argument("--host", default="localhost", help=say("cli.help.host"))
    one.set_defaults(command=commands.app)
    return top


def _about_runs(verbs: Any, say: Words) -> None:
    one = _verb(verbs, "runs", say=say)
    one.add_argument("--algorithm", metavar="ALGORITHM", help=say("cli.help.only"))
    one.add_argument("--state", metavar="STATE", help=say("cli.help.state"))
    one.add_argument("--limit", type=int, default=20, metavar="N", help=say("cli.help.limit"))
    one.set_defaults(command=commands.runs)

    one = _verb(verbs, "show", say=say)
    one.add_argument("run", metavar="RUN", help=say("cli.help.run"))
    one.set_defaults(command=commands.show)

    one = _verb(verbs, "control", say=say)
    one.add_argument("run", metavar="RUN", help=say("cli.help.run"))
    one.add_argument("verb", metavar="VERB", help=say("cli.help.verb"))
    one.add_argument("--epoch", action="store_true", help=say("cli.help.epoch"))
    one.set_defaults(command=commands.control)

    one = _verb(verbs, "play", say=say)
    one.add_argument("run", metavar="RUN", help=say("cli.help.run"))
    _settings(one, say("cli.help.inputs"))
    one.add_argument("-o", "--output", metavar="FILE", help=say("cli.help.output"))
    one.set_defaults(command=commands.play)


def _verb(verbs: Any, name: str, *, say: Words) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(name, say=say, help=say(f"cli.help.{name}"))
    return made


def _settings(one: argparse.ArgumentParser, text: str) -> None:
    one.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=text)


class _Parser(argparse.ArgumentParser):
    """argparse with our headings; every command takes `--lang` and `--json`."""

    def __init__(self, say: Words, **names: Any) -> None:
        name = names["prog"].split()[-1]
        if f"cli.help.{name}" in say.table:
            names["description"] = say(f"cli.help.{name}")
        super().__init__(**names, add_help=False, allow_abbrev=False)
        self.say = say
        self._positionals.title = say("cli.arguments")
        self._optionals.title = say("cli.options")
        self.add_argument("-h", "--help", action="help", help=say("cli.help.help"))
        self.add_argument("--lang", metavar="en|zh", help=say("cli.help.lang"))
        self.add_argument("--json", action="store_true", help=say("cli.help.json"))

    def error(self, message: str) -> NoReturn:
        """End with 2 and say which words could not be read."""
        text = self.say("cli.wrong", message=message)
        self.exit(commands.WRONG, self.say("cli.problem", text=text) + "\n")
