"""A pad to draw on, or to put a picture on; gives rows of pixels after each stroke.

A picture file is decoded in the browser, so the server never opens a stranger's file.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from dlkit.contract import Words
from dlkit.ui.live_plot import LOADER

COLORS = ("white", "black", "red", "orange", "yellow", "green", "blue", "brown")
_PAD = st.components.v2.component(
    "dlkit_drawing_pad",
    html="""
<div class="dlkit-pad">
  <canvas role="img"></canvas>
  <div class="dlkit-pad-colors" role="group"></div>
  <div class="dlkit-pad-tools">
    <button type="button" class="dlkit-pad-clear"></button>
    <button type="button" class="dlkit-pad-open"></button>
    <button type="button" class="dlkit-pad-invert"></button>
  </div>
  <input type="file" accept="image/*" class="dlkit-pad-file" hidden />
  <p class="dlkit-pad-note" aria-live="polite"></p>
</div>""",
    css=Path(__file__).with_name("pad.css").read_text("utf-8"),
    js=LOADER.replace("NAME", "drawing_pad"),
    isolate_styles=False,
)


@dataclass(frozen=True)
class Example:
    """A picture to put on the pad, of the pad's shape; another `mark` is another picture."""

    mark: str
    rows: Sequence[Any]


def drawing_pad(
    label: str, words: Words, *, shape: tuple[int, ...], key: str, example: Example | None = None
) -> Any:
    """The picture as `[height][width]` values 0 to 255 or `[height][width][3]`, None before any.

    What comes back is from the browser: check it before use.
    """
    said = {name: words(f"play.pad.{name}") for name in ("clear", "open", "invert", "refused")}
    said |= {"label": label, "colors": words("play.pad.colors")}
    said["hint"] = words("play.pad.hint", height=shape[0], width=shape[1])
    colors = [words(f"color.{name}") for name in COLORS]
    data = {
        "shape": list(shape),
        "words": {**said, "color": colors},
        "picture": None if example is None else asdict(example),
    }
    found = _PAD(key=key, data=data, on_rows_change=_nothing)
    return found.get("rows")


def _nothing() -> None:
    """The drawing is read from the result; the rerun is all that is wanted."""
