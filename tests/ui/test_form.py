"""The form: server-side checks, presets, links, languages, and back from a run."""

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dlkit import datasets
from dlkit.store import Store, requests, runs
from dlkit.texts import words
from dlkit.ui.forms import widget_key
from tests.ui.pages import Opener, texts, widget


def knob(page: AppTest, name: str, value: object) -> AppTest:
    """Set a knob as a browser that ignores all limits could."""
    return widget(page, widget_key("fake", name)).set_value(value).run()


@pytest.fixture
def form(opener: Opener) -> AppTest:
    return opener("fake", tab="train", lang="en")


def test_value_out_of_range_is_refused_by_the_server(form: AppTest, store: Store) -> None:
    knob(form, "epochs", 10_000_000)
    problem = form.error[0]
    assert words("en", "fake")("knob.epochs.label") in problem.value
    assert "10000000" in problem.value
    assert widget(form, "train").disabled
    assert runs.count(store) == 0


def test_all_problems_are_said_at_once(form: AppTest) -> None:
    knob(form, "epochs", 0)
    knob(form, "learning_rate", 99.0)
    assert form.error[0].value.count("**") == 4


def test_train_starts_a_run_with_the_values_of_the_form(form: AppTest, store: Store) -> None:
    knob(form, "epochs", 77)
    widget(form, "train").click().run()
    assert not form.exception
    row = runs.page(store)[0]
    assert row.params["epochs"] == 77
    assert form.query_params["run"] == row.id


def test_language_switch_keeps_the_form(form: AppTest) -> None:
    knob(form, "epochs", 77)
    knob(form, "fail", "memory")
    widget(form, "language").click().run()
    assert not form.exception
    assert form.query_params["lang"] == "zh"
    assert form.title[0].value == words("zh", "fake")("name")
    assert widget(form, widget_key("fake", "epochs")).value == 77
    assert widget(form, widget_key("fake", "fail")).value == "memory"
    assert form.query_params["tab"] == "train"


def test_other_page_and_back_keeps_the_form(form: AppTest) -> None:
    knob(form, "epochs", 77)
    form._page_hash = calc_hash("system")
    form.run()
    form._page_hash = calc_hash("fake")
    form.run()
    assert widget(form, widget_key("fake", "epochs")).value == 77


def test_preset_fills_the_form(form: AppTest) -> None:
    widget(form, "preset:fake").set_value("standard").run()
    assert widget(form, widget_key("fake", "epochs")).value == 128
    assert form.query_params["preset"] == "standard"


def test_address_carries_the_form(form: AppTest, opener: Opener) -> None:
    knob(form, "epochs", 77)
    address = {k: v for k, v in form.query_params.items() if isinstance(v, str)}
    again = opener("fake", **address)
    assert widget(again, widget_key("fake", "epochs")).value == 77


def test_repeat_with_one_change_starts_from_the_run(opener: Opener, run: str) -> None:
    page = opener("fake", run=run, lang="en")
    widget(page, "again").click().run()
    assert not page.exception
    assert "run" not in page.query_params
    assert widget(page, widget_key("fake", "epochs")).value == 32


def test_run_bar_shows_the_state_of_the_store(opener: Opener, store: Store, run: str) -> None:
    page = opener("fake", run=run, lang="en")
    assert words("en")("state.queued") in texts(page)
    widget(page, "bar-stop").click().run()
    assert runs.get(store, run).wanted == "stopped"


def test_live_knob_is_asked_for_and_others_are_fixed(
    opener: Opener, store: Store, run: str
) -> None:
    page = opener("fake", run=run, lang="en")
    key = widget_key(f"live:{run}", "learning_rate")
    widget(page, key).set_value(0.5).run()
    asked = requests.pending(store, kind="knob", run_id=run)
    assert [one.body for one in asked] == [{"name": "learning_rate", "value": 0.5}]
    with pytest.raises(KeyError):
        widget(page, widget_key(f"live:{run}", "epochs"))


def test_the_form_names_the_sets_that_are_not_on_this_machine(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "is_there", lambda name: name != "cifar10")
    page, shown = opener("cnn", tab="train", lang="en"), words("en", "cnn")
    absent = shown("form.absent", sets=shown("knob.data.option.cifar10"))
    assert absent in [caption.value for caption in page.caption]
    monkeypatch.setattr(datasets, "is_there", lambda name: True)
    assert absent not in texts(opener("cnn", tab="train", lang="en"))
