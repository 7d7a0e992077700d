"""Looking closer: behind a place of a chart, at the network's drawing, at pictures of one's own."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from dlkit import engine
from dlkit.algorithms import find
from dlkit.texts import words
from tests.browser.acts import drawn, settled, visit, wait_for_state
from tests.browser.studio import Studio

pytestmark = [pytest.mark.browser, pytest.mark.keras]
WORDS = words("en", "cnn")


@pytest.fixture(scope="module")
def trained(studio: Studio, browser: Browser) -> Iterator[str]:
    """A small convolutional network that has finished."""
    page = browser.new_page()
    values = {**find("cnn").presets["quick"].values(), "epochs": 2}
    run = engine.start(studio.store, "cnn", params=find("cnn").params.checked(values))
    wait_for_state(studio.store, run, "finished", page=page, seconds=240)
    page.close()
    yield run


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A one, written with a dark pen on paper."""
    paper = Image.new("RGB", (300, 400), (236, 230, 220))
    ImageDraw.Draw(paper).line([(150, 60), (150, 340)], fill=(20, 30, 120), width=36)
    path = tmp_path / "one.png"
    paper.save(path)
    return path


def cell(page: Page, across: float, down: float) -> None:
    """Click into the confusion matrix, at these shares of its width and height."""
    area = page.locator("[data-view='confusion'] .nsewdrag")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


def test_click_on_a_cell_shows_the_pictures_behind_it(
    page: Page, studio: Studio, trained: str
) -> None:
    visit(page, studio, f"/cnn?run={trained}&tab=train&lang=en")
    drawn(page)
    expect(page.locator("[data-view='confusion']")).to_contain_text(WORDS("live.hint"))
    page.wait_for_timeout(1500)
    cell(page, 0.05, 0.05)
    behind = page.locator(".dlkit-behind")
    expect(behind).to_contain_text("0", timeout=10_000)
    expect(behind.locator("image")).to_have_count(1)
    behind.get_by_role("button", name=WORDS("live.close")).click()
    expect(behind).to_have_count(0)


def test_keys_reach_what_lies_behind(page: Page, studio: Studio, trained: str) -> None:
    visit(page, studio, f"/cnn?run={trained}&tab=train&lang=en")
    drawn(page)
    page.wait_for_timeout(1500)
    chart = page.locator("[data-view='confusion'] .dlkit-panel-plot")
    chart.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
        page.wait_for_timeout(400)
    expect(page.locator("[data-view='confusion'] .dlkit-panel-said")).not_to_be_empty()
    page.keyboard.press("Enter")
    shut = page.locator(".dlkit-behind").get_by_role("button", name=WORDS("live.close"))
    expect(shut).to_be_focused(timeout=10_000)
    page.keyboard.press("Escape")
    expect(shut).to_have_count(0)
    expect(chart).to_be_focused()


@pytest.fixture
def going_on(page: Page, studio: Studio) -> Iterator[str]:
    """A convolutional network that trains for as long as the test looks."""
    values = {**find("cnn").presets["quick"].values(), "epochs": 500}
    run = engine.start(studio.store, "cnn", params=find("cnn").params.checked(values))
    yield run
    engine.control(studio.store, run, "stop")
    wait_for_state(studio.store, run, "stopped", page=page, seconds=60)


def test_behind_stays_while_the_run_goes_on(page: Page, studio: Studio, going_on: str) -> None:
    visit(page, studio, f"/cnn?run={going_on}&tab=train&lang=en")
    cells = "document.querySelector('[data-view=confusion] .dlkit-panel-plot')?.data?.length > 0"
    page.wait_for_function(f"() => {cells}", timeout=120_000)
    page.wait_for_timeout(1000)
    cell(page, 0.05, 0.05)
    expect(page.locator(".dlkit-behind")).to_have_count(1, timeout=10_000)
    page.evaluate("document.querySelector('.dlkit-behind').marked = true")
    step = page.locator("[data-view='loss']").get_attribute("data-step")
    page.wait_for_timeout(8000)
    assert page.locator("[data-view='loss']").get_attribute("data-step") != step
    assert page.evaluate("document.querySelector('.dlkit-behind').marked")


