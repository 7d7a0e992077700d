"""What a person pastes: read in every sensible form, refused with what is wrong and what to do."""

from typing import Any

import numpy as np
import pytest

from dlkit.algorithms.lstm.spec import Params as Lstm
from dlkit.algorithms.transformer import spec as transformer
from dlkit.contract import CodedError
from dlkit.datasets import characters, own, pairs, series
from dlkit.params import ParamsError
from dlkit.texts import LANGUAGES, words
from dlkit.ui.forms import problem_text

PROSE = "The cat sat on the mat, and the dog lay by the door.\r\n" * 40
MONTHS = "\n".join(f"1949-{1 + one % 12:02},{100 + 3 * one},{one % 12}" for one in range(144))
PAIRS = "\n".join(f"{one}\t{one * one}" for one in range(120))


def _code(values: dict[str, Any], params: type[Any] = Lstm) -> str:
    """Why these values are refused, which can be said in both languages."""
    with pytest.raises(ParamsError) as caught:
        params.checked(values)
    (problem,) = caught.value.problems
    assert problem.field in ("own_text", "own_numbers", "own_pairs")
    for language in LANGUAGES:
        assert "{" not in problem_text(problem, words(language, "lstm"))
    return problem.code


def test_a_pasted_text_is_cut_like_every_other() -> None:
    found = characters.characters(own.OWN, PROSE)
    assert "\r" not in found.symbols and found.symbols[0] == characters.SIGN
    assert len(found.train) + len(found.held) == len(PROSE.replace("\r", "").strip())
    assert characters.prompt(own.OWN, PROSE) == "The cat sat on "
    assert characters.prompt(own.OWN, "春眠不觉晓" * 300) == "春眠"
    assert characters.prompt("verse") == characters.PROMPTS["verse"]


@pytest.mark.parametrize("params", [Lstm, transformer.Params])
def test_a_pasted_text_that_will_not_do_is_refused(params: type[Any]) -> None:
    given = {"data": own.OWN, "context": 64}
    assert params.checked({**given, "own_text": PROSE}).own_text == PROSE
    assert _code({**given, "own_text": ""}, params) == "own_stream_short"
    assert _code({**given, "own_text": PROSE, "context": 512}, params) == "own_stream_short"
    assert _code({**given, "own_text": "a" * (own.MOST + 1)}, params) == "own_too_long"
    assert params.checked({"own_text": "short"})  # not asked for, so it does not matter


@pytest.mark.parametrize(
    "given",
    ["1, 2.5, -3e2", "1 2.5 -300", "1\n2.5\n-300\n", "1;2.5;-300", "value\n1\n2.5\n-300",
     "day,note,level\n1.1.,a,1\n2.1.,b,2.5\n3.1.,c,-300", "\ufeffday\tx\nMo\t1\nTu\t2.5\nWe\t-300",
     "Mon,9,1\nTue,8,2.5\nWed,7,-300"],
)  # fmt: skip
def test_numbers_are_read_in_many_forms(given: str) -> None:
    assert own.numbers(given, least=3).tolist() == [1.0, 2.5, -300.0]


@pytest.mark.parametrize(
    ("given", "code"),
    [("", "own_numbers_none"), ("one two three", "own_numbers_none"),
     ("1, 2, x, 4", "own_numbers_none"), ("1, nan, 3", "own_numbers_none"),
     ("1, 1e99, 3", "own_numbers_none"), ("Mon,1\nTue,2,3\nWed", "own_numbers_none"),
     ("1 2", "own_numbers_short")],
)  # fmt: skip
def test_what_is_no_series_is_refused(given: str, code: str) -> None:
    with pytest.raises(CodedError, match=code):
        own.numbers(given, least=3)


def test_a_pasted_series_is_foretold_from_its_past() -> None:
    given: dict[str, Any] = {"task": "series", "series": own.OWN, "context": 12, "horizon": 6}
    params = Lstm.checked({**given, "own_numbers": MONTHS})
    found = series.series(own.OWN, params.own_numbers)
    assert found.train[:3].tolist() == [0.0, 1.0, 2.0]  # the last column
    assert len(found.held) == round(144 * series.OWN_HELD_OUT)
    past, future = series.windows(found.held, 12, 6)
    assert len(past) >= series.FEWEST_HELD and future.shape[1] == 6
    assert _code({**given, "own_numbers": MONTHS, "context": 64}) == "own_numbers_short"
    assert _code({**given, "own_numbers": "7 " * 200}) == "own_numbers_flat"
    assert _code({**given, "own_numbers": "7 " * 190 + "8 " * 10}) == "own_numbers_flat"


def test_pasted_pairs_are_split_by_their_questions() -> None:
    found = pairs.pairs(pairs.OWN_PAIRS, 1, PAIRS + "\n\n7\t49\tcredit\n")
    assert not found.by_word
    known, held = ({found.decode(row) for row in rows} for rows in
                   (found.questions, found.held_questions))  # fmt: skip
    assert len(held) == 12 and len(known) == 108 and not known & held
    for question, answer in zip(found.questions, found.answers, strict=True):
        assert int(found.decode(answer)) == int(found.decode(question)) ** 2
    assert pairs.sizes(pairs.OWN_PAIRS, 1, PAIRS).question == 3
    assert pairs.first_asked(pairs.OWN_PAIRS, PAIRS) == "0"
    told = "\n".join(f"the dog {one} runs\tder hund {one} rennt" for one in range(120))
    spoken = pairs.pairs(pairs.OWN_PAIRS, 1, told)
    assert spoken.by_word and "hund" in spoken.symbols


@pytest.mark.parametrize(
    ("given", "code"),
    [("", "own_pairs_short"), (PAIRS[:200], "own_pairs_short"), ("7\t49\n8 64", "own_pairs_line"),
     (PAIRS + "\n" + "x" * 70 + "\ty", "own_pairs_long")],
)  # fmt: skip
def test_pairs_that_will_not_do_are_refused(given: str, code: str) -> None:
    values = {"data": pairs.OWN_PAIRS, "own_pairs": given}
    assert _code(values, transformer.Params) == code


def test_the_line_that_is_wrong_is_named() -> None:
    with pytest.raises(CodedError) as caught:
        own.pairs("1\t1\n\n2 4\n")
    assert caught.value.values == {"line": 3, "given": "2 4"}


def test_the_network_for_pasted_data_can_be_drawn() -> None:
    shown = words("en", "transformer")
    for values in (
        {"data": pairs.OWN_PAIRS, "own_pairs": PAIRS},
        {"data": "own", "own_text": PROSE},
    ):
        params = transformer.Params.checked(values)
        boxes = transformer.layers(params, shown)
        assert boxes[-1].shape[-1] == transformer.sizes_of(params).symbols > 5
        assert transformer.inputs(params).knobs()
    assert np.isfinite(sum(box.weights for box in boxes))
