"""The ecosystem's sampler names ↔ diffusers schedulers. Light: the classes are looked up only when one is built."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from models.spec import ModelSpec

DEFAULT = "Default"  # the scheduler that the model's repo names
AUTOMATIC = "Automatic"  # the spacing of steps that the model's repo names
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
    schedules: tuple[str, ...] = ()  # of SCHEDULES, beside the automatic one


@dataclass(frozen=True)
class Schedule:
    """How the steps of a run lie between noise and picture."""

    name: str  # A1111's; its label, as infotexts have it, is the key
    options: Mapping[str, Any] = field(default_factory=dict)  # for diffusers
    aliases: tuple[str, ...] = ()
    ending: str = ""  # of k-diffusion's names for samplers that have it; empty: none has
    rho: float = -1  # of Karras' formula, as A1111 tells it; -1: it has none


SCHEDULES: Mapping[str, Schedule] = MappingProxyType(
    {
        AUTOMATIC: Schedule("automatic", aliases=("Uniform", "Normal")),
        "Karras": Schedule("karras", {"use_karras_sigmas": True}, ending="_ka", rho=7.0),
        "Exponential": Schedule("exponential", {"use_exponential_sigmas": True}, ending="_exp"),
        "Beta": Schedule("beta", {"use_beta_sigmas": True}),
        "SGM Uniform": Schedule("sgm_uniform", {"timestep_spacing": "trailing"}, ("SGMUniform",)),
    }
)
_KARRAS, _BOTH, _ANY = ("Karras",), ("Karras", "Exponential"), ("Karras", "Exponential", "Beta", "SGM Uniform")

_KNOWN: Mapping[str, Sampler] = MappingProxyType(
    {
        "Euler": Sampler("EulerDiscreteScheduler", {}, ("k_euler",), _ANY),
        "Euler a": Sampler("EulerAncestralDiscreteScheduler", aliases=("k_euler_a", "k_euler_ancestral")),
        "LMS": Sampler("LMSDiscreteScheduler", {}, ("k_lms",), _KARRAS),
        "Heun": Sampler("HeunDiscreteScheduler", {}, ("k_heun",), _KARRAS),
        "DPM2": Sampler("KDPM2DiscreteScheduler", {}, ("k_dpm_2",), _KARRAS),
        "DPM2 a": Sampler("KDPM2AncestralDiscreteScheduler", {}, ("k_dpm_2_a",), _KARRAS),
        "DPM++ 2M": Sampler("DPMSolverMultistepScheduler", _MULTISTEP, ("k_dpmpp_2m",), _ANY),
        "DPM++ SDE": Sampler("DPMSolverSDEScheduler", {}, ("k_dpmpp_sde",), _KARRAS),
        "DPM++ 2M SDE": Sampler("DPMSolverMultistepScheduler", _MULTISTEP_SDE, ("k_dpmpp_2m_sde",), _BOTH),
        "DPM++ 2M SDE Heun": Sampler(
            "DPMSolverMultistepScheduler", _MULTISTEP_SDE | {"solver_type": "heun"}, ("k_dpmpp_2m_sde_heun",), _BOTH
        ),
        "DPM++ 3M SDE": Sampler(
            "DPMSolverMultistepScheduler", _MULTISTEP_SDE | {"solver_order": 3}, ("k_dpmpp_3m_sde",), _BOTH
        ),
        "DDIM": Sampler("DDIMScheduler"),
        "PLMS": Sampler("PNDMScheduler", {"skip_prk_steps": True}, ("PNDM",)),
        "UniPC": Sampler("UniPCMultistepScheduler"),
        "LCM": Sampler("LCMScheduler"),
    }
)
BASES: tuple[str, ...] = (DEFAULT, *_KNOWN)  # without schedules
_ALL: Mapping[str, tuple[str, str]] = MappingProxyType(
    {DEFAULT: (DEFAULT, AUTOMATIC)}
    | {
        name if schedule == AUTOMATIC else f"{name} {schedule}": (name, schedule)
        for name, sampler in _KNOWN.items()
        for schedule in (AUTOMATIC, *sampler.schedules)
    }
)
SAMPLERS: tuple[str, ...] = tuple(_ALL)  # with them, as requests have them: "DPM++ 2M Karras"


def offered(spec: ModelSpec) -> tuple[str, ...]:
    """Those of SAMPLERS that the model draws with."""
    return spec.samplers or SAMPLERS


def choices(names: Sequence[str] = SAMPLERS) -> str:
    """Those `names` of SAMPLERS in a line, with the schedules that may follow a sampler's name in brackets."""
    told: list[str] = []
    for base in dict.fromkeys(split(name)[0] for name in names):
        own = [name for name in names if split(name)[0] == base]
        more = " | ".join(split(name)[1] for name in own if name != base)
        told += [f"{base} [{more}]"] if more and base in own else own
    return ", ".join(told)


