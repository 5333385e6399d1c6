"""What a U-Net may predict of z = α x + σ ε: the noise ε, the picture x, or v = α ε − σ x; and each as another.

With α² + σ² = 1 any two of z, ε, x and v tell the others (progressive distillation, arXiv 2202.00512, appendix D).
All are (batch, channels, height, width); α and σ (batch, 1, 1, 1), or numbers. `kind` is a scheduler's
`prediction_type`.
"""

from __future__ import annotations

from torch import Tensor

from errors import ConfigError

EPSILON, V, SAMPLE = "epsilon", "v_prediction", "sample"  # diffusers' names
Level = Tensor | float


def velocity_from(prediction: Tensor, noisy: Tensor, alpha: Level, sigma: Level, kind: str) -> Tensor:
    """v = (ε − σ z) / α, or (α z − x) / σ. From ε only where α > 0: without a rest of the picture it tells nothing."""
    if kind == V:
        return prediction
    if kind == EPSILON:
        return (prediction - sigma * noisy) / alpha
    if kind == SAMPLE:
        return (alpha * noisy - prediction) / sigma
    raise unknown(kind)


def target(picture: Tensor, noise: Tensor, alpha: Level, sigma: Level, kind: str) -> Tensor:
    """What the net should have predicted: ε, x, or α ε − σ x."""
    known = {EPSILON: noise, SAMPLE: picture, V: alpha * noise - sigma * picture}
    if kind not in known:
        raise unknown(kind)
    return known[kind]


def unknown(kind: str) -> ConfigError:
    return ConfigError(
        f"The teacher's scheduler says prediction_type {kind!r}. Taken are {EPSILON}, {V} and {SAMPLE}; "
        "choose another teacher."
    )
