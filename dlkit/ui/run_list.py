"""Runs as a list: filters, rows, and what can be done with each."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dlkit import engine
from dlkit.algorithms import catalogue
from dlkit.contract import Algorithm, CodedError, Words
from dlkit.store import Store, metrics
from dlkit.store.runs import RunRow
from dlkit.texts import words as texts_of
from dlkit.ui import forms, frame, links
from dlkit.ui.numbers import ago, duration
from dlkit.ui.parts import LOOKS, headline, say_error, state_badge

PAGE = 20
_ORDERS = ("-created", "created", "-seconds")
_ACTIONS = ("repeat", "continue", "stop", "delete")


@dataclass(frozen=True)
class Filters:
    """What of the list is wanted."""

    algorithm: str | None
    state: str | None
    order: str

    @property
    def narrow(self) -> bool:
        """Whether something is filtered out."""
        return self.algorithm is not None or self.state is not None


def filters(words: Words) -> Filters:
    """Three choices in a row."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        algorithm = st.selectbox(
            words("runs.algorithm"),
            [None, *catalogue()],
            key="runs:algorithm",
            format_func=lambda name: _name(name, words) if name else words("runs.all"),
            width=220,
        )
        state = st.selectbox(
            words("runs.state"),
            [None, *LOOKS],
            key="runs:state",
            format_func=lambda name: words(f"state.{name}") if name else words("runs.all"),
            width=220,
        )
        order = st.selectbox(
            words("runs.order"),
            _ORDERS,
            key="runs:order",
            format_func=lambda name: words(f"order.{name.replace('-', 'most_')}"),
            width=220,
        )
    return Filters(algorithm, state, order)


def run_rows(store: Store, rows: Sequence[RunRow], words: Words) -> None:
    """One line a run. Those about to be deleted are gone for who looks."""
    last = metrics.last(store, [row.id for row in rows])
    for row in (one for one in rows if one.wanted != "deleted"):
        algorithm = catalogue().get(row.algorithm)
        if algorithm is not None:
            _run_row(store, row, algorithm, words, values=last.get(row.id, {}))
    if "refusal" in st.session_state:
        say_error(*st.session_state.pop("refusal"))


def _run_row(
    store: Store, row: RunRow, algorithm: Algorithm, words: Words, *, values: dict[str, float]
) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.page_link(
            frame.page(algorithm.name),
            label=f"**{_name(algorithm.name, words)}** · {row.id[:8]}",
            icon=algorithm.icon,
            query_params={"run": row.id, "tab": "train", "lang": words.language},
        )
        state_badge(row, words)
        st.caption(_facts(row, algorithm, words, values=values), width="stretch")
        _menu(store, row, algorithm, words)


def _facts(row: RunRow, algorithm: Algorithm, words: Words, *, values: dict[str, float]) -> str:
    facts = [
        headline(algorithm, values, words.language),
        words("runs.took", time=duration(row.seconds, words)) if row.seconds else "",
        ago(row.created, words),
    ]
    return " · ".join(fact for fact in facts if fact)


def _menu(store: Store, row: RunRow, algorithm: Algorithm, words: Words) -> None:
    possible = [verb for verb in _ACTIONS if verb == "repeat" or _can(row, verb)]
    chosen = st.menu_button(
        words("runs.more"),
        possible,
        key=f"menu-{row.id}",
        format_func=lambda verb: words(f"runs.{verb}"),
        type="tertiary",
    )
    if chosen == "delete":
        _confirm(store, row, words)
    elif chosen == "repeat":
        forms.fill(algorithm, row.params)
        query = {"tab": "train", "lang": words.language}
        query |= links.params_as_link(algorithm, row.params)
        st.switch_page(frame.page(algorithm.name), query_params=query)
    elif chosen is not None:
        _do(store, row.id, chosen, words)
        st.rerun()


def _confirm(store: Store, row: RunRow, words: Words) -> None:
    """Ask once more before a run is gone for good."""

    @st.dialog(words("runs.delete_title"), icon=":material/delete:")
    def ask() -> None:
        st.markdown(words("runs.delete_text", run=row.id[:8], name=_name(row.algorithm, words)))
        with st.container(horizontal=True):
            if st.button(words("runs.delete"), key="delete:yes", type="primary"):
                _do(store, row.id, "delete", words)
                st.rerun()
            if st.button(words("runs.keep"), key="delete:no"):
                st.rerun()

    ask()


def _do(store: Store, run: str, verb: str, words: Words) -> None:
    try:
        engine.control(store, run, verb)
    except CodedError as error:
        st.session_state["refusal"] = (error, words)


def _can(row: RunRow, verb: str) -> bool:
    return row.state in engine.VERBS[verb][1]


def _name(name: str, words: Words) -> str:
    return texts_of(words.language, name)("name")
