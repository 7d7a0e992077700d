"""The bar at the bottom: what the run does now, and the buttons that change it.

The state shown is the store's, never the session's.
"""

import time

import streamlit as st

from dlkit import engine
from dlkit.contract import ENDED, Algorithm, CodedError, Words
from dlkit.params import BaseParams, ParamsError
from dlkit.store import Store, metrics
from dlkit.store.runs import RunRow
from dlkit.texts import words as texts_of
from dlkit.ui import forms, frame, links
from dlkit.ui.health import findings
from dlkit.ui.numbers import duration, measured
from dlkit.ui.pace import Pace
from dlkit.ui.parts import device_name, say_error, state_badge
from dlkit.ui.shortcut import shortcut

TICK = 1.0
_ICONS = {
    "pause": "pause",
    "resume": "play_arrow",
    "step_batch": "skip_next",
    "step_epoch": "fast_forward",
    "stop": "stop",
    "continue": "play_arrow",
}


def train_bar(store: Store, algorithm: Algorithm, params: BaseParams | None, words: Words) -> None:
    """The bar before a run: one button."""
    shortcut("train")
    with st.bottom, st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            words("bar.train"),
            key="train",
            type="primary",
            icon=":material/play_arrow:",
            disabled=params is None,
            on_click=train,
            args=(store, algorithm, params, words),
        )
        _race_button(store, algorithm, params, words)
        st.caption(words("bar.ready" if params is not None else "bar.not_ready"), width="stretch")
    _say_refusal()


def run_bar(store: Store, row: RunRow, algorithm: Algorithm, words: Words) -> None:
    """The bar of a run. It looks again each second while the run lives, and never after."""
    alive = row.state not in ENDED
    with st.bottom:
        st.fragment(_bar, run_every=TICK if alive else None)(store, row, algorithm, words)


def train(store: Store, algorithm: Algorithm, params: BaseParams, words: Words) -> None:
    """Start a run and show it."""
    try:
        run = engine.start(store, algorithm.name, params=params)
    except (CodedError, ParamsError) as error:
        st.session_state["refusal"] = (error, words)
        return
    links.show_in_address({"run": run, "tab": "train"})


def _race_button(
    store: Store, algorithm: Algorithm, params: BaseParams | None, words: Words
) -> None:
    """Where the params have a rival: both trained for the same time, and shown side by side."""
    rival = algorithm.rival(params) if params is not None else None
    if params is None or rival is None:
        return
    label = words("bar.race", rival=texts_of(words.language, rival)("name"))
    if not st.button(
        label, key="race", icon=":material/sports_score:", help=words("bar.race.help")
    ):
        return
    try:
        pair = engine.race(store, algorithm.name, params=params)
    except (CodedError, ParamsError) as error:
        st.session_state["refusal"] = (error, words)
        return
    query = {"runs": ",".join(pair), "lang": words.language}
    st.switch_page(frame.page("compare"), query_params=query)


def again(algorithm: Algorithm, row: RunRow) -> None:
    """Back to the form, filled with the values of this run."""
    forms.fill(algorithm, row.params)
    links.show_in_address({"tab": "train", **links.params_as_link(algorithm, row.params)})


def phase(row: RunRow) -> str:
    """What the page shows of a run: it is drawn again when this changes."""
    if row.state in ENDED:
        return f"ended {row.attempt}"
    return "waiting" if row.state in ("queued", "starting") else "live"


def _bar(store: Store, drawn: RunRow, algorithm: Algorithm, words: Words) -> None:
    try:
        row = engine.state(store, drawn.id)
    except CodedError:
        st.rerun()
    if phase(row) != phase(drawn):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        state_badge(row, words)
        if any(one.level == "warning" for one in findings(store, row, algorithm)):
            st.badge(words("bar.warning"), color="orange", icon=":material/warning:")
        _buttons(store, row, algorithm, words)
        st.caption(_latest(store, row, algorithm, words), width="stretch")
    if row.state not in ENDED:
        st.progress(_share(row), text=_progress(store, row, words))
    _say_refusal()


def _buttons(store: Store, row: RunRow, algorithm: Algorithm, words: Words) -> None:
    if row.state in ENDED:
        _again_button(algorithm, row, words)
    verbs = {
        "queued": ["stop"],
        "starting": ["stop"],
        "running": ["pause", "stop"],
        "paused": ["resume", "step_batch", "step_epoch", "stop"],
        "stopped": ["continue"],
        "failed": ["continue"],
    }.get(row.state, [])
    for verb in verbs:
        st.button(
            words(f"verb.{verb}"),
            key=f"bar-{verb}",
            icon=f":material/{_ICONS[verb]}:",
            on_click=_control,
            args=(store, row.id, verb, words),
        )


def _again_button(algorithm: Algorithm, row: RunRow, words: Words) -> None:
    asked = st.button(words("bar.again"), key="bar-again", type="primary", icon=":material/add:")
    if asked:
        again(algorithm, row)
        st.rerun()  # of the page: the bar alone would stay at this run


def _control(store: Store, run: str, verb: str, words: Words) -> None:
    try:
        engine.control(store, run, verb)
    except CodedError as error:
        st.session_state["refusal"] = (error, words)


def _say_refusal() -> None:
    said = st.session_state.pop("refusal", None)
    if said is not None:
        say_error(*said)


def _share(row: RunRow) -> float:
    return min(1.0, row.step / row.total_steps) if row.total_steps else 0.0


def _progress(store: Store, row: RunRow, words: Words) -> str:
    """One line: where the run is, and how long it will still take."""
    if row.state == "queued":
        place = engine.queue_position(store, row.id)
        return words("bar.queued", place=place or 1)
    if row.state == "starting" or not row.total_steps:
        return words("bar.starting")
    epochs = -(-row.total_steps // row.steps_per_epoch) if row.steps_per_epoch else 1
    epoch = min(epochs, row.step // row.steps_per_epoch + 1) if row.steps_per_epoch else 1
    text = words("bar.at", epoch=epoch, epochs=epochs, step=row.step, steps=row.total_steps)
    left = _pace(row).left(row)
    if left is not None and row.state == "running":
        text += " · " + words("bar.left", time=duration(left, words))
    return text + " · " + device_name(row, words)


def _pace(row: RunRow) -> Pace:
    key = f"pace:{row.id}"
    pace: Pace = st.session_state.setdefault(key, Pace())
    pace.look(row, time.monotonic())
    return pace


def _latest(store: Store, row: RunRow, algorithm: Algorithm, words: Words) -> str:
    values = metrics.last(store, [row.id]).get(row.id, {})
    first = [
        *algorithm.headline,
        *(name for name in algorithm.metrics if name not in algorithm.headline),
    ]
    parts = [
        f"{words(f'metric.{name}')} **{measured(values[name], algorithm.metrics[name])}**"
        for name in first
        if name in values
    ]
    if row.state not in ENDED:
        return " · ".join(parts[:3])
    return " · ".join([*parts[:2], words("bar.took", time=duration(row.seconds, words))])
