"""Addresses of streams: custom routes have no session, so their addresses are signed."""

import time
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

from dlkit.ui.resources import signing_key

WINDOW = 6 * 3600


@dataclass(frozen=True)
class Watch:
    """What one stream shows: a run in one language, now or as it was at step `at`."""

    run: str
    language: str
    at: int | None = None


def address(watch: Watch, *, door: str = "stream", now: float | None = None) -> str:
    """The address of the run's stream, or of another door of it.

    The same for up to six hours, so that a page rerun keeps it open.
    """
    window = int((time.time() if now is None else now) // WINDOW)
    token = _serializer().dumps([watch.run, watch.language, watch.at, (window + 2) * WINDOW])
    return f"api/runs/{watch.run}/{door}?token={token}"


def opened(run: str, token: str, *, now: float | None = None) -> Watch | None:
    """What the token allows to see; None for a forged, foreign or expired one."""
    try:
        signed, language, at, expires = _serializer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    if signed != run or (time.time() if now is None else now) > expires:
        return None
    return Watch(signed, language, at)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(signing_key(), salt="stream")
