"""The distance of two sets of pictures: the Fréchet distance of Gaussians fitted to their features."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Gaussian:
    """Fitted to features; doubles."""

    mean: Tensor  # (features,)
    covariance: Tensor  # (features, features)

    @classmethod
    def of(cls, features: Tensor) -> Gaussian:
        """From (pictures, features); two of both at least."""
        found = features.double()
        return cls(found.mean(0), found.T.cov())


def frechet(one: Gaussian, other: Gaussian) -> float:
    """d² = ‖μ₁ − μ₂‖² + tr(C₁ + C₂ − 2 (C₁ C₂)^½) (Dowson & Landau 1982), the formula of FID (arXiv 1706.08500).

    0 for equal Gaussians, no upper bound. The last trace is that of (C₁^½ C₂ C₁^½)^½, which is symmetric.
    """
    root = _root(one.covariance)
    shared = torch.linalg.eigvalsh(root @ other.covariance @ root).clamp(min=0).sqrt().sum()
    means = (one.mean - other.mean).square().sum()
    traces = one.covariance.trace() + other.covariance.trace()
    return max(0.0, float(means + traces - 2 * shared))


def _root(matrix: Tensor) -> Tensor:
    """Of a symmetric matrix without negative eigenvalues (but for rounding)."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return root
