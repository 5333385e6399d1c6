"""From what was asked to pictures in the format that was asked for."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool

from api.openai import answers
from api.openai.asked import Asked
from api.openai.refusals import Invalid
from errors import InvalidRequest
from generation.caller import Caller
from generation.engine import Engine
from generation.events import Picture
from generation.job import Job
from generation.settings import PreviewMode
from models.registry import known_as


@dataclass(frozen=True)
class Making:
    """A job, and how its pictures are wanted."""

    asked: Asked
    job: Job
    caller: Caller

    @property
    def described(self) -> dict[str, Any]:
        """What every record of its pictures says."""
        size = f"{self.job.request.width}x{self.job.request.height}"
        return {"size": size, "quality": self.asked.quality or "auto", "output_format": self.asked.format}

    async def file(self, picture: Picture) -> bytes:
        """In the format that was asked for, with its settings inside. Raises InvalidRequest where they do not fit."""
        return await run_in_threadpool(_file, picture.png, self.asked)

    async def completed(self, picture: Picture) -> answers.Completed:
        """Its record in a stream."""
        content = encoded(await self.file(picture))
        told = {"seed": picture.seed, "withheld": picture.withheld, **self.described}
        return answers.Completed(b64_json=content, created_at=now(), **told)

    def check(self, pictures: Sequence[Picture]) -> None:
        """Raises InvalidRequest where the safety policy withheld them all; one among others has a stand-in."""
        if all(picture.withheld == "blocked" for picture in pictures):
            raise Invalid(" ".join(self.job.result().notes), "", "moderation_blocked")


def begin(asked: Asked, engine: Engine, caller: Caller) -> Making:
    """Queue what was asked. Raises DarkroomError; its field is what the client calls it."""
    model = known_as(asked.model, engine.models) if asked.model else engine.default_model
    try:
        request = engine.request(asked.settings(model))
        return Making(asked, engine.submit(request, preview=_previews(asked, engine), caller=caller), caller)
    except InvalidRequest as error:
        error.field = asked.name(error.field)
        raise


def _previews(asked: Asked, engine: Engine) -> PreviewMode:
    """None that nobody sees. Who asks for some gets them where the page has none, too: linear ones cost nothing."""
    if not (asked.stream and asked.partial_images):
        return "off"
    return "linear" if engine.preview.mode == "off" else engine.preview.mode


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def now() -> int:
    return int(time.time())


def _file(png: bytes, asked: Asked) -> bytes:
    if asked.format == "png":
        return png
    from gallery.formats import converted  # loads Pillow

    try:
        return converted(png, "jpg" if asked.format == "jpeg" else "webp", asked.output_compression)
    except ValueError as error:
        raise InvalidRequest(f"The picture was made, but {error}.", "output_format") from error
