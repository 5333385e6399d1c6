"""What the tab serves beside the page: a benchmark as JSON or as Markdown, by its random id."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from measurement.markdown import document
from measurement.runner import Runner
from ui.routes import UNKEPT


def routes(runner: Runner) -> list[Route]:
    """For the server of the page."""

    def answer(request: Request) -> Response:
        record = runner.find(request.path_params["id"])
        if record is None:
            return PlainTextResponse("There is no such benchmark.", 404)
        if request.path_params["ending"] == "json":
            return Response(
                record.model_dump_json(indent=1), media_type="application/json", headers=_named(record.id, "json")
            )
        return Response(document(record, runner.records()), media_type="text/markdown", headers=_named(record.id, "md"))

    return [Route("/benchmark/{id:str}.{ending:str}", answer)]


def _named(id: str, ending: str) -> dict[str, str]:
    return {**UNKEPT, "Content-Disposition": f'attachment; filename="darkroom-benchmark-{id}.{ending}"'}