def test_picture_file_is_answered_and_a_wrong_one_refused(
    page: Page, studio: Studio, trained: str, picture: Path
) -> None:
    visit(page, studio, f"/cnn?run={trained}&tab=play&lang=en")
    expect(page.locator(".dlkit-pad canvas")).to_be_visible(timeout=20_000)
    page.locator(".dlkit-pad-file").set_input_files(picture)
    bars = (
        "() => document.querySelector('[data-view=answer-0] .dlkit-panel-plot')?._fullData?.[0]?.x"
    )
    page.wait_for_function(f"() => ({bars})()?.[1] > 0.5", timeout=30_000)
    wrong = picture.with_name("wrong.png")
    wrong.write_text("no picture")
    page.locator(".dlkit-pad-file").set_input_files(wrong)
    expect(page.locator(".dlkit-pad-note")).to_have_text(WORDS("play.pad.refused"))


def test_example_of_the_validation_set_is_answered(
    page: Page, studio: Studio, trained: str
) -> None:
    visit(page, studio, f"/cnn?run={trained}&tab=play&lang=en")
    page.get_by_role("button", name=WORDS("play.example")).click()
    light = """() => {
      const canvas = document.querySelector('.dlkit-pad canvas')
      const { data } = canvas.getContext('2d').getImageData(0, 0, 280, 280)
      return data.some((value, i) => i % 4 < 3 && value > 200)
    }"""
    page.wait_for_function(light, timeout=20_000)
    expect(page.locator("[data-view='answer-0'] .main-svg").first).to_be_visible(timeout=30_000)


def test_drawing_changes_with_the_form(page: Page, studio: Studio) -> None:
    visit(page, studio, "/dnn?tab=train&lang=en")
    shown = page.locator("[data-view='form-dnn']")
    expect(shown.locator(".main-svg").first).to_be_visible(timeout=20_000)
    before = shown.locator(".dlkit-panel-title").inner_text()
    field = page.get_by_role("textbox", name=words("en", "dnn")("knob.hidden_layers.label"))
    field.fill("7, 5, 3")
    field.press("Enter")
    expect(shown.locator(".dlkit-panel-title")).not_to_have_text(before, timeout=10_000)
    expect(shown.locator(".main-svg").first).to_have_attribute("aria-label", _says("7"))


def _says(part: str) -> Any:
    return re.compile(rf", {part}, ")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_this_is_read_too(browser: Browser, studio: Studio, trained: str, scheme: Any) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    visit(page, studio, f"/cnn?run={trained}&tab=train&lang=en")
    drawn(page)
    page.wait_for_timeout(1500)
    cell(page, 0.05, 0.05)
    expect(page.locator(".dlkit-behind")).to_have_count(1, timeout=10_000)
    found = Axe().run(page)["violations"]
    visit(page, studio, f"/cnn?run={trained}&tab=play&lang=en")
    page.wait_for_timeout(2000)
    found += Axe().run(page)["violations"]
    context.close()
    assert not [
        (one["id"], one["nodes"][0]["html"][:200])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_phone_has_room_for_what_lies_behind(
    browser: Browser, studio: Studio, trained: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    visit(page, studio, f"/cnn?run={trained}&tab=train&lang=en")
    drawn(page)
    page.wait_for_timeout(1500)
    area = page.locator("[data-view='confusion'] .nsewdrag")
    area.scroll_into_view_if_needed()
    area.tap(position={"x": 10, "y": 10})
    expect(page.locator(".dlkit-behind")).to_have_count(1, timeout=10_000)
    settled(page)
    inner = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    context.close()
    assert inner <= 390


def test_a_warning_leads_to_the_form_that_repairs_the_run(page: Page, studio: Studio) -> None:
    shown = words("en", "dnn")
    visit(page, studio, "/dnn?tab=train&lang=en&preset=quick&epochs=20000&learning_rate=10")
    page.get_by_role("button", name=shown("bar.train")).click()
    repair = page.get_by_role("button", name=shown("run.repair"))
    repair.wait_for(timeout=120_000)
    expect(repair).to_be_in_viewport()
    expect(page.get_by_text(shown("bar.warning"))).to_be_in_viewport()
    repair.click()
    field = page.get_by_role("spinbutton", name=shown("knob.learning_rate.label"))
    expect(page.get_by_role("button", name=shown("bar.train"))).to_be_enabled(timeout=10_000)
    expect(field).to_have_value("10")
    epochs = page.get_by_role("spinbutton", name=shown("knob.epochs.label"))
    expect(epochs).to_have_value("20000")
    for knob, value in ((field, "0.003"), (epochs, "900")):
        knob.fill(value)
        knob.press("Tab")
    wanted = {"epochs=900", "learning_rate=0.003"}
    page.wait_for_url(lambda url: wanted <= set(re.split("[?&]", url)))
    page.get_by_role("button", name=shown("bar.train")).click()
    expect(page.get_by_text("It works:")).to_be_visible(timeout=120_000)
