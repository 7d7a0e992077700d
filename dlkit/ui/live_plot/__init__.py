"""The live charts of a run as one component: a board of panels around plotly.js.

Figures come from the signed stream; `frames` feeds the same board where it cannot be reached.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dlkit.contract import Words

LIVE = "live"
LOADER = """
let code
export default function (component) {
  code ??= import(new URL("dlkit/NAME.js", document.baseURI).href)
  let gone = false
  code.then((module) => { if (!gone) module.show(component) })
  return () => {
    gone = true
    code.then((module) => module.leave(component.parentElement))
  }
}
"""
_BOARD = st.components.v2.component(
    "dlkit_live_plot",
    html='<div class="dlkit-board" role="group"></div>',
    css=Path(__file__).with_name("board.css").read_text("utf-8"),
    js=LOADER.replace("NAME", "live_plot"),
    isolate_styles=False,
)


@dataclass(frozen=True)
class Panel:
    """One chart's place on the board: its words and its size."""

    view: str
    title: str
    help: str
    height: int
    wide: bool
    detail: bool = False
    still: bool = False


@dataclass(frozen=True)
class Source:
    """Where the figures of a run come from: its stream.

    A new `turn` (LIVE, or the attempt that ended) opens the stream again; the zoom is remembered
    by `run`.
    """

    run: str
    url: str
    turn: str


def asked(run: str) -> dict[str, Any]:
    """The place of a chart of this run that was clicked last, as the browser says it; or {}."""
    found = st.session_state.get(_key(run), {}).get("place")
    return found if isinstance(found, dict) else {}


def live_plot(
    panels: Sequence[Panel],
    words: Words,
    *,
    source: Source,
    frames: Sequence[str] | None = None,
    behind: Mapping[str, Any] | None = None,
) -> bool:
    """Show the board. Returns whether the browser said that it cannot reach the stream.

    `behind` is shown after the panel that was clicked (see `dlkit.ui.behind`).
    """
    empty = "live.empty" if source.turn == LIVE else "live.nothing"
    data = _data(panels, words, run=source.run, frames=frames, empty=empty)
    data |= {"url": source.url, "turn": source.turn, "behind": behind}
    found = _BOARD(
        key=_key(source.run), data=data, on_unreachable_change=_nothing, on_place_change=_nothing
    )
    return bool(found.get("unreachable"))


def answer_board(
    figures: Sequence[go.Figure], words: Words, *, key: str, wide: bool = False
) -> None:
    """Figures without a stream on the same board: what the playground answered."""
    panels, frames = [], []
    for number, figure in enumerate(figures):
        name = f"answer-{number}"
        title = str(figure.layout.title.text or "")
        figure.update_layout(title_text="")
        panels.append(Panel(name, title, "", int(figure.layout.height or 320), wide))
        label = json.dumps(title or words("play.answer"))
        body = f'"view":"{name}","step":0,"label":{label},"figure":{figure.to_json()}'
        frames.append("{" + body + "}")
    data = _data(panels, words, run=key, frames=frames, board="play.answer")
    _BOARD(key=f"answer-{key}", data=data)


def drawing(
    figures: Mapping[int, go.Figure], words: Words, *, key: str, title: str, label: str
) -> None:
    """One figure drawn for several widths in pixels: the widest that fits is shown.

    `label` says for screen readers what is drawn.
    """
    widths = [
        f'{{"least":{least},"figure":{figure.to_json()}}}' for least, figure in figures.items()
    ]
    body = f'"view":"{key}","step":0,"label":{json.dumps(label)},"widths":[{",".join(widths)}]'
    panel = Panel(key, title, "", 0, wide=True, still=True)
    frames = ["{" + body + "}"]
    data = _data([panel], words, run=key, frames=frames, board="architecture.title")
    _BOARD(key=f"drawing-{key}", data=data)


def _data(
    panels: Sequence[Panel],
    words: Words,
    *,
    run: str,
    frames: Sequence[str] | None,
    board: str = "live.board",
    empty: str = "live.empty",
) -> dict[str, Any]:
    return {
        "panels": [asdict(panel) for panel in panels],
        "memory": run,
        "frames": None if frames is None else list(frames),
        "words": {
            "board": words(board),
            "empty": words(empty),
            "reset": words("live.reset_zoom"),
            "save": words("live.save_picture"),
            "hint": words("live.hint"),
            "keys": words("live.keys"),
            "close": words("live.close"),
            "nothing": words("live.nothing_behind"),
        },
    }


def _key(run: str) -> str:
    return f"board-{run}"


def _nothing() -> None:
    """The board's state is read from its result; the rerun is all that is wanted."""
