"""When things happen in a training: windows, rounds, looks, and the order of the examples."""

import itertools

import numpy as np
import pytest

from dlkit.rhythm import Order, Rhythm, scheduled

CASES = [(5, 64, 1.5e-4), (50, 400, 1.5e-4), (62, 20, 0.01), (469, 10, 0.02), (7, 1, 1e-3),
         (1, 100, 1e-4), (97, 30, 2e-3), (1000, 1, 0.5)]  # fmt: skip
EACH = pytest.mark.parametrize(("epoch", "epochs", "seconds"), CASES)


@EACH
def test_windows_tile_the_training_and_end_at_each_round(
    epoch: int, epochs: int, seconds: float
) -> None:
    rhythm = Rhythm.of(epoch=epoch, epochs=epochs, seconds=seconds)
    ends, step = [], 0
    while step < rhythm.total:
        step = rhythm.window_end(step)
        ends.append(step)
    assert ends[-1] == rhythm.total == epoch * epochs
    assert set(range(rhythm.round, rhythm.total, rhythm.round)) <= set(ends)
    for start, end in itertools.pairwise([0, *ends]):
        assert 0 < end - start <= rhythm.window
        assert {rhythm.window_start(inside) for inside in range(start, end)} == {start}


@EACH
def test_looks_and_pieces_fall_on_ends_of_windows(epoch: int, epochs: int, seconds: float) -> None:
    rhythm = Rhythm.of(epoch=epoch, epochs=epochs, seconds=seconds)
    step, looks = 0, []
    while step < rhythm.total:
        end = rhythm.piece_end(step, rhythm.total)
        assert step < end and (end == rhythm.total or end == rhythm.window_start(end))
        between = [inside for inside in range(step + 1, end) if rhythm.is_look(inside)]
        assert between == []
        looks += [end] if rhythm.is_look(end) else []
        step = end
    assert looks[0] == rhythm.window_end(0) and looks[-1] == rhythm.total


def test_executions_of_a_piece_fall_on_the_grid_of_windows() -> None:
    rhythm = Rhythm.of(epoch=469, epochs=10, seconds=0.02)
    step = 0
    while step < rhythm.total:
        end = rhythm.piece_end(step, rhythm.total)
        while step < end:
            execution = min(rhythm.window, end - step)
            assert step + execution == rhythm.window_end(step)
            step += execution


def test_a_piece_that_starts_inside_a_window_ends_with_it() -> None:
    rhythm = Rhythm.of(epoch=50, epochs=400, seconds=1.5e-4)
    assert rhythm.piece_end(7, rhythm.total) == rhythm.window
    assert rhythm.piece_end(7, 9) == 9


def test_each_epoch_shows_other_examples_first_and_none_twice() -> None:
    order = Order(3, 10, 8)
    epochs = [order.rows(8 * epoch, 8 * epoch + 8) for epoch in range(4)]
    for rows in epochs:
        assert len(set(rows.tolist())) == 8
    assert len({tuple(rows.tolist()) for rows in epochs}) == 4
    assert set(np.concatenate(epochs).tolist()) == set(range(10))


def test_rows_do_not_depend_on_how_they_are_asked_for() -> None:
    whole = Order(1, 10, 8).rows(0, 40)
    pieces = [Order(1, 10, 8).rows(start, start + 5) for start in range(0, 40, 5)]
    assert np.array_equal(whole, np.concatenate(pieces))


def test_without_shuffling_examples_come_as_they_stand() -> None:
    assert Order(1, 10, 8, shuffled=False).rows(6, 18).tolist() == [6, 7, *range(8), 0, 1]


def test_schedules_begin_and_end_where_they_should() -> None:
    assert scheduled("constant", 0.5) == 1.0
    assert scheduled("cosine", 0.0) == 1.0 and scheduled("cosine", 1.0) == pytest.approx(0.0)
    assert scheduled("one_cycle", 0.3) == pytest.approx(1.0)
    assert scheduled("one_cycle", 0.0) == pytest.approx(0.04)
    assert scheduled("warmup", 0.05) == pytest.approx(0.5)
    assert scheduled("warmup", 0.1) == pytest.approx(1.0)
