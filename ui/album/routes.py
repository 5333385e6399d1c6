"""What the gallery serves beside the page: pictures by their random ids, never by a path, and further tiles."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from typing import IO

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from errors import GalleryUnavailable, UnknownPicture
from gallery.gallery import Gallery
from gallery.search import Cursor, Search
from ui.album import views
from ui.album.handlers import MOST, ids_in
from ui.texts import TEXTS, language

HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",  # an id never stands for another picture
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
IN_MEMORY = 32_000_000  # bytes of a zip that are held there before it becomes a file
CHUNK = 1 << 20  # bytes

Endpoint = Callable[[Request], Response]


def routes(gallery: Gallery, private: bool) -> list[Route]:
    """For the server of the page."""

    def picture(request: Request) -> Response:
        return Response(gallery.content(request.path_params["id"]), media_type="image/png", headers=HEADERS)

    def thumbnail(request: Request) -> Response:
        return Response(gallery.thumbnail(request.path_params["id"]), media_type="image/webp", headers=HEADERS)

    def page(request: Request) -> Response:
        asked = request.query_params
        wanted, after = _search(request), Cursor.read(asked.get("after", ""))
        if private and not wanted.owner:
            return PlainTextResponse("Whose pictures?", 403)
        entries = gallery.page(wanted, after, views.PAGE)
        texts = TEXTS[language(request.headers.get("accept-language"))]
        return HTMLResponse(
            views.tiles(entries, texts) + views.more(entries, wanted), headers={"Cache-Control": "no-store"}
        )

    def zipped(request: Request) -> Response:
        file = _zip(gallery, ids_in(request.query_params.get("ids")))
        headers = {"Content-Disposition": 'attachment; filename="darkroom.zip"', "X-Content-Type-Options": "nosniff"}
        return StreamingResponse(_chunks(file), media_type="application/zip", headers=headers)

    return [
        Route("/gallery/picture/{id}.png", _guarded(picture)),
        Route("/gallery/thumbnail/{id}.webp", _guarded(thumbnail)),
        Route("/gallery/page", _guarded(page)),
        Route("/gallery/zip", _guarded(zipped)),
    ]


def _guarded(endpoint: Endpoint) -> Endpoint:
    """For those alone who may see the page; what is not there, or not now, is said with its status."""

    def answer(request: Request) -> Response:
        if not let_in(request):
            return PlainTextResponse("Not logged in.", 401)
        try:
            return endpoint(request)
        except UnknownPicture as error:
            return PlainTextResponse(str(error), 404)
        except GalleryUnavailable:
            return PlainTextResponse("The gallery cannot be used now.", 503)

    return answer


def let_in(request: Request) -> bool:
    """Whether gradio would let this visitor in, who may have to log in."""
    app = request.app
    if app.auth is None:
        return True
    names = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
    return any(app.tokens.get(request.cookies.get(name)) is not None for name in names)


def _search(request: Request) -> Search:
    asked = request.query_params
    whole = {name: _whole(asked.get(name)) for name in ("width", "height", "seed", "since", "until")}
    return Search(
        words=asked.get("words", "")[:500],
        model=asked.get("model", ""),
        sampler=asked.get("sampler", ""),
        tag=asked.get("tag", ""),
        starred=asked.get("starred") == "True",
        owner=asked.get("owner") or None,
        **whole,
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) <= 18 else None


def _zip(gallery: Gallery, ids: list[str]) -> IO[bytes]:
    """The pictures of `ids` in one file, at its beginning. Those that are gone are left out."""
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed when it is sent
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # PNG does not get smaller
        for id in ids[:MOST]:
            try:
                entry, content = gallery.find(id), gallery.content(id)
            except UnknownPicture:
                continue
            archive.writestr(f"darkroom-{entry.seed}-{id[:8]}.png", content)
    file.seek(0)
    return file


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
