"""POST png-info: what a picture says of how it was made."""

from __future__ import annotations

import asyncio
import base64
import binascii

from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute

from api.a1111.desk import Desk
from api.a1111.refusals import a1111_router
from errors import InvalidRequest
from generation import infotext
from recipes import a1111, container

AT_ONCE = 2  # pictures that are read; others wait
MOST_CHARACTERS = container.MOST_BYTES * 4 // 3 + 1000  # in base64


class PngInfo(BaseModel):
    """A picture to be read."""

    image: str = Field(
        max_length=MOST_CHARACTERS, description="A PNG, JPEG or WebP in base64, with or without `data:image/…;base64,`."
    )


class Said(BaseModel):
    """What it says."""

    info: str = Field(description="Its `parameters` text; empty: it has none.")
    items: dict[str, str] = Field(description="Its other texts.")
    parameters: dict[str, str | int] = Field(description="The text taken apart.")


def routes(desk: Desk) -> list[BaseRoute]:
    """The route that reads pictures."""
    router = a1111_router()
    reading = asyncio.Semaphore(AT_ONCE)

    @router.post("/png-info", summary="Read how a picture was made")
    async def png_info(asked: PngInfo) -> Said:
        """Neither a path nor a URL is followed."""
        async with reading:
            return await run_in_threadpool(_read, asked.image)

    return list(router.routes)


def _read(image: str) -> Said:
    texts = container.opened(_decoded(image)).texts
    place = next((place for place in a1111.PLACES if place in texts), None)
    text = texts[place] if place else ""
    items = {_whole(name): _whole(value) for name, value in texts.items() if name != place}
    return Said(info=_whole(text), items=items, parameters=_parameters(text) if text else {})


def _decoded(image: str) -> bytes:
    if image.startswith("data:image/"):
        image = image.partition(",")[2]
    try:
        return base64.b64decode("".join(image.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest(
            "Image is no base64. Send the picture's file so; URLs are not followed.", "image"
        ) from None


def _parameters(text: str) -> dict[str, str | int]:
    """As A1111 names them."""
    said = infotext.parts(text)
    texts = {"Prompt": said.prompt, "Negative prompt": said.negative_prompt, **said.pairs}
    found: dict[str, str | int] = {_whole(name): _whole(value) for name, value in texts.items()}
    if size := infotext.SIZE.fullmatch(str(found.get("Size", ""))):
        found |= {"Size-1": int(size[1]), "Size-2": int(size[2])}
        del found["Size"]
    return found


def _whole(text: str) -> str:
    """Without half characters, which no JSON can say."""
    return text.encode(errors="replace").decode()
