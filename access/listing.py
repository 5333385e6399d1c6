"""A text file of lines `name:proof`, one for each who may come in; blank lines and lines starting with # are kept."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import atomic
from errors import ConfigError

LONGEST_NAME = 64  # characters
PRIVATE = 0o600

log = logging.getLogger(__name__)


class Listing:
    """What a file lists, read again when it has changed, so that nobody has to restart the server for it."""

    def __init__(self, path: Path, checked: Callable[[str], str]) -> None:
        """`checked` returns the proof of a line, or raises ValueError with what to do. Raises ConfigError."""
        self.path, self._checked = path, checked
        self._stamp = _stamp(path)
        self._proofs = read(path, checked)
        warn_of_readers(path)

    def proofs(self) -> Mapping[str, str]:
        """By name. A file that has become unreadable is told in the log, and what it said before still holds."""
        if (stamp := _stamp(self.path)) != self._stamp:
            self._stamp = stamp
            try:
                self._proofs = read(self.path, self._checked)
            except ConfigError as error:
                log.error("%s Until then those are let in whom it named before.", error)
        return self._proofs


def read(path: Path, checked: Callable[[str], str]) -> dict[str, str]:
    """The proofs by name. Raises ConfigError, without ever repeating what is in the file."""
    found: dict[str, str] = {}
    for number, line in enumerate(_lines(path), start=1):
        if not _counts(line):
            continue
        name, colon, proof = line.partition(":")
        if not colon or _fault(name):
            raise ConfigError(f"{path}, line {number} is not of the form name:hash. Darkroom's own commands write it.")
        if name in found:
            raise ConfigError(f"{path}, line {number} names somebody again. Remove one of the two lines.")
        try:
            found[name] = checked(proof)
        except ValueError as error:
            raise ConfigError(f"{path}, line {number}: {error}") from None
    return found


def put(path: Path, name: str, proof: str | None) -> bool:
    """Write `name`'s line anew, or remove it for None; whether there was one. What was there is whole until then."""
    path = path.resolve()  # the file that a link points to, not the link
    lines = _lines(path) if path.exists() else []
    others = [line for line in lines if not _counts(line) or line.partition(":")[0] != name]
    text = "".join(f"{line}\n" for line in (*others, *([f"{name}:{proof}"] if proof else ())))
    try:
        atomic.write(path, text.encode(), PRIVATE)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}). Name another with --file.") from error
    return len(others) < len(lines)


def name(text: str) -> str:
    """`text`, if it can name somebody in such a file. Raises ConfigError."""
    if fault := _fault(text):
        raise ConfigError(f"The name {fault}. Accepted are 1 to {LONGEST_NAME} printable characters, none a colon.")
    return text


def _fault(text: str) -> str | None:
    if not text or text != text.strip():
        return "is empty, or begins or ends with a space"
    if len(text) > LONGEST_NAME:
        return f"has {len(text)} characters"
    if not text.isprintable():
        return "has characters that can't be seen"
    return "has a colon, or begins with #" if ":" in text or text.startswith("#") else None


def _counts(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(f"{path} cannot be read ({why}). Name another file.") from None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    with suppress(OSError):
        found = path.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size
    return None


def warn_of_readers(path: Path) -> None:
    """Say so where others of this machine may read it: hashes of weak passwords can be guessed."""
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        log.warning("%s may be read by others: chmod 600 %s", path, path)
