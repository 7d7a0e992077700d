"""Code on screen, coloured in the theme's own tones.

`st.code` colours it in fixed tones that cannot be read well on either ground.
"""

import html
import io
import keyword
import tokenize
from collections.abc import Iterator
from pathlib import Path

import streamlit as st

from dlkit.contract import Words
from dlkit.ui.live_plot import LOADER

_CODE = st.components.v2.component(
    "dlkit_code_view",
    html='<div class="dlkit-code"><button type="button"></button><pre tabindex="0"></pre></div>',
    css=Path(__file__).with_name("code.css").read_text("utf-8"),
    js=LOADER.replace("NAME", "code_view"),
    isolate_styles=False,
)
_KINDS = {tokenize.COMMENT: "comment", tokenize.STRING: "string", tokenize.NUMBER: "number"}
_DEFINING = ("def", "class")


def code_view(source: str, words: Words, *, key: str, python: bool = True) -> None:
    """Show code with a button that copies it; Python is coloured and gets line numbers."""
    marked = "".join(_spans(source)) if python else html.escape(source)
    lines = "".join(f"<span class='dlkit-line'>{line}</span>\n" for line in marked.split("\n"))
    numbered = python and source.count("\n") > 10
    texts = {"copy": words("code.copy"), "copied": words("code.copied"), "label": words("tab.code")}
    data = {"html": lines, "source": source, "numbered": numbered, "words": texts}
    _CODE(key=f"code-{key}", data=data)


def _spans(source: str) -> Iterator[str]:
    """The source as HTML, a span around each coloured token; no span crosses a line's end."""
    lines = source.splitlines(keepends=True)
    row, column, before = 1, 0, ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.ENDMARKER:
            return
        yield html.escape(_between(lines, (row, column), token.start))
        kind = _kind(token, before)
        pieces = [html.escape(piece) for piece in token.string.split("\n")]
        yield "\n".join(f"<i class='{kind}'>{p}</i>" if kind and p else p for p in pieces)
        (row, column), before = token.end, token.string


def _kind(token: tokenize.TokenInfo, before: str) -> str:
    if token.type == tokenize.NAME:
        if keyword.iskeyword(token.string):
            return "keyword"
        return "name" if before in _DEFINING else ""
    if tokenize.tok_name[token.type].startswith("FSTRING"):
        return "string"
    return _KINDS.get(token.type, "")


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """The text between two places: blanks, and line ends behind a backslash."""
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]] if start[0] <= len(lines) else ""
    first = lines[start[0] - 1][start[1] :]
    middle = lines[start[0] : end[0] - 1]
    last = lines[end[0] - 1][: end[1]] if end[0] <= len(lines) else ""
    return "".join([first, *middle, last])
