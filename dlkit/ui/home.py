"""Pieces of the home page."""

import streamlit as st

from dlkit import engine
from dlkit.algorithms import catalogue
from dlkit.contract import Algorithm, CodedError, Words
from dlkit.texts import words as texts_of
from dlkit.ui import frame
from dlkit.ui.parts import say_error


def first_training(screen: frame.Screen) -> None:
    """One button that trains the first algorithm with its quick preset and shows it."""
    algorithms = list(catalogue().values())
    if not algorithms:
        return
    first = algorithms[0]
    pressed = st.button(
        screen.words("home.start"),
        key="start",
        type="primary",
        icon=":material/play_arrow:",
    )
    st.caption(screen.words("home.start.help"))
    if not pressed:
        return
    params = next(iter(first.presets.values()))
    try:
        run = engine.start(screen.store, first.name, params=params)
    except CodedError as error:
        say_error(error, screen.words)
        return
    query = {"run": run, "tab": "train", "lang": screen.language}
    st.switch_page(frame.page(first.name), query_params=query)


def card(algorithm: Algorithm, shown: Words) -> None:
    """One algorithm: what it is, who thought of it, and the way in."""
    words = texts_of(shown.language, algorithm.name)
    paper = algorithm.paper
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.markdown(f"**{algorithm.icon} {words('name')}**")
        st.markdown(words("tagline"))
        st.caption(f"{paper.authors}, {paper.year}")
        with st.container(horizontal=True):
            st.page_link(
                frame.page(algorithm.name),
                label=words("home.open"),
                icon=":material/arrow_forward:",
                query_params={"lang": shown.language},
            )
