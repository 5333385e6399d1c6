"""How a request comes: from the address behind the proxies that are known, which no client can choose; by https or not;
and below which path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import takewhile
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

Network = IPv4Network | IPv6Network
# Where the proxies of a Space are, and the end of a share link's tunnel, as the server behind them sees them.
INSIDE = ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
V6_PREFIX = 64  # bits: one customer has all the addresses that begin with them


def networks(written: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks as they are written in config.yaml. Raises ValueError."""
    return tuple(ip_network(one) for one in written)


def address(scope: Any, proxies: Sequence[Network]) -> str:
    """The nearest address that is none of `proxies`: an IPv4 address or an IPv6 network; empty where there is none.

    Each proxy adds whom it heard from at the end of X-Forwarded-For. So the way goes from there to the front for as
    long as the proxies are known; what stands further in front anybody may have written.
    """
    sender = scope.get("client")
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    heard = [part for line in lines for part in line.split(",")]
    way = [_read(part) for part in reversed([*heard, sender[0] if sender else ""])]
    known = list(takewhile(lambda step: step and any(step in network for network in proxies), way))
    behind = way[len(known)] if len(known) < len(way) else None
    found = behind or next(reversed(known[:2]), None)  # where all are known: whom the nearest one heard from
    if isinstance(found, IPv6Address):
        return str(ip_network((found.packed, V6_PREFIX), strict=False))
    return str(found or "")


def encrypted(request: HTTPConnection) -> bool:
    """Whether `request` came by https, to us or to the first proxy on its way, if it is one that tells."""
    told = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    return (told if told in ("http", "https") else request.url.scheme) == "https"


def root(request: HTTPConnection) -> str:
    """The path below which a proxy serves us, without a slash at its end; mostly empty. Gradio allows a whole URL."""
    return urlsplit(request.scope.get("root_path", "")).path.rstrip("/")


def _read(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it, perhaps with a port; None: it is none."""
    host = text.strip().removeprefix("[").partition("]")[0]
    if host.count(":") == 1:
        host = host.partition(":")[0]
    with suppress(ValueError):
        found = ip_address(host)
        return getattr(found, "ipv4_mapped", None) or found
    return None
