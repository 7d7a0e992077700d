"""Routes and headers of the web process, without Streamlit."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from dlkit.algorithms import find
from dlkit.store import Store, runs
from dlkit.ui.signing import Watch, address
from dlkit.ui.web import MIDDLEWARE, ROUTES, policy


def get(path: str) -> httpx.Response:
    """What somebody from another machine gets from our routes and our middleware alone."""

    async def ask() -> httpx.Response:
        app = Starlette(routes=ROUTES, middleware=MIDDLEWARE)
        outside = httpx.ASGITransport(app=app, client=("192.0.2.1", 1))
        async with httpx.AsyncClient(transport=outside, base_url="http://studio") as client:
            return await client.get(path)

    return asyncio.run(ask())


def test_headers_stand_on_every_answer() -> None:
    headers = get("/nothing").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]


def test_policy_allows_no_foreign_and_no_evaluated_script() -> None:
    scripts = next(rule for rule in policy().split("; ") if rule.startswith("script-src"))
    assert "unsafe" not in scripts
    assert "http" not in scripts
    assert "sha256-" in scripts


@pytest.mark.parametrize(
    "path",
    ["/plotly.min.js", "/dlkit/live_plot.js", "/dlkit/drawing_pad.js", "/dlkit/code_view.js"],
)
def test_scripts_are_served_and_kept(path: str) -> None:
    answer = get(path)
    assert answer.status_code == 200
    assert "javascript" in answer.headers["content-type"]
    assert "cache-control" in answer.headers


@pytest.mark.parametrize("path", ["/dlkit/main.js", "/dlkit/..%2Fmain.js", "/assets/fonts/x.woff2"])
def test_nothing_else_is_served(path: str) -> None:
    assert get(path).status_code == 404


def test_metrics_are_hidden_from_outside() -> None:
    assert get("/_stcore/metrics").status_code == 404


@pytest.mark.parametrize("token", ["", "?token=garbage"])
def test_unsigned_stream_is_refused(run: str, token: str) -> None:
    assert get(f"/api/runs/{run}/stream{token}").status_code == 403


def test_stream_of_an_ended_run_shows_it_and_ends(store: Store, run: str) -> None:
    row = runs.claim(store, host="here", lease=10.0)
    assert row is not None
    runs.move(store, run, row.attempt, state="stopped", ended=1.0)
    answer = get("/" + address(Watch(run, "en")))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.count("event: figure") == len(find("fake").views)
    assert answer.text.rstrip().endswith("event: end\ndata: {}")


def test_stream_of_a_deleted_run_ends() -> None:
    answer = get("/" + address(Watch("0" * 32, "en")))
    assert answer.text.rstrip().endswith("event: end\ndata: {}")
