"""The forms of an OpenAPI as HTML tables: what a value may be, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

Schema = Mapping[str, Any]
_BOUNDS = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {}"),
    ("maxItems", "at most {}"),
    ("pattern", "matches {}"),
)


def prose(text: str) -> str:
    """A description: words between backticks are code, blank lines end a paragraph."""
    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    return "".join(f"<p>{_coded(part)}</p>" for part in paragraphs if part)


def kind(schema: Schema) -> str:
    """What a value is, with a link to its form where it has one."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#form-{name}">{name}</a>'
    if "const" in schema:
        return _value(schema["const"])
    if "enum" in schema:
        return " or ".join(_value(one) for one in schema["enum"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(kind(one) for one in schema[several]))
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    if isinstance(inner := schema.get("additionalProperties"), Mapping) and inner:
        return f"object of {kind(inner)}"
    return escape(str(schema.get("type", "any value")))


def resolved(schema: Schema, known: Mapping[str, Any]) -> Schema:
    """The form that `schema` refers to, if it does."""
    return known[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def fields(schema: Schema) -> str:
    """A table of an object's fields; for anything else what it is."""
    properties = schema.get("properties")
    if not properties:
        return f"<p>{kind(schema)}</p>"
    needed = schema.get("required", ())
    rows = "".join(_row(name, one, name in needed) for name, one in properties.items())
    return f"<table><tbody>{rows}</tbody></table>"


def _row(name: str, schema: Schema, needed: bool) -> str:
    limits = ", ".join(_limits(schema))
    mark = ' <b class="needed">required</b>' if needed else ""
    default = f", default {_value(schema['default'])}" if schema.get("default") not in (None, "", {}, []) else ""
    said = prose(schema.get("description", ""))
    what = f"{kind(schema)}{', ' + limits if limits else ''}{default}"
    return f'<tr><th scope="row"><code>{escape(name)}</code>{mark}</th><td><p class="what">{what}</p>{said}</td></tr>'


def parameter(said: Schema) -> str:
    """The row of a parameter in path or query."""
    schema = {"description": said.get("description", ""), **said["schema"]}
    return _row(said["name"], schema, said.get("required", False))


def _limits(schema: Schema) -> Iterator[str]:
    for part in (schema, *schema.get("anyOf", ())):
        for name, words in _BOUNDS:
            if name in part:
                bound = part[name]
                yield escape(words.format(f"{bound:g}" if isinstance(bound, float) else bound))


def _value(value: Any) -> str:
    return f"<code>{escape('null' if value is None else str(value))}</code>"


def _coded(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
