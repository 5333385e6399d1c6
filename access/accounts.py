"""Accounts with passwords: a file of lines `user:hash`, hashed by argon2id, which makes guessing costly."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from access.listing import Listing
from errors import ConfigError

SHORTEST, LONGEST = 8, 1024  # characters of a password
# What OWASP asks for at least: 19 MiB, two passes, one lane. A login takes some hundredths of a second.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Accounts:
    """Who has an account, and whether a password is theirs."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError."""
        self._listing = Listing(path, hashed)
        self._nobodys = _HASHER.hash("")  # so that a wrong name takes as long as a wrong password

    def verify(self, user: str, password: str) -> bool:
        """Takes the same time for a name that there is not. Blocks for that time."""
        known = self._listing.proofs().get(user)
        return _fits(known or self._nobodys, password) and known is not None

    def proof(self, user: str) -> str | None:
        """What changes with the user's password; None for a user that there is not."""
        return self._listing.proofs().get(user)

    def __len__(self) -> int:
        return len(self._listing.proofs())


def password_hash(password: str) -> str:
    """What is written into the file. Raises ConfigError for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConfigError(f"The password has {len(password)} characters. Accepted are {SHORTEST} to {LONGEST}.")
    return _HASHER.hash(_normal(password))


def hashed(proof: str) -> str:
    """`proof`, if it is a hash by argon2. Raises ValueError with what to do."""
    try:
        extract_parameters(proof)
    except InvalidHashError:
        raise ValueError(
            "a password stands there in plain text, or a hash that is not of argon2. Remove the line, then write it "
            "by `python app.py passwd USER --file FILE`."
        ) from None
    return proof


def _fits(known: str, password: str) -> bool:
    try:
        return _HASHER.verify(known, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> bytes:
    """The same bytes for the same letters, however a keyboard composes them."""
    return unicodedata.normalize("NFC", password[: LONGEST + 1]).encode(errors="surrogatepass")
