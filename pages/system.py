"""System: who trains, what waits, which devices and versions there are, where things are kept."""

import streamlit as st

from dlkit.ui import frame
from dlkit.ui.system import devices, places, supervisors_now, versions

screen = frame.screen()
words = screen.words

st.title(words("page.system"))
st.caption(words("system.lead"))

st.fragment(supervisors_now, run_every=5)(screen.store, words)

left, right = st.columns(2, gap="large")
with left:
    st.header(words("system.devices"))
    devices(screen.store, words)
    st.header(words("system.places"))
    places(screen.store, words)
with right:
    st.header(words("system.versions"))
    versions(words)
