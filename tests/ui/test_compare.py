"""Races and comparisons: two runs from one click, their curves over one clock."""

import json

import numpy as np
import pytest

from dlkit import engine
from dlkit.algorithms import find
from dlkit.contract import CodedError, RunData, Series
from dlkit.store import Store, metrics, runs
from dlkit.store.metrics import Point
from dlkit.texts import LANGUAGES, words
from dlkit.ui.compare import is_race
from dlkit.views import compare
from tests.ui.pages import Opener, texts


def _data(seconds: list[float], losses: list[float]) -> RunData:
    steps = np.arange(0, 10 * len(losses), 10)
    curves = {"val_loss": Series(steps, np.array(losses))}
    if seconds:
        curves["seconds"] = Series(steps, np.array(seconds))
    return RunData(find("lstm").params(), step=int(steps[-1]), metrics=curves)


def _learned(store: Store, run: str, values: list[float]) -> None:
    """Some looks of a run, five seconds apart."""
    row = runs.claim(store, host="here", lease=60.0)
    assert row is not None and row.id == run
    points = [Point("val_loss", 10 * place, value) for place, value in enumerate(values)]
    points += [Point("seconds", 10 * place, 5.0 * place) for place in range(len(values))]
    metrics.write(store, run, row.attempt, points)
    runs.move(store, run, row.attempt, state="finished", ended=1.0, lease=None)


@pytest.mark.parametrize("first", ["lstm", "transformer"])
def test_one_call_queues_both_sides_on_equal_terms(store: Store, first: str) -> None:
    params = find(first).params.checked({"data": "lee_news", "seed": 7, "stop_at": 0.5})
    rows = [runs.get(store, run) for run in engine.race(store, first, params=params)]
    assert {row.algorithm for row in rows} == {"lstm", "transformer"}
    assert rows[0].algorithm == first and rows[0].state == rows[1].state == "queued"
    for row in rows:
        assert row.params["data"] == "lee_news" and row.params["seed"] == 7
        assert row.params["minutes"] == engine.RACE_MINUTES and row.params["stop_at"] == 0.0
        assert row.params["epochs"] == 1000  # time alone ends it
    other = find(rows[1].algorithm).presets["standard"].values()
    kept = {"layers": other["layers"], "context": other["context"]}
    assert {name: rows[1].params[name] for name in kept} == kept
    assert is_race(rows)
    own = engine.race(store, first, params=params.model_copy(update={"minutes": 0.5}))
    assert [runs.get(store, run).params["minutes"] for run in own] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("name", "values"),
    [("lstm", {"task": "adding"}), ("transformer", {"data": "dates"}), ("dnn", {})],
)
def test_who_learns_something_else_has_no_rival(
    store: Store, name: str, values: dict[str, str]
) -> None:
    with pytest.raises(CodedError, match="no_rival"):
        engine.race(store, name, params=find(name).params.checked(values))


def test_curves_stand_over_the_seconds_where_all_know_them() -> None:
    slow, fast = _data([0, 10, 20], [4.0, 3.0, 2.5]), _data([0, 4, 8], [4.1, 2.0, 1.9])
    both = [("LSTM", slow), ("Transformer", fast)]
    figure = compare.curves(both, "val_loss", words("en"), up="nats")
    assert [one.name for one in figure.data] == ["LSTM", "Transformer"]
    assert [list(one.x) for one in figure.data] == [[0, 10, 20], [0, 4, 8]]
    assert compare.at_the_same_second(both, "val_loss") == (8.0, [4.0, 1.9])
    mixed = [("LSTM", slow), ("Transformer", _data([], [4.1, 2.0]))]
    figure = compare.curves(mixed, "val_loss", words("en"), up="nats")
    assert list(figure.data[0].x) == [0, 10, 20] and list(figure.data[1].x) == [0, 10]
    assert figure.layout.xaxis.title.text == words("en")("axis.step")
    assert compare.at_the_same_second(mixed, "val_loss") is None
    waiting = [("LSTM", slow), ("Transformer", RunData(find("transformer").params()))]
    figure = compare.curves(waiting, "val_loss", words("en"), up="nats")
    assert [one.name for one in figure.data] == ["LSTM"]
    assert figure.layout.xaxis.title.text == words("en")("compare.seconds")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_race_is_one_chart_with_two_curves(opener: Opener, store: Store, language: str) -> None:
    params = find("lstm").params()
    pair = engine.race(store, "lstm", params=params)
    _learned(store, pair[0], [3.4, 2.0, 1.5])
    _learned(store, pair[1], [3.4, 1.2])
    page = opener("compare", runs=",".join(pair), lang=language)
    shown = words(language)
    assert not page.exception
    (board,) = [one for one in page.get("bidi_component") if "compare" in one.proto.id]
    figure = json.loads(json.loads(board.proto.json)["frames"][0])["figure"]
    assert len(figure["data"]) == 2
    assert figure["layout"]["yaxis"]["title"]["text"] == shown("compare.race_axis")
    assert figure["layout"]["xaxis"]["title"]["text"] == shown("compare.seconds")
    assert "2.000" in texts(page) and "1.200" in texts(page)
    assert shown("compare.race.help") in texts(page)
    assert page.query_params["runs"] == ",".join(pair)


@pytest.mark.parametrize("given", ["<script>", "0" * 32])
def test_a_wrong_run_in_the_link_is_named(opener: Opener, given: str) -> None:
    page = opener("compare", runs=given, lang="en")
    assert not page.exception and given in page.error[0].value


def test_the_race_button_stands_where_there_is_a_rival(opener: Opener) -> None:
    page = opener("lstm", tab="train", lang="en")
    button = page.get_by_key("race")
    assert button.label == words("en")("bar.race", rival="Transformer")
    with pytest.raises(KeyError):
        opener("dnn", tab="train", lang="en").get_by_key("race")
