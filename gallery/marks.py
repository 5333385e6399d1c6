"""What people say of pictures, which no picture holds: stars and tags. They outlive the index, in a file of their own.

One line of JSON for each change; of several for one picture the last counts. Lines are only ever added, so that two
servers can do it, and whatever is no such line is passed over.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from errors import InvalidRequest
from gallery.folder import write

LONGEST = 60  # characters of a tag
MOST = 50  # tags of a picture
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Marks:
    """What was said of one picture."""

    starred: bool = False
    tags: tuple[str, ...] = ()  # in the order of the alphabet

    def tagged(self, added: Iterable[str]) -> Marks:
        """Raises InvalidRequest where that comes to too many."""
        tags = tuple(sorted({*self.tags, *added}))
        if len(tags) > MOST:
            raise InvalidRequest(f"A picture may have {MOST} tags, and would have {len(tags)}. Remove some.", "tag")
        return Marks(self.starred, tags)

    def untagged(self, removed: Iterable[str]) -> Marks:
        return Marks(self.starred, tuple(tag for tag in self.tags if tag not in set(removed)))


def tags_in(text: str) -> tuple[str, ...]:
    """The tags in what somebody typed, with commas between them. Raises InvalidRequest for one that can't be."""
    found = (" ".join(unicodedata.normalize("NFC", part).split()) for part in text.split(","))
    tags = tuple(dict.fromkeys(tag for tag in found if tag))
    for tag in tags:
        if not _fits(tag):
            shown = f"{tag[:20]}…" if len(tag) > LONGEST else tag
            raise InvalidRequest(f"'{shown}' is no tag. One has at most {LONGEST} characters, all visible.", "tag")
    return tags


def read(path: Path) -> dict[str, Marks]:
    """What the file says now, by the ids of pictures; nothing where there is none. Raises OSError."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return dict(_said(lines))
    except FileNotFoundError:
        return {}


def note(path: Path, changes: Mapping[str, Marks]) -> None:
    """Add what has changed. Raises OSError."""
    content = "".join(_line(id, marks) for id, marks in changes.items())
    if not content:
        return
    with path.open("a+b") as file:
        torn = file.seek(0, os.SEEK_END) and _last_byte(file.fileno()) != b"\n"
        file.write(b"\n" * bool(torn) + content.encode())
        file.flush()
        os.fsync(file.fileno())


def rewrite(path: Path, marks: Mapping[str, Marks]) -> None:
    """Say `marks` alone, each once. Raises OSError."""
    write(path, "".join(_line(id, one) for id, one in marks.items() if one != Marks()).encode())


def _said(lines: Iterable[str]) -> Iterator[tuple[str, Marks]]:
    for line in lines:
        try:
            said = json.loads(line)
            id, starred, tags = said["id"], said["starred"], said["tags"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(id, str) and _ID.fullmatch(id) and isinstance(starred, bool) and isinstance(tags, list):
            kept = sorted({tag for tag in tags if isinstance(tag, str) and _fits(tag)})
            yield id, Marks(starred, tuple(kept[:MOST]))


def _line(id: str, marks: Marks) -> str:
    return json.dumps({"id": id, "starred": marks.starred, "tags": marks.tags}, ensure_ascii=False) + "\n"


def _fits(tag: str) -> bool:
    return 0 < len(tag) <= LONGEST and tag.isprintable() and "," not in tag


def _last_byte(file: int) -> bytes:
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1)
