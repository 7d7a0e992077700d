"""A run on screen: what went wrong or well in words, its live charts, and the way back in time."""

import contextlib

import streamlit as st

from dlkit import engine
from dlkit.contract import ENDED, Algorithm, CodedError, View, Words
from dlkit.store import Store, arrays, metrics
from dlkit.store.runs import RunRow
from dlkit.ui import figures
from dlkit.ui.behind import behind
from dlkit.ui.health import findings, show_finding
from dlkit.ui.live_plot import LIVE, Panel, Source, live_plot
from dlkit.ui.parts import empty, failure
from dlkit.ui.run_bar import again
from dlkit.ui.signing import Watch, address

_WORDS_TICK, _FALLBACK_TICK = 2.0, 1.0


def run_view(store: Store, row: RunRow, algorithm: Algorithm, words: Words) -> None:
    """All of a run, top to bottom."""
    alive = row.state not in ENDED
    failure(row, words)
    st.fragment(_in_words, run_every=_WORDS_TICK if alive else None)(store, row, algorithm, words)
    if not alive and row.step == 0:
        empty("image_not_supported", words("live.nothing"), words("live.nothing.help"))
        return
    at = None if alive else _scrubber(store, row, algorithm, words)
    cut_off = st.session_state.get(_flag(row), False)
    tick = _FALLBACK_TICK if cut_off and alive else None
    st.fragment(_board, run_every=tick)(store, row, algorithm, words, at=at)


def _board(
    store: Store, row: RunRow, algorithm: Algorithm, words: Words, *, at: int | None
) -> None:
    watch = Watch(row.id, words.language, at)
    cut_off = st.session_state.get(_flag(row), False)
    frames = None
    if cut_off:
        frames = [frame.payload for frame in _shared(watch, store).frames.values()]
    views = figures.applying(algorithm, algorithm.params.checked(row.params))
    turn = str(row.attempt if row.state in ENDED else LIVE)
    unreachable = live_plot(
        [_panel(view, words) for view in views],
        words,
        source=Source(row.id, address(watch), turn),
        frames=frames,
        behind=behind(store, row, views, words, at=at),
    )
    if unreachable and not cut_off:
        st.session_state[_flag(row)] = True
        st.rerun()


def _panel(view: View, words: Words) -> Panel:
    title, help_text = words(f"view.{view.name}"), words.table.get(f"view.{view.name}.help", "")
    detail = view.detail is not None
    return Panel(view.name, title, help_text, view.height, view.wide, detail)


@st.cache_resource(ttl=0.9, max_entries=64, show_spinner=False)
def _shared(watch: Watch, _store: Store) -> figures.Picture:
    return figures.picture(_store, watch)


def _in_words(store: Store, row: RunRow, algorithm: Algorithm, words: Words) -> None:
    """What the curves say, and what happened."""
    found = findings(store, row, algorithm)
    for finding in found:
        show_finding(finding, words)
    if any(finding.level == "warning" for finding in found):
        _repair(store, row, algorithm, words)
    happened = metrics.notes(store, row.id)
    if happened:
        latest = happened[-1]
        text = words(f"note.{latest.key}", **latest.values)
        st.caption(f":material/history: {words('run.at_step', step=latest.step)} {text}")


def _repair(store: Store, row: RunRow, algorithm: Algorithm, words: Words) -> None:
    """The way from a warning to the form; a run that goes on would be in the next one's way."""
    alive = row.state not in ENDED
    label = words("run.repair" if alive else "run.again")
    if not st.button(label, key="repair", icon=":material/build:", help=words("run.again.help")):
        return
    with contextlib.suppress(CodedError):  # it has ended in the meantime
        engine.control(store, row.id, "stop")
    again(algorithm, row)
    st.rerun()


def _scrubber(store: Store, row: RunRow, algorithm: Algorithm, words: Words) -> int | None:
    """The stored moments of an ended run; None for the last one."""
    params = algorithm.params.checked(row.params)
    names = {name for view in figures.applying(algorithm, params) for name in view.arrays}
    steps = sorted({step for name in names for step in arrays.steps(store, row.id, name)})
    if len(steps) < 2:
        return None
    chosen = st.select_slider(
        words("run.scrub"),
        steps,
        value=steps[-1],
        key=f"scrub:{row.id}",
        format_func=lambda step: words("run.at_step", step=step),
        help=words("run.scrub.help"),
    )
    return None if chosen == steps[-1] else int(chosen)


def _flag(row: RunRow) -> str:
    return f"cut_off:{row.id}"
