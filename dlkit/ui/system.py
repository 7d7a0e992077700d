"""Pieces of the system page."""

import importlib.metadata
import os
import platform
import time
from typing import Any

import streamlit as st

from dlkit.contract import Words
from dlkit.store import Store, runs, supervisors
from dlkit.ui.numbers import ago

_SILENT = 15.0
_PACKAGES = (
    "dlkit",
    "streamlit",
    "keras",
    "tensorflow",
    "plotly",
    "numpy",
    "pydantic",
    "sqlalchemy",
)


def supervisors_now(store: Store, words: Words) -> None:
    """Who trains, and how much is going on. Looks again every few seconds."""
    found = supervisors.supervisors(store)
    alive = [one for one in found if time.time() - one.heartbeat < _SILENT]
    slots = sum(int(one.info.get("slots", 0)) for one in alive)
    with st.grid(4, min_column_width=150):
        st.metric(words("system.supervisors"), len(alive), border=True)
        st.metric(words("system.slots"), slots, border=True)
        st.metric(words("state.running"), _count(store, "running"), border=True)
        st.metric(words("state.queued"), _count(store, "queued"), border=True)
    if not alive:
        st.warning(words("system.no_supervisor"), icon=":material/warning:")
    for one in alive:
        st.caption(
            words("system.supervisor", host=one.host, pid=one.pid, ago=ago(one.heartbeat, words))
        )


def devices(store: Store, words: Words) -> None:
    """What the machines that train have."""
    alive = [s for s in supervisors.supervisors(store) if time.time() - s.heartbeat < _SILENT]
    info: dict[str, Any] = alive[0].info if alive else {}
    settings = store.settings
    rows = {
        words("system.cores"): str(info.get("cores", os.cpu_count())),
        words("system.gpus"): str(info.get("gpus", 0)),
        words("system.memory"): f"{settings.memory:g} GiB",
        words("system.start"): settings.start,
    }
    st.table(rows, border="horizontal", alt=words("system.devices"))


def places(store: Store, words: Words) -> None:
    """Where the runs are kept."""
    rows = {
        words("system.home"): str(store.settings.home),
        words("system.files"): store.settings.files,
        words("system.database"): store.database.url.render_as_string(hide_password=True),
    }
    st.table(rows, border="horizontal", alt=words("system.places"))


def versions(words: Words) -> None:
    """The versions of what the results depend on."""
    rows = {"Python": platform.python_version()}
    rows |= {name: _version(name) for name in _PACKAGES}
    st.table(
        {k: v for k, v in rows.items() if v}, border="horizontal", alt=words("system.versions")
    )


def _count(store: Store, state: str) -> int:
    return runs.count(store, state=state)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
