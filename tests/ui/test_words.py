"""The words of the studio: every key that the code names exists, in both languages alike."""

import ast
import re
from string import Formatter

import pytest

from dlkit import engine
from dlkit.texts import LANGUAGES, words
from dlkit.ui.parts import LOOKS
from dlkit.ui.resources import ROOT

_NAMED = re.compile(r"""\bwords\(\s*["']([a-z_]+\.[a-z_.]+)["']""")
_CODE_AT = {"CodedError": 0, "refuse": 1, "_refused": 1}
_OWN_PREFIXES = ("knob.", "view.", "metric.", "input.", "preset.", "group.", "finding.", "note.")


def named_in_code() -> set[str]:
    """Every key that stands as a literal in a page or in `dlkit/ui`."""
    files = [*(ROOT / "pages").glob("*.py"), *(ROOT / "dlkit" / "ui").rglob("*.py")]
    return {key for file in files for key in _NAMED.findall(file.read_text("utf-8"))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_in_the_code_has_a_text(language: str) -> None:
    table = words(language).table
    missing = {key for key in named_in_code() - table.keys() if not key.startswith(_OWN_PREFIXES)}
    assert len(named_in_code()) > 60
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_and_verb_has_a_text(language: str) -> None:
    table = words(language).table
    assert {f"state.{state}" for state in LOOKS} <= table.keys()
    assert {f"verb.{verb}" for verb in engine.VERBS} <= table.keys()


def raised_in_code() -> list[tuple[str, set[str]]]:
    """Every coded refusal that stands in the code: its code, and the values it brings."""
    found = []
    for file in (ROOT / "dlkit").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            place = _CODE_AT.get(_called(node)) if isinstance(node, ast.Call) else None
            if place is None or not isinstance(node, ast.Call) or len(node.args) <= place:
                continue
            code = node.args[place]
            if isinstance(code, ast.Constant) and all(one.arg for one in node.keywords):
                found.append((str(code.value), {str(one.arg) for one in node.keywords}))
    return found


def test_every_refusal_brings_what_its_text_names() -> None:
    table = words("en").table
    assert len(raised_in_code()) > 15
    for code, brought in raised_in_code():
        assert _fields(table[f"error.{code}"]) <= brought, code


def test_both_languages_fill_in_the_same_values() -> None:
    english, chinese = words("en").table, words("zh").table
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert _fields(text) == _fields(chinese[key]), key


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _called(node: ast.Call) -> str:
    return str(getattr(node.func, "id", getattr(node.func, "attr", "")))
