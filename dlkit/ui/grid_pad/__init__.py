"""A map of letters to draw place by place, beside the text that it is kept as."""

from pathlib import Path

import streamlit as st

from dlkit.contract import Words
from dlkit.params import Knob
from dlkit.ui.live_plot import LOADER

_MOST = 400  # letters
_SAID = ("hint", "place", "letters", "rows", "columns", "more", "fewer")
_PAD = st.components.v2.component(
    "dlkit_grid_pad",
    html="""
<div class="dlkit-grid">
  <div class="dlkit-grid-letters" role="group"></div>
  <div class="dlkit-grid-places" role="group"></div>
  <div class="dlkit-grid-sizes"></div>
  <p class="dlkit-grid-hint"></p>
</div>""",
    css=Path(__file__).with_name("grid_pad.css").read_text("utf-8"),
    js=LOADER.replace("NAME", "grid_pad"),
    isolate_styles=False,
)


def grid_pad(knob: Knob, words: Words, *, text: str, target: str) -> None:
    """Show `text` as a map. What is drawn goes into the widget with the key `target`."""
    key = f"grid:{target}"

    def drawn() -> None:
        found = st.session_state.get(key, {}).get("text")
        if isinstance(found, str):
            st.session_state[target] = found[:_MOST]

    said = {name: words(f"grid_pad.{name}") for name in _SAID}
    said["label"] = words(f"knob.{knob.name}.label")
    letters = [[letter, _name(knob, letter, words)] for letter in knob.letters]
    _PAD(key=key, data={"text": text, "letters": letters, "words": said}, on_text_change=drawn)


def _name(knob: Knob, letter: str, words: Words) -> str:
    if letter.isdigit():
        return words(f"knob.{knob.name}.letter.digit", cost=f"{int(letter) / 10:g}")
    return words(f"knob.{knob.name}.letter.{letter}")
