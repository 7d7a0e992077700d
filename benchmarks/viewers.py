"""Twenty streams and twenty open pages at one run: how late a number comes, and what it costs."""

import asyncio
import contextlib
import threading
import time
from typing import Any

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.typing import Origin, Subprotocol

from benchmarks import written_run
from benchmarks.live_tick import WARM_STEPS, latencies
from benchmarks.registry import Measured
from benchmarks.spread import middle, percentile, spread
from benchmarks.studio import empty_home, served, warm_supervisor

STREAMS = 20
PAGES = 20
OPENING = 30.0


def measure(seeds: int) -> Measured:
    """The 95th percentile of the delays at the slowest of the streams."""
    with empty_home() as store:
        row = written_run.begin(store, "dnn", steps=WARM_STEPS)
        with served(store) as (url, process):
            warm_supervisor(store)
            pages = Pages(url, PAGES, query=f"run={row.id}&tab=train&lang=en")
            pages.start()
            pages.all_open.wait(OPENING)
            began, used, ran = time.monotonic(), _cpu(process), pages.runs
            delays = latencies(store, url, row, seeds=seeds, viewers=STREAMS)
            seconds = time.monotonic() - began
            percent = 100.0 * (_cpu(process) - used) / seconds
            memory = process.memory_info().rss / (1 << 20)
            page_runs = (pages.runs - ran) / seconds
            pages.close()
    beside = {
        "median_s": middle(delays),
        "web_cpu_percent": percent,
        "web_memory_mib": memory,
        "pages_open": pages.opened,
        "page_runs_per_s": page_runs,
    }
    return Measured(percentile(delays, 0.95), spread(delays), beside=beside)


class Pages(threading.Thread):
    """Open pages without a browser: each speaks Streamlit's protocol and answers its timers."""

    def __init__(self, url: str, count: int, *, query: str) -> None:
        super().__init__(daemon=True)
        self.address = url.replace("http", "ws") + "/_stcore/stream"
        self.origin = url
        self.count = count
        self.query = query
        self.opened = 0
        self.runs = 0
        self.all_open = threading.Event()
        self._closing = threading.Event()

    def run(self) -> None:
        """Keep all pages open until `close`."""
        asyncio.run(self._all())

    def close(self) -> None:
        """Close all pages."""
        self._closing.set()
        self.join(10)

    async def _all(self) -> None:
        pages = [asyncio.create_task(self._page()) for _ in range(self.count)]
        while not self._closing.is_set():
            await asyncio.sleep(0.1)
        for page in pages:
            page.cancel()
        await asyncio.gather(*pages, return_exceptions=True)

    async def _page(self) -> None:
        timers: dict[str, asyncio.Task[None]] = {}
        async with websockets.connect(
            self.address,
            origin=Origin(self.origin),
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
        ) as socket:
            await _rerun(socket, self.query)
            try:
                first = True
                async for data in socket:
                    message = ForwardMsg.FromString(data)
                    if message.WhichOneof("type") == "script_finished":
                        self._ran(first=first)
                        first = False
                    _mind_timer(message, socket, timers, query=self.query)
            finally:
                for timer in timers.values():
                    timer.cancel()

    def _ran(self, *, first: bool) -> None:
        self.runs += 1
        self.opened += first
        if self.opened == self.count:
            self.all_open.set()


def _mind_timer(
    message: Any, socket: Any, timers: dict[str, asyncio.Task[None]], *, query: str
) -> None:
    if message.WhichOneof("type") == "auto_rerun":
        rule = message.auto_rerun
        if rule.fragment_id not in timers:
            timers[rule.fragment_id] = asyncio.create_task(_timer(socket, rule, query=query))


async def _timer(socket: Any, rule: Any, *, query: str) -> None:
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            await asyncio.sleep(rule.interval)
            await _rerun(socket, query, fragment=rule.fragment_id)


async def _rerun(socket: Any, query: str, *, fragment: str = "") -> None:
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.page_name = "dnn"
    if fragment:
        message.rerun_script.fragment_id = fragment
    await socket.send(message.SerializeToString())


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
