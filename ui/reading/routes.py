"""Where the page sends a picture to be read. Nothing of it is kept, and no more is taken in than is read."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from typing import IO

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from errors import UnreadablePicture
from generation.engine import Engine
from recipes.container import MOST_BYTES
from recipes.reading import Reading, read
from recipes.taking import known, taken
from ui.reading import views
from ui.routes import UNKEPT
from ui.texts import TEXTS, Texts, language

log = logging.getLogger(__name__)

KIND = "application/octet-stream"  # which no page of another site can send without asking first
IN_MEMORY = 1 << 20  # bytes of a picture on its way that are held there before they go into a file without a name
AT_ONCE = 2  # pictures that are read; others wait
SECONDS = 120  # that a picture may take on its way


def routes(engine: Engine) -> list[Route]:
    """For the server of the page."""
    reading = asyncio.Semaphore(AT_ONCE)

    async def read_picture(request: Request) -> Response:
        if request.headers.get("content-type") != KIND:
            return PlainTextResponse(f"Send the file as {KIND}.", 415)
        texts = TEXTS[language(request.headers.get("accept-language"))]
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            try:
                await asyncio.wait_for(_received(request, file), SECONDS)
            except (ClientDisconnect, asyncio.TimeoutError):
                return PlainTextResponse("It took too long.", 408)
            async with reading:
                return await run_in_threadpool(_answer, file, engine, request.query_params.get("model"), texts)

    return [Route("/reading/read", read_picture, methods=["POST"])]


async def _received(request: Request, file: IO[bytes]) -> None:
    """Take in the file, to one byte more than is read, so that it is known to be too large."""
    count = 0
    async for some in request.stream():
        file.write(some[: MOST_BYTES + 1 - count])
        count += len(some)
        if count > MOST_BYTES:
            return


def _answer(file: IO[bytes], engine: Engine, model: str | None, texts: Texts) -> Response:
    file.seek(0)
    try:
        return HTMLResponse(_shown(read(file.read()), engine, model, texts), headers=UNKEPT)
    except UnreadablePicture as error:
        return HTMLResponse(views.refused(str(error)), 422, headers=UNKEPT)


def _shown(found: Reading, engine: Engine, model: str | None, texts: Texts) -> str:
    """What was read, and what becomes of it where the controls hold `model`."""
    said = known(found.recipe.fields, engine.models) if found.recipe else {}
    fate = taken(engine.request, said, model if model in engine.models else None)
    return views.reading(found, said, fate, texts)
