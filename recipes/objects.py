"""JSON from anybody: an object, or nothing. Raises nothing."""

from __future__ import annotations

import json
from typing import Any


def parsed(text: str | None) -> dict[str, Any]:
    """The object that `text` is; empty for whatever else it is, brackets in brackets in brackets … included."""
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def inner(value: Any, *keys: str) -> Any:
    """What stands below `keys` in objects within `value`; None where anything on the way is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def listed(value: Any) -> list[Any]:
    """`value` if it is a list, else none."""
    return value if isinstance(value, list) else []
