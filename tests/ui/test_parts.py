"""What needs no page: numbers, pace, signed addresses, links, frames."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dlkit import engine
from dlkit.algorithms import find
from dlkit.contract import State
from dlkit.store import Store, arrays, metrics, runs
from dlkit.store.metrics import Point
from dlkit.store.runs import RunRow
from dlkit.texts import words
from dlkit.ui import figures, numbers, signing
from dlkit.ui.forms import widget_key
from dlkit.ui.pace import Pace
from dlkit.ui.signing import WINDOW, Watch
from tests.ui.pages import Opener, widget


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.93124, "0.9312"), (12.0, "12"), (1234.5, "1,234"), (3.1e-5, "3.1e-05")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert numbers.short(value) == text


def test_shares_are_percent_and_nan_is_said() -> None:
    assert numbers.measured(0.9312, "share") == "93.1%"
    assert numbers.measured(float("nan"), "share") == "nan"


def test_durations_use_two_units() -> None:
    assert numbers.duration(59, words("en")) == "59 s"
    assert numbers.duration(3725, words("en")) == "1 h 2 min"


@pytest.fixture
def row(store: Store, run: str) -> RunRow:
    """A running row of 1000 steps."""
    found = runs.get(store, run)
    return replace(found, state="running", attempt=1, step=0, total_steps=1000, seconds=0.0)


def test_time_left_follows_the_latest_steps(row: RunRow) -> None:
    pace = Pace()
    for second in range(10):
        pace.look(replace(row, step=10 * second), float(second))
    assert pace.left(replace(row, step=500)) == pytest.approx(50)


def test_a_time_budget_bounds_the_time_left(row: RunRow) -> None:
    limited = replace(row, params={**row.params, "minutes": 1.0}, seconds=45.0)
    assert Pace().left(limited) == pytest.approx(15)
    pace = Pace()
    for second in range(10):
        pace.look(replace(limited, step=10 * second), float(second))
    assert pace.left(replace(limited, step=950)) == pytest.approx(5)


def test_time_left_is_right_after_a_resume(row: RunRow) -> None:
    pace = Pace()
    for second in range(10):
        pace.look(replace(row, step=100 + second), float(second))
    later = replace(row, attempt=2, step=100)
    for second in range(5):
        pace.look(replace(later, step=100 + 50 * second), 1000.0 + second)
    assert pace.left(replace(later, step=500)) == pytest.approx(10)


def test_time_to_compile_is_not_taken_for_the_pace(row: RunRow) -> None:
    pace = Pace()
    for second, step in enumerate((0, 0, 0, 0, 100, 200, 300)):
        pace.look(replace(row, step=step), float(second))
    assert pace.left(replace(row, step=300)) == pytest.approx(7)


def test_time_left_is_unknown_before_the_first_steps(row: RunRow) -> None:
    assert Pace().left(row) is None


def test_address_is_stable_and_opens_only_its_run() -> None:
    watch = Watch("a" * 32, "zh", 7)
    address = signing.address(watch, now=WINDOW * 10.0)
    assert address == signing.address(watch, now=WINDOW * 10.9)
    token = address.partition("token=")[2]
    assert signing.opened(watch.run, token, now=WINDOW * 11.0) == watch
    assert signing.opened("b" * 32, token, now=WINDOW * 11.0) is None
    assert signing.opened(watch.run, token, now=WINDOW * 12.1) is None
    assert signing.opened(watch.run, token[:-2] + "xx", now=WINDOW * 11.0) is None
    assert signing.opened(watch.run, "garbage", now=WINDOW * 11.0) is None


def test_frames_are_built_again_only_when_they_change(store: Store, run: str) -> None:
    watch = Watch(run, "en")
    first = figures.picture(store, watch)
    second = figures.picture(store, watch, before=first)
    assert second.frames["line"] is first.frames["line"]
    message = json.loads(first.frames["line"].payload)
    assert message["view"] == "line"
    assert message["label"] == words("en", "fake")("view.line")


def test_only_what_is_new_is_read(store: Store, run: str) -> None:
    row = runs.claim(store, host="here", lease=30.0)
    assert row is not None
    runs.move(store, run, row.attempt, state="running")
    _happens(store, row, step=1)
    first = engine.read(store, run, arrays=["line", "none"])
    again = engine.read(store, run, arrays=["line", "none"], before=first)
    assert again.arrays["line"] is first.arrays["line"]
    assert again.metrics["loss"] is first.metrics["loss"]
    _happens(store, row, step=2)
    later = engine.read(store, run, arrays=["line"], before=again)
    assert later.arrays["line"].step == 2
    assert later.metrics["loss"].steps.tolist() == [1, 2]


def test_another_attempt_is_read_anew(store: Store, run: str) -> None:
    row = runs.claim(store, host="here", lease=30.0)
    assert row is not None
    runs.move(store, run, row.attempt, state="running")
    for step in (1, 2):
        _happens(store, row, step=step)
    before = engine.read(store, run, arrays=["line"])
    runs.release(store, run, row.attempt, state="queued", crashed=True)
    second = runs.claim(store, host="here", lease=30.0)
    assert second is not None
    runs.move(store, run, second.attempt, state="running")
    _happens(store, second, step=2)
    after = engine.read(store, run, arrays=["line"], before=before)
    assert after.metrics["loss"].values.tolist() == [1.0, 4.0]
    assert after.arrays["line"].value.tolist() == [4.0]


def _happens(store: Store, row: RunRow, *, step: int) -> None:
    """One point and one array, both of the value step times attempt."""
    value = float(step * row.attempt)
    metrics.write(store, row.id, row.attempt, [Point("loss", step, value)])
    arrays.put(store, row.id, row.attempt, step=step, name="line", value=np.array([value]))


@pytest.mark.parametrize("tab", ["learn", "train"])
def test_the_network_is_drawn_where_its_layers_are_known(opener: Opener, tab: str) -> None:
    title = words("en")("architecture.title")
    assert title in [one.value for one in opener("dnn", tab=tab, lang="en").header]
    assert title not in [one.value for one in opener("fake", tab=tab, lang="en").header]


def test_refused_values_do_not_hide_the_chapter(opener: Opener) -> None:
    page = opener("dnn", tab="train", lang="en")
    widget(page, widget_key("dnn", "hidden_layers")).set_value("9999").run()
    assert page.error
    page.query_params["tab"] = "learn"
    page.run()
    assert not page.exception


def test_an_ended_run_can_be_taken_home(opener: Opener, store: Store) -> None:
    run = engine.start(store, "cnn", params=find("cnn").tiny)
    row = runs.claim(store, host="here", lease=30.0)
    assert row is not None
    arrays.put_file(store, run, row.attempt, name="model.keras", data=b"network")
    for step in (1, 2):
        tiles = np.full((1, 8, 4, 4), step, np.uint8)
        arrays.put(store, run, row.attempt, step=step, name="feature_maps", value=tiles)
    films = ("-feature_maps.gif", "-feature_maps.mp4")
    offered = [f"download-cnn-{run[:8]}{end}" for end in (".keras", *films)]
    states: list[tuple[State, bool]] = [("running", False), ("stopped", True)]
    for state, wanted in states:
        ended = 1.0 if wanted else None
        runs.move(store, run, row.attempt, state=state, step=2, ended=ended)
        page = opener("cnn", run=run, tab="train", lang="en")
        assert not page.exception
        keys = {one.key for one in page.get("download_button")}
        assert keys == (set(offered) if wanted else set())


def test_word_vectors_are_offered_in_both_formats(opener: Opener, store: Store) -> None:
    run = engine.start(store, "word2vec", params=find("word2vec").tiny)
    row = runs.claim(store, host="here", lease=30.0)
    assert row is not None
    arrays.put_file(store, run, row.attempt, name="model.keras", data=b"network")
    runs.move(store, run, row.attempt, state="finished", step=2, ended=1.0)
    page = opener("word2vec", run=run, tab="train", lang="zh")
    assert not page.exception
    keys = {one.key for one in page.get("download_button")}
    ends = (".keras", ".txt", "-projector.zip")
    assert keys == {f"download-word2vec-{run[:8]}{end}" for end in ends}
