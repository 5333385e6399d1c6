"""The tool that tells which models there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anyio.to_thread import run_sync
from mcp import types

from api.mcp.answers import Models, answer
from api.mcp.call import Call
from errors import InvalidRequest
from generation.engine import Engine
from models.told import told


async def models(call: Call, arguments: Mapping[str, Any]) -> types.CallToolResult:
    """All models on offer. Raises InvalidRequest for arguments, as it takes none."""
    if arguments:
        raise InvalidRequest(f"{next(iter(arguments))[:60]!r} is not a setting. This tool takes none.", "")
    return answer(Models(models=await run_sync(offered, call.engine)), [])


def offered(engine: Engine) -> list[dict[str, Any]]:
    """The models as programs are told of them."""
    states = engine.states()
    return [told(spec, states[name], name == engine.default_model) for name, spec in engine.models.items()]
