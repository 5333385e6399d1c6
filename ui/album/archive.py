"""Many pictures as one zip file, which is sent while it is made: it may be larger than memory or disk."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone

from errors import UnknownPicture
from gallery.entry import Entry
from gallery.formats import recipe
from gallery.gallery import Gallery


class _Sent:
    """A file of which nothing is kept but what was not taken yet."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def archive(
    gallery: Gallery, ids: Sequence[str], kind: str, find: Callable[[str], Entry], recipes: bool
) -> Iterator[bytes]:
    """The pictures of `ids` that `find` has, as png, jpg or webp. With `recipes` each has a JSON file beside it."""
    sent = _Sent()
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_STORED) as file:  # type: ignore[call-overload] # pictures get no smaller
        for id in ids:
            with suppress(UnknownPicture):  # gone meanwhile
                entry = find(id)
                ending, content = _picture(gallery, id, kind)
                file.writestr(_named(entry, ending), content)
                if recipes:
                    file.writestr(_named(entry, "json"), recipe(entry))
            yield sent.taken()
    yield sent.taken()


def _picture(gallery: Gallery, id: str, kind: str) -> tuple[str, bytes]:
    """A picture and its ending. One that can't be had as `kind` comes as the PNG that it is."""
    if kind != "png":
        with suppress(UnknownPicture):
            return kind, gallery.converted(id, kind)
    return "png", gallery.content(id)


def _named(entry: Entry, ending: str) -> zipfile.ZipInfo:
    made = datetime.fromtimestamp(entry.name.created // 1_000_000, timezone.utc)
    seed = "" if entry.seed is None else f"-{entry.seed}"
    info = zipfile.ZipInfo(f"darkroom{seed}-{entry.name.id[:8]}.{ending}", made.timetuple()[:6])
    info.external_attr = 0o644 << 16  # else nobody may read what Unix unpacks
    return info
