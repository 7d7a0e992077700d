"""The web process around Streamlit: routes, security headers, and what starts with the server."""

import asyncio
import base64
import contextlib
import gc
import hashlib
import logging
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from types import FrameType
from typing import Any

import plotly
import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dlkit import engine, texts
from dlkit.contract import CodedError
from dlkit.ui.game_route import ARCADE, game_route
from dlkit.ui.resources import ASSETS, store
from dlkit.ui.stream import HUB, stream_route

MAIN = Path(__file__).with_name("main.py")
_LOG = logging.getLogger(__name__)
_UI = Path(__file__).parent
_PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
_SCRIPTS = {
    "plotly": _PLOTLY,
    "live_plot": _UI / "live_plot" / "live_plot.js",
    "code_view": _UI / "code_view" / "code_view.js",
    "drawing_pad": _UI / "drawing_pad" / "drawing_pad.js",
    "grid_pad": _UI / "grid_pad" / "grid_pad.js",
    "duel": _UI / "duel" / "duel.js",
}
_FONTS = {"inter.woff2", "jetbrains-mono.woff2"}
_DAY = {"Cache-Control": "public, max-age=86400"}
_CHECKED = {"Cache-Control": "no-cache"}
_LOOK_AGAIN = 2.0


def policy() -> str:
    """The content security policy: our own origin, and Streamlit's inline script by its hash."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")
    inline = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in inline)
    rules = {
        "default-src": "'self'",
        "script-src": f"'self' blob: {hashes}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {allowed}" for name, allowed in rules.items())


def broken(error: Exception) -> bool:
    """What a page shows when its program fails: words for the person, the details in the log."""
    _LOG.error("a page failed", exc_info=error)
    words = texts.words(st.session_state.get("lang", "en"))
    st.error(words("frame.broken.help"), title=words("frame.broken"), icon=":material/error:")
    return True


class SecurityHeaders:
    """Adds the headers to every answer. Plain ASGI, so that streams are not held back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        rules = {
            "content-security-policy": policy(),
            "x-content-type-options": "nosniff",
            "x-frame-options": "SAMEORIGIN",
            "referrer-policy": "strict-origin-when-cross-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
            "cross-origin-opener-policy": "same-origin",
        }
        self.headers = [(key.encode(), value.encode()) for key, value in rules.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; only answers over HTTP get the headers."""
        if scope.get("path") == "/_stcore/metrics" and not _from_here(scope):
            await PlainTextResponse("not found", status_code=404)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self.headers]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


async def script_route(request: Request) -> Response:
    """`/dlkit/{name}.js` and `/plotly.min.js`: the scripts of the components."""
    name = request.path_params.get("name", "plotly")
    if name not in _SCRIPTS:
        return PlainTextResponse("not found", status_code=404)
    kept = _DAY if name == "plotly" else _CHECKED
    return FileResponse(_SCRIPTS[name], media_type="text/javascript", headers=kept)


async def font_route(request: Request) -> Response:
    """`/assets/fonts/{name}`: the two font faces of the theme."""
    name = request.path_params["name"]
    if name not in _FONTS:
        return PlainTextResponse("not found", status_code=404)
    return FileResponse(ASSETS / "fonts" / name, media_type="font/woff2", headers=_DAY)


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Open the store, keep a supervisor alive, and set the garbage collector to rest."""
    _end_streams_on_shutdown()
    guard = asyncio.create_task(_keep_supervisor())
    gc.collect()
    gc.freeze()
    yield {}
    guard.cancel()
    HUB.close()
    ARCADE.close()


ROUTES = [
    Route("/plotly.min.js", script_route),
    Route("/dlkit/{name}.js", script_route),
    Route("/assets/fonts/{name}", font_route),
    Route("/api/runs/{run}/stream", stream_route),
    Route("/api/runs/{run}/game", game_route, methods=["POST"]),
]
MIDDLEWARE = [Middleware(SecurityHeaders)]


def _from_here(scope: Scope) -> bool:
    """Whether the request comes from this machine."""
    return (scope.get("client") or ("",))[0] in ("127.0.0.1", "::1")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


async def _keep_supervisor() -> None:
    told = ""
    while True:
        try:
            await asyncio.to_thread(lambda: engine.ensure_supervisor(store()))
        except (CodedError, OSError) as error:
            if str(error) != told:
                told = str(error)
                _LOG.warning("no supervisor can be started: %s", error)
        await asyncio.sleep(_LOOK_AGAIN)


def _end_streams_on_shutdown() -> None:
    """The server waits for open answers before it stops, so the signal must end the streams."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)
        if callable(before):
            with contextlib.suppress(ValueError):
                signal.signal(number, _closing(loop, before))


def _closing(loop: asyncio.AbstractEventLoop, before: Any) -> Any:
    def handler(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(HUB.close)
        before(number, frame)

    return handler
