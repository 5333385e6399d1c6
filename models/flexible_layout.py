"""The body of DeciDiffusion's U-Net as data: parsed from its config.json, checked, light to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Layout:
    """By the keys of `configurations` in `flexible_unet/config.json`; the defaults are DeciDiffusion v1's.

    Lists run from the outermost level inwards for the way down, from the innermost outwards for the way up.
    """

    sample_size: int = 64  # latents per side that the weights were trained at
    temb_dim: int = 1280
    resnet_eps: float = 1e-5
    resnet_act_fn: str = "silu"
    num_attention_heads: int = 8  # at every level, so a head has channels / 8
    cross_attention_dim: int = 768
    mix_block_in_forward: bool = True  # False: all resnets of a block before its attentions
    down_blocks_in_channels: tuple[int, ...] = (320, 320, 640)
    down_blocks_out_channels: tuple[int, ...] = (320, 640, 1280)
    down_blocks_num_resnets: tuple[int, ...] = (2, 2, 1)
    down_blocks_num_attentions: tuple[int, ...] = (0, 1, 3)
    add_downsample: tuple[bool, ...] = (True, True, True)
    mid_num_resnets: int = 4
    mid_num_attentions: int = 2
    add_upsample_mid_block: bool = True
    prev_output_channels: tuple[int, ...] = (1280, 1280, 640)
    up_blocks_num_resnets: tuple[int, ...] = (2, 3, 3)
    up_blocks_num_attentions: tuple[int, ...] = (6, 3, 0)
    add_upsample: tuple[bool, ...] = (True, True, False)

    @property
    def halvings(self) -> int:
        """How often a side is halved: latents must be a multiple of 2 to this power."""
        return sum(self.add_downsample)

    @classmethod
    def parse(cls, values: Mapping[str, Any] | None) -> Layout:  # None: DeciDiffusion v1's
        """A config's `configurations`; `ValueError` if no net can be built from it."""
        if values is None:
            return cls()
        known = [field.name for field in fields(cls)]
        if wrong := sorted(set(known) ^ set(values)):
            raise ValueError(
                f"configurations: missing or unknown {', '.join(wrong)}. "
                f"A flexible U-Net has exactly {', '.join(known)}."
            )
        lists: dict[str, Any] = {k: tuple(v) if isinstance(v, (list, tuple)) else v for k, v in values.items()}
        layout = cls(**lists)
        layout._check()
        return layout

    def _check(self) -> None:
        lists = {key: len(value) for key, value in asdict(self).items() if isinstance(value, tuple)}
        if len(set(lists.values())) != 1:
            raise ValueError(f"configurations: lists of one length are needed, one value per level; got {lists}.")
        out = self.down_blocks_out_channels
        fits = {"down_blocks_in_channels": (out[0], *out[:-1]), "prev_output_channels": (out[-1], *out[:0:-1])}
        if wrong := [key for key, widths in fits.items() if getattr(self, key) != widths]:
            raise ValueError(f"configurations: widths do not fit at {wrong}; after {out} come {fits}.")
        skips = 1 + sum(self.down_blocks_num_resnets) + sum(self.add_downsample[:-1])
        if (taken := sum(self.up_blocks_num_resnets)) != skips:
            raise ValueError(f"configurations: the way up takes {taken} skips but the way down leaves {skips}.")
        if (ups := sum(self.add_upsample) + self.add_upsample_mid_block) != self.halvings:
            raise ValueError(f"configurations: {self.halvings} downsamplings need as many upsamplings, not {ups}.")
