"""Small sets of pictures with captions, in each form that `--data` takes."""

import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

COLOURS = ("red", "green", "blue", "white")
Said = Sequence[tuple[str, str]]  # file name, caption


def captions(count: int) -> list[tuple[str, str]]:
    return [(f"{number:02d}.png", f"a {COLOURS[number % 4]} picture, {number}") for number in range(count)]


def png(colour: str, width: int = 96, height: int = 64) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(held, "png")
    return held.getvalue()


def pictures(folder: Path, count: int = 4) -> Said:
    folder.mkdir(parents=True, exist_ok=True)
    said = captions(count)
    for name, caption in said:
        (folder / name).write_bytes(png(caption.split()[1]))
    return said


def with_jsonl(folder: Path, count: int = 4) -> Path:
    lines = [json.dumps({"file_name": name, "text": text}) for name, text in pictures(folder, count)]
    (folder / "metadata.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def with_csv(folder: Path, count: int = 4) -> Path:
    lines = ["file_name,text", *(f'{name},"{text}"' for name, text in pictures(folder, count))]
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    return folder


def with_texts(folder: Path, count: int = 4) -> Path:
    for name, text in pictures(folder, count):
        (folder / name).with_suffix(".txt").write_text(f"{text}\n")
    return folder


def shards(folder: Path, count: int = 4) -> Path:
    """Two WebDataset tars."""
    folder.mkdir(parents=True, exist_ok=True)
    said = captions(count)
    for number, part in enumerate((said[: count // 2], said[count // 2 :])):
        with tarfile.open(folder / f"{number:05d}.tar", "w") as tar:
            for name, text in part:
                add(tar, name, png(text.split()[1]))
                add(tar, name.replace("png", "txt"), text.encode())
    return folder


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def saved(folder: Path, count: int = 4) -> Path:
    """As `datasets` saves one: its own column names, and several captions of each picture."""
    data_set(count).save_to_disk(str(folder))
    return folder


def parquet(folder: Path, count: int = 4) -> Path:
    """The same as a repository on the hub holds it, in two files."""
    (folder / "data").mkdir(parents=True)
    for number in range(2):
        file = folder / "data" / f"train-{number:05d}-of-00002.parquet"
        data_set(count).shard(2, number).to_parquet(file)
    return folder


def data_set(count: int) -> Any:
    """A `datasets.Dataset`."""
    import datasets

    said = captions(count)
    columns = {
        "photo": [{"bytes": png(text.split()[1]), "path": name} for name, text in said],
        "said": [[text, text.upper()] for _, text in said],
    }
    kinds = datasets.Features({"photo": datasets.Image(), "said": datasets.List(datasets.Value("string"))})
    return datasets.Dataset.from_dict(columns, features=kinds)
