"""Pictures with captions, from wherever `--data` says: a folder, WebDataset tars, a dataset saved or on the hub.

All are read by the `datasets` library, a row at a time, never all at once.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import ConfigError
from models.spec import HUB_REPO
from training.data.pictures import SUFFIXES, Pair

CAPTIONS = ("text", "caption", "txt", "prompt")  # columns in which captions are looked for, in this order
METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
ACCEPTED = (
    "Name a folder of pictures (with metadata.csv or metadata.jsonl, or a .txt file beside each), a folder of "
    "WebDataset .tar files, a folder written by `datasets`' save_to_disk, or a dataset on the hub as owner/name."
)
Rows = Any  # datasets.Dataset or datasets.IterableDataset


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where in a row the picture and its caption are; "" looks for them."""

    picture: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Source:
    """Rows that are pictures with captions."""

    name: str  # as `--data` has it
    rows: Rows
    columns: Columns  # both found
    fingerprint: str  # another one when any file is another

    def pairs(self, start: int = 0) -> Iterator[Pair]:
        """From that number on, always in the same order. Raises ConfigError for a tar that is cut off."""
        number = start
        try:
            for number, row in enumerate(self.rows.skip(start), start):
                yield _pair(row, self.columns, number)
        except (tarfile.TarError, EOFError) as error:
            raise ConfigError(
                f"--data {self.name}: a .tar file is cut off or damaged after {number + 1} pictures ({error}). "
                "Put a whole copy in its place."
            ) from error


def find(data: str, columns: Columns = Columns(), split: str = "train") -> Source:
    """What `--data` names. Raises ConfigError if there is nothing, or nothing that has pictures and captions."""
    path = Path(data).expanduser()
    if path.is_dir():
        listed = sorted(it for it in path.rglob("*") if it.is_file() and not it.name.startswith("."))
        rows, fingerprint = _of_folder(path, listed, split), _stat(path, listed)
    elif path.is_file() and path.suffix == ".tar":
        rows, fingerprint = _tars([path]), _stat(path.parent, [path])
    elif path.exists() or not HUB_REPO.fullmatch(data):
        what = "is a file, not a folder" if path.exists() else "does not exist"
        raise ConfigError(f"--data {data} {what}. {ACCEPTED}")
    else:
        rows = _of_hub(data, split)
        fingerprint = _stat(Path("/"), [Path(it["filename"]) for it in rows.cache_files])
    return Source(data, *_undecoded(data, rows, columns), fingerprint)


def _of_folder(folder: Path, listed: Sequence[Path], split: str) -> Rows:
    import datasets

    names = {it.relative_to(folder).as_posix() for it in listed}
    if {"state.json", "dataset_dict.json"} & names:
        return _split(folder, datasets.load_from_disk(str(folder)), split)
    if tars := [it for it in listed if it.suffix == ".tar"]:
        return _tars(tars)
    if tables := [str(it) for it in listed if it.suffix == ".parquet" and it.name not in METADATA]:
        return _loaded(str(folder), "parquet", data_files=tables, split="train", streaming=True)
    pictures = [it for it in listed if it.suffix.lower() in SUFFIXES]
    if not pictures:
        what = "is empty" if not listed else f"holds {len(listed)} files, none of which is a picture or a data set"
        raise ConfigError(f"--data {folder} {what}. {ACCEPTED}")
    if any(it.name in METADATA for it in listed):
        return _by_metadata(folder, pictures)
    return _by_text_files(folder, pictures)


def _by_metadata(folder: Path, pictures: Sequence[Path]) -> Rows:
    """`datasets`' own way of a folder, which sees only the pictures that metadata names."""
    rows = _loaded(str(folder), "imagefolder", data_dir=str(folder), split="train", streaming=True)
    image = next((name for name, kind in (rows.features or {}).items() if _is_picture(kind)), "")
    if not image:
        raise ConfigError(f"--data {folder}: its metadata has no column file_name that says of which picture it tells.")
    told = {Path(row[image]["path"]).resolve() for row in rows.cast_column(image, _kept_closed())}
    _refuse_without(folder, [it for it in pictures if it.resolve() not in told], "the metadata says nothing of")
    return rows


