"""What pictures of other programs say is read, and what can't be asked for here is named."""

import json
import zlib
from typing import Any

import pytest

from errors import InvalidRequest, UnreadablePicture
from gallery.formats import KINDS, converted
from generation.request import complete
from generation.settings import Limits
from recipes import container, exif
from recipes.png import MOST_CHUNKS
from recipes.reading import read, understood
from recipes.recipe import Recipe, made
from recipes.taking import known, taken
from tests import picture_files as files
from tests.pictures import models
from tests.pictures import png as our_png

SIZES = {"width": 512, "height": 768}


def recipe(content: bytes) -> Recipe:
    found = read(content).recipe
    assert found
    return found


def others(found: Recipe) -> dict[str, str]:
    return {note.name: note.value for note in found.others}


def ask(asked: Any) -> Any:
    return complete(asked, models(), "mini-sd", Limits())


# Dialects

TOLD: list[tuple[bytes, str, dict[str, Any], dict[str, str]]] = [
    (
        files.png({"parameters": files.A1111}),
        "AUTOMATIC1111",
        {
            "steps": 20,
            "sampler": "DPM++ 2M Karras",
            "guidance_scale": 7.0,
            "seed": 1234,
            "model": "v1-5-pruned",
            **SIZES,
        },
        {"LoRA": "more_detail:0.8", "Denoising strength": "0.4", "Hires upscale": "2", "Clip skip": "2"},
    ),
    (
        files.png({"parameters": files.FORGE}),
        "Forge",
        {"steps": 18, "sampler": "Euler", "model": "flux1-dev", "width": 896, "negative_prompt": ""},
        {"Schedule": "Simple", "Distilled CFG Scale": "3.5", "Module 1": "ae"},
    ),
    (
        files.png({"parameters": files.SDNEXT}),
        "SD.Next",
        {"steps": 30, "sampler": "DPM++ 2M Karras", "model": "sd_xl_base_1.0", "negative_prompt": "people"},
        {"VAE": "sdxl_vae"},
    ),
    (
        files.png({"parameters": json.dumps(files.FOOOCUS), "fooocus_scheme": "fooocus"}),
        "Fooocus",
        {"prompt": "a lighthouse", "steps": 30, "sampler": "DPM++ 2M SDE Karras", "width": 1152, "height": 896},
        {"LoRA": "sd_xl_offset_example-lora_1.0 : 0.1", "styles": "['Fooocus V2', 'Fooocus Sharp']"},
    ),
    (
        files.png({"parameters": files.FOOOCUS_A1111, "fooocus_scheme": "a1111"}),
        "Fooocus",
        {"prompt": "a lighthouse", "negative_prompt": "", "sampler": "DPM++ 2M SDE Karras", "seed": 5},
        {
            "LoRA": "sd_xl_offset_example-lora_1.0: 4852686128",
            "Styled prompt": "cinematic still a lighthouse . moody, a lighthouse, highly detailed",
        },
    ),
    (
        files.png({"invokeai_metadata": json.dumps(files.INVOKEAI)}),
        "InvokeAI",
        {"prompt": "a lighthouse", "model": "SSD-1B", "steps": 50, "seed": 356120443, "sampler": "DPM++ 2M SDE Karras"},
        {"LoRA": "pixel:0.75", "ControlNet": "canny:0.7", "vae": "sdxl-vae-fp16-fix"},
    ),
    (
        files.png({"sd-metadata": json.dumps(files.SD_METADATA)}),
        "InvokeAI",
        {"prompt": "a lighthouse", "negative_prompt": "people, boats", "sampler": "Euler a", "seed": 7},
        {"hires_fix": "true"},
    ),
    (
        files.png({"prompt": json.dumps(files.COMFYUI), "workflow": "{}"}),
        "ComfyUI",
        {"prompt": "a lighthouse", "negative_prompt": "people", "model": "sd_xl_base_1.0", "width": 512, "height": 640},
        {"LoRA": "epiNoiseoffset_v2.safetensors:1"},
    ),
]


