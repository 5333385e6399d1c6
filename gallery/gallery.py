"""The gallery: pictures in a folder and the index of them, kept true to each other. Several servers may share one.

A picture is written first and listed then, so that whatever is listed is whole; what was written and not listed is
found by the next sweep. Where a file lies is what counts: the index follows.
"""

from __future__ import annotations

import errno
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from errors import GalleryUnavailable, UnknownPicture
from gallery import marks
from gallery.entry import Entry, Name, described
from gallery.folder import Folder, write
from gallery.index import Index
from gallery.marks import Marks
from gallery.search import Cursor, Search
from recipes.png import Damaged

log = logging.getLogger(__name__)

PART_SECONDS = 3600.0  # an unfinished file so old has no writer any more
TRASH_SECONDS = 7 * 86400.0  # for which a deleted picture can be had back
BATCH = 500  # rows of one transaction, for others to get their turn in between
_DAMAGED = "The file of this picture cannot be used: {}"
_WHY = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "it may not be written to",
    errno.EACCES: "it may not be written to",
    errno.EPERM: "it may not be written to",
    errno.ENOENT: "it is not there",
    errno.ENOTDIR: "it is no folder",
}


@dataclass(frozen=True)
class Swept:
    """What a sweep did."""

    pictures: int  # that are there now
    added: int = 0  # to the index
    removed: int = 0  # from it, because their files are gone
    damaged: int = 0  # files under a picture's name that are none


