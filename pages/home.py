"""Home: one button to a first trained network, the algorithms by family, and the last runs."""

import streamlit as st

from dlkit.algorithms import catalogue
from dlkit.store import runs
from dlkit.ui import frame
from dlkit.ui.home import card, first_training
from dlkit.ui.parts import empty
from dlkit.ui.resources import ASSETS
from dlkit.ui.run_list import run_rows

screen = frame.screen()
words = screen.words

lead, picture = st.columns([1.6, 1], gap="large", vertical_alignment="center")
with lead:
    st.title(words("home.title"), anchor=False)
    st.markdown(words("home.lead"))
    first_training(screen)
with picture:
    st.image(ASSETS / "hero.svg", alt=words("home.picture"))

for family, members in frame.families(list(catalogue().values())).items():
    st.header(words(f"family.{family}"))
    with st.grid(3, min_column_width=260):
        for algorithm in members:
            card(algorithm, words)

st.header(words("home.last_runs"))
last = runs.page(screen.store, limit=5)
if last:
    run_rows(screen.store, last, words)
else:
    empty("inbox", words("runs.none"), words("runs.none.help"))
