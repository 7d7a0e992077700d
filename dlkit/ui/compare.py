"""Runs side by side: which ones, their curves in one chart, what was set differently for each."""

from collections.abc import Sequence

import streamlit as st

from dlkit import engine
from dlkit.algorithms import find
from dlkit.contract import ENDED, Algorithm, CodedError, RunData, Words
from dlkit.store import Store, runs
from dlkit.store.runs import RunRow
from dlkit.texts import words as texts_of
from dlkit.ui import forms, frame, links
from dlkit.ui.live_plot import answer_board
from dlkit.ui.parts import failure, say_error, state_badge
from dlkit.views import compare

MOST = 6
OFFERED = 50
_TICK = 1.0


def chosen(store: Store, words: Words) -> list[RunRow]:
    """The runs that the address names; a choice of the latest ones changes it."""
    try:
        rows = links.runs_in_link(store, most=MOST)
    except CodedError as error:
        say_error(error, words)
        rows = []
    latest = {row.id: row for row in [*runs.page(store, limit=OFFERED), *rows]}
    if not latest:  # an empty choice would be a grey one
        return []
    picked = st.multiselect(
        words("compare.choose"),
        list(latest),
        default=[row.id for row in rows],
        max_selections=MOST,
        key=f"compare:{','.join(row.id for row in rows)}",
        format_func=lambda run: name(latest[run], words),
    )
    links.show_in_address({"runs": ",".join(picked)} if picked else {})
    return [latest[run] for run in picked]


def side_by_side(store: Store, rows: Sequence[RunRow], words: Words) -> None:
    """All of it; looked at again each second while one of the runs lives."""
    alive = any(row.state not in ENDED for row in rows)
    st.fragment(_board, run_every=_TICK if alive else None)(store, rows, words)
    _differences(rows, words)


def name(row: RunRow, words: Words) -> str:
    """The algorithm and the first digits of the run."""
    return f"{texts_of(words.language, row.algorithm)('name')} · {row.id[:8]}"


def is_race(rows: Sequence[RunRow]) -> bool:
    """Whether each run is the rival of the other, on the same data."""
    if len(rows) != 2:
        return False
    if any(rows[0].params.get(name) != rows[1].params.get(name) for name in engine.IN_COMMON):
        return False
    first, second = (find(row.algorithm) for row in rows)
    return first.rival(first.params.checked(rows[0].params)) == second.name


def _board(store: Store, drawn: Sequence[RunRow], words: Words) -> None:
    try:
        rows = [engine.state(store, row.id) for row in drawn]
    except CodedError:  # deleted in the meantime
        st.rerun()
    if [row.state in ENDED for row in rows] != [row.state in ENDED for row in drawn]:
        st.rerun()
    for row in rows:
        _line(row, words)
    found = [(_short(row, rows, words), engine.read(store, row.id)) for row in rows]
    metric = _metric([find(row.algorithm) for row in rows], [data for _, data in found])
    race = is_race(rows)
    shown = texts_of(words.language, rows[0].algorithm)
    up = words("compare.race_axis") if race else shown(f"metric.{metric}")
    figure = compare.curves(found, metric, words, up=up)
    figure.update_layout(title_text=words("compare.race") if race else up, height=460)
    answer_board([figure], words, key=f"compare-{'-'.join(row.id for row in rows)}", wide=True)
    same = compare.at_the_same_second(found, metric)
    if same is not None:
        values = [f"{one} **{value:.3f}**" for (one, _), value in zip(found, same[1], strict=True)]
        st.markdown(words("compare.at", seconds=f"{same[0]:.0f}", values=" · ".join(values)))
    if race:
        st.caption(words("compare.race.help"))


def _line(row: RunRow, words: Words) -> None:
    """A run by its name, which leads to it, and its state."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            frame.page(row.algorithm),
            label=f"**{name(row, words)}**",
            icon=find(row.algorithm).icon,
            query_params={"run": row.id, "tab": "train", "lang": words.language},
        )
        state_badge(row, words)
    failure(row, words)


def _short(row: RunRow, rows: Sequence[RunRow], words: Words) -> str:
    """The algorithm's name alone where it tells the runs apart."""
    alone = sum(one.algorithm == row.algorithm for one in rows) == 1
    return texts_of(words.language, row.algorithm)("name") if alone else name(row, words)


def _metric(algorithms: Sequence[Algorithm], data: Sequence[RunData]) -> str:
    """The headline by which all runs that have begun can be compared; else the loss."""
    begun = [set(one.metrics) for one in data if one.metrics]
    common = set.intersection(*begun) if begun else set()
    known = [one for one in algorithms[0].headline if one in common]
    return known[0] if known else "val_loss"


def _differences(rows: Sequence[RunRow], words: Words) -> None:
    """The settings that all runs have and that are not alike."""
    names = [_short(row, rows, words) for row in rows]
    kinds = [find(row.algorithm).params.knobs() for row in rows]
    shared = [one for one in kinds[0] if all(one.name in {k.name for k in ks} for ks in kinds)]
    table: dict[str, list[str]] = {}
    for knob in shared:
        values = [row.params.get(knob.name) for row in rows]
        if any(value != values[0] for value in values):
            own = texts_of(words.language, rows[0].algorithm)
            table[forms.label(knob.name, own)] = [
                forms.value_text(knob, value, texts_of(words.language, row.algorithm))
                for row, value in zip(rows, values, strict=True)
            ]
    st.header(words("compare.differences"))
    if not table or len(rows) < 2:
        st.caption(words("compare.no_differences"))
        return
    labels = {words("compare.setting"): list(table)}
    columns = {name: [row[place] for row in table.values()] for place, name in enumerate(names)}
    st.table({**labels, **columns}, border="horizontal", alt=words("compare.differences"))
