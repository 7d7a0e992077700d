"""What a person pastes: a text, a column of numbers, pairs of lines. Checked before it is learned.

Every refusal is a `CodedError` that says what was given, what is needed and what to do.
"""

import csv
import io
from collections.abc import Callable, Sequence

import numpy as np

from dlkit.contract import Array, CodedError
from dlkit.params import refuse

OWN = "own"  # the name by which all of them are chosen
MOST = 300_000  # characters that may be pasted
# What a knob for them takes at all: nothing, or something with a letter or a digit in it.
PASTED = r"(?s)^\s*$|\w"
LEAST_TEXT, LEAST_PAIRS = 1000, 100
LONGEST = 60  # letters, or words, of a question and of an answer
GREATEST = 1e30  # number; NaN and infinity are none
BY_WORD = 0.5  # of the pairs with a blank in them, from which on words are counted, not letters


def must(field: str, read: Callable[[], object]) -> None:
    """Refuse the value of a knob, from inside a validator, where it cannot be read."""
    try:
        read()
    except CodedError as error:
        refuse(field, error.code, **error.values)


def text(given: str, *, least: int = LEAST_TEXT) -> str:
    """A text with one kind of line end. Raises `own_stream_short` or `own_too_long`."""
    found = "\n".join(_bounded(given).splitlines()).strip()
    if len(found) < least:
        raise CodedError("own_stream_short", given=len(found), low=least)
    return found


def least_text(context: int) -> int:
    """How many characters it takes for the held-out tenth to fill a window."""
    return max(LEAST_TEXT, 10 * (context + 2))


def numbers(given: str, *, least: int) -> Array:
    """Numbers [N] in the order of time: pasted as they are, or a column of a CSV file.

    A first line of names is passed over. Where there are names, dates or other words, the rows are
    a table, and its last column of numbers is taken; numbers alone are read line by line. Raises
    `own_numbers_none`, `own_numbers_short`, `own_too_long`.
    """
    lines = [one for one in _bounded(given).splitlines() if one.strip()]
    rows = [_cells(line) for line in lines]
    named = bool(rows) and not any(map(_is_number, rows[0]))
    rows = rows[1:] if named else rows
    is_table = named or not all(_is_number(cell) for row in rows for cell in row)
    if is_table and len(rows) > 1 and len({len(row) for row in rows}) == 1:
        columns = [[row[place] for row in rows] for place in range(len(rows[0]))]
        values = next((one for one in columns[::-1] if all(map(_is_number, one))), [])
    else:
        values = [cell for row in rows for cell in row]
    wrong = next((one for one in values if not _is_number(one)), None)
    if not values or wrong is not None:
        raise CodedError("own_numbers_none", given=(wrong or given.strip())[:40])
    found = np.array([float(one) for one in values], np.float32)
    if len(found) < least:
        raise CodedError("own_numbers_short", given=len(found), low=least)
    return found


def pairs(given: str) -> list[tuple[str, str]]:
    """Questions and answers, a pair a line, a tab between; a third column is passed over.

    Raises `own_pairs_line` with the line that is wrong, `own_pairs_short`, `own_too_long`.
    """
    found = []
    for number, line in enumerate(_bounded(given).splitlines(), start=1):
        if not line.strip():
            continue
        question, _, rest = line.partition("\t")
        answer = rest.partition("\t")[0]
        if not question.strip() or not answer.strip():
            raise CodedError("own_pairs_line", line=number, given=line.strip()[:40])
        found.append((question.strip(), answer.strip()))
    asked = len({question for question, _ in found})
    if asked < LEAST_PAIRS:
        raise CodedError("own_pairs_short", given=asked, low=LEAST_PAIRS)
    return found


def by_word(found: Sequence[tuple[str, str]]) -> bool:
    """Whether pairs are sentences, whose words count, rather than codes, whose letters do."""
    with_blank = sum(any(" " in side for side in pair) for pair in found)
    return with_blank >= BY_WORD * len(found)


def _bounded(given: str) -> str:
    if len(given) > MOST:
        raise CodedError("own_too_long", given=len(given), high=MOST)
    return given.replace("\ufeff", "")


def _cells(line: str) -> list[str]:
    """The cells of a line: between tabs, semicolons or commas, else between blanks."""
    mark = next((one for one in ("\t", ";", ",") if one in line), None)
    if mark is None:
        return line.split()
    (row,) = csv.reader(io.StringIO(line), delimiter=mark)
    return [cell.strip() for cell in row if cell.strip()]


def _is_number(cell: str) -> bool:
    try:
        return abs(float(cell)) < GREATEST
    except ValueError:
        return False
