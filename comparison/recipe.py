"""A recipe: a comparison as a file that runs it again elsewhere, and tells then which pictures came out the same.

A recipe comes from anybody. What it says is checked before anything of it is used, and its references are small.
Its schema, for other programs: docs/recipe.schema.json.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from io import BytesIO
from typing import Annotated, Any, Literal

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from comparison import pixels
from comparison.plan import Plan, cells, count
from comparison.record import CellRecord, RunRecord
from errors import InvalidRequest
from generation.request import GenerationRequest

SIDE = 128  # pixels of a reference's longer side, at most
MOST_BYTES = 64_000_000  # of a recipe
MOST_PICTURES = 10_000  # that its plan comes to
_MOST_REFERENCE = 150_000  # characters; noise of 128x128 takes 66 kB as base64

Text = Annotated[str, Field(max_length=200)]
Texts = Annotated[dict[Text, Text], Field(max_length=200)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Data(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Expected(_Data):
    """A picture as it came out where the recipe was made."""

    sha256: Sha256
    """Of the PNG's bytes."""
    pixels_sha256: Sha256
    """Of the text "<width>x<height>" and a line feed, and the RGB values, row by row."""
    device: Text
    """What it was made on, and how precisely: "NVIDIA H200, float16"."""
    reference: Annotated[str, Field(max_length=_MOST_REFERENCE)]
    """The picture as lossless WebP in base64, made smaller where its longer side has more than 128 pixels."""


class RecipeCell(_Data):
    """One picture of the comparison."""

    number: int
    """Its place in the order of running, from 0."""
    request: GenerationRequest
    """Complete: nothing is left to a default."""
    expected: Expected | None = None
    """None: it was never finished."""


class Recipe(_Data):
    """A comparison to be run again."""

    format: Literal["darkroom-recipe"]
    version: Literal[1]
    """A reader refuses a version that it does not know."""
    created: float
    """When the comparison was run: seconds since 1970, UTC."""
    made_with: Texts
    """Names and versions of what may change pixels."""
    titles: Texts
    """Of the models, by name."""
    plan: Plan
    """What was compared."""
    cells: Annotated[tuple[RecipeCell, ...], Field(min_length=1)]
    """In ascending order of their numbers. Those that a model could not do are left out."""


def recipe(record: RunRecord, file: Callable[[str], bytes]) -> Recipe:
    """The recipe of a run, whose pictures `file` reads by name. Raises what that raises."""
    return Recipe(
        format="darkroom-recipe",
        version=1,
        created=record.created,
        made_with=record.made_with,
        titles=record.titles,
        plan=record.plan,
        cells=tuple(
            RecipeCell(
                number=cell.number,
                request=cell.request,
                expected=_expected(cell, file),
            )
            for cell in record.cells
            if cell.request
        ),
    )


def _expected(cell: CellRecord, file: Callable[[str], bytes]) -> Expected | None:
    if cell.picture is None or cell.picture.withheld or cell.measured is None:
        return None
    return Expected(
        sha256=cell.picture.sha256,
        pixels_sha256=cell.picture.pixels_sha256,
        device=cell.measured.device,
        reference=_reference(file(cell.picture.file)),
    )


def written(recipe: Recipe) -> bytes:
    """As a file."""
    return recipe.model_dump_json(indent=1).encode()


def read(content: bytes) -> Recipe:
    """The recipe in a file. Raises InvalidRequest saying what is wrong with it."""
    if len(content) > MOST_BYTES:
        raise _refused(f"it has {len(content):,} bytes; at most {MOST_BYTES:,} are read")
    try:
        found = Recipe.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        at = ".".join(map(str, first["loc"])) or "the file"
        raise _refused(f"{ascii(at)[1:-1][:100]}: {first['msg'][:200]}") from None
    _check(found)
    return found


def schema() -> dict[str, Any]:
    """The JSON schema of a recipe."""
    return Recipe.model_json_schema()


def small(image: Image.Image) -> Image.Image:
    """`image` at the size of its reference."""
    size = small_size(*image.size)
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)


def small_size(width: int, height: int) -> tuple[int, int]:
    """Of the reference for a picture of that size, in pixels."""
    most = max(width, height, SIDE)
    return max(1, width * SIDE // most), max(1, height * SIDE // most)


def reference(expected: Expected) -> Image.Image:
    """The picture that was expected, at the size of its reference. Raises ValueError or OSError."""
    return pixels.opened(base64.b64decode(expected.reference, validate=True), most=SIDE * SIDE)


def _reference(content: bytes) -> str:
    buffer = BytesIO()
    small(pixels.opened(content)).save(buffer, "WEBP", lossless=True, quality=100, exact=True)
    return base64.b64encode(buffer.getvalue()).decode()


def _check(found: Recipe) -> None:
    """What types alone do not tell."""
    pictures, numbers = count(found.plan), [cell.number for cell in found.cells]
    if pictures > MOST_PICTURES:
        raise _refused(f"plan: it comes to {pictures} pictures; at most {MOST_PICTURES} are read")
    if numbers != sorted(set(numbers)) or not 0 <= numbers[0] <= numbers[-1] < pictures:
        raise _refused("cells: their numbers are not those of the plan, in ascending order")
    asked = [cell.asked for cell in cells(found.plan)]
    for cell in found.cells:
        if any(getattr(cell.request, field) != value for field, value in asked[cell.number].items()):
            raise _refused(f"cells: the request of cell {cell.number} is not what the plan asks for")
        if cell.expected and not _fits(cell.expected, cell.request):
            raise _refused(f"cells: the reference of cell {cell.number} is not the small WebP that it should be")


def _fits(expected: Expected, request: GenerationRequest) -> bool:
    try:
        return reference(expected).size == small_size(request.width, request.height)
    except (OSError, ValueError):
        return False


def _refused(why: str) -> InvalidRequest:
    return InvalidRequest(f"This is not a recipe of a comparison: {why}. Export one from a comparison.", "recipe")
