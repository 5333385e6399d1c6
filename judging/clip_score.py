"""How well a picture fits its prompt by CLIP: Hessel et al., "CLIPScore" (EMNLP 2021, arXiv 2104.08718), section 3.

The cosine of the picture's and the prompt's embedding: the paper's score is 2.5 times that, not under 0. The
paper puts "A photo depicts" before captions; prompts are taken as they stand, as most who score prompts do. A picture
that is not square is judged by its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from errors import ModelUnavailable

# Of CLIP's training pictures, as every published CLIP has them.
MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class Score:
    """Of one picture and its prompt."""

    cosine: float  # -1 to 1; 0.2 to 0.35 is what pictures that fit come to


class Scorer:
    """CLIP in float32 on the CPU: it takes no memory from the models on the device, and scores alike everywhere.

    For the thread that makes torch's calls.
    """

    def __init__(self, folder: Path) -> None:
        """From CLIP_FILES (judging/settings.py) in `folder`. Raises ModelUnavailable."""
        import torch
        from safetensors import SafetensorError
        from transformers import CLIPModel, CLIPTokenizer

        from models.loading import quiet_bars

        try:
            with quiet_bars():
                loaded: Any = CLIPModel.from_pretrained(
                    folder, dtype=torch.float32, use_safetensors=True, local_files_only=True, output_loading_info=True
                )
            tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise ModelUnavailable(f"{_wrong(folder)} ({error}).") from error
        model, found = loaded
        if lacking := sorted(found["missing_keys"]):  # which would be random numbers instead
            raise ModelUnavailable(f"{_wrong(folder)} (it lacks {', '.join(lacking[:3])} …).")
        self._model, self._tokenizer = model.eval(), tokenizer

    def score(self, prompts: Sequence[str], pictures: Sequence[Image.Image]) -> list[Score]:
        """Of each picture and its own prompt. What goes beyond CLIP's 77 tokens is not looked at."""
        import torch

        settings = self._model.config
        most = settings.text_config.max_position_embeddings
        tokens = self._tokenizer(list(prompts), padding=True, truncation=True, max_length=most, return_tensors="pt")
        seen = np.stack([prepared(picture, settings.vision_config.image_size) for picture in pictures])
        with torch.no_grad():
            found = self._model(
                input_ids=tokens.input_ids, attention_mask=tokens.attention_mask, pixel_values=torch.from_numpy(seen)
            )
        cosines = (found.text_embeds * found.image_embeds).sum(-1)  # both have length 1
        return [Score(float(cosine)) for cosine in cosines]


def prepared(picture: Image.Image, side: int) -> NDArray[np.float32]:
    """The picture's middle square as CLIP wants it: (3, side, side), with the training pictures' mean taken off."""
    shorter = min(picture.size)
    width, height = (int(side * length / shorter) for length in picture.size)
    scaled = picture.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - side) // 2, (height - side) // 2
    values = np.asarray(scaled.crop((left, top, left + side, top + side)), np.float32) / 255
    centred = (values - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)
    return np.ascontiguousarray(centred.transpose(2, 0, 1))


def _wrong(folder: Path) -> str:
    return f"The CLIP model in {folder} cannot be used. Correct `comparison.clip` in config.yaml, or delete that folder"