@pytest.mark.parametrize(("content", "tool", "fields", "named"), TOLD, ids=[f"{it[1]}{n}" for n, it in enumerate(TOLD)])
def test_a_programs_own_file_is_read(content: bytes, tool: str, fields: dict[str, Any], named: dict[str, str]) -> None:
    found = recipe(content)
    assert found.tool == tool
    assert {field: found.fields.get(field) for field in fields} == fields
    assert {name: others(found).get(name) for name in named} == named


def test_our_own_file_gives_back_the_request() -> None:
    found = read(our_png("a <lora:x:1> [day:night:0.5]", negative_prompt="Steps: 1, b: 2, c: 3", steps=5, seed=11))
    assert found.marked
    assert found.recipe
    assert (found.recipe.tool, found.recipe.others) == ("Darkroom", ())
    asked = ask(found.recipe.fields)
    assert asked == ask({**found.recipe.fields, "prompt": "a <lora:x:1> [day:night:0.5]", "steps": 5, "seed": 11})


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (files.encoded("JPEG", files.user_comment(files.A1111)), "JPEG"),
        (files.encoded("WEBP", files.user_comment(files.A1111)), "WebP"),
        (files.encoded("WEBP", files.user_comment(files.A1111), lossless=True), "WebP"),
        (files.encoded("JPEG", files.user_comment(files.A1111, "utf-16-le", "<")), "JPEG"),
        (files.encoded("JPEG", files.user_comment(files.A1111, "utf-16-le", ">")), "JPEG"),
        (files.encoded("JPEG", files.user_comment(files.A1111, "utf-16")), "JPEG"),
        (files.encoded("JPEG", files.pillow_exif({0x9286: files.A1111})), "JPEG"),
        (files.with_chunk(files.png(), b"eXIf", files.user_comment(files.A1111)), "PNG"),
        (files.with_chunk(files.png(), b"zTXt", b"parameters\0\0" + zlib.compress(files.A1111.encode())), "PNG"),
    ],
)
def test_the_same_text_is_found_wherever_it_stands(content: bytes, kind: str) -> None:
    found = read(content)
    assert (found.file.kind, found.file.width, found.file.height) == (kind, 8, 8)
    assert found.recipe == recipe(files.png({"parameters": files.A1111}))


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_gallery_hands_out_is_read_like_what_it_keeps(kind: str) -> None:
    content = our_png("灯台 é, <lora:x:1>", negative_prompt="y", steps=5, seed=11)
    found = read(converted(content, kind))
    assert found.marked
    assert found.recipe == recipe(content)


def test_letters_of_all_the_world_come_through_exif() -> None:
    text = files.A1111.replace("lighthouse", "灯台 🎨 é")
    for content in (files.encoded("JPEG", files.user_comment(text)), files.png({"parameters": text})):
        assert "灯台 🎨 é" in recipe(content).fields["prompt"]


def test_fooocus_and_comfyui_in_exif() -> None:
    tags = {0x9286: json.dumps(files.FOOOCUS), 0x0131: "Fooocus v2.5.5", 0x927C: "fooocus"}
    assert recipe(files.encoded("JPEG", files.pillow_exif(tags))).fields["width"] == 1152
    tags = {0x0110: f"prompt:{json.dumps(files.COMFYUI)}", 0x010F: "workflow:{}"}
    assert recipe(files.encoded("WEBP", files.pillow_exif(tags))).tool == "ComfyUI"


# ComfyUI's graphs


