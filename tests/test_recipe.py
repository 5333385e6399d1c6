"""Recipes: what is written is read back, whatever else is refused, and a replay tells what came out the same."""

import base64
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image

from comparison import recipe as recipes
from comparison.recipe import Recipe, read, schema, written
from comparison.replay import verdict
from comparison.runs import Runs
from errors import InvalidRequest
from generation.engine import Engine
from tests.serving import two_models
from tests.test_runs import at, engine, over, plan, running, runs, states
from tests.tiny import Checkpoints

__all__ = ["engine", "runs"]  # fixtures
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def recipe(checkpoints: Checkpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recipe]:
    """Of two models and a cell that one of them can't do."""
    folder = tmp_path_factory.mktemp("recipe")
    with running(two_models(folder, checkpoints["sd"])) as engine:
        runs = Runs(engine, folder / "comparisons")
        id = runs.start(plan(prompts=("a cat",), steps=(2, 20)))
        record = at(runs, id, over)
        assert [state.value for state in states(record)] == ["done", "done", "done", "failed"]
        yield recipes.recipe(record, lambda name: runs.file(id, name))


def test_a_recipe_is_read_as_it_was_written(recipe: Recipe) -> None:
    assert read(written(recipe)) == recipe
    assert [cell.number for cell in recipe.cells] == [0, 1, 2]


def test_a_replay_here_is_byte_identical(recipe: Recipe, runs: Runs) -> None:
    assert runs.forecast(recipe).pictures == 3
    record = at(runs, runs.start(recipe), over)
    assert [state.value for state in states(record)] == ["done", "done", "done", "failed"]
    assert record.cells[3].error == "The recipe does not have this picture."
    verdicts = [cell.verdict for cell in record.cells[:3]]
    assert [it.same for it in verdicts if it] == ["bytes"] * 3


def test_a_replay_goes_on_after_a_restart_with_what_it_is_compared_with(
    recipe: Recipe, engine: Engine, tmp_path: Path
) -> None:
    before = Runs(engine, tmp_path / "comparisons")
    id = before.start(recipe)
    before.stop(id)
    at(before, id, over)
    before.close()
    again = Runs(engine, tmp_path / "comparisons")
    again.resume(id)
    record = at(again, id, over)
    assert [cell.verdict.same for cell in record.cells if cell.verdict] == ["bytes"] * 3
    again.close()


def test_a_model_that_is_not_on_offer_here_fails_alone(recipe: Recipe, runs: Runs) -> None:
    text = written(recipe).decode().replace('"plain"', '"elsewhere"')
    record = at(runs, runs.start(read(text.encode())), over)
    assert [state.value for state in states(record)] == ["done", "done", "failed", "failed"]
    assert "'elsewhere', which is not on offer. Choose one of: tiny, plain" in (record.cells[2].error or "")
    assert record.titles == {"tiny": "Tiny tiny", "elsewhere": "Tiny plain"}  # as the recipe calls it


def test_a_difference_is_told_at_the_size_of_the_reference(recipe: Recipe, runs: Runs) -> None:
    record = at(runs, runs.start(recipe), over)
    picture, expected = record.cells[0].picture, recipe.cells[0].expected
    assert picture
    assert expected
    png = runs.file(record.id, picture.file)
    with Image.open(BytesIO(png)) as image:
        other = image.point(lambda level: level ^ 2)  # every level differs by 2
    other_file = saved(other)
    changed = picture.model_copy(update={"sha256": "0" * 64})
    assert verdict(expected, changed, png).same == "pixels"
    changed = changed.model_copy(update={"pixels_sha256": "0" * 64})
    found = verdict(expected, changed, other_file)
    assert (found.same, found.mean, found.width, found.height, found.full) == ("nothing", 2.0, 64, 64, True)
    assert found.psnr == pytest.approx(42.11, abs=0.01)
    large = image_of(512, 256)
    smaller = expected.model_copy(update={"reference": recipes._reference(saved(large))})
    found = verdict(smaller, changed, saved(large))
    assert (found.mean, found.psnr, found.width, found.height, found.full) == (0.0, None, 128, 64, False)


