"""The layout of the hub client's cache, as its documentation describes it: blobs named by their hash, links to them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def root() -> Path:
    """Where downloads go: HF_HUB_CACHE, else below HF_HOME, else the client's own choice."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE).expanduser()


def free_bytes(folder: Path) -> int:
    """On the disk that `folder` is or will be on."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free


def snapshot(repo: str, commit: str) -> Path:
    """The folder of a repo's files at a commit."""
    return _repo(repo) / "snapshots" / commit


def commit_of(repo: str, branch: str) -> str | None:
    """Where the branch was when it was last asked for; None if it never was."""
    try:
        return (_repo(repo) / "refs" / branch).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def remember(repo: str, branch: str, commit: str) -> None:
    """Note where the branch is, so that it is found without the network."""
    path = _repo(repo) / "refs" / branch
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(commit, encoding="utf-8")


def blob(repo: str, etag: str) -> Path:
    """A file's content."""
    return _repo(repo) / "blobs" / etag


def partial(repo: str, etag: str) -> Path:
    """As much of it as has come."""
    return _unfinished(blob(repo, etag))


def lock(repo: str, etag: str) -> Path:
    """Held by whoever fetches it."""
    return root() / ".locks" / _repo(repo).name / f"{etag}.lock"


def file_bytes(path: Path) -> int | None:
    """None if it is not there, or no longer: other programs use the cache as well."""
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def twin(etag: str, size: int) -> Path | None:
    """The same content in any repo: relatives share text encoders and VAEs. None if there is none."""
    return next((path for path in root().glob(f"models--*/blobs/{etag}") if file_bytes(path) == size), None)


def adopt(twin: Path, blob: Path) -> None:
    """Take over another repo's content, without a second copy where the disk can do that."""
    try:
        os.link(twin, blob)
    except OSError:
        copy = _unfinished(blob)  # a blob is whole
        shutil.copyfile(twin, copy)
        os.replace(copy, blob)


def link(blob: Path, pointer: Path) -> None:
    """As the client does it: a relative link, or the file itself where there are no links (Windows)."""
    pointer.parent.mkdir(parents=True, exist_ok=True)
    pointer.unlink(missing_ok=True)  # a link to a blob that is gone
    try:
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    except OSError:
        os.replace(blob, pointer)


def discard(pointer: Path) -> None:
    """Remove a damaged file so that it is fetched again, also from repos that adopted it."""
    damaged = pointer.resolve()
    same = [path for path in root().glob(f"models--*/blobs/{damaged.name}") if path.samefile(damaged)]
    for path in (pointer, damaged, *same):
        path.unlink(missing_ok=True)


def _unfinished(blob: Path) -> Path:
    return blob.with_name(f"{blob.name}.incomplete")


def _repo(repo: str) -> Path:
    return root() / f"models--{repo.replace('/', '--')}"
