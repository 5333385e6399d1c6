"""What is served under /v1."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api.following import finished, unless_gone
from api.openai import answers
from api.openai.asked import Asked
from api.openai.elsewhere import Elsewhere
from api.openai.links import Links
from api.openai.making import Making, begin, encoded, now
from api.openai.refusals import Refusal, Route
from api.openai.streaming import Stream
from api.origin import origin
from generation.events import Finished, Picture
from generation.request import offered
from models.registry import known_as
from models.spec import ModelSpec
from studio import Studio
from visitors.asking import caller_of

_REFUSED: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Refusal, "description": "What was asked for is refused."},
    "5XX": {"model": Refusal, "description": "It cannot be had, or not now."},
}
_EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["image_generation.partial_image", "image_generation.completed", "error"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "description": "A preview, a picture, or what went wrong: `data` is OpenAI's own record of it.",
}
_MADE: dict[int | str, dict[str, Any]] = {
    200: {
        "model": answers.Images,
        "description": "The pictures.",
        "content": {"text/event-stream": {"itemSchema": _EVENT}},
    }
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {f"image/{kind}": {} for kind in ("png", "jpeg", "webp")}}
}
_TYPE = "application/json"


def routes(studio: Studio) -> list[BaseRoute]:
    """For the server of the page."""
    door = APIRouter(prefix="/v1", route_class=Route, tags=["OpenAI"], responses=_REFUSED)
    engine, links, since = studio.engine, Links(), int(time.time())

    @door.get("/models", name="openai_models", summary="The models on offer")
    async def models() -> answers.Models:
        """The models on offer."""
        named = sorted(engine.models.values(), key=lambda spec: spec.name != engine.default_model)
        return answers.Models(data=[_model(spec, since) for spec in named])

    @door.get("/models/{model:path}", name="openai_model", summary="One model")
    async def model(
        model: Annotated[str, Path(max_length=200, description="Its id, title or hub repo.")],
    ) -> answers.Model:
        """One model."""
        return _model(offered(known_as(model, engine.models), engine.models), since)

    @door.post(
        "/images/generations",
        name="openai_images",
        summary="Make pictures from a prompt",
        response_model=None,
        responses=_MADE,
    )
    async def images(asked: Asked, request: Request) -> Response:
        """Make pictures from a prompt. A client that goes away cancels the job."""
        making = begin(asked, engine, caller_of(request))
        if asked.stream:
            return Stream(making)
        made = await unless_gone(request, finished(making.job))
        told = await _images(making, made, request, links)
        return Response(told.model_dump_json(exclude_none=True), media_type=_TYPE)

    @door.get(
        "/images/{id}/content",
        name="openai_picture",
        summary="A picture that was asked for as a link",
        response_class=Response,
        responses=_FILE,
    )
    async def picture(
        id: Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="From a link.")], request: Request
    ) -> Response:
        """A picture that was asked for as a link."""
        linked = links.find(id, caller_of(request), studio.private)
        headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return Response(linked.content, media_type=f"image/{linked.format}", headers=headers)

    return [*door.routes, Elsewhere(door.routes)]


async def _images(making: Making, made: Finished, request: Request, links: Links) -> answers.Images:
    async def image(picture: Picture) -> answers.Image:
        content = await making.file(picture)
        if making.asked.response_format != "url":
            return answers.Image(b64_json=encoded(content), seed=picture.seed, withheld=picture.withheld)
        id = links.keep(content, making.asked.format, making.caller.owner)
        url = f"{origin(request)}/v1/images/{id}/content"
        return answers.Image(url=url, seed=picture.seed, withheld=picture.withheld)

    making.check(made.pictures)
    data = [await image(picture) for picture in made.pictures]
    return answers.Images(created=now(), data=data, **making.described)


def _model(spec: ModelSpec, since: int) -> answers.Model:
    return answers.Model(
        id=spec.name,
        created=since,
        owned_by="darkroom" if spec.local else spec.repo.partition("/")[0],
        title=spec.title,
        repo=None if spec.local else spec.repo,
        licence=f"{spec.licence.name}, {spec.licence.url}",
        restrictions=spec.licence.restrictions,
    )
