"""What the moves of a person's game lead to: asked by the browser, answered by the arcade."""

import asyncio
from typing import Any

import pydantic
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from dlkit.algorithms import find
from dlkit.contract import CodedError
from dlkit.engine.arcade import Arcade
from dlkit.store import runs
from dlkit.ui.resources import store
from dlkit.ui.signing import opened

ARCADE = Arcade()
MOST_BYTES = 20_000
MOST_MOVES = 2000


class Asked(pydantic.BaseModel):
    """A question of the browser. `game` tells games of one level apart."""

    model_config = pydantic.ConfigDict(strict=True, extra="forbid")
    game: str = pydantic.Field(max_length=40)
    inputs: dict[str, Any]
    moves: list[int] = pydantic.Field(max_length=MOST_MOVES)
    since: int = pydantic.Field(ge=0, le=MOST_MOVES)


async def game_route(request: Request) -> Response:
    """`POST /api/runs/{run}/game?token=`: the moments after the first `since` of these moves."""
    watch = opened(request.path_params["run"], request.query_params.get("token", ""))
    if watch is None:
        return PlainTextResponse("forbidden", status_code=403)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return PlainTextResponse("too large", status_code=413)
    try:
        asked = Asked.model_validate_json(body)
        found = await asyncio.to_thread(_played, watch.run, asked)
    except (CodedError, pydantic.ValidationError) as error:
        lost = isinstance(error, CodedError) and error.code == "game_lost"
        return PlainTextResponse("no such game", status_code=503 if lost else 400)
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


def _played(run: str, asked: Asked) -> dict[str, Any]:
    row = runs.get(store(), run)
    if find(row.algorithm).duel is None:
        raise CodedError("no_game", name=row.algorithm)
    level = {"algorithm": row.algorithm, "params": row.params}
    return ARCADE.ask({**level, **asked.model_dump()})
