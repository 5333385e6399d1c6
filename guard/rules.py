"""Which hosts and which other sites a server answers to."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "host.docker.internal"})
SHARED = ".gradio.live"  # where Gradio's tunnel serves a share link, whose name is known only after the start
SPACE = "SPACE_ID"  # is in the environment on a Hugging Face Space
SPACES = ".hf.space"  # where Hugging Face serves them
HUGGING_FACE = ("https://huggingface.co", "https://*.huggingface.co")  # shows Spaces in a frame
ASSETS = "https://gradio.s3-us-west-2.amazonaws.com"  # whence gradio has the page of a share link load its code
PORTS = {"http": 80, "https": 443}

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?", re.ASCII | re.IGNORECASE)

Host = tuple[str, int | None]  # name in lower case, and port


@dataclass(frozen=True)
class Rules:
    """Everything that the guard must know of a deployment."""

    hosts: frozenset[str] = LOCAL  # names that this server goes by, in lower case and without ports
    suffixes: tuple[str, ...] = ()  # of names that it goes by, too
    unowned: bool = False  # whether any address will do, and any name that no stranger can have registered
    origins: frozenset[str] = frozenset()  # other sites whose pages may use this server, as scheme://host[:port]
    frames: tuple[str, ...] = ()  # other sites that may show the page in a frame
    assets: tuple[str, ...] = ()  # other sites whose scripts, styles and fonts the page loads
    connections: int = 800  # at a time; a process may mostly have 1024 files open, pictures that it saves among them
    held: int = 256 << 20  # bytes of bodies of requests that are under way, all together
    patience: float = 1.0  # times the seconds that a body of its kind may take on its way

    def host(self, name: str) -> bool:
        """Whether this server goes by `name`.

        A page of another site that has its own name resolve to this machine sends that name (DNS rebinding).
        """
        if name in self.hosts or name.endswith(self.suffixes):
            return True
        return self.unowned and (_address(name) or "." not in name or name.endswith((".local", ".internal")))

    def origin(self, origin: str) -> bool:
        """Whether pages of that other site may use this server."""
        return origin.lower() in self.origins


def rules(
    names: Iterable[str], origins: Iterable[str] = (), *, share: bool, others: bool, environ: Mapping[str, str]
) -> Rules:
    """For a server of those names, to which `others` than this machine can come, by a share link or otherwise."""
    space = SPACE in environ
    named = {*names, *environ.get("SPACE_HOST", "").split(",")}
    if others:
        named.add(socket.gethostname())
    return Rules(
        hosts=LOCAL | {name.strip().lower() for name in named if name.strip()},
        suffixes=((SHARED,) if share else ()) + ((SPACES,) if space else ()),
        unowned=others,
        origins=frozenset(origin.lower().rstrip("/") for origin in origins),
        frames=HUGGING_FACE if space else (),
        assets=(ASSETS,) if share else (),
    )


def parsed(header: str) -> Host | None:
    """The host and port that a Host header names; None if it names none."""
    found = _HOST.fullmatch(header)
    if found is None:
        return None
    address, name, port = found.groups()
    return (address or name).lower().removesuffix("."), int(port) if port else None


def same(origin: str, header: str) -> bool:
    """Whether `origin` is the site that a request with this Host header asks.

    Not by the scheme: where TLS ends before this server, only the browser knows it.
    """
    scheme, _, rest = origin.partition("://")
    asking, asked = parsed(rest), parsed(header)
    if asking is None or asked is None or scheme not in PORTS:
        return False
    usual = PORTS[scheme]
    return (asking[0], asking[1] or usual) == (asked[0], asked[1] or usual)


def _address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
