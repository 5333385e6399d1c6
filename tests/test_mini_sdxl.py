"""Every stage of mini-sdxl's training on a tiny plan, and what the export is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from judging.posters.drawing import draw
from judging.posters.scenes import PIXELS, random_poster
from judging.scenes import SIDE
from models.vocabulary import known_words, load_vocabulary
from training import block_distillation
from training.judge import WEIGHTS
from training.lesson import Material, prepare, teacher_of
from training.loop.schedule import Schedule
from training.loop.setup import Setup
from training.posters.captions import plain_caption, random_caption, vocabulary
from training.posters.judge import held_out_posters, shares
from training.posters.level import cut, enlarged
from training.posters.mini_sdxl import PLAN, make
from training.posters.stored import WHOLE, framed, posters
from training.posters.text import Readers
from training.questions import encode
from training.shapes.autoencoder import to_tensor
from training.shapes.latents import load

ONE = Schedule(steps=1, rate=1e-3)
TINY = replace(
    PLAN,
    autoencoder=ONE,
    pixels=64**2,
    text=ONE,
    text_batch=2,
    files=1,
    pictures=3,
    level=replace(ONE, steps=1),
    denoiser=ONE,
    batch=1,
    parts=1,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one tiny training: what was stored is in `work`, the checkpoint in `out`."""
    folder = tmp_path_factory.mktemp("made")
    make(TINY, WEIGHTS / "mini-sd", folder / "work", folder / "out", Setup(device="cpu"))
    return folder


@pytest.fixture(scope="module")
def pipeline(made: Path) -> StableDiffusionXLPipeline:
    loaded = StableDiffusionXLPipeline.from_pretrained(made / "out", dtype=torch.float32)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def test_the_export_is_an_sdxl_folder(made: Path) -> None:
    index = json.loads((made / "out" / "model_index.json").read_text())
    assert index["_class_name"] == "StableDiffusionXLPipeline"
    assert index["text_encoder_2"] == ["transformers", "CLIPTextModelWithProjection"]
    assert index["force_zeros_for_empty_prompt"] is False
    sizes = [path.stat().st_size for path in (made / "out").rglob("*.safetensors")]
    assert max(sizes) < 9e6
    assert sum(sizes) < 10.5e6
    known = load_vocabulary(made / "out" / "tokenizer")
    assert all(known_words(" ".join(vocabulary()), known).values())


def test_the_export_draws(pipeline: StableDiffusionXLPipeline) -> None:
    image = pipeline("a red house at night", num_inference_steps=1, guidance_scale=3.0).images[0]
    assert image.size == (PIXELS, PIXELS)


def test_training_sees_the_text_states_that_the_pipeline_will(pipeline: StableDiffusionXLPipeline) -> None:
    readers = Readers(pipeline.tokenizer)
    readers.first, readers.second = pipeline.text_encoder, pipeline.text_encoder_2
    text = "three red boats on a striped blue background"
    states, empty, pooled, _ = pipeline.encode_prompt(text, do_classifier_free_guidance=True)
    ids = pipeline.tokenizer([text, ""], padding="max_length", max_length=77, return_tensors="pt").input_ids
    with torch.no_grad():
        expected, expected_pooled = readers.states(ids)
    assert torch.equal(torch.cat([states, empty]), expected)
    assert torch.allclose(pooled, expected_pooled[:1], atol=1e-5)


def test_captions_become_the_tokens_that_the_pipeline_sees(made: Path) -> None:
    tokens = CLIPTokenizer.from_pretrained(made / "out" / "tokenizer_2")
    rng = np.random.default_rng(0)
    for poster in posters(100, (1,)):
        caption = random_caption(poster, rng)
        assert encode(caption, tokens)[0] == tokens(caption.text).input_ids[:-1]


