"""A pad to draw on with mouse, finger or pen; gives rows of grey values after each stroke."""

from pathlib import Path
from typing import Any

import streamlit as st

from dlkit.contract import Words
from dlkit.ui.live_plot import LOADER

_PAD = st.components.v2.component(
    "dlkit_drawing_pad",
    html='<div class="dlkit-pad"><canvas role="img"></canvas><button type="button"></button></div>',
    css=Path(__file__).with_name("pad.css").read_text("utf-8"),
    js=LOADER.replace("NAME", "drawing_pad"),
    isolate_styles=False,
)


def drawing_pad(label: str, words: Words, *, shape: tuple[int, ...], key: str) -> Any:
    """The drawing as `[height][width]` grey values 0 to 255, None before the first stroke.

    What comes back is from the browser: check it before use.
    """
    data = {"shape": list(shape), "words": {"label": label, "clear": words("play.clear")}}
    found = _PAD(key=key, data=data, on_rows_change=_nothing)
    return found.get("rows")


def _nothing() -> None:
    """The drawing is read from the result; the rerun is all that is wanted."""
