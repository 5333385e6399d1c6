"""What a teacher has encoded is kept: found again, gone on with, and never mistaken for something else's."""

import errno
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

import pytest
import torch
from torch import Tensor

from errors import ConfigError
from tests import picture_sets as sets
from tests.tiny import Checkpoints
from training.base_training import Stored, noisy_batch
from training.data import stored
from training.data.pictures import square
from training.data.rows import Growing, Kind, mapped
from training.data.sources import Columns, find
from training.data.stored import store
from training.loop.train import Place
from training.teacher import Prompts, Teacher, load

SIDE = 64
FIELDS = ("latents", "texts", "empty", "pooled", "empty_pooled", "time_ids")


@cache
def teacher(folder: Path) -> Teacher:
    return load(str(folder), "cpu", lambda event: None)


@pytest.fixture
def sd(checkpoints: Checkpoints) -> Teacher:
    return teacher(checkpoints["sd"])


@pytest.fixture
def sdxl(checkpoints: Checkpoints) -> Teacher:
    return teacher(checkpoints["sdxl"])


def tensors(one: Stored) -> dict[str, Tensor]:
    return {name: value.clone() for name in FIELDS if (value := getattr(one, name)) is not None}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def test_what_is_stored_is_what_the_teacher_makes(sdxl: Teacher, tmp_path: Path) -> None:
    source = find(str(sets.with_texts(tmp_path / "set")))
    found = store(source, sdxl, tmp_path / "stored", side=SIDE)
    pair = list(source.pairs())[2]
    prompts, cut = sdxl.prompts(pair.captions), square(pair.open(), SIDE)
    assert prompts.pooled is not None
    assert found.pooled is not None
    assert found.time_ids is not None
    assert found.empty_pooled is not None
    assert found.latents.shape == (4, 4, 8, 8)
    assert torch.allclose(found.latents[2].float(), sdxl.latents(cut.pixels[None])[0], atol=1e-2)
    assert torch.allclose(found.texts[2].float(), prompts.states, atol=1e-2)
    assert torch.allclose(found.pooled[2].float(), prompts.pooled, atol=1e-2)
    assert found.time_ids[2].tolist() == [64, 96, 0, 16, 64, 64]
    assert not found.empty.any()
    assert not found.empty_pooled.any()


@pytest.mark.parametrize("name", ["sd", "sdxl", "decidiffusion"])
def test_the_u_net_takes_a_batch_of_it(checkpoints: Checkpoints, tmp_path: Path, name: str) -> None:
    one = teacher(checkpoints[name])
    found = store(find(str(sets.shards(tmp_path / "set"))), one, tmp_path / "stored", side=SIDE)
    batch = noisy_batch(found, one.noise, 3, Place(0, 0, 0), torch.device("cpu"))
    with torch.no_grad():
        assert batch.prediction(one.unet).shape == batch.target.shape == (3, 4, 8, 8)


def test_several_captions_of_each_picture(sd: Teacher, tmp_path: Path) -> None:
    source = find(str(sets.saved(tmp_path / "set")), Columns(caption="said"))
    found = store(source, sd, tmp_path / "stored", side=SIDE, captions=2)
    text = sets.captions(4)[1][1]
    assert found.texts.shape[:2] == (4, 2)
    assert torch.allclose(found.texts[1].float(), sd.prompts([text, text.upper()]).states, atol=1e-2)
    with pytest.raises(ConfigError, match=r"4 \(00\.png has 2; .* lack a caption"):
        store(source, sd, tmp_path / "three", side=SIDE, captions=3)


class Interrupted(Teacher):
    """Whose user loses patience at the second batch."""

    def prompts(self, captions: Sequence[str]) -> Prompts:
        if "a white picture, 19" in captions:
            raise KeyboardInterrupt
        return super().prompts(captions)


def test_an_interrupted_encoding_goes_on_where_it_was(sd: Teacher, tmp_path: Path) -> None:
    source = find(str(sets.with_texts(tmp_path / "set", 20)))
    whole = tensors(store(source, sd, tmp_path / "whole", side=SIDE))
    impatient = Interrupted(**{name: getattr(sd, name) for name in ("spec", "pipeline", "unet", "noise", "identities")})
    with pytest.raises(KeyboardInterrupt):
        store(source, impatient, tmp_path / "again", side=SIDE)
    record = stored.read(tmp_path / "again")
    assert record is not None
    assert (record.done, record.count) == (16, 20)
    with (tmp_path / "again" / "latents.npy").open("ab") as file:
        file.write(b"half a row")  # of the batch that broke off
    assert same(tensors(store(source, sd, tmp_path / "again", side=SIDE)), whole)


