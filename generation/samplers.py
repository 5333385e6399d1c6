"""The ecosystem's sampler names ↔ diffusers schedulers. Light: the classes are looked up only when one is built."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

DEFAULT = "Default"  # the scheduler that the model's repo names
KARRAS = {"use_karras_sigmas": True}
_MULTISTEP = {"algorithm_type": "dpmsolver++", "solver_order": 2, "solver_type": "midpoint"}
_MULTISTEP_SDE = {"algorithm_type": "sde-dpmsolver++", "solver_order": 2, "solver_type": "midpoint"}
_SMALLEST_SIGNAL = 2**-20  # ᾱ that stands for "none" at the end of a zero-SNR schedule: sigma 1024. At diffusers' own
# 2**-24 "DPM2 a" takes the root of a difference that float32 rounds below zero.


@dataclass(frozen=True)
class Sampler:
    """A diffusers scheduler and what it is told beyond the model's own schedule."""

    scheduler: str  # class in diffusers
    options: Mapping[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


_KNOWN: Mapping[str, Sampler] = MappingProxyType(
    {
        "Euler": Sampler("EulerDiscreteScheduler", aliases=("k_euler",)),
        "Euler a": Sampler("EulerAncestralDiscreteScheduler", aliases=("k_euler_a", "k_euler_ancestral")),
        "LMS": Sampler("LMSDiscreteScheduler", aliases=("k_lms",)),
        "LMS Karras": Sampler("LMSDiscreteScheduler", KARRAS, ("k_lms_ka",)),
        "Heun": Sampler("HeunDiscreteScheduler", aliases=("k_heun",)),
        "DPM2": Sampler("KDPM2DiscreteScheduler", aliases=("k_dpm_2",)),
        "DPM2 Karras": Sampler("KDPM2DiscreteScheduler", KARRAS, ("k_dpm_2_ka",)),
        "DPM2 a": Sampler("KDPM2AncestralDiscreteScheduler", aliases=("k_dpm_2_a",)),
        "DPM2 a Karras": Sampler("KDPM2AncestralDiscreteScheduler", KARRAS, ("k_dpm_2_a_ka",)),
        "DPM++ 2M": Sampler("DPMSolverMultistepScheduler", _MULTISTEP, ("k_dpmpp_2m",)),
        "DPM++ 2M Karras": Sampler("DPMSolverMultistepScheduler", _MULTISTEP | KARRAS, ("k_dpmpp_2m_ka",)),
        "DPM++ SDE": Sampler("DPMSolverSDEScheduler", aliases=("k_dpmpp_sde",)),
        "DPM++ SDE Karras": Sampler("DPMSolverSDEScheduler", KARRAS, ("k_dpmpp_sde_ka",)),
        "DPM++ 2M SDE": Sampler("DPMSolverMultistepScheduler", _MULTISTEP_SDE, ("k_dpmpp_2m_sde",)),
        "DPM++ 2M SDE Karras": Sampler("DPMSolverMultistepScheduler", _MULTISTEP_SDE | KARRAS, ("k_dpmpp_2m_sde_ka",)),
        "DDIM": Sampler("DDIMScheduler"),
        "PLMS": Sampler("PNDMScheduler", {"skip_prk_steps": True}, ("PNDM",)),
        "UniPC": Sampler("UniPCMultistepScheduler"),
        "LCM": Sampler("LCMScheduler"),
    }
)
SAMPLERS: tuple[str, ...] = (DEFAULT, *_KNOWN)
SCHEDULES = ("Automatic", "Karras")  # A1111's schedule types that a name above may end with


def named(name: str, schedule: str = "Automatic") -> str | None:
    """The name in SAMPLERS for what another tool calls it, in any case and with its schedule apart; None: none."""
    suffix = "" if schedule.lower() in ("automatic", "uniform") else f" {schedule}"
    for wanted in (name + suffix, name) if suffix == " Karras" and name.endswith(" Karras") else (name + suffix,):
        for known, sampler in {DEFAULT: Sampler(""), **_KNOWN}.items():
            if wanted.lower() in (known.lower(), *(alias.lower() for alias in sampler.aliases)):
                return known
    return None


def of_class(scheduler: str) -> str | None:
    """The first name in SAMPLERS for diffusers' class `scheduler`; None: none."""
    return next((name for name, sampler in _KNOWN.items() if sampler.scheduler == scheduler), None)


def split(name: str) -> tuple[str, str]:
    """Sampler and schedule type as A1111 writes them: "DPM++ 2M Karras" is ("DPM++ 2M", "Karras")."""
    base = name.removesuffix(" Karras")
    return base, "Automatic" if base == name else "Karras"


def evaluations(name: str) -> int:
    """Of the net, per step."""
    return 2 if name.startswith(("Heun", "DPM2", "DPM++ SDE")) else 1


def scheduler(name: str, config: Mapping[str, Any], *, seed: int, steps: int) -> Any:
    """A fresh scheduler for the model whose pristine scheduler configuration is `config`.

    A scheduler keeps state of its run and takes over flags of the configuration that it is made from: hence never
    one scheduler made from another, and never one used twice.
    """
    import diffusers

    if name == DEFAULT:
        cls = getattr(diffusers, config["_class_name"])
        return cls(**_accepted(cls, {**config, "clip_sample": False}))  # latents have no range to be clipped to
    sampler = _KNOWN[name]
    cls = getattr(diffusers, sampler.scheduler)
    unset = config.get("_use_default_values", ())  # of the repo's class, which is no choice of the model's
    chosen = {key: value for key, value in config.items() if key not in unset}
    extra = {"clip_sample": False, "noise_sampler_seed": seed, "original_inference_steps": max(50, steps)}
    return cls(**_accepted(cls, _zero_snr(cls, chosen) | extra | dict(sampler.options)))


def _accepted(cls: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(cls.__init__).parameters
    return {key: value for key, value in options.items() if key in parameters}


def _zero_snr(cls: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """`config` with the zero-SNR schedule spelled out as betas for a class that has no flag for it."""
    chosen = dict(config)
    if not chosen.get("rescale_betas_zero_snr") or "rescale_betas_zero_snr" in inspect.signature(cls).parameters:
        return chosen
    import torch
    from diffusers import DDIMScheduler

    signal = DDIMScheduler(**_accepted(DDIMScheduler, chosen)).alphas_cumprod.double()
    signal[-1] = min(_SMALLEST_SIGNAL, float(signal[-2]) / 4)
    before = torch.cat([signal.new_ones(1), signal[:-1]])
    return chosen | {"trained_betas": (1 - signal / before).tolist()}
