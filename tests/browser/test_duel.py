"""A person plays against the agent, with keys and with buttons, and reads who has won."""

from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from dlkit import engine
from dlkit.algorithms import find
from dlkit.texts import words
from tests.browser.acts import visit, wait_for_state
from tests.browser.studio import Studio

pytestmark = [pytest.mark.browser, pytest.mark.keras]
WORDS = words("en", "dqn")
LEVELS: dict[str, dict[str, Any]] = {
    "grid": {"grid": "S..G/...."},
    "cartpole": {"learning_starts": 60, "steps": 600},
}


@pytest.fixture(scope="module", params=LEVELS)
def trained(studio: Studio, browser: Browser, request: pytest.FixtureRequest) -> tuple[str, str]:
    """A world, and an agent that was trained in it for a moment."""
    page = browser.new_page()
    values = {**find("dqn").tiny.values(), "data": request.param, **LEVELS[request.param]}
    run = engine.start(studio.store, "dqn", params=find("dqn").params.checked(values))
    wait_for_state(studio.store, run, "finished", page=page, seconds=240)
    page.close()
    return request.param, run


def open_stage(page: Page, studio: Studio, run: str) -> Any:
    """The stage, with both pictures on it."""
    visit(page, studio, f"/dqn?run={run}&tab=play&lang=en")
    stage = page.locator(".dlkit-duel")
    expect(stage.locator("img[src^='data:image/png']")).to_have_count(2, timeout=90_000)
    return stage


def test_a_game_by_keys(page: Page, studio: Studio, trained: tuple[str, str]) -> None:
    world, run = trained
    stage = open_stage(page, studio, run)
    stage.get_by_role("button", name=WORDS("duel.start")).click()
    said, mine = stage.locator(".dlkit-duel-said"), stage.locator("figure p").first
    expect(said).to_have_text(WORDS("duel.wait"))
    if world == "grid":
        for count in (1, 2, 3):
            page.keyboard.press("ArrowRight")
            expect(mine).to_contain_text(f"Step {count},", timeout=20_000)
        expect(mine).to_have_text("Step 3, return 0.97")
    else:
        page.keyboard.press("ArrowRight")  # goes on by itself until the pole has fallen
    expect(said).to_contain_text("0.97" if world == "grid" else "agent", timeout=60_000)
    expect(stage.locator(".dlkit-duel-moves button").first).to_be_disabled()
    agent = stage.locator("figure p").last
    length = engine.play(studio.store, run, {})["duel"].size
    expect(agent).to_contain_text(f"Step {length},", timeout=60_000)
    stage.get_by_role("button", name=WORDS("duel.again")).click()
    expect(mine).to_contain_text("Step 0,", timeout=20_000)
    assert not [one for one in Axe().run(page)["violations"]
                if one["impact"] in ("serious", "critical")]  # fmt: skip


def test_a_game_by_buttons_on_a_phone(
    browser: Browser, studio: Studio, trained: tuple[str, str]
) -> None:
    world, run = trained
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    stage = open_stage(page, studio, run)
    if world == "cartpole":
        stage.get_by_role("combobox").select_option("0")
    stage.get_by_role("button", name=WORDS("duel.start")).tap()
    right = stage.get_by_role("button", name=WORDS(f"action.{world}.1"))
    for count in (1, 2):
        right.tap()
        expect(stage.locator("figure p").first).to_contain_text(f"Step {count},", timeout=20_000)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    context.close()
