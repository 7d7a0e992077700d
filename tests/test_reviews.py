"""Reviews: made by rule, or found in caches; words in numbers, the end of long ones."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlkit.algorithms.lstm.spec import PROBE, WORDS
from dlkit.contract import CodedError
from dlkit.datasets import reviews

OPINION = re.compile(r"(although )?(?:the \w+ was|i found the \w+) (?:(not|never|hardly) )?(\w+)")


def test_made_reviews_mean_what_they_are_said_to_mean() -> None:
    found = reviews.reviews("made_reviews", 1, 64)
    assert len(found.x_train) == reviews.MADE and len(found.x_val) == reviews.HELD_MADE
    assert len(found.words) == WORDS["made_reviews"]
    assert 0.4 < found.y_train.mean() < 0.6 and found.x_train.dtype == np.int32
    for row, praises in zip(found.x_val[:200], found.y_val[:200, 0], strict=True):
        said = [found.words[number] for number in row if number != reviews.PADDING]
        opinions = OPINION.findall(" ".join(said))
        assert 1 <= len(opinions) <= 4
        for conceded, turned, word in opinions:
            assert ((word in reviews._WORDS[1]) != bool(turned)) == (
                bool(praises) != bool(conceded)
            )


def test_no_held_out_review_is_learned() -> None:
    found = reviews.reviews("made_reviews", 1, 64)
    assert not {one.tobytes() for one in found.x_val} & {one.tobytes() for one in found.x_train}
    other = reviews.reviews("made_reviews", 2, 64)
    assert not np.array_equal(found.x_val, other.x_val)


def test_a_row_ends_with_the_last_word_and_keeps_the_end() -> None:
    found = reviews.reviews("made_reviews", 1, 5)
    row = found.encode("The Music was, Zounds! not dull")
    said = [found.words[number] for number in row[0]]
    assert said == ["music", "was", reviews.SIGN, "not", "dull"]
    assert found.encode("dull")[0, :4].tolist() == [reviews.PADDING] * 4
    assert reviews.parts("It’s 10 of 10 — I'd go!") == ["it's", "10", "of", "10", "i'd", "go"]
    assert all(word in found.numbers for word in PROBE.split())
    with pytest.raises(CodedError, match="no_words"):
        found.encode("?!")


def test_reviews_that_are_not_there_say_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(CodedError, match="not_an_option"):
        reviews.reviews("no such reviews", 1, 8)
    files = tuple(replace(one, address=tmp_path.as_uri() + "/x") for one in reviews.IMDB.files)
    gone = replace(reviews.IMDB, files=files)
    monkeypatch.setattr(reviews, "IMDB", gone)
    monkeypatch.setitem(reviews.CACHED, "imdb", gone)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("DLKIT_DATA", raising=False)
    assert not reviews.is_there("imdb") and reviews.is_there("made_reviews")
    with pytest.raises(CodedError, match="data_missing") as caught:
        reviews.reviews("imdb", 1, 8)
    assert caught.value.values["instead"] == "made_reviews"


@pytest.mark.data
@pytest.mark.parametrize(("name", "learned", "held"), [("imdb", 25_000, 25_000),
                                                       ("movie_reviews", 1800, 200)])  # fmt: skip
def test_cached_reviews_are_whole_and_balanced(name: str, learned: int, held: int) -> None:
    if not reviews.is_there(name):
        pytest.skip(f"{name} is in none of the caches of this machine")
    found = reviews.reviews(name, 1, 100)
    assert found.x_train.shape == (learned, 100) and found.x_val.shape == (held, 100)
    assert found.y_train.mean() == found.y_val.mean() == 0.5
    assert len(found.words) == WORDS[name] and found.x_train.max() < WORDS[name]
    assert (found.x_train == reviews.UNKNOWN).mean() < 0.06
    praised = found.x_train[found.y_train[:, 0] == 1]
    damned = found.x_train[found.y_train[:, 0] == 0]
    for word, more in (("wonderful", praised), ("worst", damned)):
        less = damned if more is praised else praised
        number = found.numbers[word]
        assert (more == number).sum() > 2 * (less == number).sum()
