"""What lies behind a place of a chart that somebody clicked: drawn once, beside the chart.

What the browser says of the place is not trusted; the view's `detail` accepts any place.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dlkit import engine
from dlkit.contract import View, Words
from dlkit.store import Store
from dlkit.store.runs import RunRow
from dlkit.ui.live_plot import asked

_LONGEST = 200
_HEIGHT = 240
_MOST_NUMBERS = 3


@dataclass(frozen=True)
class Behind:
    """The figure to show after the panel of `view`; another `mark` is another figure."""

    mark: str
    view: str
    title: str
    height: int
    frame: str


def behind(
    store: Store, row: RunRow, views: Sequence[View], words: Words, *, at: int | None
) -> dict[str, Any] | None:
    """The answer to the last click on the run's board, None where there is none.

    It is drawn from the arrays as they were at the click, or at step `at`, and then kept.
    """
    click = asked(row.id)
    view = next((one for one in views if one.name == click.get("view")), None)
    if view is None or view.detail is None:
        return None
    mark = f"{click.get('count')}-{at}-{words.language}"[:_LONGEST]
    key = f"behind:{row.id}"
    kept: Behind | None = st.session_state.get(key)
    if kept is None or kept.mark != mark:
        data = engine.read(store, row.id, at=at, arrays=(*view.arrays, *view.behind))
        figure = view.detail(data, words, place(click))
        kept = st.session_state[key] = _framed(figure, view, words, mark=mark)
    return asdict(kept)


def place(click: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a click that a view's `detail` may look at, of plain types and short."""
    number = click.get("number")
    if isinstance(number, list):
        number = [one for one in number[:_MOST_NUMBERS] if isinstance(one, int)]
    found = {"x": click.get("x"), "y": click.get("y"), "curve": click.get("curve")}
    plain = {key: _plain(value) for key, value in found.items()}
    return {**plain, "number": number if isinstance(number, list) else _plain(number)}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_LONGEST]
    return value if isinstance(value, int | float) else None


def _framed(figure: go.Figure, view: View, words: Words, *, mark: str) -> Behind:
    title = words("live.behind", view=words(f"view.{view.name}"))
    label = json.dumps(str(figure.layout.title.text or title))
    figure.update_layout(title_text="")
    frame = f'{{"step":0,"label":{label},"figure":{figure.to_json()}}}'
    return Behind(mark, view.name, title, int(figure.layout.height or _HEIGHT), frame)