def aliases(base: str) -> tuple[str, ...]:
    """Other names for that one of BASES."""
    return _KNOWN[base].aliases if base in _KNOWN else ()


def schedules(name: str) -> tuple[str, ...]:
    """Those of SCHEDULES that the sampler called `name` can have; none for a name that is none."""
    base = _base(name)
    return () if base is None else tuple(schedule for known, schedule in _ALL.values() if known == base)


def schedule(name: str) -> str | None:
    """The key in SCHEDULES for what another tool calls it, in any case; None: none."""
    wanted = _plain(name)
    for label, it in SCHEDULES.items():
        if wanted in map(_plain, (label, it.name, *it.aliases)):
            return label
    return None


def named(name: str, schedule_type: str = AUTOMATIC) -> str | None:
    """The name in SAMPLERS for what another tool calls it, in any case and with its schedule apart; None: none."""
    wanted = schedule(schedule_type)
    base = _base(name)
    if base is None:
        base, own = _apart(name)
        wanted = own if wanted in (AUTOMATIC, own) else None
    return next((known for known, parts in _ALL.items() if parts == (base, wanted)), None)


def _base(name: str) -> str | None:
    wanted = name.strip().lower()
    return next((base for base in BASES if wanted in map(str.lower, (base, *aliases(base)))), None)


def _apart(name: str) -> tuple[str | None, str | None]:
    """Base and schedule of an old combined name: "DPM++ 2M Karras", "k_dpmpp_2m_ka"."""
    lower = name.strip().lower()
    for label, it in SCHEDULES.items():
        for ending in (f" {label}", *(f" {alias}" for alias in it.aliases), it.ending):
            if ending and lower.endswith(ending.lower()) and (base := _base(lower[: -len(ending)])):
                return base, label
    return None, None


def _plain(name: str) -> str:
    """Without what differs between a name and its label: "sgm_uniform" and "SGM Uniform"."""
    return name.replace("_", "").replace(" ", "").lower()


def of_class(scheduler: str) -> str | None:
    """The first name in SAMPLERS for diffusers' class `scheduler`; None: none."""
    return next((name for name, sampler in _KNOWN.items() if sampler.scheduler == scheduler), None)


def split(name: str) -> tuple[str, str]:
    """Sampler and schedule type as A1111 writes them: "DPM++ 2M Karras" is ("DPM++ 2M", "Karras")."""
    return _ALL.get(name, (name, AUTOMATIC))


def evaluations(name: str) -> int:
    """Of the net, per step."""
    return 2 if split(name)[0].startswith(("Heun", "DPM2", "DPM++ SDE")) else 1


def scheduler(name: str, config: Mapping[str, Any], *, seed: int, steps: int) -> Any:
    """A fresh scheduler for the model whose pristine scheduler configuration is `config`.

    A scheduler keeps state of its run and takes over flags of the configuration that it is made from: hence never
    one scheduler made from another, and never one used twice.
    """
    import diffusers

    if name == DEFAULT:
        cls = getattr(diffusers, config["_class_name"])
        return cls(**_accepted(cls, {**config, "clip_sample": False}))  # latents have no range to be clipped to
    base, schedule_type = _ALL[name]
    sampler = _KNOWN[base]
    cls = getattr(diffusers, sampler.scheduler)
    unset = config.get("_use_default_values", ())  # of the repo's class, which is no choice of the model's
    chosen = {key: value for key, value in config.items() if key not in unset}
    chosen |= SCHEDULES[schedule_type].options
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
