"""The tiny checkpoints are what they stand for: the stock pipelines load them and draw."""

from hashlib import sha256
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors import safe_open
from transformers import CLIPTextModel

from tests.tiny import REPOS, Checkpoints

STOCK = {
    "sd": StableDiffusionPipeline,
    "bk": StableDiffusionPipeline,
    "sdxl": StableDiffusionXLPipeline,
    "ssd": StableDiffusionXLPipeline,
}


@pytest.mark.parametrize("variant", [None, "fp16"])
@pytest.mark.parametrize("name", STOCK)
def test_stock_pipeline_draws(checkpoints: Checkpoints, name: str, variant: str | None) -> None:
    options = {"use_safetensors": True, "dtype": torch.float32}  # else what each config.json names
    pipe = STOCK[name].from_pretrained(checkpoints[name], variant=variant, **options)
    pipe.set_progress_bar_config(disable=True)
    pictures = pipe("a red circle", height=64, width=64, num_inference_steps=2, output_type="np").images
    assert pictures.shape == (1, 64, 64, 3)
    assert pictures.std() > 0


@pytest.mark.parametrize(("name", "smaller"), [("sd", "bk"), ("sdxl", "ssd")])
def test_siblings_share_all_but_the_unet(checkpoints: Checkpoints, name: str, smaller: str) -> None:
    def weights(folder: Path) -> dict[str, str]:
        found = folder.glob("*/*.safetensors")
        return {str(f.relative_to(folder)): sha256(f.read_bytes()).hexdigest() for f in found}

    first, second = weights(checkpoints[name]), weights(checkpoints[smaller])
    different = {path for path in first.keys() & second.keys() if first[path] != second[path]}
    assert {path.split("/")[0] for path in different} == {"unet"}


@pytest.mark.parametrize("name", REPOS)
def test_text_encoder_has_the_published_names(checkpoints: Checkpoints, name: str) -> None:
    with safe_open(checkpoints[name] / "text_encoder" / "model.safetensors", "pt") as file:
        names = set(file.keys())
    assert all(tensor.startswith("text_model.") for tensor in names)
    assert ("text_model.embeddings.position_ids" in names) == (name in ("sd", "bk"))


@pytest.mark.parametrize("name", REPOS)
def test_text_encoder_takes_the_published_names(checkpoints: Checkpoints, name: str) -> None:
    folder = checkpoints[name] / "text_encoder"
    with safe_open(folder / "model.safetensors", "pt") as file:
        stored = file.get_tensor("text_model.final_layer_norm.weight")
        embedding = file.get_tensor("text_model.embeddings.token_embedding.weight")
    loaded = CLIPTextModel.from_pretrained(folder, dtype=torch.float32).state_dict()
    torch.testing.assert_close(loaded["final_layer_norm.weight"], stored.float())
    torch.testing.assert_close(loaded["embeddings.token_embedding.weight"], embedding.float())


def test_old_vae_names_are_converted(checkpoints: Checkpoints) -> None:
    folder = checkpoints["sd"] / "vae"
    with safe_open(folder / "diffusion_pytorch_model.safetensors", "pt") as file:
        stored = file.get_tensor("decoder.mid_block.attentions.0.proj_attn.weight")
    loaded = AutoencoderKL.from_pretrained(folder).decoder.mid_block.attentions[0].to_out[0].weight
    torch.testing.assert_close(loaded, stored)


def test_sdxl_vae_overflows_in_half_precision_only(checkpoints: Checkpoints) -> None:
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)) / 0.13025
    for dtype, finite in ((torch.float32, True), (torch.bfloat16, True), (torch.float16, False)):
        vae = AutoencoderKL.from_pretrained(checkpoints["sdxl"] / "vae", dtype=dtype)
        with torch.no_grad():
            picture = vae.decode(latents.to(dtype)).sample
        assert bool(picture.isfinite().all()) is finite, dtype


def test_a_checkpoint_is_small(checkpoints: Checkpoints) -> None:
    for name in REPOS:
        assert sum(f.stat().st_size for f in checkpoints[name].rglob("*") if f.is_file()) < 2.5e6
