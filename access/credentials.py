"""What a request says who it is: the `Authorization` header."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass


@dataclass(frozen=True)
class Credentials:
    """A key, or a user with a password or a key."""

    user: str  # empty for Bearer
    secret: str

    def __repr__(self) -> str:
        return "Credentials(…)"  # never in a log


def credentials(header: str | None) -> Credentials | None:
    """None where nothing is said: clients without a key send the header empty, or with nothing in it.

    Raises ValueError for what is neither Bearer nor Basic.
    """
    scheme, _, value = (header or "").strip().partition(" ")
    value = value.strip()
    if not value:
        return None
    if scheme.lower() == "bearer":
        return Credentials("", value)
    if scheme.lower() != "basic":
        raise ValueError("Accepted are Bearer and Basic.")
    try:
        user, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("Basic is user:password in base64, as UTF-8.") from None
    return Credentials(user, secret) if secret else None
