"""POST txt2img, and what can't be made yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

import errors
from api.a1111 import settings, wanted
from api.a1111.answer import Answer, answer
from api.a1111.asked import Txt2Img
from api.a1111.desk import Desk, Task
from api.a1111.refusals import Refusal, a1111_router
from api.following import finished, unless_gone
from generation.caller import Caller
from generation.request import GenerationRequest
from visitors.asking import caller_of

NOT_YET: dict[int | str, dict[str, Any]] = {501: {"model": Refusal, "description": "It can't be done yet."}}


def routes(desk: Desk) -> list[BaseRoute]:
    """The routes that make pictures."""
    router = a1111_router()

    @router.post("/txt2img", response_model=Answer, summary="Make pictures from a prompt")
    async def txt2img(asked: Txt2Img, request: Request) -> Response:
        """Answers when all are made. Whoever goes away before that ends the job."""
        caller = caller_of(request)
        complete = wanted.request(asked, desk.engine, desk.model(caller))
        job = desk.engine.submit(complete, caller=caller, keep=not asked.do_not_save_samples)
        with desk.under_way(job, asked.force_task_id) as task:
            notes = await _end(task, request)
        _stay(asked, complete, desk, caller)
        content = await run_in_threadpool(answer, asked, job, notes)
        return Response(content, media_type="application/json")

    for path, what in _MISSING.items():
        router.add_api_route(
            path, _missing(what), methods=["POST"], responses=NOT_YET, response_model=Refusal, summary=what
        )
    return list(router.routes)


_MISSING = {
    "/img2img": "Pictures can't be made from pictures yet.",
    "/extra-single-image": "Pictures can't be upscaled yet.",
    "/extra-batch-images": "Pictures can't be upscaled yet.",
    "/interrogate": "Pictures can't be described.",
}


def _missing(what: str) -> Callable[[], Awaitable[Any]]:
    async def missing() -> Any:
        raise HTTPException(501, f"{what} Only txt2img can be had, and png-info.")

    return missing


async def _end(task: Task, request: Request) -> tuple[str, ...]:
    """Waits for it; what the user should know of it. One that was cancelled ends well, with what was made so far."""
    try:
        return (await unless_gone(request, finished(task.job))).notes
    except errors.Cancelled:
        return ()


def _stay(asked: Txt2Img, complete: GenerationRequest, desk: Desk, caller: Caller) -> None:
    """The model that was named stays the client's where it does not want the one before restored."""
    named = settings.MODEL in (asked.override_settings or {})
    if named and asked.override_settings_restore_afterwards is False and desk.remembers(caller):
        desk.choose(caller, complete.model)
