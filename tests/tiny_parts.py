"""Tiny networks under the published tensor names, and the files of one component folder. Knows no repository."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from models.flexible_unet import FlexibleUNet2DConditionModel

DIFFUSERS, TRANSFORMERS = "diffusion_pytorch_model", "model"  # what the two libraries call a weights file
SPECIALS = ("<|startoftext|>", "<|endoftext|>")
OLD_ATTENTION = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}  # before diffusers 0.17
_PLAIN_TOKEN = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}


@dataclass(frozen=True)
class Part:
    """A component as published: `config.json` and its fp32 tensors."""

    stem: str  # of the weights files: DIFFUSERS or TRANSFORMERS
    config: Mapping[str, Any]
    tensors: Mapping[str, Tensor]

    def save(self, folder: Path, weights: Mapping[str, torch.dtype]) -> None:
        """Write config.json and one safetensors file per variant ("" is the default one) into `folder`."""
        write_json(folder / "config.json", self.config)
        for variant, dtype in weights.items():
            tensors = {k: (v.to(dtype) if v.is_floating_point() else v) for k, v in self.tensors.items()}
            name = ".".join(part for part in (self.stem, variant, "safetensors") if part)
            save_file({k: v.contiguous() for k, v in tensors.items()}, folder / name, metadata={"format": "pt"})


def seeded(build: Callable[[], torch.nn.Module], seed: int) -> dict[str, Tensor]:
    """The tensors of a net whose random weights depend on nothing but `seed`: equal parts are equal files."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return dict(build().state_dict())


def unet(config: Mapping[str, Any], version: str, seed: int) -> Part:
    """A U-Net of (n, 4, h/8, w/8)."""
    full = {"_class_name": "UNet2DConditionModel", "_diffusers_version": version, **config}
    return Part(DIFFUSERS, full, seeded(lambda: UNet2DConditionModel.from_config(full), seed))


def flexible_unet(config: Mapping[str, Any], seed: int) -> Part:
    """DeciDiffusion's U-Net; the part of its config outside `configurations` is as misleading as the published."""
    full = {"_class_name": "FlexibleUNet2DConditionModel", "_diffusers_version": "0.20.2", **config}
    return Part(DIFFUSERS, full, seeded(lambda: FlexibleUNet2DConditionModel.from_config(full), seed))


def vae(config: Mapping[str, Any], version: str, seed: int, *, old_names: bool = False) -> Part:
    """(n, 3, h, w) <-> (n, 4, h/8, w/8). With `force_upcast` its decoder overflows in fp16, as SDXL's does."""
    full = {"_class_name": "AutoencoderKL", "_diffusers_version": version, **config}
    tensors = seeded(lambda: AutoencoderKL.from_config(full), seed)
    if config.get("force_upcast"):
        tensors["decoder.conv_in.weight"] *= 2e5  # still finite in fp16; its sums are not
    if old_names:
        tensors = {_old_name(name): tensor for name, tensor in tensors.items()}
    return Part(DIFFUSERS, full, tensors)


def _old_name(name: str) -> str:
    if ".attentions." in name:
        for new, old in OLD_ATTENTION.items():
            name = name.replace(f".{new}.", f".{old}.")
    return name


def text_encoder(config: Mapping[str, Any], seed: int, *, position_ids: bool = False) -> Part:
    """CLIP's text half: (n, 77) token ids -> (n, 77, hidden_size), with a pooled projection where configured."""
    settings = CLIPTextConfig(**{k: v for k, v in config.items() if k not in ("architectures", "torch_dtype")})
    if config["architectures"] == ["CLIPTextModelWithProjection"]:
        tensors = seeded(lambda: CLIPTextModelWithProjection(settings), seed)
    else:  # transformers 5 leaves out the prefix that every published file has
        plain = seeded(lambda: CLIPTextModel(settings), seed)
        tensors = {f"text_model.{name}": tensor for name, tensor in plain.items()}
    if position_ids:  # a buffer in files of 2022
        tensors["text_model.embeddings.position_ids"] = torch.arange(77).unsqueeze(0)
    return Part(TRANSFORMERS, config, tensors)


