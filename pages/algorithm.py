"""One algorithm: learn how it works, train it, play with it, read its code."""

import streamlit as st

from dlkit.algorithms import find
from dlkit.texts import words as texts_of
from dlkit.ui import frame
from dlkit.ui.chapter import code_tab, heading, learn_tab
from dlkit.ui.playground import playground
from dlkit.ui.run_bar import run_bar, train_bar
from dlkit.ui.tabs import tabs
from dlkit.ui.training import run_here, train_tab

screen = frame.screen()
algorithm = find(screen.name)
words = texts_of(screen.language, algorithm.name)

heading(algorithm, words)
run = run_here(screen.store, algorithm, words)
first = "train" if run or "preset" in st.query_params else "learn"
boxes = tabs(["learn", "train", "play", "code"], words, space=algorithm.name, first=first)

params = None
if boxes["learn"].open:
    with boxes["learn"]:
        learn_tab(algorithm, words)
if boxes["train"].open:
    with boxes["train"]:
        params = train_tab(screen.store, algorithm, words, run=run)
if boxes["play"].open:
    with boxes["play"]:
        playground(screen.store, run, algorithm, words)
if boxes["code"].open:
    with boxes["code"]:
        code_tab(algorithm, words, run=run)

if run is not None:
    run_bar(screen.store, run, algorithm, words)
elif boxes["train"].open:
    train_bar(screen.store, algorithm, params, words)
