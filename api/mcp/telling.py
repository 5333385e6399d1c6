"""The tool that tells which models there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anyio.to_thread import run_sync
from mcp import types

from api.mcp.answers import Models, answer
from api.mcp.call import Call
from errors import InvalidRequest
from models.told import offered


async def models(call: Call, arguments: Mapping[str, Any]) -> types.CallToolResult:
    """All models on offer. Raises InvalidRequest for arguments, as it takes none."""
    if arguments:
        raise InvalidRequest(f"{next(iter(arguments))[:60]!r} is not a setting. This tool takes none.", "")
    engine = call.engine
    return answer(
        Models(models=await run_sync(lambda: offered(engine.models, engine.states(), engine.default_model))), []
    )
