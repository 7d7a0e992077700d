"""What the browser tests do again and again."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from dlkit.store import Store, runs
from dlkit.store.runs import RunRow
from tests.browser.studio import Studio

LIVE_BOARD = "[class*='st-key-board-'] .dlkit-board"  # not the network's drawing, nor an answer
READY = "[data-testid='stApp'][data-test-script-state='notRunning']"
LAYOUT = """view => {
  const plot = document.querySelector(`[data-view="${view}"] .dlkit-panel-plot`)
  const { xaxis, yaxis } = plot._fullLayout
  return [...xaxis.range, ...yaxis.range]
}"""
CURVES = """view => {
  const plot = document.querySelector(`[data-view="${view}"] .dlkit-panel-plot`)
  return plot.data.map(trace => Array.from(plot.calcdata[plot.data.indexOf(trace)], p => p.x))
}"""


def visit(page: Page, studio: Studio, path: str) -> None:
    """Open a page of the studio and wait until it stands."""
    page.goto(f"{studio.url}{path}")
    settled(page)


def settled(page: Page) -> None:
    """Wait until the script has run to its end."""
    page.get_by_role("heading", level=1).first.wait_for(timeout=60_000)
    page.wait_for_selector(READY, timeout=60_000)


def train(page: Page, studio: Studio) -> RunRow:
    """Press Train and wait for the first drawn figure. Returns the run's row."""
    page.get_by_role("button", name="Train").click()
    page.wait_for_url("**run=*", timeout=15_000)
    drawn(page)
    return runs.get(studio.store, run_in_address(page))


def bar(page: Page) -> Locator:
    """The bar at the bottom."""
    return page.get_by_test_id("stBottom")


def drawn(page: Page) -> None:
    """Wait until a chart stands."""
    expect(page.locator(f"{LIVE_BOARD} .main-svg").first).to_be_visible(timeout=60_000)


def run_in_address(page: Page) -> str:
    """The run that the address names."""
    return page.url.partition("run=")[2].partition("&")[0]


def ranges(page: Page, view: str) -> list[float]:
    """The axes of a chart as they are shown."""
    return [float(value) for value in page.evaluate(LAYOUT, view)]


def curves(page: Page, view: str) -> list[list[float]]:
    """The steps of each curve of a chart, as drawn."""
    found: list[list[float]] = page.evaluate(CURVES, view)
    return found


def zoom(page: Page, view: str) -> list[float]:
    """Drag a box over the middle of a chart. Returns the axes afterwards."""
    area = page.locator(f"[data-view='{view}'] .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    left, top = box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + box["width"] * 0.5, top + box["height"] * 0.5, steps=5)
    page.mouse.up()
    page.wait_for_timeout(500)
    return ranges(page, view)


def wait_for_state(store: Store, run: str, *states: str, page: Page, seconds: float) -> RunRow:
    """Wait until the run is in one of these states."""
    for _ in range(int(seconds * 5)):
        row = runs.get(store, run)
        if row.state in states:
            return row
        page.wait_for_timeout(200)
    raise TimeoutError(f"{run} is {runs.get(store, run).state}, not {states}")


def stream_state(page: Page) -> Any:
    """What the board says of its stream: open, ended, closed or unreachable."""
    return page.locator(LIVE_BOARD).get_attribute("data-stream")