def image_of(width: int, height: int) -> Image.Image:
    return Image.radial_gradient("L").resize((width, height)).convert("RGB")


def saved(image: Image.Image, kind: str = "PNG") -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def webp(image: Image.Image) -> str:
    return base64.b64encode(saved(image, "WEBP")).decode()


Change = Callable[[dict[str, Any]], object]
BOMB = webp(Image.new("RGB", (4000, 4000)))

WRONG: list[tuple[Change, str]] = [
    (lambda it: it.pop("version"), "version: Field required"),
    (lambda it: it.update(version=2), "version: Input should be 1"),
    (lambda it: it.update(format="zip"), "format: Input should be 'darkroom-recipe'"),
    (lambda it: it.update(more=1), "more: Extra inputs are not permitted"),
    (lambda it: it.update({"\x1b[31m": 1}), r"\\x1b\[31m: Extra inputs"),
    (lambda it: it.update(cells=[]), "cells: Tuple should have at least 1 item"),
    (lambda it: it["cells"].reverse(), "not those of the plan, in ascending order"),
    (lambda it: it["cells"][2].update(number=4), "not those of the plan"),
    (lambda it: it["cells"][0].update(number=-1), "not those of the plan"),
    (lambda it: it["plan"].update(seeds=list(range(20_000))), "plan: it comes to 80000 pictures"),
    (lambda it: it["plan"].update(seeds=[2]), "request of cell 0 is not what the plan asks for"),
    (lambda it: it["plan"].update(prompts=["x" * 4001]), "request of cell 0 is not what"),
    (lambda it: it["cells"][0]["request"].update(model="plain"), "request of cell 0 is not what"),
    (lambda it: it["cells"][0]["request"].update(steps="2"), "cells.0.request.steps: Input should be a valid integer"),
    (lambda it: it["cells"][0]["expected"].update(sha256="0"), "sha256: String should match"),
    (lambda it: it["cells"][0]["expected"].update(reference="?"), "reference of cell 0 is not the small WebP"),
    (lambda it: it["cells"][0]["expected"].update(reference="aaaa"), "reference of cell 0 is not the small WebP"),
    (lambda it: it["cells"][0]["expected"].update(reference=BOMB), "reference of cell 0 is not the small WebP"),
    (lambda it: it["cells"][0]["expected"].update(reference="a" * 200_000), "reference: String should have at most"),
    (lambda it: it.update(titles={"a": "x" * 201}), "titles.a: String should have at most 200"),
    (lambda it: it.update(created=1e999), "created: Input should be a finite number"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_a_wrong_recipe_is_refused_with_what_is_wrong(recipe: Recipe, change: Change, message: str) -> None:
    told = json.loads(written(recipe))
    change(told)
    with pytest.raises(InvalidRequest, match=message) as caught:
        read(json.dumps(told).encode())
    assert str(caught.value).startswith("This is not a recipe of a comparison: ")


@pytest.mark.parametrize("content", [b"", b"\x89PNG", b"[]", b"{", b'{"a":' * 10_000, b"null", b"\xff\xfe{}"])
def test_what_is_no_recipe_at_all_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest, match="not a recipe"):
        read(content)


def test_a_huge_file_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "MOST_BYTES", 10)
    with pytest.raises(InvalidRequest, match="has 11 bytes; at most 10 are read"):
        read(b"x" * 11)


def test_the_schema_in_the_documents_is_the_one_in_use() -> None:
    assert json.loads((ROOT / "docs" / "recipe.schema.json").read_text(encoding="utf-8")) == schema()


def test_no_damage_to_a_recipe_breaks_anything(recipe: Recipe) -> None:
    content, random = written(recipe), Random(4)
    refusals = []
    for _ in range(2000):
        damaged = bytearray(content)
        for _ in range(random.randrange(1, 4)):
            at_ = random.randrange(len(damaged))
            damaged[at_ : at_ + random.randrange(3)] = random.choice((b"", b"9", b'"', b"\xff", b"null", b"[", b"-1e9"))
        try:
            read(bytes(damaged))
        except InvalidRequest as error:
            refusals.append(str(error))
    assert len(refusals) > 1000
    assert all(refusal.isprintable() for refusal in refusals)
