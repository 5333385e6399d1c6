"""The server: its memory, its flags, and what its operator may do to its models."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from typing import Any

from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute

from api.a1111.desk import Desk
from api.a1111.refusals import a1111_router
from generation import memory
from generation.task import Loan, Task
from visitors.asking import caller_of


class Memory(BaseModel):
    """Bytes, each as A1111 tells them; `error` where there is nothing to tell."""

    ram: dict[str, Any] = Field(description="Of the host: free, used, total.")
    cuda: dict[str, Any] = Field(description="Of the GPU.")


def routes(desk: Desk) -> list[BaseRoute]:
    """The routes that are about the server."""
    router = a1111_router()
    unloading: list[Task[None]] = []  # the last one

    @router.get("/memory", summary="How much memory is used")
    async def told_memory() -> Memory:
        if not desk.operated:
            untold = {"error": "not told to visitors"}
            return Memory(ram=untold, cuda=untold)
        return Memory(**await run_in_threadpool(memory.told, desk.engine.device()))

    @router.get("/cmd-flags", response_model=dict[str, Any], summary="How the server was started")
    async def flags() -> dict[str, Any]:
        return {"api": True, "nowebui": False}

    for path in ("/refresh-checkpoints", "/refresh-vae"):

        @router.post(path, response_model=None, summary="Does nothing: the models are those that the operator named")
        async def refresh() -> None:
            pass

    @router.post("/unload-checkpoint", response_model=dict[str, Any], summary="Take the models off the device")
    async def unload() -> dict[str, Any]:
        """As soon as no job waits. Does nothing where others than the operator can come."""
        if desk.operated and not (unloading and not unloading[-1].done):
            unloading[:] = [desk.engine.borrow(_unload)]
        return {}

    @router.post("/reload-checkpoint", response_model=dict[str, Any], summary="Put this client's model onto the device")
    async def reload(request: Request) -> dict[str, Any]:
        """As soon as no job waits. Does nothing where others than the operator can come."""
        if desk.operated:
            desk.engine.preload(desk.model(caller_of(request)))
        return {}

    return list(router.routes)


def _unload(loan: Loan) -> Generator[None, None, None]:
    loan.unload()
    yield


class AppId(BaseModel):
    """Which start of the server this is."""

    app_id: int = Field(description="Another one after each start.")


class QueueStatus(BaseModel):
    """The queue, as gradio 3 told it."""

    msg: str = Field(default="estimation", description="Always that.")
    queue_size: int = Field(description="Jobs of all that run or wait.")


def about(desk: Desk) -> list[BaseRoute]:
    """What clients ask gradio itself for in an A1111, to see whether it is there."""
    router = a1111_router(prefix="")
    start = secrets.randbits(52)

    @router.get("/app_id", summary="Which start of the server this is")
    async def app_id() -> AppId:
        return AppId(app_id=start)

    @router.get("/queue/status", summary="How many jobs there are")
    async def queue_status() -> QueueStatus:
        return QueueStatus(queue_size=len(desk.engine.jobs()))

    return list(router.routes)
