"""A folder as a hub repository: its commit, its files' sizes and hashes, and the listings the hub gives of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha1, sha256
from pathlib import Path, PurePosixPath
from typing import Any

# What the hub keeps outside git: everything with these endings (and is then known by its sha256).
LARGE = (".safetensors", ".bin", ".onnx", ".onnx_data", ".msgpack", ".xml", ".png", ".jpg")


@dataclass(frozen=True)
class File:
    """One file of a repository."""

    path: str
    source: Path
    size: int  # bytes
    oid: str  # git's sha1 of it
    sha256: str | None  # None: small enough for git itself

    @property
    def etag(self) -> str:
        return self.sha256 or self.oid

    def listed(self, *, blobs: bool) -> dict[str, Any]:
        """As in `siblings` of /api/models/{repo}."""
        if not blobs:
            return {"rfilename": self.path}
        lfs = {"lfs": {"sha256": self.sha256, "size": self.size, "pointerSize": 134}} if self.sha256 else {}
        return {"rfilename": self.path, "size": self.size, "blobId": self.oid, **lfs}

    def in_tree(self) -> dict[str, Any]:
        """As in /api/models/{repo}/tree."""
        lfs = {"lfs": {"oid": self.sha256, "size": self.size, "pointerSize": 134}} if self.sha256 else {}
        return {"type": "file", "path": self.path, "size": self.size, "oid": self.oid, **lfs}


@dataclass(frozen=True)
class Repo:
    """One commit of a repository, also known as `main`."""

    name: str
    commit: str
    files: Mapping[str, File]
    token: str | None = None  # not None: gated, this token has access

    @classmethod
    def read(cls, name: str, folder: Path, commit: str | None, token: str | None) -> "Repo":
        """All files below `folder`; without a `commit` one is derived from them."""
        files: dict[str, File] = {}
        for source in sorted(path for path in folder.rglob("*") if path.is_file()):
            path, content = source.relative_to(folder).as_posix(), source.read_bytes()
            large = sha256(content).hexdigest() if path.endswith(LARGE) else None
            oid = sha1(b"blob %d\0" % len(content) + content).hexdigest()
            files[path] = File(path, source, len(content), oid, large)
        derived = sha1("".join(f"{f.path} {f.oid}\n" for f in files.values()).encode()).hexdigest()
        return cls(name, commit or derived, files, token)

    def has(self, revision: str) -> bool:
        return revision in ("main", self.commit)

    def info(self, *, blobs: bool) -> dict[str, Any]:
        """The answer of /api/models/{repo}."""
        siblings = [file.listed(blobs=blobs) for file in self.files.values()]
        gated = "auto" if self.token else False
        common: dict[str, Any] = {
            "private": False,
            "gated": gated,
            "disabled": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
        }
        return {"id": self.name, "modelId": self.name, "sha": self.commit, "siblings": siblings, **common}

    def tree(self, below: str, *, recursive: bool) -> list[dict[str, Any]]:
        """The answer of /api/models/{repo}/tree: folders and files below a folder ("" is the root)."""
        entries: dict[str, dict[str, Any]] = {}
        for file in self.files.values():
            folders = [parent.as_posix() for parent in PurePosixPath(file.path).parents][:-1]
            for path in folders:
                entries[path] = {"type": "directory", "path": path, "size": 0, "oid": sha1(path.encode()).hexdigest()}
            entries[file.path] = file.in_tree()
        prefix = f"{below}/" if below else ""
        inside = {path: entry for path, entry in entries.items() if path.startswith(prefix) and path != below}
        return [e for path, e in inside.items() if recursive or "/" not in path.removeprefix(prefix)]
