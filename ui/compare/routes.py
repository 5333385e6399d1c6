"""What the tab serves beside the page: the pictures of a run by its random id and their names in its record."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from comparison.difference import difference
from comparison.runs import Runs
from errors import GalleryUnavailable, InvalidRequest, UnknownPicture, UnknownRun
from ui.album.routes import HEADERS, Endpoint, let_in

KINDS = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


def routes(runs: Runs) -> list[Route]:
    """For the server of the page."""

    def picture(request: Request) -> Response:
        file = request.path_params["file"]
        content = runs.file(request.path_params["id"], file)
        return Response(content, media_type=KINDS.get(file.rpartition(".")[2]), headers=HEADERS)

    def apart(request: Request) -> Response:
        id, (one, other) = request.path_params["id"], (request.path_params[side] for side in ("one", "other"))
        found = difference(runs.file(id, f"{one}.png"), runs.file(id, f"{other}.png"))
        return Response(found.heat, media_type="image/png", headers=HEADERS)

    return [
        Route("/compare/{id}/difference/{one}/{other}.png", guarded(apart)),
        Route("/compare/{id}/{file}", guarded(picture)),
    ]


def guarded(endpoint: Endpoint) -> Endpoint:
    """For those alone who may see the page; what is not there, or not now, is said with its status."""

    def answer(request: Request) -> Response:
        if not let_in(request):
            return PlainTextResponse("Not logged in.", 401)
        try:
            return endpoint(request)
        except (UnknownPicture, UnknownRun) as error:
            return PlainTextResponse(str(error), 404)
        except InvalidRequest as error:
            return PlainTextResponse(str(error), 400)
        except GalleryUnavailable as error:
            return PlainTextResponse(str(error), 503)

    return answer
