"""Plain sentences out of the pages that Wikipedia's own dumps hold."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import IO

SHORTEST = 200  # characters of text: below, a page is a redirect or a list of links
_DROPPED = re.compile(
    r"<!--.*?-->|<(ref|math|gallery|timeline|table)\b[^<>]*?(/>|>.*?</\1\s*>)|<[^<>]*>"
    r"|\[\[(?:File|Image|Category|[a-z]{2,3}(?:-[a-z]+)*):[^\[\]]*(?:\[\[[^\[\]]*\]\][^\[\]]*)*\]\]"
    r"|\[https?:\S*|https?:\S*|__\w+__|&\w+;",
    re.DOTALL,
)
_BRACES = re.compile(r"\{\{[^{}]*\}\}|\{\|(?:(?!\{\|).)*?\|\}", re.DOTALL)
_LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]")


def articles(file: IO[bytes]) -> Iterator[str]:
    """The text of each article of a dump, without its markup; other pages are left out."""
    for _, page in ET.iterparse(file):
        if page.tag.rpartition("}")[2] != "page":
            continue
        found = {one.tag.rpartition("}")[2]: one.text or "" for one in page.iter()}
        if found.get("ns") == "0" and "redirect" not in found:
            text = plain(found["text"])
            if len(text) >= SHORTEST:
                yield text
        page.clear()


def plain(markup: str) -> str:
    """What a reader sees: no templates, tables, notes, pictures; of a link only its words."""
    text, before = _DROPPED.sub(" ", markup), ""
    while before != text:  # templates stand inside templates
        before, text = text, _BRACES.sub(" ", text)
    return _LINK.sub(r"\1", text).replace("'''", "").replace("''", "")
