"""What the tab serves beside the page: the pictures of a run by its random id and their names in its record."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from comparison.difference import difference
from comparison.record import RunRecord
from comparison.runs import Runs
from errors import GalleryUnavailable, InvalidRequest, UnknownPicture, UnknownRun
from studio import Studio
from ui.compare.exports import EXPORTS, VOTES, Source
from ui.compare.vote import unblinded
from ui.routes import HEADERS, Endpoint
from ui.texts import language
from visitors.asking import caller_of

KINDS = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


def routes(studio: Studio, runs: Runs) -> list[Route]:
    """For the server of the page of `studio`."""

    def named(request: Request) -> RunRecord:
        return studio.run(request.path_params["id"], caller_of(request))

    def picture(request: Request) -> Response:
        file = request.path_params["file"]
        content = runs.file(named(request).id, file)
        return Response(content, media_type=KINDS.get(file.rpartition(".")[2]), headers=HEADERS)

    def apart(request: Request) -> Response:
        id, (one, other) = named(request).id, (request.path_params[side] for side in ("one", "other"))
        found = difference(runs.file(id, f"{one}.png"), runs.file(id, f"{other}.png"))
        return Response(found.heat, media_type="image/png", headers=HEADERS)

    def unnamed(request: Request) -> Response:
        record = named(request)
        file = unblinded(record, request.path_params["name"])
        if file is None:
            raise UnknownPicture("This comparison has no such picture.")
        return Response(runs.file(record.id, file), media_type="image/png", headers=HEADERS)

    def export(request: Request) -> Response:
        record, name = named(request), request.path_params["name"]
        wanted = {**EXPORTS, **VOTES}.get(name)
        if wanted is None:
            raise UnknownPicture(f"A comparison can be had as: {', '.join([*EXPORTS, *VOTES])}.")
        baseline = request.query_params.get("baseline")
        spoken = language(request.headers.get("accept-language"))
        known = baseline if baseline in record.plan.models else None
        votes = runs.votes.listed(owner=record.owner if studio.private else None)
        source = Source(record, lambda file: runs.file(record.id, file), known, votes, spoken)
        called = f"{source.name}-{name}"
        headers = {"Content-Disposition": f'attachment; filename="{called}"', "X-Content-Type-Options": "nosniff"}
        return Response(wanted.made(source), media_type=wanted.kind, headers=headers)

    return [
        Route("/compare/{id}/blind/{name}.png", guarded(unnamed)),
        Route("/compare/{id}/export/{name}", guarded(export)),
        Route("/compare/{id}/difference/{one}/{other}.png", guarded(apart)),
        Route("/compare/{id}/{file}", guarded(picture)),
    ]


def guarded(endpoint: Endpoint) -> Endpoint:
    """What is not there, or not now, is said with its status."""

    def answer(request: Request) -> Response:
        try:
            return endpoint(request)
        except (UnknownPicture, UnknownRun) as error:
            return PlainTextResponse(str(error), 404)
        except InvalidRequest as error:
            return PlainTextResponse(str(error), 400)
        except GalleryUnavailable as error:
            return PlainTextResponse(str(error), 503)

    return answer
