"""Words and chapters: equal trees, known languages, formulas that close."""

import pytest

from dlkit.algorithms import catalogue
from dlkit.contract import CodedError
from dlkit.texts import HEADINGS, LANGUAGES, chapter, words


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(CodedError, match="language_unknown"):
        words("fr")


def test_shared_words_have_the_same_keys() -> None:
    english, chinese = (words(language).table for language in LANGUAGES)
    assert set(english) == set(chinese)


def test_a_word_without_a_text_is_an_error_and_gaps_are_filled() -> None:
    said = words("en")
    with pytest.raises(KeyError):
        said("no.such.key")
    assert "5" in said("error.out_of_range", given=5, low=1, high=4)


def test_an_algorithms_own_words_go_over_the_shared_ones() -> None:
    assert words("en", "dnn")("preset.quick.help") != words("en", "cnn")("preset.quick.help")
    assert words("zh", "dnn")("name") == "深度神经网络"


@pytest.mark.parametrize("name", list(catalogue()))
@pytest.mark.parametrize("language", LANGUAGES)
def test_chapters_are_whole(language: str, name: str) -> None:
    for heading, text in chapter(language, name).items():
        assert text.count("$") % 2 == 0, heading
        assert text.count("**") % 2 == 0, heading
    sections = chapter(language, name)
    assert sections["try_this"].count("\n2. ") == sections["try_this"].count("\n3. ") == 1
    assert sections["sources"].count("](https://") >= 5


@pytest.mark.parametrize("name", list(catalogue()))
def test_both_chapters_say_as_much(name: str) -> None:
    english, chinese = (chapter(language, name) for language in LANGUAGES)
    for heading in HEADINGS:
        for mark in ("\n- ", "$$", "](https://"):
            same = english[heading].count(mark) == chinese[heading].count(mark)
            assert same, (heading, mark)
    cited = {part.split(")")[0] for part in english["sources"].split("](")[1:]}
    assert cited == {part.split(")")[0] for part in chinese["sources"].split("](")[1:]}
