"""Compare: some runs in one chart, over the same clock, and what they were given differently."""

import streamlit as st

from dlkit.ui import frame
from dlkit.ui.compare import chosen, side_by_side
from dlkit.ui.parts import empty

screen = frame.screen()
words = screen.words

st.title(words("page.compare"))
st.caption(words("compare.lead"))

rows = chosen(screen.store, words)
if rows:
    side_by_side(screen.store, rows, words)
else:
    empty("compare_arrows", words("compare.none"), words("compare.none.help"))
