"""Texts as characters: the split, the windows, and every text that is there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlkit.contract import CodedError
from dlkit.datasets import caches, characters

EMBEDDED = [name for name in characters.TEXTS if name not in characters.CACHED]


@pytest.mark.parametrize("name", EMBEDDED)
def test_a_text_is_cut_once_near_its_end(name: str) -> None:
    text = characters.characters(name)
    whole = characters._READERS[name]()
    assert len(text.train) + len(text.held) == len(whole)
    assert len(text.held) == round(len(whole) * 0.1)
    assert text.train.dtype == text.held.dtype == np.int32
    assert text.symbols[0] == characters.SIGN and len(set(text.symbols)) == len(text.symbols)
    assert set(text.symbols[1:]) <= set(whole[: len(text.train)])
    known = [(one, two) for one, two in zip(whole, text.decode(text.train), strict=False)]
    assert np.mean([one == two for one, two in known]) > 0.999


@pytest.mark.parametrize("name", EMBEDDED)
def test_a_prompt_can_be_read(name: str) -> None:
    text = characters.characters(name)
    prompt = characters.PROMPTS[name]
    assert text.decode(text.encode(prompt)) == prompt


def test_the_vocabulary_comes_from_the_training_part_only() -> None:
    text = characters.numbered("ab" * 45 + "abzzzzzzba")
    assert text.symbols == (characters.SIGN, "a", "b")
    assert text.decode(text.held) == "ab" + characters.SIGN * 6 + "ba"
    assert text.encode("bzΩa").tolist() == [2, 0, 0, 1]
    assert len(text.encode("")) == 0


def test_a_character_seen_too_seldom_is_unknown() -> None:
    often = characters.numbered("ab" * 300_000 + "c" + "ab" * 100_000)
    assert often.symbols == (characters.SIGN, "a", "b")


def test_the_target_of_a_window_is_its_text_one_character_later() -> None:
    stream = np.arange(11, dtype=np.int32)
    x, y = characters.windows(stream, 5)
    assert x.tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]] and np.array_equal(y, x + 1)
    x, y = characters.windows(stream, 5, stride=3)
    assert x[:, 0].tolist() == [0, 3] and np.array_equal(y, x + 1)
    x, y = characters.windows(stream[:4], 64)
    assert x.tolist() == [[0, 1, 2]] and y.tolist() == [[1, 2, 3]]


def test_windows_of_the_check_share_nothing_with_those_of_the_training() -> None:
    text = characters.numbered("".join(chr(300 + number) for number in range(1000)))
    x, y = characters.windows(text.train, 64, stride=7)
    assert characters.UNKNOWN not in x and characters.UNKNOWN not in y
    x, y = characters.windows(text.held, 16)
    assert {*x.flat, *y.flat} == {characters.UNKNOWN}


@pytest.mark.parametrize("length", [1024, 512, 64, 100, 7])
def test_every_network_is_asked_the_same_characters_once(length: int) -> None:
    held = np.arange(1, 20_001, dtype=np.int32)
    x, y = characters.checks(held, length)
    asked = y[y != characters.UNKNOWN]
    stretches = characters.checks(held, characters.STRETCH)[1]
    assert x.shape == y.shape and x.shape[1] == length
    assert sorted(asked.tolist()) == sorted(stretches.ravel().tolist())
    assert stretches.size == characters.STRETCH * characters.STRETCHES
    assert np.array_equal(y[y > 0], (x + 1)[y > 0])
    assert stretches[0, 0] == 2 and stretches[-1, -1] == 20_000


def test_a_short_text_is_asked_whole() -> None:
    held = np.arange(1, 301, dtype=np.int32)
    x, y = characters.checks(held, characters.STRETCH)
    assert x.tolist() == [held[:-1].tolist()] and y.tolist() == [held[1:].tolist()]
    assert sorted(characters.checks(held, 64)[1][characters.checks(held, 64)[1] > 0]) == [
        *range(2, 301)
    ]


def test_chinese_is_there_from_the_first_start() -> None:
    text = characters.characters("verse")
    assert "，" in text.symbols and "月" in text.symbols and len(text.train) > 3000
    assert text.decode(text.train[:3]) == "静夜思"


def test_a_text_that_is_not_there_is_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(CodedError, match="not_an_option"):
        characters.characters("no such text")
    (file,) = characters.TANG.files
    gone = replace(characters.TANG, files=(replace(file, address=tmp_path.as_uri() + "/x"),))
    monkeypatch.setattr(characters, "TANG", gone)
    monkeypatch.setitem(characters.CACHED, "tang_poems", gone)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("DLKIT_DATA", raising=False)
    characters.characters.cache_clear()
    assert not characters.is_there("tang_poems") and characters.is_there("verse")
    with pytest.raises(CodedError, match="data_missing") as caught:
        characters.characters("tang_poems")
    assert caught.value.values["instead"] == "verse"


@pytest.mark.data
@pytest.mark.parametrize("name", list(characters.CACHED))
def test_a_cached_text_is_read_whole(name: str) -> None:
    if not caches.is_there(characters.CACHED[name]):
        pytest.skip(f"{name} is in none of the caches of this machine")
    text = characters.characters(name)
    prompt = characters.PROMPTS[name]
    assert text.decode(text.encode(prompt)) == prompt
    if name == "shakespeare":
        assert len(text.train) + len(text.held) == 1_115_394
