"""What the programs call their samplers and noise schedules → the names that requests have here."""

from __future__ import annotations

from typing import Any

from generation import samplers

# k-diffusion's functions, which ComfyUI and Fooocus name, and the keys of InvokeAI, which are diffusers' classes.
_NAMES = {
    "euler": "Euler",
    "euler_a": "Euler a",
    "euler_ancestral": "Euler a",
    "lms": "LMS",
    "heun": "Heun",
    "dpm_2": "DPM2",
    "kdpm_2": "DPM2",
    "dpm_2_ancestral": "DPM2 a",
    "kdpm_2_a": "DPM2 a",
    "dpmpp_sde": "DPM++ SDE",
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_2m_sde": "DPM++ 2M SDE",
    "uni_pc": "UniPC",
    "uni_pc_bh2": "UniPC",
}
_USUAL = ("", "automatic", "uniform", "normal", "default")  # the model's own spacing of its steps


def sampler(name: Any, schedule: Any = "") -> tuple[Any, list[tuple[str, Any]]]:
    """The sampler of a request, and the schedule if that can't be had with it.

    One that is not known here keeps its name, for whoever checks the request to refuse it.
    """
    if not isinstance(name, str) or not isinstance(schedule or "", str):
        return name, [("Schedule", schedule)] if schedule else []
    name, schedule = _spelled(name, schedule or "")
    wanted = "Automatic" if schedule.lower() in _USUAL else schedule
    if found := samplers.named(name, wanted):
        return found, []
    if found := samplers.named(name):
        return found, [("Schedule", schedule)]
    return f"{name} {schedule}" if wanted != "Automatic" else name, []


def _spelled(name: str, schedule: str) -> tuple[str, str]:
    """The base name, with a schedule that was a part of it apart."""
    base = name.strip().removesuffix("_gpu")
    for suffix, meant in (("_k", "Karras"), (" Karras", "Karras"), (" Exponential", "Exponential")):
        if base.endswith(suffix) and schedule.lower() in (*_USUAL, meant.lower()):
            base, schedule = base.removesuffix(suffix), meant
    return _NAMES.get(base, base), schedule
