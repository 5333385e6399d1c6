"""From what was asked to pictures in the format that was asked for."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool

from api.openai import answers, catalogue
from api.openai.asked import Asked
from errors import InvalidRequest
from generation.caller import Caller
from generation.engine import Engine
from generation.events import Picture
from generation.job import Job


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
        return answers.Completed(b64_json=content, created_at=now(), seed=picture.seed, **self.described)


def begin(asked: Asked, engine: Engine, caller: Caller) -> Making:
    """Queue what was asked. Raises DarkroomError; its field is what the client calls it."""
    spec = catalogue.find(asked.model, engine.models) if asked.model else engine.models[engine.default_model]
    try:
        request = engine.request(asked.settings(spec.name))
        mode = engine.preview.mode if engine.preview.mode != "off" else "linear"  # which costs nothing
        shown = bool(asked.stream and asked.partial_images)
        return Making(asked, engine.submit(request, preview=mode if shown else "off", caller=caller), caller)
    except InvalidRequest as error:
        raise InvalidRequest(str(error), asked.name(error.field)) from error


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
