"""Routes and headers of the web process, without Streamlit."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from dlkit import engine
from dlkit.algorithms import find
from dlkit.store import Store, runs
from dlkit.ui.game_route import ARCADE, MOST_BYTES
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


def post(path: str, body: str) -> httpx.Response:
    """The same for a question with a body."""

    async def ask() -> httpx.Response:
        app = Starlette(routes=ROUTES, middleware=MIDDLEWARE)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://studio"
        ) as client:
            return await client.post(path, content=body)

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
    [
        "/plotly.min.js",
        "/dlkit/live_plot.js",
        "/dlkit/drawing_pad.js",
        "/dlkit/code_view.js",
        "/dlkit/duel.js",
        "/dlkit/grid_pad.js",
    ],
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


def _game(**change: Any) -> str:
    return json.dumps({"game": "one", "inputs": {}, "moves": [0, 1], "since": 0, **change})


def test_a_persons_game_is_played_move_by_move(store: Store) -> None:
    run = engine.start(store, "dqn", params=find("dqn").params())
    door = "/" + address(Watch(run, "en"), door="game")
    try:
        found = post(door, _game()).json()["scenes"]
        assert [one["brought"] for one in found] == [0.0, 1.0, 2.0]
        assert all(one["picture"].startswith("data:image/png;base64,") for one in found)
        assert post(door, _game(since=2)).json()["scenes"] == found[2:]
        for wrong in (_game(moves=[7]), _game(since=3), _game(inputs={"length": 99.0}), "{", "[]"):
            assert post(door, wrong).status_code == 400, wrong
        assert post(door, " " * (MOST_BYTES + 1)).status_code == 413
        ARCADE.close()  # whoever plays on notices nothing
        assert post(door, _game(since=2)).json()["scenes"] == found[2:]
    finally:
        ARCADE.close()


def test_a_game_needs_a_signed_address_and_an_algorithm_that_plays(run: str) -> None:
    assert post(f"/api/runs/{run}/game?token=garbage", _game()).status_code == 403
    assert post("/" + address(Watch(run, "en"), door="game"), _game()).status_code == 400
