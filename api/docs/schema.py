"""The OpenAPI of our doors, complete: with what the guard and the gate in front of them answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from api import in_front
from api.version import VERSION
from studio import Studio

ABOUT = """Darkroom turns prompts into pictures on several diffusion models. Programs that speak OpenAI's images API use
`/v1`, those that speak AUTOMATIC1111's use `/sdapi/v1`. The page's own endpoints are for `gradio_client`, and AI
assistants find tools at `/mcp` where the operator lets them in. All doors lead to one queue."""
TAGS = (
    {"name": "OpenAI", "description": "As the `openai` SDKs and Open WebUI use it: `base_url` is this server's `/v1`."},
    {"name": "A1111", "description": "As SillyTavern, Open WebUI, Krita's plug-in and `webuiapi` use it."},
    {"name": "Operation", "description": "For whoever keeps the server running."},
)
WAYS = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, made by `python app.py keys`."},
    "basic": {"type": "http", "scheme": "basic", "description": "An account, or any name with an API key as password."},
}
_LONG = re.compile(r"api__([a-z0-9]+)__\w+?__([A-Z]\w*)")  # what pydantic calls classes that share a name

Schema = dict[str, Any]


def schema(studio: Studio, doors: Sequence[BaseRoute]) -> Schema:
    """Of `doors`, which `studio` offers."""
    made = get_openapi(
        title="Darkroom",
        version=VERSION,
        description=ABOUT.replace("\n", " "),
        routes=doors,
        tags=[dict(tag) for tag in TAGS],
        license_info={"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    )
    whole: Schema = json.loads(_LONG.sub(lambda found: found[1].title() + found[2], json.dumps(made)))
    known = studio.entrance
    for path, method, operation in operations(whole):
        _complete(path, method, operation, asks=known is not None)
    if known:
        whole["components"]["securitySchemes"] = WAYS
        free: list[Schema] = [{}] if known.anonymous != "nothing" else []
        whole["security"] = [{"bearer": []}, {"basic": []}, *free]
    return whole


def operations(whole: Mapping[str, Any]) -> Iterator[tuple[str, str, Schema]]:
    """Path, method and description of each."""
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _complete(path: str, method: str, operation: Schema, asks: bool) -> None:
    """Add the answers that come from in front of the door, in its form; take away those that can't come."""
    answers = operation["responses"]
    form = next(answers[one]["content"] for one in ("400", "4XX", "403") if one in answers)
    sends = method == "post"
    takes = sends and "requestBody" in operation
    for status, said in in_front.answers(sends=sends, asks=asks and path != "/healthz").items():
        answers.setdefault(str(status), {"description": said, "content": form})
    impossible = [] if sends else ["413"]
    impossible += [] if takes or "parameters" in operation else ["422"]
    impossible += [] if asks else ["401"]
    for gone in impossible:
        answers.pop(gone, None)
    operation["responses"] = dict(sorted(answers.items()))
    if path == "/healthz":
        operation["security"] = []
