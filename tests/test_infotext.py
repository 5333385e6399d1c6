"""The recipe inside a picture gives back the request, and that of other tools is understood."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import config
from generation import infotext, samplers
from generation.request import GenerationRequest, complete
from generation.settings import Limits
from tests.published import CONFIG

MODELS = {spec.name: spec for spec in config.load(CONFIG).models}
A1111 = """masterpiece, a lighthouse
in a storm
Negative prompt: blurry,
ugly
Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.0, Seed: 1234, Size: 512x768, \
Model hash: 6ce0161689, Model: v1-5-pruned, Lora hashes: "a: 12, b: 34", Version: v1.10.1"""


def request(**asked: Any) -> GenerationRequest:
    return complete({"prompt": "a lighthouse", "seed": 7} | asked, MODELS, "stable-diffusion-v1-4", Limits())


def written(made: GenerationRequest, scheduler: str = "PNDMScheduler") -> str:
    return infotext.write(made, MODELS[made.model], scheduler, {"Device": "CPU, 2 cores", "Precision": "float32"})


@pytest.mark.parametrize(
    ("model", "sampler"), [(spec.name, it) for spec in MODELS.values() for it in samplers.offered(spec)]
)
def test_every_recipe_is_read_back(model: str, sampler: str) -> None:
    made = request(model=model, sampler=sampler, guidance_scale=3.25)
    assert request(**infotext.read(written(made))) == made


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "  spaces around  ",
        "two\nlines\n\nand more\n",
        "Negative prompt: none",
        "x\nNegative prompt: y\nSteps: 1, Sampler: Z, Seed: 3",
        "Steps: 20, Sampler: Euler, CFG scale: 7",
        'quotes " and \\ backslashes, commas: colons',
        "日本語 🎨 \u2028 مرحبا",
        "tab\tand\r\nreturn",
        'Darkroom: "{}", Steps: 4, Seed: 2',
    ],
)
@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_any_text_is_read_back(prompt: str, field: str) -> None:
    made = request(**{field: prompt})
    text = written(made)
    content = infotext.png(Image.new("RGB", (8, 8)), text)
    assert infotext.inside(content) == text
    assert request(**infotext.read(text)) == made


def test_other_tools_can_read_it() -> None:
    made = request(negative_prompt="blurry, ugly", sampler="DPM++ 2M Karras")
    *prompts, settings = written(made).split("\n")
    assert prompts == ["a lighthouse", "Negative prompt: blurry, ugly"]
    assert settings.startswith("Steps: 50, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 7, ")
    assert 'Device: "CPU, 2 cores"' in settings
    assert "Darkroom:" not in settings
    assert "Sampler: PLMS," in written(request())  # what the model's own is called elsewhere


def test_a_folder_on_this_machine_is_not_told() -> None:
    assert MODELS["mini-sd"].repo not in written(request(model="mini-sd"))


def test_another_tools_is_understood() -> None:
    assert infotext.read(A1111) == {
        "prompt": "masterpiece, a lighthouse\nin a storm",
        "negative_prompt": "blurry,\nugly",
        "steps": 20,
        "sampler": "DPM++ 2M Karras",
        "guidance_scale": 7.0,
        "seed": 1234,
        "width": 512,
        "height": 768,
        "model": "v1-5-pruned",
    }


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Euler a", "Euler a"),
        ("k_euler_a", "Euler a"),
        ("DPM++ 2M Karras", "DPM++ 2M Karras"),
        ("dpm++ 2m karras", "DPM++ 2M Karras"),
        ("PNDM", "PLMS"),
        ("Restart", None),
    ],
)
def test_old_sampler_names(said: str, meant: str | None) -> None:
    found = infotext.read(f"x\nSteps: 20, Sampler: {said}, Seed: 1")
    assert found.get("sampler") == meant


@pytest.mark.parametrize(
    "text",
    ["", "just a prompt", "a: b, c: d", "x\nSteps: many, CFG scale: , Seed: -, Size: 5", "{}", 'x\nDarkroom: "[1]"'],
)
def test_anything_is_read_as_something(text: str) -> None:
    assert isinstance(infotext.read(text)["prompt"], str)


def test_reading_takes_no_longer_per_letter_the_longer_a_text_is() -> None:
    assert infotext.read("a" * 200_000)["prompt"] == "a" * 200_000  # took minutes where a key could be of any length


def test_pictures_without_a_recipe() -> None:
    buffer = BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    info = PngInfo()
    info.add_text("Comment", "no recipe")
    other = BytesIO()
    Image.new("RGB", (8, 8)).save(other, "PNG", pnginfo=info)
    for content in (b"", b"GIF89a", buffer.getvalue(), buffer.getvalue()[:40], other.getvalue()):
        assert infotext.inside(content) is None
