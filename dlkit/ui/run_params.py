"""The values a run was started with, and the few that may be changed while it trains."""

import streamlit as st

from dlkit import engine
from dlkit.contract import ENDED, Algorithm, CodedError, Words
from dlkit.params import BASIC, Knob, ParamsError
from dlkit.store import Store, requests
from dlkit.store.runs import RunRow
from dlkit.ui import forms


def run_params(store: Store, row: RunRow, algorithm: Algorithm, words: Words) -> None:
    """Say whose values these are, show them, and let the live ones be changed."""
    st.header(words("run.values"))
    st.caption(words("run.values.help"))
    now = current(store, row)
    knobs = algorithm.params.knobs()
    live = [knob for knob in knobs if knob.live and row.state not in ENDED]
    for knob in live:
        _live_knob(store, row, knob, words, value=now[knob.name])
    fixed = [knob for knob in knobs if knob not in live]
    _table([knob for knob in fixed if knob.group == BASIC], now, words)
    rest = [knob for knob in fixed if knob.group != BASIC]
    if rest:
        with st.expander(words("form.advanced", count=len(rest)), icon=":material/tune:"):
            _table(rest, now, words)


def current(store: Store, row: RunRow) -> dict[str, object]:
    """The run's values with the live changes that it took up."""
    changed = {name: value for _, name, value in requests.knobs_applied(store, row.id)}
    return {**row.params, **changed}


def _live_knob(store: Store, row: RunRow, knob: Knob, words: Words, *, value: object) -> None:
    owner = f"live:{row.id}"
    key = forms.widget_key(owner, knob.name)

    def changed() -> None:
        try:
            engine.set_knob(store, row.id, knob.name, st.session_state[key])
        except (CodedError, ParamsError) as error:
            st.session_state["refusal"] = (error, words)

    forms.knob_widget(knob, words, owner=owner, value=value, on_change=changed)


def _table(knobs: list[Knob], values: dict[str, object], words: Words) -> None:
    rows = {
        forms.label(knob.name, words): forms.value_text(knob, values[knob.name], words)
        for knob in knobs
    }
    st.table(rows, border="horizontal", alt=words("run.values"))
