"""A person's game beside that of the trained network: the same start, the same world.

The browser sends moves and gets pictures (`dlkit.ui.game_route`); Streamlit is not asked meanwhile.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import streamlit as st

from dlkit.contract import Array, Duel, Words
from dlkit.params import BaseParams
from dlkit.ui.live_plot import LOADER
from dlkit.ui.signing import Watch, address

PACES = {"slow": 6, "middle": 12, "fast": 24, "press": 0}  # moves a second; 0: each by a press
SAID = (
    "title", "help", "you", "agent", "start", "again", "pace", "ready", "wait", "moment", "ahead",
    "behind", "even", "lost",
)  # fmt: skip
_DUEL = st.components.v2.component(
    "dlkit_duel",
    html="""
<section class="dlkit-duel">
  <h3 class="dlkit-duel-title"></h3>
  <p class="dlkit-duel-help"></p>
  <div class="dlkit-duel-bar">
    <button type="button" class="dlkit-duel-start"></button>
    <label><span></span> <select></select></label>
  </div>
  <div class="dlkit-duel-stage" tabindex="0" role="group">
    <figure><figcaption></figcaption><img alt="" /><p></p></figure>
    <figure><figcaption></figcaption><img alt="" /><p></p></figure>
  </div>
  <div class="dlkit-duel-moves" role="group"></div>
  <p class="dlkit-duel-said" role="status"></p>
</section>""",
    css=Path(__file__).with_name("duel.css").read_text("utf-8"),
    js=LOADER.replace("NAME", "duel"),
    isolate_styles=False,
)


def duel(
    rules: Duel, answer: Mapping[str, Array], words: Words, *, run: str, inputs: BaseParams
) -> None:
    """The stage, with the level that `inputs` describe and the network's game on it."""
    said = {name: words(f"duel.{name}") for name in SAID}
    how = "turns" if rules.waits else ("goes_on" if rules.idle is None else "rests")
    said["help"] += " " + words(f"duel.{how}")
    paces = {words(f"duel.pace.{name}"): pace for name, pace in PACES.items()}
    data = {
        "url": address(Watch(run, words.language), door="game"),
        "words": said,
        "rules": asdict(rules),
        "paces": [] if rules.waits else list(paces.items()),
        "level": inputs.values(),
        "agent": {"moves": answer["duel"].tolist(), "brought": float(answer["duel_brought"])},
    }
    _DUEL(key=f"duel-{run}", data=data)
