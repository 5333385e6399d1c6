"""What stands for somebody beside what they made: 16 hexadecimal digits, from which no key can be told.

The first digit says of what kind they are. Whoever comes without a key that lasts comes back as nobody that is known:
what they made is had by whoever was told its id, and by no search.
"""

from __future__ import annotations

import hashlib
import re
import secrets

ACCOUNT, BROWSER, PASSING = "a", "b", "0"
KEY_BYTES = 24  # of randomness in a browser's key
KEY = re.compile(r"[A-Za-z0-9_-]{32,128}")  # as it is sent back


def owner(kind: str, key: str) -> str:
    """For whoever is known by `key`, of that kind."""
    return kind + hashlib.sha256(f"{kind} {key}".encode(errors="replace")).hexdigest()[:15]


def somebody() -> str:
    """An owner who is never seen again."""
    return PASSING + secrets.token_hex(8)[1:]


def passing(owner: str) -> bool:
    """Whether whoever it was had no key that lasts."""
    return owner.startswith(PASSING)


def new_key() -> str:
    """A random key for a browser to keep."""
    return secrets.token_urlsafe(KEY_BYTES)
