"""Curves and notes: what is written is what is read, whatever the numbers and however often."""

import math
import sqlite3
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlalchemy import text

from dlkit.contract import Series
from dlkit.store import Fenced, Settings, Store, arrays, metrics, runs, thinning
from dlkit.store.metrics import NoteRow, Point
from dlkit.store.runs import RunRow
from tests.store import actors

ANY_NUMBER = [0.0, -1.5, 1e-300, 1.7e308, math.inf, -math.inf, math.nan, 5e-324]


def write(store: Store, row: RunRow, name: str, values: list[float], first: int = 1) -> None:
    points = [Point(name, step, value) for step, value in enumerate(values, first)]
    metrics.write(store, row.id, row.attempt, points)


def pairs(series: Series) -> list[tuple[int, float]]:
    return list(zip(series.steps.tolist(), series.values.tolist(), strict=True))


def test_every_number_comes_back(store: Store, claimed: RunRow) -> None:
    write(store, claimed, "loss", ANY_NUMBER)
    series = metrics.since(store, claimed.id, -1)["loss"]
    assert series.steps.tolist() == list(range(1, len(ANY_NUMBER) + 1))
    np.testing.assert_array_equal(series.values, ANY_NUMBER)
    assert series.steps.dtype == np.int64
    assert series.values.dtype == np.float64
    np.testing.assert_array_equal(metrics.overview(store, claimed.id)["loss"].values, ANY_NUMBER)


def test_numpy_numbers_are_numbers(store: Store, claimed: RunRow) -> None:
    point = Point("loss", np.int64(3), np.float32(0.5))  # type: ignore[arg-type]
    metrics.write(store, claimed.id, 1, [point])
    assert pairs(metrics.since(store, claimed.id, 0)["loss"]) == [(3, 0.5)]


def test_written_again_after_a_resume_the_later_value_counts(store: Store, claimed: RunRow) -> None:
    write(store, claimed, "loss", [5.0, 4.0, 3.0, 2.0])
    runs.release(store, claimed.id, 1, state="queued", crashed=True)
    again = runs.claim(store, host="here", lease=30.0)
    assert again is not None
    write(store, again, "loss", [3.5, 2.5, 1.5], first=3)
    found = metrics.since(store, claimed.id, 0)["loss"]
    assert pairs(found) == [(1, 5.0), (2, 4.0), (3, 3.5), (4, 2.5), (5, 1.5)]
    assert metrics.last(store, [claimed.id]) == {claimed.id: {"loss": 1.5}}


def test_twice_in_one_batch_the_later_counts(store: Store, claimed: RunRow) -> None:
    metrics.write(store, claimed.id, 1, [Point("loss", 1, 1.0), Point("loss", 1, 2.0)])
    assert pairs(metrics.since(store, claimed.id, 0)["loss"]) == [(1, 2.0)]
    assert metrics.last(store, [claimed.id])[claimed.id] == {"loss": 2.0}


def test_since_gives_only_what_is_new(store: Store, claimed: RunRow) -> None:
    write(store, claimed, "loss", [1.0, 2.0, 3.0])
    write(store, claimed, "accuracy", [0.5])
    found = metrics.since(store, claimed.id, 2)
    assert list(found) == ["loss"]
    assert pairs(found["loss"]) == [(3, 3.0)]
    assert metrics.since(store, "0" * 32, -1) == {}


def test_points_and_notes_are_kept_together_or_not_at_all(store: Store, claimed: RunRow) -> None:
    bad = NoteRow(1, "epoch", {"what": object()})
    with pytest.raises(Exception, match="JSON"):
        metrics.write(store, claimed.id, 1, [Point("loss", 1, 1.0)], notes=[bad])
    assert metrics.since(store, claimed.id, -1) == {}
    good = NoteRow(1, "epoch", {"loss": math.inf, "n": np.int64(3), "名": "好"})
    metrics.write(store, claimed.id, 1, [Point("loss", 1, 1.0)], notes=[good, good])
    (note,) = metrics.notes(store, claimed.id)
    assert (note.step, note.key, note.values) == (
        1,
        "epoch",
        {"loss": math.inf, "n": 3, "名": "好"},
    )
    assert note.created == pytest.approx(time.time(), abs=5)


def test_notes_come_in_order(store: Store, claimed: RunRow) -> None:
    for step in (3, 1, 2):
        metrics.note(store, claimed.id, 1, step=step, key="k", values={"step": step})
    assert [row.step for row in metrics.notes(store, claimed.id)] == [1, 2, 3]
    with pytest.raises(Fenced):
        metrics.note(store, claimed.id, 2, step=4, key="k", values={})


