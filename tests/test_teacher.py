"""Any model as a teacher: found by name or folder, and what it makes of captions and pictures."""

import json
import shutil
from functools import cache
from pathlib import Path

import pytest
import torch

from errors import ConfigError
from models import storage
from models.flexible_unet import FlexibleUNet2DConditionModel
from models.progress import Downloading, Loading
from tests.hub import Hub
from tests.published import on_hub, use
from tests.tiny import Checkpoints
from training.guidance_distillation import takes_guidance
from training.judge import WEIGHTS
from training.teacher import Teacher, beginner, find, load, noise_levels, refuse


@cache
def teacher(folder: Path) -> Teacher:
    return load(str(folder), "cpu", lambda event: None)


def test_a_model_is_found_by_name_repo_and_folder(checkpoints: Checkpoints) -> None:
    assert find("mini-sd").repo == str(WEIGHTS / "mini-sd")
    assert find("segmind/SSD-1B").name == find("ssd-1b").name
    assert find(str(WEIGHTS / "mini-turbo")) == find("mini-turbo")  # with what it has from elsewhere
    found = find(str(checkpoints["decidiffusion"]))
    assert (found.family.value, found.repo, found.revision) == (
        "decidiffusion", str(checkpoints["decidiffusion"]), None)  # fmt: skip


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"There is no 'mini-dali'\. Name a model of config\.yaml \(mini-sd, .*folder"
    ):
        find("mini-dali")
    with pytest.raises(ConfigError, match=r"is a folder without model_index\.json"):
        find(str(tmp_path))
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(ConfigError, match=r"'FluxPipeline'\. What is trained is one of .*StableDiffusionXLPipeline"):
        find(str(tmp_path))
    (tmp_path / "model_index.json").write_text("{")
    with pytest.raises(ConfigError, match=r"model_index\.json cannot be read"):
        find(str(tmp_path))


@pytest.mark.parametrize("name", ["sd", "bk", "sdxl", "ssd", "decidiffusion"])
def test_captions_and_pictures_fit_the_u_net(checkpoints: Checkpoints, name: str) -> None:
    one = teacher(checkpoints[name])
    prompts = one.prompts(["a red circle", "a photo of " + "very " * 100])
    latents = one.latents(torch.rand(2, 3, one.multiple, one.multiple) * 2 - 1)
    conditions = {}
    if prompts.pooled is not None:
        side = float(one.multiple)
        conditions = {"text_embeds": prompts.pooled, "time_ids": torch.tensor([[side, side, 0, 0, side, side]] * 2)}
    answer = one.unet(latents, 10, prompts.states, added_cond_kwargs=conditions).sample
    assert prompts.states.shape[:2] == (2, 77)
    assert answer.shape == latents.shape
    assert answer.isfinite().all()
    assert (prompts.pooled is None) == (name not in ("sdxl", "ssd"))
    assert isinstance(one.unet, FlexibleUNet2DConditionModel) == (name == "decidiffusion")


def test_the_empty_caption_is_the_pipelines(checkpoints: Checkpoints) -> None:
    sdxl, sd = teacher(checkpoints["sdxl"]), teacher(checkpoints["sd"])
    nothing = sdxl.empty()
    assert nothing.pooled is not None
    assert not nothing.states.any()  # force_zeros_for_empty_prompt
    assert not nothing.pooled.any()
    assert torch.equal(sd.empty().states, sd.prompts([""]).states)


def test_latents_are_scaled(checkpoints: Checkpoints) -> None:
    one = load(str(checkpoints["sdxl"]), "cpu", lambda event: None)
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        plain = one.pipeline.vae.encode(picture).latent_dist.mean
    assert torch.allclose(one.latents(picture), plain * 0.13025)
    one.pipeline.vae.register_to_config(latents_mean=[1.0, 2.0, 3.0, 4.0], latents_std=[2.0] * 4)
    mean = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, 4, 1, 1)
    assert torch.allclose(one.latents(picture), (plain - mean) * 0.13025 / 2)


