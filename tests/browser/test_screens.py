"""Every screen: reachable cold, readable by machines, usable on a phone, in both languages."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from dlkit import engine
from dlkit.algorithms import catalogue, find
from dlkit.store import runs
from dlkit.texts import LANGUAGES, words
from tests.browser.acts import run_in_address, settled, visit, wait_for_state
from tests.browser.studio import Studio, start

pytestmark = pytest.mark.browser

TABS = ("learn", "train", "play", "code")
SCREENS = {
    "own": ["/", "/runs", "/compare", "/system"],
    **{tab: [f"/{name}?tab={tab}" for name in catalogue()] for tab in TABS},
}


def faults(page: Page, studio: Studio, screens: list[str]) -> list[tuple[str, str, str]]:
    """What axe-core finds serious or critical: the screen, the rule, the first element."""
    found = []
    for screen in screens:
        visit(page, studio, screen)
        page.wait_for_timeout(1000)
        found += [
            (screen, one["id"], one["nodes"][0]["html"][:200])
            for one in Axe().run(page)["violations"]
            if one["impact"] in ("serious", "critical")
        ]
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", SCREENS)
def test_no_serious_fault_for_screen_readers(
    browser: Browser, studio: Studio, kind: str, scheme: Any
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    assert not faults(context.new_page(), studio, SCREENS[kind])
    context.close()


@pytest.mark.keras
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_and_answers_are_read_too(browser: Browser, studio: Studio, scheme: Any) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    run = engine.start(studio.store, "dnn", params=find("dnn").tiny)
    wait_for_state(studio.store, run, "finished", page=page, seconds=120)
    screens = [f"/dnn?run={run}&tab={tab}" for tab in ("train", "play")]
    assert not faults(page, studio, ["/", "/runs", *screens])
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_phone_needs_no_sideways_scroll(browser: Browser, studio: Studio, language: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    wide = []
    for screen in itertools.chain(*SCREENS.values()):
        visit(page, studio, f"{screen}{'&' if '?' in screen else '?'}lang={language}")
        page.wait_for_timeout(500)
        width = page.evaluate("() => document.documentElement.scrollWidth")
        inner = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
        if max(width, inner) > 390:
            wide.append((screen, width, inner))
    context.close()
    assert not wide


@pytest.mark.parametrize("language", LANGUAGES)
def test_deep_link_on_a_cold_server_stands_in_the_frame(
    page: Page, tmp_path: Path, language: str
) -> None:
    cold = start(tmp_path / "cold")
    try:
        page.goto(f"{cold.url}/dnn?tab=train&lang={language}")
        settled(page)
        shown = words(language)
        expect(page.get_by_role("heading", level=1)).to_contain_text(words(language, "dnn")("name"))
        expect(page.get_by_role("link", name=shown("page.runs"))).to_be_visible()
        expect(page.get_by_role("button", name=shown("bar.train"))).to_be_visible()
    finally:
        page.goto("about:blank")  # what is still on its way is not missed once the server is gone
        cold.close()


def test_language_switch_keeps_the_form(page: Page, studio: Studio) -> None:
    visit(page, studio, "/dnn?tab=train&lang=en")
    field = page.get_by_role("spinbutton", name=words("en", "dnn")("knob.epochs.label"))
    field.fill("77")
    field.press("Tab")
    page.wait_for_timeout(800)
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("button", name=words("zh")("bar.train"))).to_be_visible()
    settled(page)
    field = page.get_by_role("spinbutton", name=words("zh", "dnn")("knob.epochs.label"))
    expect(field).to_have_value("77")
    assert "lang=zh" in page.url
    assert "epochs=77" in page.url


def test_browser_language_is_the_first_guess(browser: Browser, studio: Studio) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    visit(page, studio, "/")
    expect(page.get_by_role("heading", level=1)).to_have_text(words("zh")("home.title"))
    context.close()


def test_train_has_a_key(page: Page, studio: Studio) -> None:
    visit(page, studio, "/dnn?tab=train&lang=en&data=moons&epochs=1&hidden_layers=4")
    expect(page.get_by_role("button", name=words("en")("bar.train"))).to_be_enabled()
    page.wait_for_timeout(1500)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**run=*", timeout=15_000)


def test_a_run_is_deleted_after_a_question(page: Page, studio: Studio) -> None:
    shown = words("en")
    run = runs.create(studio.store, "dnn", params=find("dnn").tiny.values(), owner="local").id
    visit(page, studio, "/runs?lang=en")
    for answer, left in (("runs.keep", 1), ("runs.delete", 0)):
        row = page.locator(f".st-key-menu-{run}")
        row.get_by_role("button", name=shown("runs.more")).click()
        page.get_by_text(shown("runs.delete"), exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(run[:8])
        dialog.get_by_role("button", name=shown(answer)).click()
        expect(dialog).to_be_hidden()
        expect(page.get_by_role("link", name=run[:8])).to_have_count(left, timeout=20_000)


@pytest.mark.keras
def test_home_trains_a_first_network_with_one_button(page: Page, studio: Studio) -> None:
    visit(page, studio, "/?lang=en")
    page.get_by_role("button", name=words("en")("home.start")).click()
    page.wait_for_url("**/dnn?*run=*", timeout=20_000)
    settled(page)
    run = run_in_address(page)
    expect(page.get_by_role("tab", name=words("en")("tab.train"))).to_have_attribute(
        "aria-selected", "true"
    )
    wait_for_state(studio.store, run, "running", page=page, seconds=60)
    engine.control(studio.store, run, "stop")
    wait_for_state(studio.store, run, "stopped", page=page, seconds=60)
