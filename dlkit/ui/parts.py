"""Small pieces that several screens share."""

from collections.abc import Mapping
from typing import Any, Literal

import streamlit as st

from dlkit.contract import Algorithm, CodedError, Words
from dlkit.params import ParamsError
from dlkit.store.runs import RunRow
from dlkit.texts import words as texts_of
from dlkit.ui.code_view import code_view
from dlkit.ui.forms import problem_text
from dlkit.ui.numbers import measured

Color = Literal["gray", "blue", "green", "orange", "red", "violet"]
LOOKS: Mapping[str, tuple[Color, str]] = {
    "queued": ("gray", ":material/hourglass_empty:"),
    "starting": ("blue", ":material/rocket_launch:"),
    "running": ("blue", ":material/play_arrow:"),
    "paused": ("orange", ":material/pause:"),
    "finished": ("green", ":material/check:"),
    "stopped": ("gray", ":material/stop:"),
    "failed": ("red", ":material/error:"),
}
_CHANGING = {
    ("queued", "stopped"): "stopping",
    ("queued", "paused"): "pausing",
    ("running", "paused"): "pausing",
    ("running", "stopped"): "stopping",
    ("paused", "stopped"): "stopping",
    ("starting", "stopped"): "stopping",
    ("paused", "running"): "resuming",
}


def state_key(row: RunRow) -> str:
    """The state's text key: the state itself, or where it is going."""
    return _CHANGING.get((row.state, row.wanted), row.state)


def state_badge(row: RunRow, words: Words) -> None:
    """The run's state as the store has it."""
    color, icon = LOOKS[row.state]
    st.badge(words(f"state.{state_key(row)}"), color=color, icon=icon)


def coded_text(error: CodedError | Mapping[str, Any], words: Words) -> str:
    """A coded error in words."""
    if isinstance(error, CodedError):
        return words(f"error.{error.code}", **_in_words(error.values, words))
    return words(f"error.{error['code']}", **_in_words(error.get("values", {}), words))


def say_error(error: CodedError | ParamsError, words: Words) -> None:
    """A refusal, in words, where the person looks."""
    if isinstance(error, ParamsError):
        text = "\n\n".join(problem_text(one, words) for one in error.problems)
    else:
        text = coded_text(error, words)
    st.error(text, icon=":material/error:")


def failure(row: RunRow, words: Words) -> None:
    """Why a run failed: first for everybody, then the details for who can use them."""
    if row.error is None:
        return
    st.error(coded_text(row.error, words), title=words("run.failed"), icon=":material/error:")
    trace = row.error.get("trace")
    if trace:
        with st.expander(words("run.details"), icon=":material/bug_report:"):
            code_view(trace, words, key=f"trace-{row.id}", python=False)


def empty(icon: str, title: str, text: str) -> None:
    """A place where nothing is yet, with what to do about it."""
    with st.container(border=True, horizontal_alignment="center", gap="xsmall"):
        st.space("small")
        st.markdown(f"## :gray[:material/{icon}:]", width="content")
        st.markdown(f"**{title}**", text_alignment="center", width="content")
        st.caption(text, text_alignment="center", width="content")
        st.space("small")


def headline(algorithm: Algorithm, values: Mapping[str, float], language: str) -> str:
    """The metric by which runs of this algorithm are compared, with its latest value."""
    name = algorithm.headline_of(values)
    if name is None:
        return ""
    value = measured(values[name], algorithm.metrics[name])
    return f"{texts_of(language, algorithm.name)(f'metric.{name}')} {value}"


def device_name(row: RunRow, words: Words) -> str:
    """The device the run trains on."""
    return row.device or words("run.no_device")


def _in_words(values: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """States and verbs by their names on screen instead of their codes."""
    return {
        name: words.table.get(f"{name}.{value}", value) if name in ("state", "verb") else value
        for name, value in values.items()
    }