def test_what_a_lost_attempt_left_can_be_forgotten(store: Store, claimed: RunRow) -> None:
    write(store, claimed, "loss", [5.0, 4.0, 3.0, 2.0])
    write(store, claimed, "late", [1.0, 2.0], first=4)
    write(store, claimed, "early", [7.0])
    for step in (2, 3):
        metrics.note(store, claimed.id, 1, step=step, key="k", values={})
        arrays.put(store, claimed.id, 1, step=step, name="map", value=np.zeros(3))
    with pytest.raises(Fenced):
        metrics.forget_after(store, claimed.id, 2, step=2)
    metrics.forget_after(store, claimed.id, 1, step=2)
    arrays.forget_after(store, claimed.id, 1, step=2)
    found = metrics.since(store, claimed.id, -1)
    assert {name: pairs(series) for name, series in found.items()} == {
        "loss": [(1, 5.0), (2, 4.0)],
        "early": [(1, 7.0)],
    }
    assert metrics.last(store, [claimed.id])[claimed.id] == {"loss": 4.0, "early": 7.0}
    assert [row.step for row in metrics.notes(store, claimed.id)] == [2]
    assert arrays.steps(store, claimed.id, "map") == [2]
    write(store, claimed, "late", [9.0], first=3)
    assert metrics.last(store, [claimed.id])[claimed.id]["late"] == 9.0


def test_best_passes_over_what_is_not_finite(store: Store, claimed: RunRow) -> None:
    write(store, claimed, "loss", [math.nan, 2.0, -math.inf, 1.0, 1.0, math.inf])
    assert metrics.best(store, claimed.id, "loss", "min") == (4, 1.0)
    assert metrics.best(store, claimed.id, "loss", "max") == (2, 2.0)
    assert metrics.best(store, claimed.id, "accuracy", "max") is None
    write(store, claimed, "gone", [math.nan])
    assert metrics.best(store, claimed.id, "gone", "max") is None


def test_last_of_runs_without_curves(store: Store, claimed: RunRow) -> None:
    assert metrics.last(store, [claimed.id, "0" * 32]) == {claimed.id: {}, "0" * 32: {}}
    assert metrics.last(store, []) == {}


def test_overview_of_a_short_curve_is_the_curve(store: Store, claimed: RunRow) -> None:
    write(store, claimed, "loss", [float(step) for step in range(600)])
    assert len(metrics.overview(store, claimed.id)["loss"].steps) == 600