def test_nothing_is_encoded_twice(sd: Teacher, tmp_path: Path) -> None:
    source = find(str(sets.with_texts(tmp_path / "set")))
    store(source, sd, tmp_path / "stored", side=SIDE)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "stored").iterdir()}
    store(source, sd, tmp_path / "stored", side=SIDE)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "stored").iterdir()} == times


def test_what_was_made_of_something_else_is_not_taken(sd: Teacher, sdxl: Teacher, tmp_path: Path) -> None:
    folder = sets.with_texts(tmp_path / "set")
    again = partial(store, folder=tmp_path / "stored")
    again(find(str(folder)), sd, side=SIDE)
    with pytest.raises(ConfigError, match=r"made with another teacher\. Delete it .*--work"):
        again(find(str(folder)), sdxl, side=SIDE)
    with pytest.raises(ConfigError, match="made with --size 64 and 1 captions of each picture"):
        again(find(str(folder)), sd, side=2 * SIDE, captions=2)
    (folder / "00.txt").write_text("another caption")
    with pytest.raises(ConfigError, match="made with other pictures or captions"):
        again(find(str(folder)), sd, side=SIDE)


def cut(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[:-7])


@pytest.mark.parametrize("name", ["stored.json", "latents.npy", "empty.npy"])
def test_what_was_cut_off_is_refused(sd: Teacher, tmp_path: Path, name: str) -> None:
    source = find(str(sets.with_texts(tmp_path / "set")))
    store(source, sd, tmp_path / "stored", side=SIDE)
    cut(tmp_path / "stored", name)
    with pytest.raises(ConfigError, match=rf"{name} is cut off or damaged\. Delete .*; the pictures are encoded again"):
        store(source, sd, tmp_path / "stored", side=SIDE)


def test_a_size_that_the_u_net_cannot_halve_is_refused(sd: Teacher, tmp_path: Path) -> None:
    source = find(str(sets.with_texts(tmp_path / "set")))
    with pytest.raises(
        ConfigError, match=r"--size is 100\. sd takes.* multiples of 64 pixels; try 64, or leave it out"
    ):
        store(source, sd, tmp_path / "stored", side=100)
    assert stored.checked_side(sd, 0) == 512


def test_no_room_is_told_before_the_start(sd: Teacher, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"take 1000000\.0 TB more in .*are free\. Free some space, name another --work"
    ):
        stored.refuse_without_room(tmp_path, 10**12 * 10**6)


def test_a_disk_that_fills_up_or_is_closed() -> None:
    full, closed = (OSError(number, text) for number, text in ((errno.ENOSPC, "full"), (errno.EACCES, "denied")))
    assert "is full. Free some space and start again" in str(stored.unwritable(Path("work"), full))
    assert "work cannot be written to (denied). Name another with --work." in str(
        stored.unwritable(Path("work"), closed)
    )


def test_a_work_folder_that_is_a_file(sd: Teacher, tmp_path: Path) -> None:
    (tmp_path / "stored").write_text("a file")
    with pytest.raises(ConfigError, match="stored"):
        store(find(str(sets.with_texts(tmp_path / "set"))), sd, tmp_path / "stored", side=SIDE)


def test_rows_grow_and_are_mapped(tmp_path: Path) -> None:
    growing = Growing(tmp_path, {"one": Kind((2,), "<f2")}, 3)
    assert (growing.bytes_after(0), growing.bytes_after(2)) == (12, 4)
    rows = torch.arange(6.0).view(3, 2)
    with growing.open(0):
        growing.add({"one": rows[:1].numpy()})
    with pytest.raises(ValueError, match="mmap"):
        mapped(tmp_path / "one.npy")
    with growing.open(1):
        growing.add({"one": rows[1:].numpy()})
    found = mapped(tmp_path / "one.npy")
    assert torch.equal(found, rows.half())
    found[0] = 9  # stays in memory
    assert torch.equal(mapped(tmp_path / "one.npy"), rows.half())