def comfyui(**changes: Any) -> Recipe:
    graph = json.loads(json.dumps(files.COMFYUI)) | changes
    found = understood({"prompt": json.dumps(graph)})
    assert found
    return found


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def test_of_two_samplers_the_one_that_begins_is_read() -> None:
    second = {**files.COMFYUI["3"]["inputs"], "seed": 5, "steps": 9, "denoise": 0.5, "latent_image": ["21", 0]}  # type: ignore[dict-item]
    found = comfyui(
        **{
            "20": node("KSampler", **second),
            "21": node("LatentUpscaleBy", samples=["3", 0], upscale_method="bilinear", scale_by=1.5),
            "8": node("VAEDecode", samples=["20", 0], vae=["4", 2]),
        }
    )
    assert (found.fields["steps"], found.fields["seed"]) == (20, 851616030078638)
    assert others(found)["Further sampler"] == "KSampler"
    assert others(found)["Upscaling"] == "bilinear"


def test_a_sampler_that_is_put_together() -> None:
    found = comfyui(
        **{
            "3": node("SamplerCustomAdvanced", noise=["31", 0], guider=["32", 0], sampler=["33", 0], sigmas=["34", 0],
                      latent_image=["5", 0]),
            "31": node("RandomNoise", noise_seed=0),
            "32": node("CFGGuider", model=["10", 0], positive=["6", 0], negative=["7", 0], cfg=3.5),
            "33": node("KSamplerSelect", sampler_name="dpmpp_2m"),
            "34": node("BasicScheduler", model=["10", 0], scheduler="karras", steps=12, denoise=1),
        }
    )  # fmt: skip
    assert found.fields == {
        "prompt": "a lighthouse",
        "negative_prompt": "people",
        "model": "sd_xl_base_1.0",
        "steps": 12,
        "guidance_scale": 3.5,
        "width": 512,
        "height": 640,
        "seed": 0,
        "sampler": "DPM++ 2M Karras",
    }


def test_each_side_of_a_controlnet_leads_to_its_own_prompt() -> None:
    sampler = {**files.COMFYUI["3"]["inputs"], "positive": ["40", 0], "negative": ["40", 1]}  # type: ignore[dict-item]
    found = comfyui(
        **{
            "3": node("KSampler", **sampler),
            "40": node("ControlNetApplyAdvanced", positive=["6", 0], negative=["7", 0], control_net=["41", 0],
                       image=["42", 0], strength=0.8),
            "41": node("ControlNetLoader", control_net_name="canny.safetensors"),
            "42": node("LoadImage", image="edges.png"),
        }
    )  # fmt: skip
    assert (found.fields["prompt"], found.fields["negative_prompt"]) == ("a lighthouse", "people")
    assert others(found)["ControlNet"] == "canny.safetensors"
    assert others(found)["Picture"] == "edges.png"


def test_values_from_other_nodes() -> None:
    sampler = {**files.COMFYUI["3"]["inputs"], "seed": ["50", 0], "steps": ["51", 0]}  # type: ignore[dict-item]
    found = comfyui(
        **{"3": node("KSampler", **sampler), "50": node("Seed", seed=77), "51": node("PrimitiveInt", value=8)}
    )
    assert (found.fields["seed"], found.fields["steps"]) == (77, 8)


def test_a_graph_that_turns_in_circles_ends() -> None:
    sampler = {**files.COMFYUI["3"]["inputs"], "latent_image": ["3", 0], "positive": ["6", 0], "seed": ["3", 0]}  # type: ignore[dict-item]
    found = comfyui(**{"3": node("KSampler", **sampler), "6": node("ConditioningCombine", conditioning_1=["6", 0])})
    assert "width" not in found.fields


# What becomes of a recipe


