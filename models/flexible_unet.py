"""DeciDiffusion's U-Net, native: what its remote code would build, as a `UNet2DConditionModel` of diffusers.

Written from the architecture of `Deci/DeciDiffusion-v1-0` (folder `flexible_unet/`), whose own `pipeline.py`
no longer imports and is never run here. The published tensor names are this module's own, so nothing is
converted on loading. Knows nothing of pipelines and downloads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import zip_longest
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.downsampling import Downsample2D
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn

from models.flexible_layout import Layout


class _Mixed(nn.Module):
    """Resnets and transformers in one list: the order of the tensor names and of execution."""

    has_cross_attention = True  # also where there is none: the base class then hands the text to every block

    def __init__(self, layout: Layout, turns: Iterable[tuple[nn.Module | None, ...]]) -> None:
        super().__init__()
        present = [module for turn in turns for module in turn if module is not None]
        if not layout.mix_block_in_forward:
            present.sort(key=lambda module: isinstance(module, Transformer2DModel))  # stable
        self.modules_list = nn.ModuleList(present)

    def run(self, module: nn.Module, hidden: Tensor, temb: Tensor, text: Mapping[str, Any]) -> Tensor:
        """One module on (n, c, h, w); `text`: encoder states (n, 77, cross_attention_dim) and masks."""
        if isinstance(module, Transformer2DModel):
            return module(hidden, **text, return_dict=False)[0]  # type: ignore[no-any-return]
        return module(hidden, temb)  # type: ignore[no-any-return]


def _resnet(layout: Layout, groups: int, width_in: int, width: int) -> nn.Module:
    return ResnetBlock2D(  # type: ignore[no-any-return]
        in_channels=width_in,
        out_channels=width,
        temb_channels=layout.temb_dim,
        eps=layout.resnet_eps,
        groups=groups,
        non_linearity=layout.resnet_act_fn,
    )


def _attention(layout: Layout, groups: int, width: int) -> nn.Module:
    return Transformer2DModel(  # type: ignore[no-any-return]
        num_attention_heads=layout.num_attention_heads,
        attention_head_dim=width // layout.num_attention_heads,
        in_channels=width,
        cross_attention_dim=layout.cross_attention_dim,
        norm_num_groups=groups,
    )


class _Down(_Mixed):
    """Keeps each resnet's output as a skip, before any attention after it (unlike diffusers' own blocks)."""

    def __init__(self, layout: Layout, groups: int, level: int) -> None:
        width_in, width = layout.down_blocks_in_channels[level], layout.down_blocks_out_channels[level]
        resnets = (
            _resnet(layout, groups, width if i else width_in, width)
            for i in range(layout.down_blocks_num_resnets[level])
        )
        attentions = (_attention(layout, groups, width) for _ in range(layout.down_blocks_num_attentions[level]))
        super().__init__(layout, zip_longest(resnets, attentions))
        self.publishes_downsampled = level < len(layout.add_downsample) - 1
        self.downsamplers = nn.ModuleList(
            [Downsample2D(width, use_conv=True, padding=1, name="op")] if layout.add_downsample[level] else []
        )

    def forward(self, hidden_states: Tensor, temb: Tensor, **text: Any) -> tuple[Tensor, tuple[Tensor, ...]]:
        """(n, c, h, w) -> (n, c', h/2, w/2) and the skips (the innermost block's downsampled one is none)."""
        skips: tuple[Tensor, ...] = ()
        for module in self.modules_list:
            hidden_states = self.run(module, hidden_states, temb, text)
            if isinstance(module, ResnetBlock2D):
                skips += (hidden_states,)
        for downsampler in self.downsamplers:
            hidden_states = downsampler(hidden_states)
            if self.publishes_downsampled:
                skips += (hidden_states,)
        return hidden_states, skips


class _Mid(_Mixed):
    """The innermost block: its first resnet runs twice, as it did when the published weights were trained."""

    def __init__(self, layout: Layout, groups: int) -> None:
        width = layout.down_blocks_out_channels[-1]
        attentions = (_attention(layout, groups, width) for _ in range(layout.mid_num_attentions))
        resnets = (_resnet(layout, groups, width, width) for _ in range(layout.mid_num_resnets))
        first = _resnet(layout, groups, width, width)
        super().__init__(layout, [(first,), *zip_longest(attentions, resnets)])
        self.upsamplers = nn.ModuleList([Upsample2D(width, use_conv=True)] if layout.add_upsample_mid_block else [])

    def forward(self, hidden_states: Tensor, temb: Tensor, **text: Any) -> Tensor:
        """(n, c, h, w) -> (n, c, 2h, 2w)"""
        for module in (self.modules_list[0], *self.modules_list):
            hidden_states = self.run(module, hidden_states, temb, text)
        for upsampler in self.upsamplers:
            hidden_states = upsampler(hidden_states)
        return hidden_states


class _Up(_Mixed):
    """Each resnet takes the latest skip, concatenated to what came so far."""

    def __init__(self, layout: Layout, groups: int, level: int) -> None:
        width = layout.down_blocks_out_channels[-1 - level]
        count = layout.up_blocks_num_resnets[level]
        before = [layout.prev_output_channels[level]] + [width] * (count - 1)
        skips = [width] * (count - 1) + [layout.down_blocks_in_channels[-1 - level]]
        resnets = (_resnet(layout, groups, b + s, width) for b, s in zip(before, skips, strict=True))
        attentions = (_attention(layout, groups, width) for _ in range(layout.up_blocks_num_attentions[level]))
        super().__init__(layout, zip_longest(resnets, attentions))
        # The base class counts these to deal out the skips. A tuple, so that they are registered once.
        self.resnets = tuple(module for module in self.modules_list if isinstance(module, ResnetBlock2D))
        self.upsamplers = nn.ModuleList([Upsample2D(width, use_conv=True)] if layout.add_upsample[level] else [])

    def forward(
        self,
        hidden_states: Tensor,
        temb: Tensor,
        res_hidden_states_tuple: tuple[Tensor, ...],
        upsample_size: int | None = None,  # None: twice the size
        **text: Any,
    ) -> Tensor:
        """(n, c, h, w) and as many skips (n, c_i, h, w) as resnets -> (n, c', 2h, 2w)"""
        skips = list(res_hidden_states_tuple)
        for module in self.modules_list:
            if isinstance(module, ResnetBlock2D):
                hidden_states = torch.cat([hidden_states, skips.pop()], dim=1)
            hidden_states = self.run(module, hidden_states, temb, text)
        for upsampler in self.upsamplers:
            hidden_states = upsampler(hidden_states, upsample_size)
        return hidden_states


class FlexibleUNet2DConditionModel(UNet2DConditionModel):  # type: ignore[misc]
    """The stem and head of a Stable Diffusion U-Net around the body that `configurations` describes.

    Takes every argument of its parent. Those about the body (block types and widths, layers, mid block) are
    the parent's defaults in the published file, wrong for this net: replaced by what was really built.
    """

    _supports_gradient_checkpointing = False

    def __init__(self, configurations: Mapping[str, Any] | None = None, **stem: Any) -> None:
        layout = Layout.parse(configurations)
        width = layout.down_blocks_in_channels[0]
        body = {
            "block_out_channels": (width,),
            "layers_per_block": 1,
            "mid_block_type": None,
        }  # replaced below
        body |= {"down_block_types": ("DownBlock2D",), "up_block_types": ("UpBlock2D",)}
        known = {"time_embedding_dim": layout.temb_dim, "cross_attention_dim": layout.cross_attention_dim}
        super().__init__(**{"sample_size": layout.sample_size} | stem | body | known)
        groups = self.config.norm_num_groups
        levels = range(len(layout.add_downsample))
        self.down_blocks = nn.ModuleList(_Down(layout, groups, level) for level in levels)
        self.mid_block = _Mid(layout, groups)
        self.up_blocks = nn.ModuleList(_Up(layout, groups, level) for level in levels)
        self.num_upsamplers = layout.halvings
        self.register_to_config(
            configurations={key: list(v) if isinstance(v, tuple) else v for key, v in asdict(layout).items()},
            block_out_channels=layout.down_blocks_out_channels,
            layers_per_block=layout.down_blocks_num_resnets,
            down_block_types=("FlexibleCrossAttnDownBlock2D",) * len(levels),
            mid_block_type="FlexibleUNetMidBlock2DCrossAttn",
            up_block_types=("FlexibleCrossAttnUpBlock2D",) * len(levels),
        )

    @staticmethod
    def _get_init_keys(input_class: type) -> set[str]:
        """What config.json may hold (diffusers reads it off `__init__`, where `**stem` hides it)."""
        return set(UNet2DConditionModel._get_init_keys(UNet2DConditionModel)) | {"configurations"}

    def forward(self, sample: Tensor, *args: Any, **kwargs: Any) -> Any:
        """(n, 4, h, w) latents -> the same shape; `ValueError` unless h and w are multiples of 8 (64 px)."""
        multiple = 2**self.num_upsamplers
        height, width = sample.shape[-2:]
        if height % multiple or width % multiple:
            raise ValueError(
                f"The latents are {width}×{height}. This U-Net needs multiples of {multiple}: "
                f"pictures whose sides are multiples of {multiple * 8} pixels."
            )
        return super().forward(sample, *args, **kwargs)
