"""An OpenAPI as a page to read: plain HTML, without a script, so that it works without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import Any

from api.docs import forms
from api.docs.schema import operations
from colours import stylesheet

POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src 'self'; img-src data:; frame-ancestors 'self'"
_FILE = Path(__file__).with_suffix(".html")
_START = """curl {url}/v1/images/generations \\
  -H 'Content-Type: application/json' \\{key}
  -d '{{"prompt": "a red circle on a white background", "response_format": "url"}}'"""
_KEY = "\n  -H 'Authorization: Bearer YOUR_KEY' \\"


def page(schema: Mapping[str, Any], url: str) -> str:
    """Of `schema`, for whoever reads it at `url`."""
    tags = schema["tags"]
    sections = "".join(_section(schema, tag) for tag in tags)
    return _template().substitute(
        colours=stylesheet(),
        about=forms.prose(schema["info"]["description"]),
        version=escape(schema["info"]["version"]),
        start=escape(_START.format(url=url, key=_KEY if "security" in schema else "")),
        ways=_ways(schema),
        links="".join(f'<a href="#{escape(tag["name"])}">{escape(tag["name"])}</a>' for tag in tags),
        sections=sections,
        forms="".join(_form(name, form) for name, form in sorted(schema["components"]["schemas"].items())),
    )


def _section(schema: Mapping[str, Any], tag: Mapping[str, str]) -> str:
    found = [it for it in operations(schema) if tag["name"] in it[2]["tags"]]
    known = schema["components"]["schemas"]
    shown = "".join(_operation(*it, known) for it in found)
    name = escape(tag["name"])
    return f'<section id="{name}"><h2>{name}</h2>{forms.prose(tag["description"])}{shown}</section>'


def _operation(path: str, method: str, said: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    head = (
        f'<summary><b class="{method}">{method.upper()}</b><code>{escape(path)}</code>'
        f"<span>{escape(said['summary'])}</span></summary>"
    )
    return f'<details id="{escape(said["operationId"])}">{head}<div>{"".join(_parts(said, known))}</div></details>'


def _parts(said: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    yield forms.prose(said.get("description", ""))
    if parameters := said.get("parameters"):
        yield f"<h3>Parameters</h3><table><tbody>{''.join(map(forms.parameter, parameters))}</tbody></table>"
    if body := said.get("requestBody"):
        yield "<h3>Body</h3>"
        yield "".join(_content(body))
        for content in body["content"].values():
            yield forms.fields(forms.resolved(content["schema"], known))
    yield "<h3>Answers</h3><table><tbody>"
    yield "".join(_answer(status, answer) for status, answer in said["responses"].items())
    yield "</tbody></table>"


def _answer(status: str, answer: Mapping[str, Any]) -> str:
    name = HTTPStatus(int(status)).phrase if status.isdecimal() else ""
    return (
        f'<tr><th scope="row"><code>{escape(status)}</code> <small>{escape(name)}</small></th>'
        f"<td>{forms.prose(answer['description'])}{''.join(_content(answer))}</td></tr>"
    )


def _content(said: Mapping[str, Any]) -> Iterator[str]:
    for kind, content in said.get("content", {}).items():
        form = content.get("schema") or content.get("itemSchema", {})  # of one event of a stream
        about = forms.prose(form.get("description", ""))
        yield f'<p class="what"><code>{escape(kind)}</code>{": " + forms.kind(form) if form else ""}</p>{about}'


def _form(name: str, form: Mapping[str, Any]) -> str:
    said = forms.prose(form.get("description", ""))
    return f'<article id="form-{escape(name)}"><h3>{escape(name)}</h3>{said}{forms.fields(form)}</article>'


def _ways(schema: Mapping[str, Any]) -> str:
    ways = schema["components"].get("securitySchemes", {})
    if not ways:
        return "<p>Nobody has to say who they are here.</p>"
    return "".join(
        f"<p><code>Authorization: {escape(way['scheme'].title())} …</code> {forms.prose(way['description'])[3:]}"
        for way in ways.values()
    )


@cache
def _template() -> Template:
    return Template(_FILE.read_text(encoding="utf-8"))
