"""A request ↔ the `parameters` text inside a PNG, as AUTOMATIC1111 writes it and many tools read it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from generation import mark, samplers
from generation.request import GenerationRequest
from models.spec import TO_BE_PINNED, ModelSpec

CHUNK = "parameters"
OURS = "Darkroom"  # key for what the other keys can't say: fields of the request, as JSON
_NEGATIVE = "Negative prompt:"
_PAIR = re.compile(r'\b(?P<key>\w[\w /-]{1,60}):\s*(?P<value>"(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)')
SIZE = re.compile(r"([0-9]{1,9})x([0-9]{1,9})")
_MOST_LINE = 100_000  # characters of a line of settings: ours, with both prompts in it again, has a third of that
COMPRESSION = 1  # of zlib: half the time of 6 for a seventh more bytes, measured on pictures of a megapixel


def write(
    request: GenerationRequest, spec: ModelSpec, scheduler: str = "", more: Mapping[str, str] | None = None
) -> str:
    """The text for `request`, whose "Default" sampler is diffusers' class `scheduler`, with `more` keys of ours."""
    named = samplers.of_class(scheduler) if request.sampler == samplers.DEFAULT else request.sampler
    sampler, schedule = samplers.split(named or samplers.DEFAULT)
    said: dict[str, Any] = {
        "Steps": request.steps,
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": request.guidance_scale,
        "Seed": request.seed,
        "Size": f"{request.width}x{request.height}",
        "Model": spec.name,
        "RNG": "CPU",
        "Model repo": None if spec.local else spec.repo,
        "Model revision": None if spec.local or spec.revision == TO_BE_PINNED else spec.revision,
        **(more or {}),
        "Version": "Darkroom",
    }
    text = _text(request, said)
    wanted = _replay(request)
    got = read(text)
    if missing := {key: value for key, value in wanted.items() if got.get(key) != value}:
        text = _text(request, said | {OURS: json.dumps(missing, ensure_ascii=False)})
    return text


@dataclass(frozen=True)
class Said:
    """The parts of a `parameters` text."""

    prompt: str
    negative_prompt: str
    pairs: Mapping[str, str]  # of its last line; none where that is no line of settings


def parts(text: str) -> Said:
    """`text` taken apart, ours or another tool's."""
    lines = text.strip().split("\n")
    last = lines[-1] if len(lines[-1]) <= _MOST_LINE else ""
    pairs = {match["key"].strip(): _unquoted(match["value"]) for match in _PAIR.finditer(last)}
    if len(pairs) < 3:
        return Said(text.strip(), "", {})
    body = lines[:-1]
    at = next((n for n, line in enumerate(body) if line.startswith(_NEGATIVE)), len(body))
    negative = [line.removeprefix(_NEGATIVE) if n == 0 else line for n, line in enumerate(body[at:])]
    return Said("\n".join(body[:at]).strip(), "\n".join(negative).strip(), pairs)


def read(text: str) -> dict[str, Any]:
    """What `text` says of a request, ours or another tool's, for Engine.request to complete and check."""
    said = parts(text)
    if not said.pairs:
        return {"prompt": said.prompt}
    prompts = {"prompt": said.prompt, "negative_prompt": said.negative_prompt}
    return prompts | _settings(said.pairs) | _ours(said.pairs.get(OURS, "{}"))


def png(image: Image.Image, text: str) -> bytes:
    """`image` as a PNG with `text` inside, and the mark that says that a model made it."""
    info = PngInfo()
    info.add_itxt(mark.KEYWORD, mark.XMP)
    info.add_text(CHUNK, text)  # as iTXt where Latin-1 does not do
    buffer = BytesIO()
    image.save(buffer, "PNG", pnginfo=info, compress_level=COMPRESSION)
    return buffer.getvalue()


def inside(content: bytes) -> str | None:
    """The text inside a PNG; None if it holds none, or is none."""
    try:
        with Image.open(BytesIO(content), formats=["PNG"]) as image:
            image.load()  # the text may stand behind the pixels
            text = getattr(image, "text", {}).get(CHUNK)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
    return None if text is None else str(text)


def _replay(request: GenerationRequest) -> dict[str, Any]:
    """What must be read back: all but a None that stands for "takes none", and the count, which a picture has not."""
    return {key: value for key, value in request.model_dump(exclude={"count"}).items() if value is not None}


def _text(request: GenerationRequest, said: Mapping[str, Any]) -> str:
    negative = [f"{_NEGATIVE} {request.negative_prompt}"] if request.negative_prompt else []
    settings = ", ".join(f"{key}: {_quoted(value)}" for key, value in said.items() if value is not None)
    return "\n".join([request.prompt, *negative, settings])


def _quoted(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(sign in text for sign in ',\n:"') else text


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        try:
            return str(json.loads(value))
        except ValueError:
            pass
    return value.strip()


def _settings(pairs: Mapping[str, str]) -> dict[str, Any]:
    size = SIZE.fullmatch(pairs.get("Size", ""))
    found = {
        "steps": _number(int, pairs.get("Steps")),
        "sampler": samplers.named(pairs.get("Sampler", ""), pairs.get("Schedule type", "Automatic")),
        "guidance_scale": _number(float, pairs.get("CFG scale")),
        "seed": _number(int, pairs.get("Seed")),
        "width": int(size[1]) if size else None,
        "height": int(size[2]) if size else None,
        "model": pairs.get("Model"),
    }
    return {key: value for key, value in found.items() if value is not None}


def _number(kind: type[int] | type[float], text: str | None) -> int | float | None:
    try:
        return None if text is None else kind(text)
    except ValueError:
        return None


def _ours(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):  # the latter for brackets in brackets in brackets …
        return {}
    known = GenerationRequest.model_fields
    return {key: value for key, value in said.items() if key in known} if isinstance(said, dict) else {}
