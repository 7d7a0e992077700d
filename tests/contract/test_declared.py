"""What an algorithm declares: knobs with limits, words in both languages, views that draw."""

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dlkit.algorithms import catalogue, find, model_module
from dlkit.contract import Algorithm, CodedError, RunData, Series, Snapshot
from dlkit.params import BaseParams, Knob, ParamsError
from dlkit.texts import HEADINGS, LANGUAGES, chapter, headings, words
from tests.fakes.fake.spec import ALGORITHM as FAKE

ALL = [*catalogue().values(), FAKE]
EACH = pytest.mark.parametrize("algorithm", ALL, ids=lambda one: one.name)
MOST_JSON = 60_000


@EACH
def test_defaults_presets_and_tiny_are_valid_and_survive_json(algorithm: Algorithm) -> None:
    assert set(algorithm.presets) == {"quick", "standard", "gpu"}
    for params in (algorithm.params(), algorithm.tiny, *algorithm.presets.values()):
        assert algorithm.params.checked(json.loads(json.dumps(params.values()))) == params


@EACH
def test_at_most_eight_knobs_are_basic_and_the_learning_rate_is_live(algorithm: Algorithm) -> None:
    knobs = {knob.name: knob for knob in algorithm.params.knobs()}
    assert sum(knob.group == "basic" for knob in knobs.values()) <= 8
    assert knobs["learning_rate"].live
    assert "seed" in knobs


@EACH
def test_every_limit_refuses_a_value_outside_it(algorithm: Algorithm) -> None:
    for knob in algorithm.params.knobs():
        for value, code in _outside(knob):
            with pytest.raises(ParamsError) as caught:
                algorithm.params.checked({knob.name: value})
            (problem,) = caught.value.problems
            assert (problem.field, problem.code) == (knob.name, code), value


@EACH
def test_an_unknown_name_is_refused(algorithm: Algorithm) -> None:
    with pytest.raises(ParamsError) as caught:
        algorithm.params.checked({"no_such_knob": 1})
    assert caught.value.problems[0].code == "unknown_knob"


@EACH
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_declared_thing_has_words(algorithm: Algorithm, language: str) -> None:
    table = words(language, algorithm.name).table
    assert _needed(algorithm) - set(table) == set()
    assert all(text.strip() for text in table.values())


@EACH
def test_both_languages_have_the_same_keys_and_the_same_gaps(algorithm: Algorithm) -> None:
    english, chinese = (words(language, algorithm.name).table for language in LANGUAGES)
    assert set(english) == set(chinese)
    for key, text in english.items():
        assert _gaps(text) == _gaps(chinese[key]), key


@EACH
def test_the_chapter_has_the_eight_headings_in_both_languages(algorithm: Algorithm) -> None:
    for language in LANGUAGES:
        sections = chapter(language, algorithm.name)
        assert tuple(sections) == HEADINGS
        assert all(sections.values())
        assert headings(language, algorithm.name) == headings(language, "fake")


@EACH
@pytest.mark.parametrize("language", LANGUAGES)
def test_views_draw_nothing_one_point_partial_data_and_nan(
    algorithm: Algorithm, language: str
) -> None:
    shown = words(language, algorithm.name)
    for data in _curves(algorithm):
        for view in algorithm.views:
            text = view.build(data, shown).to_json()
            assert len(text) < MOST_JSON, view.name
        for finding in algorithm.checks(data):
            assert shown(f"finding.{finding.key}", **finding.values)
            assert shown(f"finding.{finding.key}.try", **finding.values)


@EACH
def test_a_view_reads_only_what_is_declared(algorithm: Algorithm) -> None:
    for view in algorithm.views:
        assert set(view.metrics) <= set(algorithm.metrics), view.name
        assert set(view.arrays) <= set(algorithm.arrays), view.name
    assert algorithm.headline and set(algorithm.headline) <= set(algorithm.metrics)
    assert set(algorithm.consulted) <= set(algorithm.arrays)


@EACH
def test_chinese_figures_hold_no_english(algorithm: Algorithm) -> None:
    english, chinese = (words(language, algorithm.name) for language in LANGUAGES)
    foreign = set(english.table.values()) - set(chinese.table.values())
    for data in _curves(algorithm):
        for view in algorithm.views:
            found = set(_texts(json.loads(view.build(data, chinese).to_json())))
            assert found & foreign == set(), view.name


def test_the_catalogue_is_ordered_by_chapter_and_knows_its_modules() -> None:
    names = list(catalogue())
    assert names[:2] == ["dnn", "cnn"] and names[-1] == "fake"
    assert model_module("dnn") == "dlkit.algorithms.dnn.model"
    assert model_module("fake") == "tests.fakes.fake.model"
    with pytest.raises(CodedError, match="algorithm_unknown"):
        find("no_such_algorithm")


def _outside(knob: Knob) -> Iterator[tuple[Any, str]]:
    if knob.low is not None and knob.high is not None:
        number = int if knob.kind == "integer" else float
        yield number(knob.high + 1), "out_of_range"
        yield number(knob.low - 1), "out_of_range"
    wrong = {
        "integer": ("three", "not_an_integer"),
        "real": (float("nan"), "not_a_number"),
        "choice": ("no such option", "not_an_option"),
        "switch": ("perhaps", "not_a_switch"),
        "text": ("?!", "wrong_form"),
        "drawing": ("scribble", "not_a_drawing"),
    }
    yield wrong[knob.kind]


def _needed(algorithm: Algorithm) -> set[str]:
    needed = {"name", "tagline"}
    for knob in algorithm.params.knobs():
        needed |= {f"knob.{knob.name}.label", f"knob.{knob.name}.help", f"group.{knob.group}"}
        needed |= {f"knob.{knob.name}.option.{option}" for option in knob.options}
    needed |= {f"preset.{name}{end}" for name in algorithm.presets for end in ("", ".help")}
    needed |= {f"metric.{name}" for name in algorithm.metrics}
    needed |= {f"unit.{unit}" for unit in algorithm.metrics.values() if unit}
    needed |= {f"view.{view.name}{end}" for view in algorithm.views for end in ("", ".help")}
    for inputs in _all_inputs(algorithm):
        needed |= {f"input.{knob.name}.label" for knob in inputs.knobs()}
    return needed


def _all_inputs(algorithm: Algorithm) -> Iterator[type[BaseParams]]:
    yield algorithm.inputs(algorithm.params())
    for knob in algorithm.params.knobs():
        if knob.name == "data":
            for option in knob.options:
                yield algorithm.inputs(algorithm.params().model_copy(update={"data": option}))


def _gaps(text: str) -> set[str]:
    return set(re.findall(r"(?<!\{)\{(\w+)", text))


def _curves(algorithm: Algorithm) -> Iterator[RunData]:
    params = algorithm.params()
    yield RunData(params)
    steps = np.arange(1, 3001, dtype=np.int64)
    falling = 2.0 * np.exp(-steps / 500)
    lengths = (1, 9, 3000)
    for count in lengths:
        yield RunData(
            params,
            state="running",
            step=count,
            total_steps=3000,
            metrics={name: Series(steps[:count], falling[:count]) for name in algorithm.metrics},
        )
    broken = falling.copy()
    broken[[0, 5, 2999]] = np.nan
    every = {name: Series(steps, broken) for name in algorithm.metrics}
    yield RunData(params, state="failed", step=3000, total_steps=3000, metrics=every)
    for name, shape in algorithm.arrays.items():
        blank = Snapshot(1, np.zeros([2 if size is None else size for size in shape], np.uint8))
        yield RunData(params, state="stopped", step=1, arrays={name: blank})


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value)