class Gallery:
    """The gallery in the folder `root`. Any thread may use it; every method may raise GalleryUnavailable."""

    def __init__(self, root: Path) -> None:
        self.folder, self.index = Folder(root), Index(root / "gallery.sqlite")
        self._opening = threading.RLock()
        self._opened = False

    def close(self) -> None:
        self.index.close()

    def save(self, name: Name, content: bytes) -> Entry:
        """Keep a PNG as `name`. May be called again for one that was not kept, or not listed. Raises png.Damaged."""
        with self._ready():
            entry = described(name, content)
            if not self.folder.picture(name).exists():
                write(self.folder.picture(name), content)
            self.index.add([entry])
            return entry

    def page(self, search: Search, after: Cursor | None, count: int, last: Cursor | None = None) -> list[Entry]:
        """The newest that `search` wants, behind `after`, up to `last`."""
        with self._ready():
            return self.index.page(search, after, count, last)

    def ids(self, search: Search) -> list[str]:
        """Of all that `search` wants, newest first."""
        with self._ready():
            return self.index.ids(search)

    def count(self, search: Search) -> int:
        with self._ready():
            return self.index.count(search)

    def values(self, kind: str, owner: str | None) -> list[str]:
        """The models, samplers, sizes or tags to choose from."""
        with self._ready():
            return self.index.distinct(kind, owner)

    def find(self, id: str) -> Entry:
        """Raises UnknownPicture for one that was never there, or is deleted."""
        with self._ready():
            found = self.index.find(id)
        if found is None or found[1]:
            raise UnknownPicture("There is no such picture in the gallery, or it was deleted.")
        return found[0]

    def content(self, id: str) -> bytes:
        """The file of a picture. Raises UnknownPicture, and forgets what somebody removed from the disk."""
        entry = self.find(id)
        with self._ready():
            try:
                return self.folder.picture(entry.name).read_bytes()
            except FileNotFoundError:
                self._follow(entry.name)
        raise UnknownPicture("The file of this picture is gone from the disk.")

    def look(self, id: str) -> Entry:
        """A picture as its file has it now, and so the index too. Raises UnknownPicture if it is gone or damaged."""
        listed, content = self.find(id), self.content(id)
        try:
            entry = replace(described(listed.name, content), starred=listed.starred, tags=listed.tags)
        except Damaged as error:
            raise UnknownPicture(_DAMAGED.format(error)) from error
        if entry != listed:
            with self._ready():
                self.index.add([entry], anew=True)
        return entry

    def converted(self, id: str, kind: str) -> bytes:
        """A picture in another of formats.KINDS. Raises UnknownPicture."""
        from gallery import formats  # loads Pillow

        return _made(formats.converted, self.content(id), kind)

    def thumbnail(self, id: str) -> bytes:
        """A small WebP of a picture, made once for each change of its file. Raises UnknownPicture."""
        name = self.find(id).name
        path = self.folder.thumbnail(name)
        with suppress(OSError):
            if path.stat().st_mtime >= self.folder.picture(name).stat().st_mtime:
                return path.read_bytes()
        from gallery import thumbnails  # loads Pillow

        small = _made(thumbnails.webp, self.content(id))
        with suppress(OSError):  # it is made again, then
            write(path, small)
        return small

    # Who may look at which picture is for the caller to decide. An `owner` changes their own alone; None: any.

    def star(self, ids: Sequence[str], starred: bool, owner: str | None = None) -> None:
        self._change(ids, lambda was: replace(was, starred=starred), owner)

    def tag(self, ids: Sequence[str], tags: Sequence[str], owner: str | None = None) -> None:
        """Raises InvalidRequest where a picture would have too many, and changes none then."""
        self._change(ids, lambda was: was.tagged(tags), owner)

    def untag(self, ids: Sequence[str], tags: Sequence[str], owner: str | None = None) -> None:
        self._change(ids, lambda was: was.untagged(tags), owner)

    def _change(self, ids: Sequence[str], changed: Callable[[Marks], Marks], owner: str | None) -> None:
        with self._ready():
            named = [name.id for name, _ in self._named(ids, owner)]
            self.index.change(named, changed, self._note)

    def _note(self, changes: Mapping[str, Marks]) -> None:
        if not self.folder.marks.exists():  # lost, or from before there was one
            marks.rewrite(self.folder.marks, self.index.marked())
        marks.note(self.folder.marks, changes)

    def delete(self, ids: Sequence[str], owner: str | None = None) -> list[str]:
        """Move pictures to the trash; returns the ids of those that were there."""
        return self._moved(ids, owner, deleted=True)

    def restore(self, ids: Sequence[str], owner: str | None = None) -> list[str]:
        """Take pictures out of the trash; returns the ids of those that were there."""
        return self._moved(ids, owner, deleted=False)

    def _named(self, ids: Sequence[str], owner: str | None) -> list[tuple[Name, bool]]:
        found = [(entry[0].name, entry[1]) for id in dict.fromkeys(ids) if (entry := self.index.find(id))]
        return [(name, deleted) for name, deleted in found if owner is None or name.owner == owner]

    def _moved(self, ids: Sequence[str], owner: str | None, deleted: bool) -> list[str]:
        moved: list[str] = []
        with self._ready():
            for name in [name for name, was in self._named(ids, owner) if was is not deleted]:
                try:
                    (self.folder.throw if deleted else self.folder.fetch)(name)
                except FileNotFoundError:
                    self._follow(name)
                else:
                    moved.append(name.id)
            self.index.deleted(moved, deleted)
        return moved

    def _follow(self, name: Name) -> None:
        """Note where a picture is, that was not where the index had it."""
        there, thrown = self.folder.picture(name).exists(), self.folder.deleted(name).exists()
        if there or thrown:
            self.index.deleted([name.id], not there)
        elif self.folder.pictures.is_dir():  # else all are gone, for as long as the disk is
            self.index.remove([name.id])

    def sweep(self, part_seconds: float = PART_SECONDS, trash_seconds: float = TRASH_SECONDS) -> Swept:
        """Remove leftovers, list what is not listed, forget what is gone."""
        with self._ready(sweep=False):
            return self._swept(part_seconds, trash_seconds)

    def reindex(self) -> Swept:
        """Make the index anew from the pictures, and from what was said of them."""
        with self._ready(sweep=False):
            self.index.renew()
            marks.rewrite(self.folder.marks, marks.read(self.folder.marks))
            return self._swept(PART_SECONDS, TRASH_SECONDS, anew=True)

    def _swept(self, part_seconds: float, trash_seconds: float, anew: bool = False) -> Swept:
        self.folder.prepare()
        gone = self.folder.tidy(part_seconds, trash_seconds)
        self.index.remove(name.id for name in gone)
        listed, thrown = list(self.folder.listed()), list(self.folder.thrown())
        known = self.index.known()
        files = {name.id: name for name in [*thrown, *listed]}
        added, damaged = self._added([name for name in files.values() if anew or name.id not in known], anew)
        here, away = {name.id for name in listed}, {name.id for name in thrown}
        for wanted, ids in ((False, here), (True, away - here)):
            self.index.deleted([id for id in ids if anew or id not in known or known[id][1] is not wanted], wanted)
        missing = [name for id, (name, _) in known.items() if id not in files]
        for name in missing:
            self._follow(name)  # it may have come, or moved, since the files were listed
        return Swept(len(here), added, len(missing), damaged)

    def _added(self, names: Sequence[Name], anew: bool) -> tuple[int, int]:
        """List the pictures of `names`; returns how many are listed, and how many are damaged."""
        said, none = marks.read(self.folder.marks) if names else {}, Marks()
        entries, added = (_said(entry, said.get(entry.name.id, none)) for entry in self._described(names)), 0
        while batch := list(islice(entries, BATCH)):
            self.index.add(batch, anew)
            added += len(batch)
        return added, len(names) - added

    def _described(self, names: Sequence[Name]) -> Iterator[Entry]:
        for name in names:
            for path in (self.folder.picture(name), self.folder.deleted(name)):
                try:
                    yield described(name, path.read_bytes())
                    break
                except FileNotFoundError:
                    continue
                except (Damaged, OSError) as error:
                    log.warning("%s is not listed: %s", path, error)
                    break

    @contextmanager
    def _ready(self, sweep: bool = True) -> Iterator[None]:
        """The gallery as it can be used; what is wrong with it as GalleryUnavailable."""
        try:
            self._open(sweep)
            yield
        except (OSError, sqlite3.Error) as error:
            raise GalleryUnavailable(f"The gallery in {self.folder.root} cannot be used: {_why(error)}.") from error

    def _open(self, sweep: bool) -> None:
        with self._opening:
            if self._opened and not self.folder.root.is_dir():  # an empty folder in its place would hide the real one
                raise FileNotFoundError(errno.ENOENT, "No such folder")
            if self._opened and not self.index.lost:
                return
            self.folder.prepare()
            empty = self.index.prepare()
            self._note({})
            self._opened = True
            if sweep and empty:
                self._swept(PART_SECONDS, TRASH_SECONDS)


def _made(make: Callable[..., bytes], *arguments: object) -> bytes:
    try:
        return make(*arguments)
    except (OSError, ValueError) as error:
        raise UnknownPicture(_DAMAGED.format(error)) from error


def _said(entry: Entry, said: Marks) -> Entry:
    return replace(entry, starred=said.starred, tags=said.tags)


def _why(error: OSError | sqlite3.Error) -> str:
    if isinstance(error, OSError):
        return _WHY.get(error.errno or 0, str(error.strerror or error))
    return f"its index says: {error}"
