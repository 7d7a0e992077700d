"""What lies behind a clicked place: drawn from the stored arrays, kept until the next click."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dlkit.store import Store, arrays, runs
from dlkit.ui.behind import place
from tests.ui.pages import Opener

CLICK = {"view": "table", "x": "right", "y": 0, "curve": 0, "number": [0, 2], "count": 1}


@pytest.fixture
def drawn(store: Store, run: str) -> str:
    """A running run with a line from 0 to 20."""
    row = runs.claim(store, host="here", lease=30.0)
    assert row is not None
    runs.move(store, run, row.attempt, state="running", total_steps=160, steps_per_epoch=5)
    arrays.put(store, run, row.attempt, step=5, name="line", value=np.arange(21.0))
    return run


def clicked(opener: Opener, run: str, click: Mapping[str, Any] | None) -> AppTest:
    """The page after a click, as the browser would report it."""
    page = opener("fake", run=run, lang="en")
    page.session_state[f"board-{run}"] = {"place": click}
    return page.run()


def test_click_is_answered_from_the_stored_arrays(opener: Opener, drawn: str) -> None:
    page = clicked(opener, drawn, CLICK)
    assert not page.exception
    kept = page.session_state[f"behind:{drawn}"]
    assert kept.view == "table"
    assert '"x":["right"]' in kept.frame


def test_answer_stays_until_the_next_click(opener: Opener, drawn: str, store: Store) -> None:
    page = clicked(opener, drawn, CLICK)
    first = page.session_state[f"behind:{drawn}"]
    arrays.put(store, drawn, 1, step=10, name="line", value=np.zeros(21))
    page.run()
    assert page.session_state[f"behind:{drawn}"] is first
    page.session_state[f"board-{drawn}"] = {"place": {**CLICK, "count": 2}}
    page.run()
    assert page.session_state[f"behind:{drawn}"].frame != first.frame


@pytest.mark.parametrize(
    "click",
    [
        None,
        {},
        {"view": "line", "count": 1},
        {"view": "no_such_view", "count": 1},
        {"view": ["table"], "count": 1},
        {**CLICK, "x": {"deep": 1}},
        {**CLICK, "x": "nowhere", "number": "many"},
    ],
)
def test_senseless_clicks_do_no_harm(
    opener: Opener, drawn: str, click: Mapping[str, Any] | None
) -> None:
    assert not clicked(opener, drawn, click).exception


def test_a_place_is_plain_and_short() -> None:
    found = place({**CLICK, "x": "a" * 10_000, "y": None, "number": [1, "2", 3, 4, 5], "more": 1})
    assert found == {"x": "a" * 200, "y": None, "curve": 0, "number": [1, 3]}
