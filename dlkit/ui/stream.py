"""Server-sent figures: one poller a run and language, shared by all who look.

The stream sends `figure` events while the run lives and one `end` event when it ended.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from dlkit.contract import CodedError
from dlkit.ui.figures import Picture, picture
from dlkit.ui.resources import store
from dlkit.ui.signing import Watch, opened

_LOG = logging.getLogger(__name__)
_SHORTEST, _LONGEST, _SHARE = 0.6, 1.0, 40.0
_KEEPALIVE = 15.0
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Feed:
    """One poller of one `Watch`. It works while somebody looks and stops when the run ended."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.picture = Picture()
        self.viewers = 0
        self.over = False
        self._turn = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def messages(self) -> AsyncIterator[str]:
        """What one viewer gets: every view once, then each again when it changed."""
        seen: dict[str, str] = {}
        yield "retry: 1000\n\n"
        while True:
            turn = self._turn
            for frame in self.picture.frames.values():
                if seen.get(frame.view) != frame.payload:
                    seen[frame.view] = frame.payload
                    yield f"id: {self.picture.step}\nevent: figure\ndata: {frame.payload}\n\n"
            if self.over:
                yield "event: end\ndata: {}\n\n"
                return
            if not await _happens(turn):
                yield ": still here\n\n"

    def enter(self) -> None:
        """One viewer more."""
        self.viewers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._poll())

    def leave(self) -> None:
        """One viewer less; nobody left ends the polling."""
        self.viewers -= 1
        if self.viewers == 0 and self._task is not None:
            self._task.cancel()

    def finish(self) -> None:
        """Tell all viewers that nothing more will come."""
        self.over = True
        self._ring()

    async def _poll(self) -> None:
        try:
            while not self.over:
                began = time.perf_counter()
                self.picture = await asyncio.to_thread(
                    picture, store(), self.watch, before=self.picture
                )
                self.over = self.picture.ended
                self._ring()
                spent = time.perf_counter() - began
                await asyncio.sleep(max(_SHORTEST, min(_SHARE * spent, _LONGEST - spent)))
        except CodedError as error:
            _LOG.info("stream of %s ends: %s", self.watch.run, error)
            self.finish()

    def _ring(self) -> None:
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()


class Hub:
    """All feeds of this web process."""

    def __init__(self) -> None:
        self.feeds: dict[Watch, Feed] = {}

    async def watch(self, watch: Watch) -> AsyncIterator[str]:
        """Join the feed of `watch`, starting it where nobody looks yet."""
        feed = self.feeds.setdefault(watch, Feed(watch))
        feed.enter()
        try:
            async for message in feed.messages():
                yield message
        finally:
            feed.leave()
            if feed.viewers == 0:
                self.feeds.pop(watch, None)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for feed in self.feeds.values():
            feed.finish()


HUB = Hub()


async def stream_route(request: Request) -> Response:
    """`/api/runs/{run}/stream?token=`: figures of a run as server-sent events."""
    watch = opened(request.path_params["run"], request.query_params.get("token", ""))
    if watch is None:
        return PlainTextResponse("forbidden", status_code=403)
    return StreamingResponse(HUB.watch(watch), media_type="text/event-stream", headers=_HEADERS)


async def _happens(turn: asyncio.Event) -> bool:
    try:
        await asyncio.wait_for(turn.wait(), timeout=_KEEPALIVE)
    except TimeoutError:
        return False
    return True