def test_overview_keeps_a_spike_and_a_gap(
    store: Store, claimed: RunRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [math.nan if 2000 <= step < 3000 else 1.0 for step in range(5000)]
    values[777], values[1234] = 50.0, -50.0
    write(store, claimed, "loss", values, first=0)
    series = metrics.overview(store, claimed.id)["loss"]
    assert len(series.steps) <= 600
    monkeypatch.setattr(thinning, "READ_WHOLE", 10_000)
    again = metrics.overview(store, claimed.id)["loss"]
    np.testing.assert_array_equal(series.steps, again.steps)
    np.testing.assert_array_equal(series.values, again.values)
    assert (777, 50.0) in pairs(series)
    assert (1234, -50.0) in pairs(series)
    inside = (series.steps >= 2050) & (series.steps < 2950)
    assert inside.any()
    assert np.isnan(series.values[inside]).all()


def test_a_followed_curve_is_the_curve(store: Store, claimed: RunRow) -> None:
    known: dict[str, Series] = {}
    for first, values in ((1, [5.0, math.nan]), (2, [4.0, 3.0]), (4, []), (4, [2.0]), (4, [1.5])):
        write(store, claimed, "loss", values, first=first)
        write(store, claimed, f"from_{first}", values, first=first)
        known = metrics.follow(store, claimed.id, known)
        whole = metrics.overview(store, claimed.id)
        assert known.keys() == whole.keys()
        for name, series in whole.items():
            np.testing.assert_array_equal(known[name].steps, series.steps)
            np.testing.assert_array_equal(known[name].values, series.values)


def test_a_followed_curve_stays_short_and_keeps_its_extremes(store: Store, claimed: RunRow) -> None:
    known: dict[str, Series] = {}
    values = np.sin(np.arange(4000) / 50.0)
    values[777], values[2345] = 50.0, -50.0
    for first in range(0, 4000, 100):
        write(store, claimed, "loss", values[first : first + 100].tolist(), first=first)
        known = metrics.follow(store, claimed.id, known, buckets=60)
        assert len(known["loss"].steps) <= 120
    steps = known["loss"].steps
    np.testing.assert_array_equal(known["loss"].values, values[steps])
    assert {0, 777, 2345, 3999} <= set(steps.tolist())


@given(
    values=st.lists(st.floats(width=32) | st.sampled_from(ANY_NUMBER), min_size=1, max_size=60),
    gaps=st.lists(st.integers(1, 10_000), min_size=60, max_size=60),
    buckets=st.integers(4, 30),
    read_whole=st.sampled_from([0, 3000]),
)
@effort(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_overview_is_a_part_of_the_curve_with_its_extremes(
    sqlite_store: Store, values: list[float], gaps: list[int], buckets: int, read_whole: int
) -> None:
    runs.create(sqlite_store, "dnn", params={}, owner="local")
    row = runs.claim(sqlite_store, host="here", lease=30.0)
    assert row is not None
    steps = np.cumsum(gaps[: len(values)]).tolist()
    points = [Point("loss", step, value) for step, value in zip(steps, values, strict=True)]
    metrics.write(sqlite_store, row.id, 1, points)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thinning, "READ_WHOLE", read_whole)
        series = metrics.overview(sqlite_store, row.id, buckets=buckets)["loss"]
    assert len(series.steps) <= buckets
    assert (np.diff(series.steps) > 0).all()
    whole = dict(zip(steps, values, strict=True))
    np.testing.assert_array_equal(series.values, [whole[step] for step in series.steps.tolist()])
    assert {steps[0], steps[-1]} <= set(series.steps.tolist())
    known = [value for value in values if not math.isnan(value)]
    if known:
        assert np.nanmin(series.values) == min(known)
        assert np.nanmax(series.values) == max(known)


def test_a_million_points_are_seen_at_once(store: Store, claimed: RunRow) -> None:
    write(store, claimed, "loss", [1.0])
    points = 1_000_000 if store.database.dialect.name == "sqlite" else 100_000  # slow to fill
    _fill(store, curves=1, points=points)
    start = time.process_time()  # of this process alone: the machine may be busy
    series = metrics.overview(store, claimed.id)["loss"]
    seconds = time.process_time() - start
    assert 300 <= len(series.steps) <= 600
    assert (series.steps[0], series.steps[-1]) == (1, points)
    assert seconds < 1.0


def test_a_page_of_long_runs_has_its_last_values_at_once(store: Store) -> None:
    rows = [runs.create(store, "dnn", params={}, owner="local") for _ in range(50)]
    while row := runs.claim(store, host="here", lease=30.0):
        metrics.write(store, row.id, 1, [Point(f"m{n}", 9, float(n)) for n in range(10)])
    start = time.process_time()
    found = metrics.last(store, [row.id for row in rows])
    assert time.process_time() - start < 0.05
    assert all(values == {f"m{n}": float(n) for n in range(10)} for values in found.values())


def _fill(store: Store, *, curves: int, points: int) -> None:
    """Points 2 to `points` of the first curves, made by the database."""
    with store.database.begin() as connection:
        connection.execute(
            text("""INSERT INTO metrics (curve, step, value)
                    WITH RECURSIVE n(i) AS (
                        SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < :points)
                    SELECT curves.id, i, (i % 1000) * 7919 % 10007 FROM curves, n
                    WHERE curves.id <= :curves"""),
            {"points": points, "curves": curves},
        )


def test_many_processes_write_at_once(store: Store, settings: Settings) -> None:
    rows = []
    for _ in range(4):
        runs.create(store, "dnn", params={}, owner="local")
        rows.append(runs.claim(store, host="here", lease=30.0))
    idents = [row.id for row in rows if row]
    environment = settings.as_environment()
    writers = [actors.begin(actors.write_curve, environment, ident, 25, 40) for ident in idents]
    for writer in writers:
        assert actors.everything(*writer) == ["done"]
    for ident in idents:
        (series,) = metrics.since(store, ident, -1).values()
        assert pairs(series) == [(step, step / 2) for step in range(1000)]


def test_a_writer_killed_in_the_middle_leaves_whole_batches(
    store: Store, settings: Settings, claimed: RunRow
) -> None:
    process, pipe = actors.begin(actors.write_until_killed, settings.as_environment(), claimed.id)
    told = 0
    while told < 12:
        told = pipe.recv()
    process.kill()
    process.join()
    while pipe.poll():
        try:
            told = pipe.recv()
        except EOFError:
            break
    pipe.close()
    process.close()
    a, b = (metrics.since(store, claimed.id, -1)[name] for name in ("a", "b"))
    np.testing.assert_array_equal(a.values, -b.values)
    np.testing.assert_array_equal(a.steps, np.arange(1, len(a.steps) + 1))
    assert len(a.steps) >= told
    _all_files_are_whole(store, claimed, told)
    if store.database.dialect.name == "sqlite":
        with sqlite3.connect(str(store.database.url.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()


def _all_files_are_whole(store: Store, row: RunRow, told: int) -> None:
    steps = arrays.steps(store, row.id, "map")
    assert len(steps) >= told
    for step in steps:
        snapshot = arrays.load(store, row.id, "map", step=step)
        assert snapshot is not None
        np.testing.assert_array_equal(snapshot.value, np.full((64, 64), step))
    found = arrays.checkpoint(store, row.id)
    assert found is not None and found.step >= told
    np.testing.assert_array_equal(found.state["w"], np.full(20_000, found.step))
