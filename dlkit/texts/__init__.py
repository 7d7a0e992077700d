"""Every word on screen, by key and language, and the chapters of the Learn tab.

`<language>/*.toml` hold what all algorithms share; `<language>/<algorithm>.md` holds an algorithm's
own words (TOML between two lines `+++`), then its chapter under eight fixed headings.
"""

import functools
import importlib.util
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dlkit.contract import CodedError, Words

LANGUAGES = ("en", "zh")
HEADINGS = (
    "background",
    "how_it_works",
    "how_it_learns",
    "strengths_and_limits",
    "where_it_is_used",
    "reading_the_charts",
    "try_this",
    "sources",
)
FENCE = "+++"


@functools.cache
def words(language: str, algorithm: str | None = None) -> Words:
    """The words of all pages, and those of one algorithm over them."""
    table = dict(_shared(_known(language)))
    if algorithm is not None:
        table |= _flat(tomllib.loads(_parts(language, algorithm)[0]))
    return Words(language, MappingProxyType(table))


@functools.cache
def chapter(language: str, algorithm: str) -> Mapping[str, str]:
    """What the Learn tab shows: heading key -> Markdown, in the order of `HEADINGS`."""
    sections = ("\n" + _parts(_known(language), algorithm)[1]).split("\n## ")[1:]
    bodies = [section.partition("\n")[2].strip() for section in sections]
    return MappingProxyType(dict(zip(HEADINGS, bodies, strict=True)))


@functools.cache
def headings(language: str, algorithm: str) -> tuple[str, ...]:
    """The headings as they stand in the chapter."""
    sections = ("\n" + _parts(_known(language), algorithm)[1]).split("\n## ")[1:]
    return tuple(section.partition("\n")[0].strip() for section in sections)


def _known(language: str) -> str:
    if language not in LANGUAGES:
        raise CodedError("language_unknown", given=language, allowed=", ".join(LANGUAGES))
    return language


@functools.cache
def _shared(language: str) -> Mapping[str, str]:
    table: dict[str, str] = {}
    for path in sorted((Path(__file__).parent / language).glob("*.toml")):
        prefix = "error." if path.stem == "errors" else ""
        table |= _flat(tomllib.loads(path.read_text("utf-8")), prefix)
    return table


def _parts(language: str, algorithm: str) -> tuple[str, str]:
    """Front matter and chapter of an algorithm's text."""
    _, front, body = _path(language, algorithm).read_text("utf-8").split(f"{FENCE}\n", 2)
    return front, body


def _path(language: str, algorithm: str) -> Path:
    """Our own folder, or for an extra algorithm (see `dlkit.algorithms`) the folder it lives in."""
    own = Path(__file__).parent / language / f"{algorithm}.md"
    if own.exists():
        return own
    for package in filter(None, os.environ.get("DLKIT_EXTRA_ALGORITHMS", "").split(",")):
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            found = Path(folder) / algorithm / f"{language}.md"
            if found.exists():
                return found
    raise CodedError("algorithm_unknown", given=algorithm, allowed="")


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested tables as one, keys joined by dots."""
    table: dict[str, str] = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        table |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {name: str(value)}
    return table
