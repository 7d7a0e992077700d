"""A grid world is drawn with pointer and keys; the text beside it follows, and leads."""

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from dlkit.texts import words
from tests.browser.acts import settled, visit
from tests.browser.studio import Studio

pytestmark = pytest.mark.browser
WORDS = words("en", "dqn")
FORM = "/dqn?tab=train&lang=en&data=grid&grid=S..G/..../...."


def test_a_world_is_drawn(page: Page, studio: Studio) -> None:
    visit(page, studio, FORM)
    text = page.get_by_role("textbox", name=WORDS("knob.grid.label"))
    places = page.locator(".dlkit-grid-place")
    expect(places).to_have_count(12)
    places.nth(5).evaluate("place => place.scrollIntoView({ block: 'center' })")
    first, last = (places.nth(number).bounding_box() for number in (1, 9))
    assert first is not None and last is not None
    page.mouse.move(first["x"] + 5, first["y"] + 5)
    page.mouse.down()
    page.mouse.move(last["x"] + 5, last["y"] + 5, steps=12)
    page.mouse.up()
    expect(text).to_have_value("S#.G/.#../.#..", timeout=20_000)
    problem = page.get_by_test_id("stAlert")
    expect(problem).to_contain_text(WORDS("error.grid_closed", given="S#.G/.#../.#.."))
    settled(page)
    page.keyboard.press("9")  # the place that was drawn last
    expect(text).to_have_value("S#.G/.#../.9..")
    expect(problem).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("s")
    expect(text).to_have_value(".#.G/.#../S9..")
    page.get_by_role(
        "button", name=f"{WORDS('grid_pad.columns')}: {WORDS('grid_pad.more')}"
    ).click()
    expect(text).to_have_value(".#.G./.#.../S9...")
    text.fill("SG/..")
    text.press("Enter")
    expect(places).to_have_count(4)
    faults = [
        one for one in Axe().run(page)["violations"] if one["impact"] in ("serious", "critical")
    ]
    assert not faults


def test_the_widest_world_fits_a_phone(browser: Browser, studio: Studio) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    wide = f"S{'.' * 15}/{'.' * 15}G"
    visit(page, studio, f"/dqn?tab=train&lang=zh&data=grid&grid={wide}")
    expect(page.locator(".dlkit-grid-place")).to_have_count(32)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    context.close()


def test_no_pad_where_no_grid_is_played(page: Page, studio: Studio) -> None:
    visit(page, studio, "/dqn?tab=train&lang=en&data=cartpole")
    expect(page.locator(".dlkit-grid")).to_have_count(0)
