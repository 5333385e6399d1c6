"""A1111's options as far as its clients look at them: one can be chosen, the others say what is always so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from api.a1111 import checkpoints
from errors import InvalidRequest
from models.registry import Registry

MODEL = "sd_model_checkpoint"


@dataclass(frozen=True)
class Fixed:
    """An option that stays as it is."""

    value: Any
    same: tuple[Any, ...] = ()  # other values that come to the same
    why: str = ""  # a change is refused; empty: it is ignored, as no picture shows it


FIXED: Mapping[str, Fixed] = MappingProxyType(
    {
        "sd_checkpoint_hash": Fixed(""),
        "sd_vae": Fixed("Automatic", ("None", "", None), "Each model has its own VAE."),
        "CLIP_stop_at_last_layers": Fixed(1, (None,), "The text encoders' last layers are used as the models want it."),
        "samples_format": Fixed("png", (None,), "Pictures are sent as PNG."),
        "randn_source": Fixed("CPU", (None,), "Noise is made on the CPU, so that seeds mean the same everywhere."),
        "eta_noise_seed_delta": Fixed(0, (None,), "Seeds are used as they are."),
        "sd_model_refiner": Fixed("None", ("", None), "There are no refiners."),
        "face_restoration_model": Fixed(""),
        "img2img_color_correction": Fixed(False),
        "enable_pnginfo": Fixed(True),
        "return_grid": Fixed(False),
        "grid_save": Fixed(False),
        "live_previews_enable": Fixed(True),
        "show_progress_every_n_steps": Fixed(1),
        "outdir_samples": Fixed(""),
        "outdir_txt2img_samples": Fixed(""),
        "outdir_img2img_samples": Fixed(""),
        "outdir_extras_samples": Fixed(""),
        "outdir_grids": Fixed(""),
        "outdir_txt2img_grids": Fixed(""),
        "outdir_img2img_grids": Fixed(""),
        "outdir_save": Fixed(""),
    }
)


HEEDED = (MODEL, *(name for name, option in FIXED.items() if option.why))


def shown(model: str) -> dict[str, Any]:
    """All options, for whoever has chosen `model`."""
    return {MODEL: model, **{name: option.value for name, option in FIXED.items()}}


def check(given: Mapping[str, Any]) -> None:
    """Raises InvalidRequest where one is to be changed that would change the picture. Unknown ones are ignored."""
    for name, option in FIXED.items():
        if option.why and name in given and given[name] not in (option.value, *option.same):
            raise InvalidRequest(
                f"{name} is {_brief(given[name])}. {option.why} Leave it out, or send {option.value!r}.", name
            )


def model(given: Mapping[str, Any], models: Registry) -> str | None:
    """The model that is chosen; None: none is. Raises InvalidRequest."""
    wanted = given.get(MODEL)
    if wanted is None or wanted == "":
        return None
    if not isinstance(wanted, str):
        raise InvalidRequest(f"{MODEL} is {_brief(wanted)}. Give a text.", "model")
    return checkpoints.named(wanted, models)


def _brief(value: Any) -> str:
    """Whatever was sent, in a few words."""
    return repr(value)[:60] if isinstance(value, (str, int, float, bool)) else "something else than a text or a number"
