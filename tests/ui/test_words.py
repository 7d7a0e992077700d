"""The words of the studio: every key that the code names exists, in both languages alike."""

import re
from string import Formatter

import pytest

from dlkit import engine
from dlkit.texts import LANGUAGES, words
from dlkit.ui.parts import LOOKS
from dlkit.ui.resources import ROOT

_NAMED = re.compile(r"""\bwords\(\s*["']([a-z_]+\.[a-z_.]+)["']""")
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


def test_both_languages_fill_in_the_same_values() -> None:
    english, chinese = words("en").table, words("zh").table
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert _fields(text) == _fields(chinese[key]), key


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
