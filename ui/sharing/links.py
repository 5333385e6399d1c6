"""A link → the settings that it asks for. A link may come from anybody and say anything."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from generation.request import GenerationRequest

MOST = 40_000  # characters of what stands behind the question mark
WHOLE = re.compile(r"-?[0-9]{1,12}")
_KINDS = {**dict.fromkeys(("steps", "width", "height", "seed", "count"), int), "guidance_scale": float}


def link(request: GenerationRequest, address: str) -> str:
    """The page at `address`, filled in with `request`."""
    said = {field: value for field, value in request.model_dump().items() if value is not None}
    return f"{address}?{urlencode(said, quote_via=quote)}"


def said(search: Any) -> tuple[dict[str, Any], list[str]]:
    """The settings in a link's query, and why others of it can't be read. What is no setting is passed over."""
    if not isinstance(search, str):
        return {}, []
    if len(search) > MOST:
        return {}, [f"The link has {len(search)} characters. At most {MOST} are read."]
    pairs = [pair for pair in parse_qsl(search.removeprefix("?"), keep_blank_values=True) if pair[0] in _FIELDS]
    times = Counter(field for field, _ in pairs)
    refused = [f"{field} stands {n} times in the link. Say it once." for field, n in times.items() if n > 1]
    return {field: _value(field, text) for field, text in pairs if times[field] == 1}, refused


_FIELDS = tuple(GenerationRequest.model_fields)


def _value(field: str, text: str) -> Any:
    """As a number where one is wanted and this is one; else as it is, to be refused in words."""
    kind: Callable[[str], Any] = _KINDS.get(field, str)
    if kind is int:
        return int(text) if WHOLE.fullmatch(text) else text
    try:
        return kind(text)
    except ValueError:
        return text
