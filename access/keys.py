"""API keys: named, drawn at random, and kept as SHA-256.

A slow hash, as passwords need it, would protect nothing here: a key has 256 random bits, which nobody can guess
through, and it is checked at every request.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from access.listing import Listing, name
from errors import ConfigError

ENVIRONMENT = "DARKROOM_API_KEYS"
PREFIX = "darkroom-"
SHORTEST = 32  # characters of a key that the environment names, which somebody may have made up
_HASHED = re.compile(r"sha256\$[0-9a-f]{64}")


class Keys:
    """The keys that open the doors: of a file, of the environment, or of both."""

    def __init__(self, path: Path | None, given: str = "") -> None:
        """`given` is what the environment says: `name:key`, separated by commas or spaces. Raises ConfigError."""
        self._listing = Listing(path, hashed) if path else None
        self._given = _given(given)

    def name_of(self, key: str) -> str | None:
        """Whose key it is. Takes the same time whichever it is, and none of them."""
        digest, found = key_hash(key), None
        for named, proof in self._proofs().items():
            if hmac.compare_digest(proof, digest):
                found = named
        return found

    def proof(self, named: str) -> str | None:
        """What changes with the key of that name; None where there is none."""
        return self._proofs().get(named)

    def names(self) -> list[str]:
        return sorted(self._proofs())

    def _proofs(self) -> Mapping[str, str]:
        return {**(self._listing.proofs() if self._listing else {}), **self._given}


def new_key() -> str:
    """A key that nobody has."""
    return PREFIX + secrets.token_urlsafe(32)


def key_hash(key: str) -> str:
    """What is kept of a key."""
    return f"sha256${hashlib.sha256(key.encode(errors='surrogatepass')).hexdigest()}"


def hashed(proof: str) -> str:
    """`proof`, if it is the hash of a key. Raises ValueError with what to do."""
    if not _HASHED.fullmatch(proof):
        raise ValueError(
            "this is not the hash of a key; a key itself has no place there. Remove the line, then make a new key by "
            "`python app.py keys add NAME --file FILE`."
        )
    return proof


def _given(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, entry in enumerate(text.replace(",", " ").split(), start=1):
        named, colon, key = entry.partition(":")
        try:
            known = name(named)
        except ConfigError:
            known = ""
        if not (known and colon) or len(key) < SHORTEST or known in found:
            raise ConfigError(
                f"{ENVIRONMENT}: entry {number} is refused. Accepted is name:key, each name once, a key of {SHORTEST} "
                "characters or more as `python app.py keys add` makes them; separate several by commas."
            )
        found[known] = key_hash(key)
    return found
