"""From the click on Train to the first number: by the engine, and in a browser if there is one."""

import shutil
import time
from typing import Any

from benchmarks.registry import Measured
from benchmarks.spread import middle, spread
from benchmarks.studio import empty_home, finish, served, warm_supervisor
from dlkit import engine
from dlkit.algorithms import find
from dlkit.store import Store, metrics, runs

PATIENCE = 60.0
ALGORITHMS = ("dnn", "cnn")


def measure(seeds: int) -> Measured:
    """The median of `seeds` clicks in a browser; without one, of `seeds` calls of the engine."""
    with empty_home() as store:
        warm_supervisor(store)
        _started(store, "dnn")  # the first worker warms what all later ones share
        engine_times = {name: [_started(store, name) for _ in range(seeds)] for name in ALGORITHMS}
        beside: dict[str, Any] = {
            f"engine_{name}_s": middle(times) for name, times in engine_times.items()
        }
        clicks = _clicks(store, seeds) if shutil.which("chromium") else []
    beside["browser"] = bool(clicks)
    values = clicks or engine_times["dnn"]
    return Measured(middle(values), spread(values), beside=beside)


def _started(store: Store, algorithm: str) -> float:
    """Seconds from `engine.start` to the first metric in the store; the run is then stopped."""
    params = find(algorithm).presets["quick"]
    began = time.perf_counter()
    run_id = engine.start(store, algorithm, params=params)
    while not metrics.last(store, [run_id]).get(run_id):
        if time.perf_counter() - began > PATIENCE:
            raise TimeoutError(f"no number within {PATIENCE:g} s: {runs.get(store, run_id)}")
        time.sleep(0.005)
    seconds = time.perf_counter() - began
    _stop(store, run_id)
    return seconds


def _stop(store: Store, run_id: str) -> None:
    if runs.get(store, run_id).state not in ("finished", "stopped", "failed"):
        engine.control(store, run_id, "stop")
    finish(store, run_id, seconds=PATIENCE)


def _clicks(store: Store, seeds: int) -> list[float]:
    """Seconds from the click on Train to the first point of a curve on the screen."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 a peer's library, if at all

    with served(store) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        times = [_click(browser, url, store) for _ in range(seeds + 1)]
        browser.close()
    return times[1:]  # the first one loads plotly.js into the browser's cache


def _click(browser: Any, url: str, store: Store) -> float:
    known = {row.id for row in runs.page(store, limit=200)}
    page = browser.new_page()
    page.goto(f"{url}/dnn?lang=en&tab=train&preset=quick", wait_until="networkidle")
    button = page.locator(".st-key-train button").first
    button.wait_for()
    began = time.perf_counter()
    button.click()
    page.wait_for_function(FIRST_POINT, timeout=PATIENCE * 1000, polling=20)
    seconds = time.perf_counter() - began
    page.close()
    for row in runs.page(store, limit=5):
        if row.id not in known:
            _stop(store, row.id)
    return seconds


# True once some chart on the page holds a curve with a point.
FIRST_POINT = """() => [...document.querySelectorAll('.js-plotly-plot')].some(
  chart => (chart.data || []).some(curve => curve.y && (curve.y.length || curve.y.bdata)))"""
