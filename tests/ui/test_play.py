"""The playground before anybody has drawn: what it offers, from what the run keeps."""

import numpy as np
import pytest

from dlkit import engine
from dlkit.algorithms import find
from dlkit.store import Store, arrays, runs
from tests.ui.pages import Opener, widget


@pytest.fixture
def looking(store: Store) -> str:
    """A run of the CNN that has saved a first state."""
    run = engine.start(store, "cnn", params=find("cnn").tiny)
    row = runs.claim(store, host="here", lease=30.0)
    assert row is not None
    runs.move(store, run, row.attempt, state="running", total_steps=160, steps_per_epoch=5)
    arrays.put_checkpoint(store, run, row.attempt, step=1, state={"x": np.zeros(1)})
    return run


@pytest.mark.parametrize(("channels", "fits"), [(1, True), (3, False)])
def test_example_of_the_validation_set_is_put_on_the_pad(
    opener: Opener, store: Store, looking: str, channels: int, fits: bool
) -> None:
    gallery = np.full((5, 8, 8, channels), 7, np.uint8)
    arrays.put(store, looking, 1, step=1, name="gallery", value=gallery)
    page = opener("cnn", run=looking, tab="play", lang="en")
    widget(page, "example").click().run()
    assert not page.exception
    key = f"example:{looking}"
    found = page.session_state[key].rows if key in page.session_state else None
    assert found == (gallery[0, ..., 0].tolist() if fits else None)


def test_no_example_is_offered_where_none_is_kept(opener: Opener, looking: str) -> None:
    page = opener("cnn", run=looking, tab="play", lang="en")
    assert not page.exception
    with pytest.raises(KeyError):
        widget(page, "example")


def test_controls_begin_with_their_own_values(opener: Opener, store: Store) -> None:
    run = engine.start(store, "dqn", params=find("dqn").params())
    row = runs.claim(store, host="here", lease=30.0)
    assert row is not None
    runs.move(store, run, row.attempt, state="running", total_steps=160, steps_per_epoch=5)
    arrays.put_checkpoint(store, run, row.attempt, step=1, state={"x": np.zeros(1)})
    page = opener("dqn", run=run, tab="play", lang="en")
    assert not page.exception
    for name, value in (("length", 0.5), ("push", 10.0), ("across", "pole_tilt")):
        assert widget(page, f"knob:play:{run}:{name}").value == value