def test_both_encoders_are_of_clip(made: Path) -> None:
    assert CLIPTextModel.from_pretrained(made / "out" / "text_encoder").config.hidden_size == 48
    assert CLIPTextModelWithProjection.from_pretrained(made / "out" / "text_encoder_2").config.projection_dim == 80


def test_what_is_stored_tells_sizes_and_cuts(made: Path) -> None:
    stored = load([made / "work" / "pictures-00.pt"], [made / "work" / "captions-00.pt"], 1.0)
    assert stored.latents.shape == (3, 8, 16, 16)
    texts, conditions = stored.prompts(
        torch.tensor([0, 2]), torch.tensor([0, 1]), torch.tensor([False, True]), torch.device("cpu")
    )
    assert texts.shape == (2, 77, 128)
    assert conditions["time_ids"].shape == (2, 6)
    assert torch.equal(conditions["text_embeds"][1], stored.empty_pooled.float())  # type: ignore[union-attr]


def test_a_picture_is_whole_or_says_how_it_is_not() -> None:
    rng = np.random.default_rng(2)
    seen = set()
    for poster in posters(80, (5,)):
        picture, told = framed(poster, rng)
        assert picture.shape == (SIDE, SIDE, 3)
        assert np.array_equal(picture, draw(poster, SIDE, SIDE, 1.0)) or told != WHOLE
        seen.add("whole" if told == WHOLE else "small" if told[0] < PIXELS else "cut")
    assert seen == {"whole", "small", "cut"}


def test_one_level_more_keeps_what_the_autoencoder_knows() -> None:
    half = AutoencoderKL.from_pretrained(WEIGHTS / "mini-sd" / "vae", dtype=torch.float32)
    net = enlarged(half)
    small, large = (to_tensor(picture[None]) for picture in cut(np.random.default_rng(1), PIXELS))
    with torch.no_grad():
        latents, answered = half.encode(small).latent_dist.mode(), net.encode(large).latent_dist.mode()
        drawn, drawn_large = half.decode(latents).sample, net.decode(latents).sample
    assert latents.shape == (1, 8, 16, 16)
    assert F.mse_loss(answered, latents) < 0.02 * latents.square().mean()
    assert drawn_large.shape == (1, 3, PIXELS, PIXELS)
    assert F.mse_loss(F.avg_pool2d(drawn_large, 2), drawn) < 0.05 * drawn.var()


def test_mini_ssd_is_made_of_mini_sdxl(made: Path, tmp_path: Path) -> None:
    plan = block_distillation.Plan(
        schedule=Schedule(steps=5, rate=1e-4), student="mini-ssd", watched="blocks", batch=1, parts=1
    )
    setup = Setup(device="cpu")
    material = Material(teacher=str(made / "out"), pictures=made / "work")
    lesson = prepare(teacher_of(material, setup, 1), material, tmp_path, setup)
    block_distillation.distil(lesson, tmp_path, tmp_path / "out", plan, setup, whole=True)
    teacher, student = (
        UNet2DConditionModel.from_pretrained(folder / "out" / "unet", dtype=torch.float32)
        for folder in (made, tmp_path)
    )
    assert teacher.num_parameters() == 3_389_752
    assert student.num_parameters() == 2_109_240
    assert student.config.transformer_layers_per_block == [[1], [2], [1]]
    assert student.config.reverse_transformer_layers_per_block == [[1, 2], [2, 1], 1]
    assert StableDiffusionXLPipeline.from_pretrained(tmp_path / "out").unet.num_parameters() == 2_109_240


def test_shares_of_perfect_and_of_swapped_posters() -> None:
    asked = held_out_posters(9)
    pictures = [draw(poster) for poster in asked]
    assert set(vars(shares(asked, pictures)).values()) == {1.0}
    swapped = shares(asked, pictures[1:] + pictures[:1])
    assert swapped.several == swapped.both == 0.0
    assert held_out_posters(9) == asked
    assert plain_caption(asked[0]) != plain_caption(random_poster(np.random.default_rng(0)))
