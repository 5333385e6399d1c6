"""Tiny real safety checkers, in the layout of the published one, which flag what a test wants flagged."""

from pathlib import Path

import torch

from safety.settings import Checker
from tests import tiny_parts as parts

ALL, NONE = -2.0, 2.0  # thresholds under and over every likeness


def built(folder: Path, threshold: float) -> Checker:
    """One in `folder` that flags what is more like its concepts than `threshold`."""
    parts.safety_checker(1, threshold).save(folder / "safety_checker", {"fp16": torch.float16})
    parts.write_feature_extractor(folder / "feature_extractor")
    return Checker(repo=str(folder), variant="fp16")