def _by_text_files(folder: Path, pictures: Sequence[Path]) -> Rows:
    import datasets

    beside = [it.with_suffix(".txt") for it in pictures]
    _refuse_without(
        folder, [it for it, text in zip(pictures, beside, strict=True) if not text.is_file()], "none is with"
    )

    def rows() -> Iterator[dict[str, str]]:
        for picture, text in zip(pictures, beside, strict=True):
            yield {"image": str(picture), "text": text.read_text(encoding="utf-8", errors="replace").strip()}

    kinds = datasets.Features({"image": datasets.Image(), "text": datasets.Value("string")})
    return datasets.IterableDataset.from_generator(rows, features=kinds)


def _refuse_without(folder: Path, pictures: Sequence[Path], why: str) -> None:
    if pictures:
        few = ", ".join(str(it.relative_to(folder)) for it in pictures[:3])
        raise ConfigError(
            f"--data {folder}: captions are missing; {why} {len(pictures)} of its pictures ({few}"
            f"{', …' if len(pictures) > 3 else ''}). Put a .txt file of the same name beside each picture, or "
            "metadata.csv or metadata.jsonl with file_name and text of every picture in the folder; or take them out."
        )


def _tars(tars: Sequence[Path]) -> Rows:
    for path in tars:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - tarfile.BLOCKSIZE))
            if file.read() != bytes(tarfile.BLOCKSIZE):  # every whole tar ends with two empty blocks
                raise ConfigError(f"--data: {path} is cut off, or no tar file. Put a whole copy in its place.")
    return _loaded(
        str(tars[0].parent), "webdataset", data_files=[str(it) for it in tars], split="train", streaming=True
    )


def _of_hub(name: str, split: str) -> Rows:
    return _split(name, _loaded(name, name), split)


def _loaded(data: str, *args: Any, **settings: Any) -> Rows:
    import datasets
    from datasets.exceptions import DatasetsError

    try:
        return datasets.load_dataset(*args, **settings)
    except (DatasetsError, OSError, ValueError, RuntimeError, tarfile.TarError, EOFError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"--data {data} cannot be read: {why[:300]}\n{ACCEPTED}") from error


def _split(data: str | Path, found: Any, split: str) -> Rows:
    """One part of a dataset that has several."""
    if not isinstance(found, dict):
        return found
    if split not in found:
        raise ConfigError(f"--data {data} has no split {split!r}. Name one with --split: {', '.join(map(str, found))}.")
    return found[split]


def _undecoded(data: str, rows: Rows, asked: Columns) -> tuple[Rows, Columns]:
    """The rows with pictures as bytes, which we open ourselves, to say which one is broken; and the columns found."""
    kinds = rows.features or {}
    pictures = [name for name, kind in kinds.items() if _is_picture(kind)]
    captions = [name for name in CAPTIONS if name in kinds]
    picture = asked.picture or next(iter(pictures), "")
    caption = asked.caption or next(iter(captions), "")
    lacking = [what for what, name in (("pictures", picture), ("captions", caption)) if name not in kinds]
    if lacking or picture not in pictures:
        named = " and ".join(repr(name) for name in (asked.picture, asked.caption) if name) or "pictures and captions"
        raise ConfigError(
            f"--data {data} has no column {named}{'' if lacking else ' of pictures'}. "
            f"Its columns: {', '.join(kinds) or 'none'}. "
            "Name those of the picture and of the caption with --picture-column and --caption-column."
        )
    return rows.cast_column(picture, _kept_closed()), Columns(picture=picture, caption=caption)


def _is_picture(kind: Any) -> bool:
    import datasets

    return isinstance(kind, datasets.Image)


def _kept_closed() -> Any:
    import datasets

    return datasets.Image(decode=False)


def _pair(row: dict[str, Any], columns: Columns, number: int) -> Pair:
    held, said = row[columns.picture] or {}, row[columns.caption]
    captions = tuple(
        it for it in ([said] if isinstance(said, str) else said or []) if isinstance(it, str) and it.strip()
    )
    path = str(held.get("path") or row.get("__key__") or "")
    return Pair(Path(path).name or f"row {number}", held.get("bytes"), path, captions)


def _stat(folder: Path, listed: Sequence[Path]) -> str:
    """Of names, sizes and times of the files: reading them all would take as long as using them."""
    digest = hashlib.sha256()
    for path in listed:
        status = path.stat()
        digest.update(f"{path.relative_to(folder)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
