"""A request as other programs send it: what is copied runs, or is read, as it is.

`address` is the page's, with a slash at its end and without a quote.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from generation.request import GenerationRequest

KEY = "DARKROOM_API_KEY"  # the environment variable that what is copied takes its key from


def curl(request: GenerationRequest, address: str, keyed: bool) -> str:
    """For a POSIX shell. It prints JSON with a link to each picture."""
    body = json.dumps(_images(request) | {"response_format": "url"} | _extensions(request), ensure_ascii=False)
    key = f'  --header "Authorization: Bearer ${KEY}" \\\n' if keyed else ""
    return (
        f"curl --show-error --silent '{address}v1/images/generations' \\\n{key}"
        f"  --header 'Content-Type: application/json' \\\n  --data {shlex.quote(body)}"
    )


def openai(request: GenerationRequest, address: str, keyed: bool) -> str:
    """For Python with the package openai. It writes files beside itself."""
    asked = _images(request) | {"response_format": "b64_json", "extra_body": _extensions(request)}
    key = f'os.environ["{KEY}"]' if keyed else '"none"'
    lines = [
        "import base64",
        *(["import os"] if keyed else []),
        "\nfrom openai import OpenAI",
        f"\nclient = OpenAI(base_url='{address}v1', api_key={key})",
        f"answer = client.images.generate(\n{_arguments(asked)})",
        "for number, picture in enumerate(answer.data, 1):",
        '    with open(f"darkroom-{number}.png", "wb") as file:',
        "        file.write(base64.b64decode(picture.b64_json))",
    ]
    return "\n".join(lines)


def gradio(request: GenerationRequest, address: str, keyed: bool) -> str:
    """For Python with the package gradio_client. It prints where the files are."""
    asked = {field: value for field, value in request.model_dump().items() if value is not None}
    key = f', headers={{"Authorization": "Bearer " + os.environ["{KEY}"]}}' if keyed else ""
    lines = [
        *(["import os\n"] if keyed else []),
        "from gradio_client import Client",
        f"\nclient = Client('{address}'{key})",
        f"files, details = client.predict(\n{_arguments(asked | {'api_name': '/generate'})})",
        "print(*files)",
    ]
    return "\n".join(lines)


def _images(request: GenerationRequest) -> dict[str, Any]:
    """In the words of OpenAI."""
    said = {"model": request.model, "prompt": request.prompt, "n": request.count}
    return said | {"size": f"{request.width}x{request.height}"}


def _extensions(request: GenerationRequest) -> dict[str, Any]:
    said = {
        "negative_prompt": request.negative_prompt,
        "num_inference_steps": request.steps,
        "guidance_scale": request.guidance_scale,
        "seed": request.seed,
        "sampler": request.sampler,
    }
    return {field: value for field, value in said.items() if value is not None}


def _arguments(values: Mapping[str, Any]) -> str:
    return "".join(f"    {name}={value!r},\n" for name, value in values.items())
