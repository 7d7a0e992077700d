"""From click to result in a real browser, through reloads and kills."""

import os
import signal
import time

import pytest
from playwright.sync_api import Page, expect

from dlkit.store import metrics, runs
from dlkit.texts import words
from tests.browser.acts import (
    bar,
    curves,
    drawn,
    ranges,
    run_in_address,
    settled,
    stream_state,
    train,
    visit,
    wait_for_state,
    zoom,
)
from tests.browser.studio import Studio

pytestmark = [pytest.mark.browser, pytest.mark.keras]


def test_run_survives_reload_and_kill_with_its_zoom(page: Page, studio: Studio) -> None:
    visit(page, studio, "/dnn?tab=train&lang=en&preset=quick")
    row = train(page, studio)
    page.locator("[data-view='loss'] .nsewdrag").wait_for(state="attached")
    page.wait_for_timeout(1500)
    zoomed = zoom(page, "loss")
    page.wait_for_timeout(1500)
    assert ranges(page, "loss") == pytest.approx(zoomed)
    page.reload()
    settled(page)
    drawn(page)
    page.locator("[data-view='loss'] .nsewdrag").wait_for(state="attached")
    assert ranges(page, "loss") == pytest.approx(zoomed)

    before = wait_for_state(studio.store, row.id, "running", page=page, seconds=60)
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    after = wait_for_state(studio.store, row.id, "finished", "failed", page=page, seconds=280)
    assert after.state == "finished"
    assert after.attempt == 2

    expect(bar(page)).to_contain_text(words("en")("state.finished"), timeout=15_000)
    page.wait_for_timeout(1000)
    assert ranges(page, "loss") == pytest.approx(zoomed)
    for steps in curves(page, "loss"):
        assert steps == sorted(set(steps))
        assert steps[-1] == after.total_steps
    written = metrics.since(studio.store, row.id, 0)["loss"].steps
    gaps = written[1:] - written[:-1]
    assert gaps.min() > 0
    assert gaps.max() <= 2 * sorted(gaps)[len(gaps) // 2]


def test_ended_run_keeps_no_timer_and_no_stream(page: Page, studio: Studio) -> None:
    frames: list[float] = []
    page.on("websocket", lambda s: s.on("framereceived", lambda _: frames.append(time.monotonic())))
    visit(page, studio, "/dnn?tab=train&lang=en&data=moons&epochs=5&hidden_layers=8")
    row = train(page, studio)
    wait_for_state(studio.store, row.id, "finished", page=page, seconds=120)
    expect(bar(page)).to_contain_text(words("en")("state.finished"), timeout=15_000)
    page.wait_for_timeout(3000)
    count = len(frames)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.wait_for_timeout(5000)
    assert len(frames) == count
    assert requests == []
    assert stream_state(page) == "ended"


def test_charts_live_on_where_the_stream_is_blocked(page: Page, studio: Studio) -> None:
    page.route("**/api/runs/**", lambda route: route.abort())
    visit(page, studio, "/dnn?tab=train&lang=en&data=moons&epochs=40&hidden_layers=8")
    page.get_by_role("button", name="Train").click()
    page.wait_for_url("**run=*")
    drawn(page)
    row = wait_for_state(studio.store, run_in_address(page), "finished", page=page, seconds=120)
    page.wait_for_timeout(3000)
    assert curves(page, "loss")[0][-1] == row.total_steps


def test_charts_wait_for_a_drawing_library_that_was_away(page: Page, studio: Studio) -> None:
    page.route("**/plotly.min.js", lambda route: route.abort(), times=1)
    visit(page, studio, "/dnn?tab=train&lang=en&data=moons&epochs=5&hidden_layers=8")
    train(page, studio)
    drawn(page)


def test_pause_step_and_resume_from_the_bar(page: Page, studio: Studio) -> None:
    shown = words("en")
    visit(page, studio, "/dnn?tab=train&lang=en&data=moons&epochs=4000&hidden_layers=8")
    row = train(page, studio)
    page.get_by_role("button", name=shown("verb.pause")).click()
    paused = wait_for_state(studio.store, row.id, "paused", page=page, seconds=20)
    page.get_by_role("button", name=shown("verb.step_batch")).click()
    page.wait_for_timeout(2500)
    assert runs.get(studio.store, row.id).step == paused.step + 1
    page.get_by_role("button", name=shown("verb.resume")).click()
    wait_for_state(studio.store, row.id, "running", page=page, seconds=20)
    page.get_by_role("button", name=shown("verb.stop")).click()
    wait_for_state(studio.store, row.id, "stopped", page=page, seconds=20)
    expect(page.get_by_role("button", name=shown("verb.continue"))).to_be_visible()


def test_a_drawn_digit_is_answered(page: Page, studio: Studio) -> None:
    visit(page, studio, "/cnn?tab=train&lang=en&preset=quick&epochs=1")
    row = train(page, studio)
    wait_for_state(studio.store, row.id, "finished", page=page, seconds=240)
    page.get_by_role("tab", name=words("en")("tab.play")).click()
    pad = page.locator(".dlkit-pad canvas")
    expect(pad).to_be_visible(timeout=20_000)
    box = pad.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(x, box["y"] + 0.8 * box["height"], steps=12)
    page.mouse.up()
    bars = page.locator("[data-view='answer-0'] .main-svg").first
    expect(bars).to_be_visible(timeout=30_000)
    page.wait_for_timeout(2000)
    heights = page.evaluate(
        "() => document.querySelector('[data-view=answer-0] .dlkit-panel-plot').calcdata[0].length"
    )
    assert heights == 10
