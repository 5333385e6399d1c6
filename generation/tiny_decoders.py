"""TAESD: small decoders that turn latents into a passable picture at a fraction of the VAE's cost."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from models.loading import Loaded
from models.spec import TO_BE_PINNED, LatentSpace

log = logging.getLogger(__name__)

FILES = ["config.json", "diffusion_pytorch_model.safetensors"]  # some 10 MB


class TinyDecoders:
    """Those that were asked for, kept; one that could not be had is not asked for again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Any] = {}

    def get(self, loaded: Loaded) -> tuple[Any, str | None]:
        """The decoder for the model's latent space, else None and why the preview has to do without."""
        space = loaded.spec.latent_space
        if space.taesd is None:
            return None, f"There is no TAESD for {loaded.spec.name}: the preview was linear instead."
        dtype = loaded.pipeline.unet.dtype
        key = (space.taesd, str(dtype))
        if key not in self._kept:
            self._kept[key] = self._load(space, loaded.device.kind, dtype)
        if self._kept[key] is None:
            return None, f"TAESD ({space.taesd}) could not be had: the preview was linear instead. The log says why."
        return self._kept[key], None

    def _load(self, space: LatentSpace, device: str, dtype: Any) -> Any:
        from diffusers import AutoencoderTiny
        from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # of the client it uses
        from safetensors import SafetensorError

        try:
            decoder = AutoencoderTiny.from_pretrained(_folder(space), torch_dtype=dtype, use_safetensors=True)
        except (OSError, ValueError, HTTPError, SafetensorError) as error:
            log.warning("TAESD %s could not be had: %s", space.taesd, error)
            return None
        return decoder.to(device).eval().requires_grad_(False)


def _folder(space: LatentSpace) -> Path:
    assert space.taesd is not None
    if Path(space.taesd).is_dir():
        return Path(space.taesd)
    from huggingface_hub import snapshot_download

    revision = None if space.taesd_revision == TO_BE_PINNED else space.taesd_revision
    return Path(snapshot_download(space.taesd, revision=revision, allow_patterns=FILES))
