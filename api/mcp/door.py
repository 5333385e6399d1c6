"""Where assistants come in: the address /mcp, its sessions, and which tool is called.

The SDK's own server rather than gradio's `mcp_server=True`, which makes a tool of every public endpoint under a name
that a Space puts its own before, calls them by HTTP through the front door (and so not past a password), and ends no
job whose caller is gone.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.to_thread import run_sync
from mcp import types
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.following import unless
from api.mcp.call import OVER, Call
from api.mcp.describing import tools
from api.mcp.making import compare, generate
from api.mcp.telling import models
from errors import BROKE, Cancelled, DarkroomError
from studio import Studio

log = logging.getLogger(__name__)

PATH = "/mcp"
IDLE_SECONDS = 6 * 3600.0  # until a session of which nothing is heard is forgotten
MOST_SESSIONS = 1000
INSTRUCTIONS = (
    "Darkroom turns prompts into pictures on several diffusion models. list_models tells what each model is good at, "
    "its limits, and, for the small ones, the only words that they know. A picture takes from a second to minutes."
)
TOOLS = {"generate_image": generate, "list_models": models, "compare_models": compare}


class Door:
    """The protocol's server for one studio, as an ASGI app."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        server: Server[object, object] = Server("darkroom", instructions=INSTRUCTIONS)
        server.request_handlers[types.ListToolsRequest] = self._list
        server.request_handlers[types.CallToolRequest] = self._call
        self._server = server
        self._sessions = StreamableHTTPSessionManager(
            server, session_idle_timeout=IDLE_SECONDS, max_sessions=MOST_SESSIONS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever still works for it when it is over is told so."""
        if scope["method"] not in ("POST", "DELETE"):  # no standing streams: nothing is told but in answer to a call
            text = f"This is for AI assistants: give them this address, {PATH}, as an MCP server (streamable HTTP).\n"
            await PlainTextResponse(text, 405, {"Allow": "POST, DELETE"})(scope, receive, send)
            return
        scope[OVER] = over = anyio.Event()
        if user := scope.get("state", {}).get("user"):  # so that nobody goes on with another's session
            scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=user, scopes=[]))
        try:
            await self._sessions.handle_request(scope, receive, send)
        finally:
            over.set()

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """As long as the server serves."""
        async with self._sessions.run():
            yield

    async def _list(self, _: types.ListToolsRequest | None) -> types.ServerResult:
        return types.ServerResult(types.ListToolsResult(tools=await run_sync(tools, self._studio.engine)))

    async def _call(self, request: types.CallToolRequest) -> types.ServerResult:
        name, call = request.params.name, Call(self._server.request_context, self._studio.engine)
        if name not in TOOLS:
            return _refused(f"There is no tool {name[:60]!r}. Tools are: {', '.join(TOOLS)}.")
        try:
            work = TOOLS[name](call, request.params.arguments or {})
            return types.ServerResult(await unless(call.over.wait(), work))
        except DarkroomError as error:
            return _refused(str(error))
        except Cancelled:
            return _refused("Stopped.")
        except Exception:
            log.exception("The tool %s failed", name)
            return _refused(BROKE)


class DoorRoute(Route):
    """The route to a Door, which brings its own lifespan."""

    def __init__(self, door: Door) -> None:
        super().__init__(PATH, door)
        self.lifespan = door.lifespan


def _refused(text: str) -> types.ServerResult:
    content = [types.TextContent(type="text", text=text)]
    return types.ServerResult(types.CallToolResult(content=[*content], isError=True))
