"""The network that params make, drawn for every width of screen."""

from typing import Any

import streamlit as st

from dlkit.contract import Algorithm, Words
from dlkit.ui.live_plot import drawing
from dlkit.views.architecture import COLUMN, spoken, stack, total

_COLUMNS = (2, 3, 5, 8)


def architecture(algorithm: Algorithm, params: Any, words: Words, *, key: str) -> None:
    """Draw the layers of the network; nothing where an algorithm does not list them."""
    layers = algorithm.layers(params, words)
    if not layers:
        return
    st.header(words("architecture.title"), help=words("architecture.help"))
    few = sorted({min(columns, len(layers)) for columns in _COLUMNS})
    drawing(
        {columns * COLUMN: stack(layers, words, columns=columns) for columns in few},
        words,
        key=f"{key}-{algorithm.name}",
        title=words("architecture.total", count=f"{total(layers):,}"),
        label=spoken(layers, words),
    )
