"""Every page in both languages; what is said where nothing is yet, and where something is wrong."""

import subprocess
import sys

import pytest

from dlkit.algorithms import catalogue
from dlkit.store import Store, runs
from dlkit.texts import LANGUAGES, words
from tests.ui.pages import Opener, texts

OWN = ("home", "runs", "compare", "system")
TABS = ("learn", "train", "play", "code")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", OWN)
def test_own_pages_open(opener: Opener, name: str, language: str) -> None:
    page = opener(name, lang=language)
    assert not page.exception
    title = "home.title" if name == "home" else f"page.{name}"
    assert page.title[0].value == words(language)(title)
    assert page.query_params["lang"] == language


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("name", [*catalogue(), "fake"])
def test_algorithm_pages_open(opener: Opener, name: str, tab: str, language: str) -> None:
    page = opener(name, lang=language, tab=tab)
    assert not page.exception
    assert page.title[0].value == words(language, name)("name")
    assert page.query_params["tab"] == tab


@pytest.mark.parametrize("name", [*catalogue()])
def test_every_preset_opens_the_form_filled(opener: Opener, name: str) -> None:
    for preset, params in catalogue()[name].presets.items():
        page = opener(name, tab="train", preset=preset)
        assert not page.exception
        assert page.session_state[f"draft:{name}"] == params.values()
        assert page.query_params["preset"] == preset


@pytest.mark.parametrize("language", LANGUAGES)
def test_run_is_shown_with_its_own_values(opener: Opener, run: str, language: str) -> None:
    page = opener("fake", run=run, lang=language)
    shown = words(language, "fake")
    assert not page.exception
    assert page.query_params["tab"] == "train"
    assert shown("run.values") in texts(page)
    assert "32" in texts(page)


@pytest.mark.parametrize("name", ["home", "runs"])
def test_runs_are_listed(opener: Opener, run: str, name: str) -> None:
    page = opener(name, lang="en")
    assert not page.exception
    assert any(run[:8] in link.proto.label for link in page.get("page_link"))


def test_failed_run_says_why(opener: Opener, store: Store, run: str) -> None:
    row = runs.claim(store, host="here", lease=10.0)
    assert row is not None
    trouble = {"code": "diverged", "values": {"step": 7}, "trace": "Traceback ..."}
    runs.move(store, run, row.attempt, state="failed", error=trouble, ended=1.0)
    page = opener("fake", run=run, lang="en")
    assert words("en")("error.diverged", step=7) in texts(page)
    assert words("en")("run.failed") in texts(page)


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ({"run": "0" * 32}, "0" * 32),
        ({"run": "<script>"}, "<script>"),
        ({"preset": "huge"}, "huge"),
        ({"epochs": "many"}, "many"),
        ({"epochs": "-5"}, "-5"),
        ({"no_such_knob": "1"}, "no_such_knob"),
        ({"lang": "xx"}, "xx"),
    ],
)
def test_garbage_in_a_link_is_named(opener: Opener, address: dict[str, str], named: str) -> None:
    page = opener("fake", **{"tab": "train", **address})
    assert not page.exception
    assert named in "\n".join(str(one.value) for one in [*page.error, *page.warning])


def test_run_of_another_algorithm_is_refused(opener: Opener, run: str) -> None:
    page = opener("dnn", run=run, lang="en")
    assert not page.exception
    assert run in page.error[0].value


def test_no_page_loads_a_learning_library() -> None:
    program = """
import sys
from tests.ui.pages import open_page
from dlkit.algorithms import catalogue
for language in ("en", "zh"):
    for name in ("home", "runs", "compare", "system"):
        assert not open_page(name, lang=language).exception
    for name in catalogue():
        for tab in ("learn", "train", "play", "code"):
            assert not open_page(name, lang=language, tab=tab).exception
heavy = {"keras", "tensorflow", "jax", "torch", "spektral", "gymnasium", "ray"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().splitlines()[-1] == "[]"
