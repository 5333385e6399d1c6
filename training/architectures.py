"""The minis' nets that are no copy of another's, as settings; and how a flexible U-Net starts from a stock one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from diffusers import UNet2DConditionModel
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel

from models.flexible_unet import FlexibleUNet2DConditionModel

# mini-deci: DeciDiffusion's traits at mini-sd's outer widths: a third halving, and no attention but where the latents
# are few, in number as pays (`configurations` of flexible_unet/config.json). Narrow inside: all minis fit into 60 MB.
MINI_DECI: Mapping[str, Any] = {
    "sample_size": 16,
    "temb_dim": 256,
    "resnet_eps": 1e-5,
    "resnet_act_fn": "silu",
    "num_attention_heads": 4,
    "cross_attention_dim": 128,
    "mix_block_in_forward": True,
    "down_blocks_in_channels": (64, 64, 96),
    "down_blocks_out_channels": (64, 96, 64),
    "down_blocks_num_resnets": (1, 1, 1),
    "down_blocks_num_attentions": (0, 0, 1),
    "add_downsample": (True, True, True),
    "mid_num_resnets": 0,
    "mid_num_attentions": 0,
    "add_upsample_mid_block": True,
    "prev_output_channels": (64, 64, 96),
    "up_blocks_num_resnets": (2, 2, 2),
    "up_blocks_num_attentions": (0, 2, 0),
    "add_upsample": (True, True, False),
}
# mini-sdxl: SDXL's stages (no attention in the outermost, transformers the deeper the fewer the latents) and its added
# conditions: a pooled text embedding of 80 and six numbers for sizes and cut.
MINI_SDXL: Mapping[str, Any] = {
    "sample_size": 16,
    "in_channels": 8,
    "out_channels": 8,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "block_out_channels": (48, 64, 64),
    "layers_per_block": 1,
    "transformer_layers_per_block": (1, 2, 4),
    "attention_head_dim": (3, 4, 4),  # the number of heads, as in SDXL's
    "norm_num_groups": 16,
    "use_linear_projection": True,
    "cross_attention_dim": 128,  # both text encoders' widths
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 16,
    "projection_class_embeddings_input_dim": 80 + 6 * 16,
}
KINDS = {"resnets": ResnetBlock2D, "attentions": Transformer2DModel}
BLOCK = re.compile(r"((?:down_blocks|up_blocks)\.\d+|mid_block)\.(resnets|attentions)\.(\d+)\.(.+)")


def denoiser(latent_channels: int, text_width: int, channels: tuple[int, ...] = (64, 96, 128)) -> UNet2DConditionModel:
    """mini-sd's. Attends to the text at the inner levels only: at the outermost it costs four times the whole rest."""
    inner = len(channels) - 1
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=latent_channels,
        out_channels=latent_channels,
        down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * inner),
        up_block_types=(*("CrossAttnUpBlock2D",) * inner, "UpBlock2D"),
        block_out_channels=channels,
        layers_per_block=1,
        attention_head_dim=4,
        norm_num_groups=16,
        cross_attention_dim=text_width,
    )


def flexible(teacher: UNet2DConditionModel, configurations: Mapping[str, Any]) -> FlexibleUNet2DConditionModel:
    """A flexible U-Net that starts with the teacher's weights where it has a tensor of the same place and shape."""
    kept = ("in_channels", "out_channels", "norm_num_groups")
    student = FlexibleUNet2DConditionModel(configurations, **{key: teacher.config[key] for key in kept})
    taken = {flexible_name(key, student): tensor for key, tensor in teacher.state_dict().items()}
    own = student.state_dict()
    student.load_state_dict({**own, **{key: t for key, t in taken.items() if key in own and own[key].shape == t.shape}})
    return student


def flexible_name(key: str, student: FlexibleUNet2DConditionModel) -> str:
    """What a stock U-Net's tensor is called in a flexible one, which has one list a stage; empty: it has no place."""
    if not (found := BLOCK.fullmatch(key)):
        return key
    stage, kind, number, rest = found.groups()
    modules = student.get_submodule(f"{stage}.modules_list")
    same = [i for i, module in enumerate(modules) if isinstance(module, KINDS[kind])]
    return f"{stage}.modules_list.{same[int(number)]}.{rest}" if int(number) < len(same) else ""
