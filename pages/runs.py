"""Runs: find one again, open it, go on with it, stop it, delete it."""

import streamlit as st

from dlkit.store import runs
from dlkit.ui import frame
from dlkit.ui.parts import empty
from dlkit.ui.run_list import PAGE, filters, run_rows

screen = frame.screen()
words = screen.words

st.title(words("page.runs"))
st.caption(words("runs.lead"))

chosen = filters(words)
total = runs.count(screen.store, algorithm=chosen.algorithm, state=chosen.state)
pages = max(1, -(-total // PAGE))
number = min(int(st.session_state.get("runs:page", 1)), pages)
shown = runs.page(
    screen.store,
    algorithm=chosen.algorithm,
    state=chosen.state,
    order=chosen.order,
    limit=PAGE,
    offset=PAGE * (number - 1),
)

if shown:
    st.caption(words("runs.count", count=total))
    run_rows(screen.store, shown, words)
elif chosen.narrow:
    empty("filter_alt_off", words("runs.none_fit"), words("runs.none_fit.help"))
else:
    empty("inbox", words("runs.none"), words("runs.none.help"))
if pages > 1:
    st.pagination(pages, key="runs:page")
