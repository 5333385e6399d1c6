"""The published models at full size: networks and schedulers, as what differs from their classes' defaults.

Values from each repository's config.json (CompVis/stable-diffusion-v1-4, nota-ai/bk-sdm-small,
stabilityai/stable-diffusion-xl-base-1.0, segmind/SSD-1B, Deci/DeciDiffusion-v1-0). For counting and timing
without the weights; loading a model reads its own files and never this. Light to import: `build` brings torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

Settings = Mapping[str, Any]

CLIP_L: Settings = {  # OpenAI's ViT-L/14, text half
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "projection_dim": 768,
    "bos_token_id": 0,
    "eos_token_id": 2,  # not the tokenizer's: makes the pooling take the highest id
    "pad_token_id": 1,
}
CLIP_BIG_G: Settings = {
    **CLIP_L,
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_attention_heads": 20,
    "num_hidden_layers": 32,
    "projection_dim": 1280,
    "hidden_act": "gelu",
}
VAE: Settings = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "sample_size": 512,
}
VAE_XL: Settings = {**VAE, "sample_size": 1024, "scaling_factor": 0.13025}
UNET_V1: Settings = {"sample_size": 64, "cross_attention_dim": 768}
UNET_XL: Settings = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),  # heads, despite the name
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,  # 1280 of pooled text, 6 numbers of 256
}
UNET_SSD: Settings = {
    **UNET_XL,
    "mid_block_type": "UNetMidBlock2D",
    "transformer_layers_per_block": ((1,), (2, 2), (4, 4)),
    "reverse_transformer_layers_per_block": ((4, 4, 10), (2, 1, 1), 1),
}
_SCALED = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
PNDM: Settings = {"_class_name": "PNDMScheduler", **_SCALED, "skip_prk_steps": True}
EULER: Settings = {"_class_name": "EulerDiscreteScheduler", **_SCALED, "timestep_spacing": "leading"}
DDIM_ZERO_SNR: Settings = {
    "_class_name": "DDIMScheduler",
    "beta_schedule": "squaredcos_cap_v2",
    "beta_end": 0.02,
    "clip_sample": False,
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "timestep_spacing": "trailing",
}


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The networks of one pipeline, and its scheduler."""

    unet: Settings | None  # None: DeciDiffusion's flexible one, whose defaults are the published values
    text_encoder: Settings
    text_encoder_2: Settings | None = None  # None: the pipeline has one
    vae: Settings
    scheduler: Settings = field(default_factory=lambda: PNDM)

    def build(self) -> dict[str, nn.Module]:
        """The networks by their pipeline argument, on torch's default device, with random weights.

        Under `torch.device("meta")` it takes no memory.
        """
        second = ("text_encoder_2",) if self.text_encoder_2 else ()
        return {name: self.network(name) for name in ("unet", "text_encoder", "vae", *second)}

    def network(self, name: str) -> nn.Module:
        """One of them."""
        from diffusers import AutoencoderKL, UNet2DConditionModel
        from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

        from models.flexible_unet import FlexibleUNet2DConditionModel

        make: dict[str, Callable[[], nn.Module]] = {
            "unet": lambda: FlexibleUNet2DConditionModel() if self.unet is None else UNet2DConditionModel(**self.unet),
            "text_encoder": lambda: CLIPTextModel(CLIPTextConfig(**self.text_encoder)),
            "text_encoder_2": lambda: CLIPTextModelWithProjection(CLIPTextConfig(**(self.text_encoder_2 or {}))),
            "vae": lambda: AutoencoderKL(**self.vae),
        }
        return make[name]()


_V1: dict[str, Settings] = {"text_encoder": CLIP_L, "vae": VAE}
_XL: dict[str, Settings] = {"text_encoder": CLIP_L, "text_encoder_2": CLIP_BIG_G, "vae": VAE_XL, "scheduler": EULER}
_UNET_BK = {**UNET_V1, "layers_per_block": 1, "mid_block_type": None}
ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType(
    {
        "CompVis/stable-diffusion-v1-4": Architecture(unet=UNET_V1, **_V1),
        "nota-ai/bk-sdm-small": Architecture(unet=_UNET_BK, **_V1),
        "stabilityai/stable-diffusion-xl-base-1.0": Architecture(unet=UNET_XL, **_XL),
        "segmind/SSD-1B": Architecture(unet=UNET_SSD, **_XL),
        "Deci/DeciDiffusion-v1-0": Architecture(unet=None, **_V1, scheduler=DDIM_ZERO_SNR),
    }
)
