"""Chinese in words: a text without spaces has to be cut before it can be counted."""

import functools
import importlib
import re
import warnings
from typing import Any

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


def cut(text: str) -> list[str]:
    """The words of a run of letters; one with Chinese in it is cut by jieba, by its dictionary."""
    if not HAN.search(text):
        return [text]
    return [word for word in _jieba().cut(text) if word.strip()]


@functools.cache
def _jieba() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its old ways to find its own files
        jieba = importlib.import_module("jieba")
        jieba.setLogLevel("WARNING")
        jieba.initialize()
    return jieba