def safety_checker(seed: int, threshold: float = 2.0) -> Part:
    """Runs on 32×32 pictures. Flags those whose likeness to its concepts, -1 to 1, is over the threshold: here none."""
    size = {"hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1}
    config: dict[str, Any] = {
        "architectures": ["StableDiffusionSafetyChecker"],
        "model_type": "clip",
        "projection_dim": 8,
        "text_config": {
            **size,
            "vocab_size": 514,
            "bos_token_id": 0,
            "eos_token_id": 2,
            "model_type": "clip_text_model",
        },
        "vision_config": {**size, "image_size": 32, "patch_size": 16, "model_type": "clip_vision_model"},
    }
    settings = CLIPConfig(**{k: v for k, v in config.items() if k != "architectures"})
    tensors = seeded(lambda: StableDiffusionSafetyChecker(settings), seed)
    tensors["concept_embeds_weights"].fill_(threshold)
    vision = "vision_model."  # transformers 5 leaves out the second one, which the published file has
    published = {vision + name if name.startswith(vision) else name: tensor for name, tensor in tensors.items()}
    published["vision_model.vision_model.embeddings.position_ids"] = torch.arange(5).unsqueeze(0)
    return Part(TRANSFORMERS, config, published)


def clip(seed: int) -> Part:
    """Both halves of CLIP, for 32×32 pictures and 77 tokens."""
    size = {"hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1}
    words = {**size, "vocab_size": 514, "bos_token_id": 512, "eos_token_id": 513, "pad_token_id": 513}
    config: dict[str, Any] = {
        "architectures": ["CLIPModel"],
        "model_type": "clip",
        "projection_dim": 8,
        "text_config": {**words, "model_type": "clip_text_model"},
        "vision_config": {**size, "image_size": 32, "patch_size": 16, "model_type": "clip_vision_model"},
    }
    settings = CLIPConfig(**{k: v for k, v in config.items() if k != "architectures"})
    return Part(TRANSFORMERS, config, seeded(lambda: CLIPModel(settings), seed))


def write_tokenizer(folder: Path, *, pad: str = SPECIALS[1], name_or_path: bool = True) -> None:
    """CLIP's tokenizer with its 256 bytes, each inside a word and ending one, and no merges: a letter a token."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]  # bytes that are their own character
    alphabet = [chr(byte) for byte in kept] + [chr(256 + i) for i in range(256 - len(kept))]
    tokens = [*alphabet, *(f"{letter}</w>" for letter in alphabet), *SPECIALS]
    write_json(folder / "vocab.json", {token: i for i, token in enumerate(tokens)})
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    start, end = ({"content": token, **_PLAIN_TOKEN} for token in SPECIALS)
    named: dict[str, Any] = {"bos_token": start, "eos_token": end, "pad_token": pad, "unk_token": end}
    write_json(folder / "special_tokens_map.json", named)
    added = {k: v if isinstance(v, str) else {"__type": "AddedToken", **v} for k, v in named.items()}
    source = {"name_or_path": "openai/clip-vit-large-patch14"} if name_or_path else {}
    settings = {"do_lower_case": True, "errors": "replace", "model_max_length": 77, "add_prefix_space": False}
    write_json(folder / "tokenizer_config.json", added | settings | source | {"tokenizer_class": "CLIPTokenizer"})


def write_feature_extractor(folder: Path) -> None:
    """How the safety checker's picture is prepared, in the form of 2022."""
    flags = dict.fromkeys(("do_center_crop", "do_convert_rgb", "do_normalize", "do_resize"), True)
    mean, std = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
    kind = {"feature_extractor_type": "CLIPFeatureExtractor", "crop_size": 32, "size": 32, "resample": 3}
    write_json(folder / "preprocessor_config.json", flags | kind | {"image_mean": mean, "image_std": std})


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
