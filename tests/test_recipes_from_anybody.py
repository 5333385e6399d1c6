"""Whatever stands in a file: reading it raises nothing but a refusal, and applies nothing that is out of range."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import UnreadablePicture
from gallery.entry import Name, described
from generation import infotext
from generation.request import GenerationRequest, check, complete
from generation.settings import Limits
from recipes.reading import read, understood
from recipes.recipe import MOST_NOTES, MOST_SHOWN
from recipes.taking import known, taken
from tests import picture_files as files
from tests.pictures import models
from tests.pictures import png as our_png

LIMITS = Limits()
MANY = settings(max_examples=10_000, deadline=None, derandomize=True, database=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip
SOME = settings(MANY, max_examples=300)
REAL = (files.A1111, files.FORGE, files.SDNEXT, files.FOOOCUS_A1111)
GRAPHS: tuple[dict[str, Any], ...] = (files.FOOOCUS, files.INVOKEAI, files.SD_METADATA, files.COMFYUI)
HUGE = "9" * 5000
DEEP = "[" * 5000
KEYS = ("Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model", "Version", "App", "Darkroom", "RNG")
ODD = (
    "",
    "-1",
    "0",
    "NaN",
    "inf",
    "-inf",
    "1e999",
    "1e-9",
    HUGE,
    "0x10",
    "٣",
    "1_000",
    "True",
    "null",
    "\ud800",
    "\0",
    "0x0",
    f"{HUGE}x{HUGE}",
    f'"{DEEP}"',
)
GOOD = ("Euler a", "mini-sd", "sd_xl_base_1.0", "Karras", "128x128", "20", "7.5", "Darkroom", "<lora:a:1>", "SD.Next")
SIGNS = (
    ", ",
    ": ",
    ",",
    ":",
    "\n",
    '"',
    "\\",
    "x",
    "-",
    "{",
    "[",
    "]",
    "}",
    "\nNegative prompt: ",
    "\nSteps: 20, Seed: ",
)
PAIRS = tuple(f"{key}: {value}, " for key in KEYS for value in (*ODD, *GOOD))
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)  # with halves of characters, and controls
PIECE = st.sampled_from((*PAIRS, *SIGNS, *ODD, *GOOD))


def ask(asked: Mapping[str, Any]) -> GenerationRequest:
    return complete(asked, models(), "mini-sd", LIMITS)


def applied(texts: Mapping[str, str]) -> GenerationRequest:
    """What the form would hold; raises where anything of it is not acceptable."""
    recipe = understood(texts)
    found = taken(ask, known(recipe.fields, models()) if recipe else {})
    check(found.request, models()[found.request.model], LIMITS)
    if recipe:
        for note in (*recipe.others, *recipe.about):
            assert len(note.name) <= MOST_SHOWN
            assert len(note.value) <= MOST_SHOWN
            note.value.encode()  # what half a character can't be
        assert max(len(recipe.others), len(recipe.about)) <= MOST_NOTES
    return found.request


def cut(real: str, begin: int, end: int, put_in: str) -> str:
    """`real` with something else in place of a part."""
    return real[: begin % len(real)] + put_in + real[end % len(real) :]


PARAMETERS = (
    st.lists(PIECE, max_size=9).map("".join)
    | st.builds(cut, st.sampled_from(REAL), st.integers(0, 500), st.integers(0, 500), PIECE)
    | ANY_TEXT
)


@MANY
@given(PARAMETERS)
def test_ten_thousand_texts(text: str) -> None:
    applied({"parameters": text})
    taken(ask, infotext.read(text))


@SOME
@given(st.dictionaries(st.sampled_from(["parameters", "prompt", "invokeai_metadata", "UserComment"]), PARAMETERS))
def test_texts_in_any_place(texts: dict[str, str]) -> None:
    applied(texts)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | PIECE | st.just(("3", 0)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every object and list in `value`, with every key of it."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [spot for key in keys for spot in spots(value[key])]


@settings(SOME, max_examples=600)
@given(st.sampled_from(GRAPHS), st.lists(st.tuples(st.integers(0, 200), ANY_JSON), min_size=1, max_size=3))
def test_real_objects_with_anything_put_in(real: dict[str, Any], changes: list[tuple[int, Any]]) -> None:
    changed = json.loads(json.dumps(real))
    for number, value in changes:
        found = spots(changed)
        container, key = found[number % len(found)]
        container[key] = json.loads(json.dumps(value))
    text = json.dumps(changed)
    applied(dict.fromkeys(("parameters", "invokeai_metadata", "sd-metadata", "prompt"), text))
    applied({"prompt": text})
    applied({"UserComment": text})


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,
        '{"a":' * 100_000,
        '{"3": {"class_type": "KSampler", "inputs": {"latent_image": ["3", 0], "positive": ' + "[" * 100_000,
        f'{{"invokeai": {HUGE}}}',
        f"x\nSteps: {HUGE}, Seed: {HUGE}, Size: {HUGE}x{HUGE}, CFG scale: {HUGE}",
        'x\nSteps: 20, Seed: 1, Sampler: Euler, Darkroom: "' + "[" * 100_000 + '", Version: Darkroom',
        'x\nSteps: 20, Seed: 1, Sampler: Euler, Darkroom: "{\\"steps\\": 1e999, \\"width\\": NaN}", Version: Darkroom',
        "a" * 1_000_000,
        "ab: " * 250_000,
        'ab: "' * 200_000,
        "ab: c," * 170_000,
        "\n" * 1_000_000,
        json.dumps({str(n): {"class_type": "KSampler", "inputs": {"positive": [str(n + 1), 0]}} for n in range(9000)}),
    ],
    ids=lambda text: text[:20],
)
def test_texts_made_to_break_a_reader(text: str) -> None:
    for places in (("parameters",), ("prompt",), ("invokeai_metadata",), ("parameters", "UserComment", "sd-metadata")):
        applied(dict.fromkeys(places, text))


WHOLE = (
    our_png(),
    files.png({"parameters": files.A1111}),
    files.png({"prompt": json.dumps(files.COMFYUI)}),
    files.encoded("JPEG", files.user_comment(files.A1111)),
    files.encoded("WEBP", files.pillow_exif({0x0110: f"prompt:{json.dumps(files.COMFYUI)}"})),
)


CHANGES = st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=4)), max_size=4)


@settings(SOME, max_examples=600)
@given(st.sampled_from(WHOLE), CHANGES, st.none() | st.integers(0, 2000))
def test_files_with_bytes_that_changed(content: bytes, changes: list[tuple[int, bytes]], end: int | None) -> None:
    changed = bytearray(content)
    for at, some in changes:
        changed[at % len(changed) : at % len(changed) + len(some)] = some
    try:
        found = read(bytes(changed[:end]))
    except UnreadablePicture:
        return
    applied(found.file.texts)


@SOME
@given(st.binary(max_size=200))
def test_bytes(content: bytes) -> None:
    for head in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\xff\0\0\0WEBP"):
        with pytest.raises(UnreadablePicture):
            read(head + content)


@SOME
@given(PARAMETERS)
def test_the_gallery_lists_what_a_strange_text_says(text: str) -> None:
    written = text.encode(errors="replace").decode().replace("\0", "")
    assert described(Name.new(), files.png({"parameters": written})).parameters == written
