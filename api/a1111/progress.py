"""How far a client's job is, and an end to it."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.routing import BaseRoute

from api.a1111.answer import timestamp
from api.a1111.desk import Desk, Task
from api.a1111.position import BEGUN, Position, position
from api.a1111.refusals import a1111_router
from visitors.asking import caller_of

_JOB = "scripts_txt2img"  # as A1111 calls what makes pictures


class State(BaseModel):
    """A1111's state of the job; `job_count` 0: there is none."""

    skipped: bool = Field(default=False, description="It was skipped and is about to end.")
    interrupted: bool = Field(default=False, description="It was interrupted and is about to end.")
    stopping_generation: bool = Field(default=False, description="Always false.")
    job: str = Field(default="", description="What it does.")
    job_count: int = Field(default=0, description="Pictures that it makes.")
    job_timestamp: str = Field(default="0", description="When it was asked for.")
    job_no: int = Field(default=0, description="Pictures that are done.")
    sampling_step: int = Field(default=0, description="Steps of the current picture that are done.")
    sampling_steps: int = Field(default=0, description="Steps that it takes.")


class Progress(BaseModel):
    """How far the job is."""

    progress: float = Field(default=0.0, description="0 to 1; 0 is told only when there is no job.")
    eta_relative: float = Field(default=0.0, description="Seconds left, as far as that is known.")
    state: State = Field(default_factory=State, description="A1111's state.")
    current_image: str | None = Field(default=None, description="The newest preview as JPEG, in base64.")
    textinfo: str | None = Field(default=None, description="What it waits for.")
    current_task: str | None = Field(default=None, description="By which id the client called it.")


def routes(desk: Desk) -> list[BaseRoute]:
    """The routes that look after a job."""
    router = a1111_router()

    @router.get("/progress", summary="How far this client's job is")
    async def progress(
        request: Request,
        skip_current_image: Annotated[bool, Query(description="True: without a preview.")] = False,
        id_task: Annotated[str | None, Query(description="The `force_task_id` that a job was given.")] = None,
    ) -> Progress:
        """Of the job with the `force_task_id` that `id_task` names, else of the one that runs, else of the newest.

        While a model that was chosen by POST /options is loaded, that counts as a job.
        """
        caller = caller_of(request)
        if task := desk.task(caller, id_task):
            return _of(task, skip_current_image)
        if desk.operated and (model := desk.model(caller)) in desk.engine.preloading():
            return Progress(progress=BEGUN, state=State(job="Load", job_count=1), textinfo=f"Loading {model}")
        return Progress()

    @router.post("/interrupt", response_model=dict[str, Any], summary="End this client's jobs")
    async def interrupt(request: Request) -> dict[str, Any]:
        """Those who wait for them get what was made so far. Where nobody has their own, all A1111 jobs end."""
        for task in desk.tasks(caller_of(request)):
            task.interrupted = True
            task.job.cancel()
        return {}

    @router.post("/skip", response_model=None, summary="End this client's running job")
    async def skip(request: Request) -> None:
        """As /interrupt, but those that wait for the device go on."""
        task = desk.task(caller_of(request))
        if task and not task.waits:
            task.skipped = True
            task.job.cancel()

    return list(router.routes)


def _of(task: Task, without_image: bool) -> Progress:
    now = position(task.job)
    return Progress(
        progress=now.progress,
        eta_relative=now.seconds_left,
        state=State(
            skipped=task.skipped,
            interrupted=task.interrupted,
            job=_JOB,
            job_count=task.job.request.count,
            job_timestamp=timestamp(task.job),
            job_no=now.picture,
            sampling_step=now.step,
            sampling_steps=task.job.request.steps,
        ),
        current_image=None if without_image else _preview(task),
        textinfo=now.waits_for,
        current_task=task.id,
    )


def _preview(task: Task) -> str | None:
    frames = task.job.frames()
    return base64.b64encode(frames[-1].jpeg).decode() if frames else None


class Watched(BaseModel):
    """Which task A1111's own page looks at."""

    id_task: str = Field(default="", max_length=300, description="The `force_task_id` of the request.")
    id_live_preview: int = Field(default=-1, description="Of the newest preview that the client has.")
    live_preview: bool = Field(default=True, description="Whether previews are wanted.")


class Seen(BaseModel):
    """How far that task is."""

    active: bool = Field(default=False, description="It has the device.")
    queued: bool = Field(default=False, description="It waits for the device.")
    paused: bool = Field(default=False, description="Always false.")
    completed: bool = Field(default=False, description="It is over.")
    progress: float | None = Field(default=None, description="0 to 1.")
    eta: float | None = Field(default=None, description="Seconds left.")
    live_preview: str | None = Field(default=None, description="The newest preview as a data URI; null: it is known.")
    id_live_preview: int = Field(default=-1, description="Of that preview.")
    textinfo: str | None = Field(default=None, description="What it waits for.")


class Pending(BaseModel):
    """This client's tasks that wait."""

    size: int = Field(description="How many.")
    tasks: list[str] = Field(description="Their ids, oldest first.")


def internal(desk: Desk) -> list[BaseRoute]:
    """What A1111's own page asks for, and some clients with it."""
    router = a1111_router(prefix="")

    @router.get("/internal/ping", response_model=dict[str, Any], summary="Whether the server is there")
    async def ping() -> dict[str, Any]:
        return {}

    @router.get("/internal/pending-tasks", summary="This client's tasks that wait")
    async def pending(request: Request) -> Pending:
        waiting = [task.id for task in desk.tasks(caller_of(request)) if task.waits]
        return Pending(size=len(waiting), tasks=waiting)

    @router.post("/internal/progress", summary="How far a task is")
    async def internal_progress(watched: Watched, request: Request) -> Seen:
        caller = caller_of(request)
        task = desk.task(caller, watched.id_task)
        if task is None:
            return Seen(completed=desk.is_over(caller, watched.id_task), textinfo="Waiting...")
        return _seen(task, position(task.job), watched)

    return list(router.routes)


def _seen(task: Task, now: Position, watched: Watched) -> Seen:
    frames = task.job.frames() if watched.live_preview else ()
    new = _preview(task) if frames and len(frames) != watched.id_live_preview else None
    return Seen(
        active=not task.waits,
        queued=task.waits,
        progress=now.progress,
        eta=now.seconds_left,
        live_preview=new and f"data:image/jpeg;base64,{new}",
        id_live_preview=len(frames) or -1,
        textinfo=now.waits_for,
    )
