"""Health checks on screen: what was found in a run's curves, the gravest first, what to try."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dlkit import engine
from dlkit.contract import Algorithm, Finding, RunData, Words
from dlkit.store import Store
from dlkit.store.runs import RunRow

_LOOKS: Mapping[str, tuple[Callable[..., Any], str]] = {
    "warning": (st.warning, ":material/warning:"),
    "hint": (st.info, ":material/lightbulb:"),
    "good": (st.success, ":material/check_circle:"),
}
_OFTEN = 1.8


@dataclass
class _Look:
    """What the checks last looked at, shared by all sessions."""

    data: RunData | None = None
    when: float = 0.0


def findings(store: Store, row: RunRow, algorithm: Algorithm) -> list[Finding]:
    """What the health checks say of a run, the gravest first."""
    look = _look(row.id, algorithm.consulted)
    old = look.data is None or look.data.state != row.state
    if old or time.monotonic() - look.when > _OFTEN:
        look.data = engine.read(store, row.id, arrays=algorithm.consulted, before=look.data)
        look.when = time.monotonic()
    found = [] if look.data is None else algorithm.checks(look.data)
    ranks = list(_LOOKS)
    return sorted(found, key=lambda one: ranks.index(one.level))


def show_finding(finding: Finding, words: Words) -> None:
    """What was found, and what to try."""
    show, icon = _LOOKS[finding.level]
    title = words(f"finding.{finding.key}", **finding.values)
    advice = f"finding.{finding.key}.try"
    show(words(advice, **finding.values) if advice in words.table else "", title=title, icon=icon)


@st.cache_resource(max_entries=64, show_spinner=False)
def _look(run: str, arrays: tuple[str, ...]) -> _Look:
    return _Look()