def test_what_is_not_offered_here_is_named_and_the_rest_taken() -> None:
    said = recipe(files.png({"parameters": files.A1111})).fields
    found = taken(ask, known(said, models()), "bk-sdm-small")
    assert found.request.model == "bk-sdm-small"
    assert found.request.sampler == "DPM++ 2M Karras"
    assert (found.request.steps, found.request.seed, found.request.guidance_scale) == (20, 1234, 7.0)
    assert any("'v1-5-pruned', which is not on offer" in line for line in found.refused)
    assert found.fields == set(said) - {"model"}
    small = taken(ask, known(said, models()), "mini-sd")
    assert any(line.startswith("512x768 is 393216 pixels") for line in small.refused)
    assert (small.request.width, small.request.height) == (128, 128)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("sd_xl_base_1.0", "sdxl-base-1.0"),
        ("SSD-1B", "ssd-1b"),
        ("stable-diffusion-v1-4", "stable-diffusion-v1-4"),
        ("CompVis/stable-diffusion-v1-4", "stable-diffusion-v1-4"),
        ("dreamshaper_8", "dreamshaper_8"),
    ],
)
def test_a_model_is_known_by_the_name_of_its_file_or_repo(name: str, ours: str) -> None:
    assert known({"model": name}, models())["model"] == ours


def test_what_is_of_the_wrong_type_is_named() -> None:
    found = made("x", {"steps": "many", "seed": 1.5, "guidance_scale": float("nan"), "prompt": ["a"], "width": True})
    assert found.fields == {}
    assert others(found) == {
        "Steps": "many",
        "Seed": "1.5",
        "Guidance scale": "NaN",
        "Prompt": '["a"]',
        "Width": "true",
    }


def test_a_sampler_that_is_not_here_is_refused_by_its_name() -> None:
    said = understood({"parameters": "x\nSteps: 20, Sampler: Restart, Schedule type: Karras, Seed: 1"})
    assert said
    with pytest.raises(InvalidRequest, match=r"Restart Karras"):
        ask(said.fields)


# Files


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"hello", "is no picture"),
        (b"GIF89a", "is a GIF"),
        (b"\0\0\0\x20ftypavif", "is an AVIF"),
        (b"<svg xmlns", "is an SVG"),
        (files.png()[:-20], "ends too early"),
        (files.png()[:60], "ends too early"),
        (files.encoded("JPEG")[:-2], "ends too early"),
        (files.encoded("JPEG")[:100], "ends too early"),
        (files.encoded("WEBP")[:-2], "ends too early"),
        (bytes(files.png())[:40] + b"x" + files.png()[41:], "checksum"),
        (files.with_chunk(files.png(), b"acTL", bytes(8)), "is an animation"),
        (files.animated(), "is an animation"),
        (files.with_chunk(files.png(), b"tEXt", b"a\0b", MOST_CHUNKS), f"more than {MOST_CHUNKS} parts"),
        (files.with_chunk(files.png(), b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 21)), 9000), "more than 1 MB"),
        (files.with_chunk(files.png(), b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(1 << 21))), "more than 1 MB"),
        (files.with_chunk(files.png(), b"tEXt", b"a\0" + b"b" * (1 << 21)), "more than 1 MB"),
        (files.with_chunk(files.png(), b"eXIf", b"II*\0" + bytes(exif.MOST_BYTES)), "EXIF has more than 2 MB"),
        (files.with_sides(1 << 14, 1 << 14), "16384x16384"),
        (b"\x89PNG\r\n\x1a\n" + bytes(container.MOST_BYTES), "at most 32"),
    ],
)
def test_what_is_no_picture_or_too_much_is_refused_in_words(content: bytes, why: str) -> None:
    with pytest.raises(UnreadablePicture, match=why):
        read(content)


def test_many_small_texts_that_unpack_to_much_are_refused() -> None:
    packed = b"\0\0" + zlib.compress(bytes((1 << 20) - 1))
    content = files.png()
    for number in range(40):
        content = files.with_chunk(content, b"zTXt", str(number).encode() + packed)
    with pytest.raises(UnreadablePicture, match="more than 1 MB"):
        read(content)


def test_a_picture_that_tells_nothing() -> None:
    for content in (files.png(), files.encoded("JPEG"), files.encoded("WEBP"), files.png({"Comment": "on holiday"})):
        assert read(content).recipe is None