def test_noise_levels_are_the_published_ones(checkpoints: Checkpoints) -> None:
    deci, sd = teacher(checkpoints["decidiffusion"]).noise, teacher(checkpoints["sd"]).noise
    assert (deci.config.prediction_type, sd.config.prediction_type) == ("v_prediction", "epsilon")
    assert deci.alphas_cumprod[-1] == pytest.approx(0, abs=1e-6)  # zero terminal SNR
    assert sd.alphas_cumprod[-1] == pytest.approx(0.0047, abs=1e-4)
    assert noise_levels({"beta_end": 0.5, "solver_order": 2}).config.beta_end == 0.5


def test_the_teachers_size(checkpoints: Checkpoints) -> None:
    sd, deci = teacher(checkpoints["sd"]), teacher(checkpoints["decidiffusion"])
    assert (sd.side, sd.multiple) == (512, 64)
    assert (deci.side, deci.multiple) == (512, 64)


def test_a_teacher_comes_from_the_hub(
    hub: Hub, checkpoints: Checkpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = on_hub("ssd", hub, checkpoints)
    use(hub, tmp_path, monkeypatch)
    told: list[Downloading | Loading] = []
    one = load(spec.name, "cpu", told.append)
    assert one.unet.mid_block is not None
    assert storage.on_disk(one.spec)
    assert any(isinstance(event, Downloading) and event.done_bytes > 0 < event.total_bytes for event in told)


def test_equal_files_have_equal_identities(checkpoints: Checkpoints, tmp_path: Path) -> None:
    copy = shutil.copytree(checkpoints["bk"], tmp_path / "copy")
    sd, bk, copied = (teacher(folder).identities for folder in (checkpoints["sd"], checkpoints["bk"], copy))
    assert bk == copied
    assert {name for name in sd if sd[name] != bk[name]} == {"unet"}


@pytest.mark.parametrize("name", ["sdxl", "decidiffusion"])
def test_in_half_precision_it_is_asked_in_float32(checkpoints: Checkpoints, name: str) -> None:
    whole = teacher(checkpoints[name])
    half = load(str(checkpoints[name]), "cpu", lambda event: None, "bf16")
    prompts = half.prompts(["a red circle"])
    noisy = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    conditions = {}
    if prompts.pooled is not None:
        conditions = {"text_embeds": prompts.pooled, "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]])}
    with torch.no_grad():
        exact, found = (
            one.unet(noisy, torch.tensor([10]), prompts.states, added_cond_kwargs=conditions).sample
            for one in (whole, half)
        )
    assert half.unet.dtype == torch.bfloat16
    assert found.dtype == torch.float32
    assert torch.allclose(found, exact, atol=0.1)
    student = beginner(half.unet)
    assert type(student) is type(half.unet)
    assert all(p.dtype == torch.float32 and p.requires_grad for p in student.parameters())
    assert student(noisy, 10, prompts.states, added_cond_kwargs=conditions).sample.dtype == torch.float32


def test_a_teacher_that_a_method_cannot_take_is_refused(checkpoints: Checkpoints, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has the flexible U-Net of DeciDiffusion, and block distillation takes the"):
        refuse(teacher(checkpoints["decidiffusion"]), "block distillation", flexible=False)
    folder = shutil.copytree(checkpoints["sd"], tmp_path / "distilled", ignore=shutil.ignore_patterns("unet"))
    takes_guidance(teacher(checkpoints["sd"]).unet, 8).save_pretrained(folder / "unet")
    with pytest.raises(ConfigError, match=r"distilled has guidance distilled into it already.* Choose the model"):
        refuse(teacher(folder), "guidance distillation", takes_scale=False)
    refuse(teacher(checkpoints["ssd"]), "block distillation", flexible=False, takes_scale=False)
