"""Play with a trained network: its controls, the question to the engine, and the answer drawn.

The latest checkpoint answers, also while the training goes on.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dlkit import engine
from dlkit.contract import ENDED, Algorithm, Array, CodedError, Words
from dlkit.params import BaseParams, Knob, ParamsError
from dlkit.store import Store, arrays
from dlkit.store.runs import RunRow
from dlkit.ui import forms
from dlkit.ui.drawing_pad import Example, drawing_pad
from dlkit.ui.duel import duel
from dlkit.ui.live_plot import answer_board
from dlkit.ui.parts import empty, say_error

GALLERY = "gallery"  # [K, H, W, channels]: pictures of the validation set
_BRIEF, _FAST, _SLOW = 0.09, 0.25, 2.0


@dataclass
class Talk:
    """The conversation of one session with one run."""

    asked: tuple[BaseParams, int] | None = None
    request: int | None = None
    answer: Mapping[str, Array] | None = None
    answered: BaseParams | None = None
    error: CodedError | None = None


def playground(store: Store, row: RunRow | None, algorithm: Algorithm, words: Words) -> None:
    """The playground of a run, or what is missing for it."""
    if row is None:
        empty("sports_esports", words("play.no_run"), words("play.no_run.help"))
        return
    alive = row.state not in ENDED
    talk = _talk(row)
    tick = _FAST if talk.request is not None else (_SLOW if alive else None)
    st.fragment(_play, run_every=tick)(store, row, algorithm, words)


def _play(store: Store, row: RunRow, algorithm: Algorithm, words: Words) -> None:
    step = arrays.checkpoint_step(store, row.id)
    if step is None:
        empty("hourglass_top", words("play.not_yet"), words("play.not_yet.help"))
        return
    params = algorithm.params.checked(row.params)
    inputs = algorithm.inputs(params)
    controls, answer = st.columns([1, 1.6], gap="large")
    with controls:
        st.caption(words("play.from_step", step=step))
        values = {knob.name: _control(store, knob, row, words) for knob in inputs.knobs()}
    with answer:
        question = _checked(inputs, values, words)
        if question is None:
            return
        _ask(store, row, question, step=step)
        _show(_talk(row), row, algorithm, params, words=words)


def _control(store: Store, knob: Knob, row: RunRow, words: Words) -> Any:
    owner = f"play:{row.id}"
    if knob.kind != "drawing" or knob.shape is None:
        return forms.knob_widget(knob, words, owner=owner, value=knob.default, space="input")
    label = words(f"input.{knob.name}.label")
    st.markdown(f"**{label}**")
    pad, key = st.container(), forms.widget_key(owner, knob.name)
    example = _example(store, row, knob.shape, words)
    with pad:
        drawn = drawing_pad(label, words, shape=knob.shape, key=key, example=example)
    return drawn or knob.default


def _example(store: Store, row: RunRow, shape: tuple[int, ...], words: Words) -> Example | None:
    """A picture of the run's own validation set, where it keeps them and one was asked for."""
    if not arrays.newest(store, row.id, [GALLERY]):
        return None
    kept = f"example:{row.id}"
    asked = st.button(
        words("play.example"),
        key="example",
        icon=":material/shuffle:",
        help=words("play.example.help"),
    )
    gallery = arrays.load(store, row.id, GALLERY) if asked else None
    if gallery is not None and gallery.value.shape[3:] == (shape[2:] or (1,)):
        number = secrets.randbelow(len(gallery.value))
        picture = gallery.value[number]
        rows = picture[..., 0] if picture.shape[2] == 1 else picture
        st.session_state[kept] = Example(secrets.token_hex(4), rows.tolist())
    found: Example | None = st.session_state.get(kept)
    return found


def _checked(inputs: type[BaseParams], values: dict[str, Any], words: Words) -> BaseParams | None:
    try:
        return inputs.checked(values)
    except ParamsError as error:
        forms.say_problems(error.problems, words)
        return None


def _ask(store: Store, row: RunRow, question: BaseParams, *, step: int) -> None:
    """Ask if the question or the checkpoint is new; then wait for a moment, not longer."""
    talk = _talk(row)
    if talk.request is None and talk.asked != (question, step):
        talk.asked = (question, step)
        try:
            talk.request = engine.ask(store, row.id, question.values())
        except CodedError as error:
            talk.error = error
    until = time.monotonic() + _BRIEF
    while talk.request is not None and time.monotonic() < until:
        _hear(store, talk)
        if talk.request is not None:
            time.sleep(0.015)


def _hear(store: Store, talk: Talk) -> None:
    if talk.request is None:
        return
    try:
        answer = engine.answered(store, talk.request)
    except CodedError as error:
        talk.error, talk.request = error, None
        return
    if answer is not None:
        talk.answer, talk.error, talk.request = answer, None, None
        talk.answered = talk.asked[0] if talk.asked else None


def _show(
    talk: Talk, row: RunRow, algorithm: Algorithm, params: BaseParams, *, words: Words
) -> None:
    waiting = f"waiting:{row.id}"
    if (talk.request is not None) != st.session_state.get(waiting, False):
        st.session_state[waiting] = talk.request is not None
        st.rerun()
    if talk.error is not None:
        say_error(talk.error, words)
    if talk.answer is None:
        st.caption(words("play.thinking"))
        return
    figures = algorithm.answer(talk.answer, params, words)
    answer_board(figures, words, key=row.id)
    if algorithm.duel is not None and talk.answered is not None:
        rules = algorithm.duel(params, words)
        duel(rules, talk.answer, words, run=row.id, inputs=talk.answered)


def _talk(row: RunRow) -> Talk:
    found: Talk = st.session_state.setdefault(f"talk:{row.id}", Talk())
    return found
