"""TAESD: small decoders that turn latents into a passable picture at a fraction of the VAE's cost."""

from __future__ import annotations

import logging
import time
from typing import Any

from errors import ModelUnavailable
from models import storage
from models.loading import Loaded
from models.progress import Report
from models.spec import Source

log = logging.getLogger(__name__)

FILES = ("config.json", "diffusion_pytorch_model.safetensors")  # some 10 MB
RETRY_SECONDS = 60.0  # not every job is to wait for a hub that does not answer


class TinyDecoders:
    """Those that were asked for, kept; one that could not be had is asked for again after a while."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Source, str], Any] = {}
        self._failed: dict[Source, float] = {}  # when

    def get(self, loaded: Loaded, report: Report) -> tuple[Any, str | None]:
        """The decoder for the model's latent space, else None and why the preview has to do without.

        Raises what `report` raises; what came of a download so far is kept.
        """
        source = loaded.spec.latent_space.tiny_decoder
        if source is None:
            return None, f"There is no TAESD for {loaded.spec.name}: the preview was linear instead."
        dtype = loaded.pipeline.unet.dtype
        key = (source, str(dtype))
        if key not in self._kept and not self._failed_lately(source):
            decoder = _decoder(source, loaded.device.kind, dtype, report)
            if decoder is None:
                self._failed[source] = time.monotonic()
            else:
                self._kept[key] = decoder
        if key not in self._kept:
            return None, f"TAESD ({source.repo}) could not be had: the preview was linear instead. The log says why."
        return self._kept[key], None

    def _failed_lately(self, source: Source) -> bool:
        return source in self._failed and time.monotonic() - self._failed[source] < RETRY_SECONDS


def _decoder(source: Source, device: str, dtype: Any, report: Report) -> Any:
    """None if it cannot be had."""
    from diffusers import AutoencoderTiny
    from safetensors import SafetensorError

    try:
        folder = storage.obtain(source, FILES, report)
        decoder = AutoencoderTiny.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True)
    except (ModelUnavailable, OSError, ValueError, SafetensorError) as error:
        log.warning("TAESD (%s) could not be had: %s", source.repo, error)
        return None
    return decoder.to(device).eval().requires_grad_(False)
