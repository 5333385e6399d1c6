"""What the gallery serves beside the page: pictures by their random ids, never by a path, and further tiles."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable
from functools import partial
from inspect import isawaitable
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from errors import GalleryUnavailable, UnknownPicture
from gallery.entry import Entry
from gallery.formats import KINDS, recipe
from gallery.gallery import Gallery
from gallery.search import Cursor, Search
from studio import Studio
from ui.album import views
from ui.album.archive import archive
from ui.album.handlers import ids_in
from ui.routes import HEADERS, NOSNIFF
from ui.texts import TEXTS, language
from visitors.asking import caller_of, found_by

FRESH = HEADERS | {"Cache-Control": "private, no-cache"}  # asked for again each time, and sent where it has changed
KEPT = HEADERS | {"Cache-Control": "private, max-age=86400"}
NEVER = {"Cache-Control": "no-store"}
TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
MOST_ASKED = 4_000_000  # bytes of the ids of pictures for a zip


def routes(studio: Studio, gallery: Gallery) -> list[Route]:
    """For the server of the page of `studio`."""

    def named(request: Request) -> Entry:
        return studio.picture(request.path_params["id"], caller_of(request))

    def wanted_by(request: Request) -> Search:
        return _search(request, found_by(caller_of(request), studio.private))

    def picture(kind: str, request: Request) -> Response:
        id = named(request).name.id
        content = gallery.content(id) if kind == "png" else gallery.converted(id, kind)
        return _unless_known(content, request, TYPES[kind], FRESH)

    def thumbnail(request: Request) -> Response:
        return _unless_known(gallery.thumbnail(named(request).name.id), request, TYPES["webp"], KEPT)

    def described(request: Request) -> Response:
        return Response(recipe(named(request)), media_type="application/json", headers=FRESH)

    def page(request: Request) -> Response:
        wanted, asked = wanted_by(request), request.query_params
        after, last = Cursor.read(asked.get("after", "")), Cursor.read(asked.get("last", ""))
        entries = gallery.page(wanted, after, views.PAGE, last)
        texts = TEXTS[language(request.headers.get("accept-language"))]
        told = views.tiles(entries, texts) if last else views.block(entries, wanted, after, texts)
        return HTMLResponse(told, headers=NEVER)

    def ids(request: Request) -> Response:
        return PlainTextResponse(" ".join(gallery.ids(wanted_by(request))), headers=NEVER)

    async def zipped(request: Request) -> Response:
        asked = parse_qs(await _body(request))
        wanted, kind = ids_in(asked.get("ids", [""])[0]), asked.get("format", ["png"])[0]
        if not wanted or kind not in TYPES:
            return PlainTextResponse(f"Wanted are ids of pictures, and one of the formats {', '.join(TYPES)}.", 400)
        headers = NOSNIFF | {"Content-Disposition": 'attachment; filename="darkroom.zip"'}
        caller = caller_of(request)
        chunks = archive(gallery, wanted, kind, lambda id: studio.picture(id, caller), recipes="recipes" in asked)
        return StreamingResponse(chunks, media_type="application/zip", headers=headers)

    pictures = [Route(f"/gallery/picture/{{id}}.{kind}", _guarded(partial(picture, kind))) for kind in ("png", *KINDS)]
    return [
        *pictures,
        Route("/gallery/thumbnail/{id}.webp", _guarded(thumbnail)),
        Route("/gallery/recipe/{id}.json", _guarded(described)),
        Route("/gallery/page", _guarded(page)),
        Route("/gallery/ids", _guarded(ids)),
        Route("/gallery/zip", _guarded(zipped), methods=["POST"]),
    ]


def _guarded(endpoint: Callable[[Request], Response | Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """What is not there, or not now, is said with its status."""

    async def answer(request: Request) -> Response:
        try:
            answered = await run_in_threadpool(endpoint, request)
            return await answered if isawaitable(answered) else answered
        except UnknownPicture as error:
            return PlainTextResponse(str(error), 404)
        except GalleryUnavailable:
            return PlainTextResponse("The gallery cannot be used now.", 503)

    return answer


def _unless_known(content: bytes, request: Request, kind: str, headers: dict[str, str]) -> Response:
    """`content`, or that the browser has it already."""
    tag = f'"{zlib.crc32(content):08x}-{len(content):x}"'
    headers = headers | {"ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)


async def _body(request: Request) -> str:
    """The form that was sent, up to a size that is enough for the largest gallery."""
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_ASKED:
            return ""
    return content.decode("ascii", errors="replace")


def _search(request: Request, owner: str | None) -> Search:
    asked = request.query_params
    whole = {name: _whole(asked.get(name)) for name in ("width", "height", "seed", "since", "until")}
    return Search(
        words=asked.get("words", "")[:500],
        model=asked.get("model", ""),
        sampler=asked.get("sampler", ""),
        tag=asked.get("tag", ""),
        starred=asked.get("starred") == "True",
        owner=owner,
        **whole,
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) <= 18 else None
