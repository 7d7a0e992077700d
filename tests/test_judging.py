"""Counting right and wrong answers, on cases small enough to count by hand."""

import numpy as np

from dlkit import judging

TRUTH = np.array([0, 0, 1, 1, 1, 2])
ANSWERS = np.array([0, 1, 1, 1, 0, 2])


def test_confusion_counts_rows_of_truth_and_columns_of_answers() -> None:
    counts = judging.confusion(TRUTH, ANSWERS, 3)
    assert counts.tolist() == [[1, 1, 0], [1, 2, 0], [0, 0, 1]]
    assert counts.dtype == np.int32 and counts.sum() == len(TRUTH)


def test_cells_hold_the_places_behind_each_count() -> None:
    places = judging.cells(TRUTH, ANSWERS, 3, most=2)
    assert places.shape == (3, 3, 2) and places.dtype == np.int32
    assert places[0, 0].tolist() == [0, -1]
    assert places[1, 1].tolist() == [2, 3]
    assert places[1, 0].tolist() == [4, -1]
    assert places[2, 0].tolist() == [-1, -1]


def test_cells_keep_the_first_of_many() -> None:
    same = np.zeros(50, np.int64)
    assert judging.cells(same, same, 2, most=6)[0, 0].tolist() == [0, 1, 2, 3, 4, 5]


def test_worst_are_the_surest_mistakes_first() -> None:
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.05, 0.95]])
    truth = np.array([0, 1, 0, 0])
    assert judging.worst(truth, probabilities, most=5).tolist() == [3, 2, 1, -1, -1]
    assert judging.worst(truth, probabilities, most=1).tolist() == [3]
    assert judging.worst(probabilities.argmax(1), probabilities, most=2).tolist() == [-1, -1]


def test_shares_add_up_to_one_and_do_not_overflow() -> None:
    found = judging.shares(np.array([[1000.0, 1000.0], [0.0, np.log(3.0)]]))
    assert np.allclose(found, [[0.5, 0.5], [0.25, 0.75]])
