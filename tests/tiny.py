"""Tiny real checkpoints of the five published repositories, each in its exact published layout.

Widths of 8 to 16 and one or two layers, random weights that depend on nothing; folder and file names, config keys,
tensor names and precisions as published, down to the oddities. Decoys stand for what must not be downloaded.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from tests import tiny_configs as configs
from tests import tiny_parts as parts
from tests.tiny_layouts import DECOYS
from tests.tiny_parts import Part, write_json

REPOS: Mapping[str, str] = MappingProxyType(
    {
        "sd": "CompVis/stable-diffusion-v1-4",
        "bk": "nota-ai/bk-sdm-small",
        "sdxl": "stabilityai/stable-diffusion-xl-base-1.0",
        "ssd": "segmind/SSD-1B",
        "decidiffusion": "Deci/DeciDiffusion-v1-0",
    }
)
KINDS = (*REPOS, "distilled")  # the last one like none of them: SD's layout, its U-Net takes the guidance scale
BOTH = {"": torch.float32, "fp16": torch.float16}
HALF_UNNAMED = {"": torch.float16}  # DeciDiffusion: fp16 under the default names


def build(name: str, folder: Path) -> Path:
    """Write the checkpoint `name` (one of KINDS) into `folder`, and return it."""
    _BUILDERS[name](folder)
    for decoy in DECOYS.get(name, ()):
        path = folder / decoy
        path.parent.mkdir(parents=True, exist_ok=True)
        content = 'raise RuntimeError("the remote code ran")' if decoy.endswith(".py") else "{}"
        path.write_text(f"{content}\n", encoding="utf-8")
    return folder


def _write_index(folder: Path, pipeline: str, scheduler: str, **more: Any) -> None:
    common = {
        "scheduler": ["diffusers", scheduler],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    write_json(folder / "model_index.json", {"_class_name": pipeline, **common, **more})


def _write_v1(folder: Path, pipeline: str, scheduler: Mapping[str, Any], weights: Mapping[str, torch.dtype]) -> None:
    """All of a Stable Diffusion 1 repository but its text encoder, VAE and U-Net."""
    safety = {
        "feature_extractor": ["transformers", "CLIPImageProcessor"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
    }
    _write_index(folder, pipeline, scheduler["_class_name"], **safety)
    write_json(folder / "scheduler" / "scheduler_config.json", scheduler)
    parts.write_tokenizer(folder / "tokenizer")
    parts.write_feature_extractor(folder / "feature_extractor")
    parts.safety_checker(seed=1).save(folder / "safety_checker", weights)


def _sd(folder: Path, config: Mapping[str, Any] = configs.UNET, version: str = "0.2.2") -> None:
    _write_v1(folder, "StableDiffusionPipeline", configs.PNDM, BOTH)
    parts.text_encoder(configs.TEXT, seed=2, position_ids=True).save(folder / "text_encoder", BOTH)
    scaled = configs.VAE | {"scaling_factor": 0.18215}
    parts.vae(scaled, "0.2.2", seed=3, old_names=True).save(folder / "vae", BOTH)
    parts.unet(config, version, seed=4).save(folder / "unet", BOTH)


def _bk(folder: Path) -> None:
    """SD v1.4 with a smaller U-Net: all else is the same bytes."""
    _sd(folder, configs.UNET | {"layers_per_block": 1, "mid_block_type": None}, "0.15.0")


def _sdxl(folder: Path, config: Mapping[str, Any] = configs.UNET_XL, seed: int = 5) -> None:
    second: dict[str, Any] = {
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
        "force_zeros_for_empty_prompt": True,
    }
    _write_index(folder, "StableDiffusionXLPipeline", "EulerDiscreteScheduler", **second)
    write_json(folder / "scheduler" / "scheduler_config.json", configs.EULER)
    parts.write_tokenizer(folder / "tokenizer", name_or_path=False)
    parts.write_tokenizer(folder / "tokenizer_2", pad="!", name_or_path=False)
    saved: dict[str, Part] = {
        "text_encoder": parts.text_encoder(configs.TEXT_XL, seed=6),
        "text_encoder_2": parts.text_encoder(configs.TEXT_XL_2, seed=7),
        "vae": parts.vae(configs.VAE_XL, "0.20.0.dev0", seed=8),
        "unet": parts.unet(config, "0.19.0.dev0", seed),
    }
    for name, part in saved.items():
        part.save(folder / name, BOTH)


def _ssd(folder: Path) -> None:
    """SDXL with a smaller U-Net: all other weights are the same bytes."""
    _sdxl(folder, configs.UNET_SSD, seed=9)


def _decidiffusion(folder: Path) -> None:
    """Its `model_index.json` names a class that no library has and a U-Net that is only a placeholder."""
    _write_v1(folder, "DeciDiffusionPipeline", configs.DDIM, HALF_UNNAMED)
    parts.text_encoder(configs.TEXT, seed=10).save(folder / "text_encoder", HALF_UNNAMED)
    parts.vae(configs.VAE, "0.6.0", seed=11).save(folder / "vae", HALF_UNNAMED)
    config = configs.UNET | {"configurations": configs.FLEXIBLE}
    parts.flexible_unet(config, seed=12).save(folder / "flexible_unet", HALF_UNNAMED)


def _distilled(folder: Path) -> None:
    """Guidance as an input of the U-Net, and a schedule for few steps; all else is SD v1.4's bytes."""
    _sd(folder, configs.UNET | {"time_cond_proj_dim": 8}, "0.42.1")
    _write_index(folder, "StableDiffusionPipeline", "DDIMScheduler")
    write_json(folder / "scheduler" / "scheduler_config.json", configs.DDIM_FEW_STEPS)


_BUILDERS: Mapping[str, Callable[[Path], None]] = MappingProxyType(
    {"sd": _sd, "bk": _bk, "sdxl": _sdxl, "ssd": _ssd, "decidiffusion": _decidiffusion, "distilled": _distilled}
)


class Checkpoints:
    """The checkpoints below one folder, each built when first asked for by its name in KINDS."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, name: str) -> Path:
        folder = self.folder / name
        return folder if folder.exists() else build(name, folder)
