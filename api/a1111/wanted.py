"""A1111's request → a request as Darkroom knows it, or why it can't be had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException

from api.a1111 import settings
from api.a1111.asked import Txt2Img
from errors import InvalidRequest
from generation import samplers
from generation.engine import Engine
from generation.request import GenerationRequest

_NOTHING = (None, "", "None", "none")


def _not_over_zero(value: float) -> bool:
    return value <= 0


# Fields that would change the picture in a way that can't be had: which values mean nothing, and what is the matter.
_CANNOT: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "enable_hr": (lambda on: not on, "There is no hires fix. Ask for the full size at once."),
    "restore_faces": (lambda on: not on, "Faces can't be restored."),
    "tiling": (lambda on: not on, "Pictures that tile can't be had."),
    "subseed_strength": (lambda strength: strength == 0, "Seeds can't be mixed."),
    "seed_resize_from_h": (_not_over_zero, "A seed is of the picture's own size."),
    "seed_resize_from_w": (_not_over_zero, "A seed is of the picture's own size."),
    "s_min_uncond": (lambda sigma: sigma == 0, "Guidance is never left out on the way."),
    "s_churn": (lambda churn: churn == 0, "Samplers add no noise of their own."),
    "s_noise": (lambda noise: noise == 1, "Samplers' noise is not scaled."),
    "refiner_checkpoint": (lambda name: name in _NOTHING, "There are no refiners."),
    "firstpass_image": (lambda picture: not picture, "A picture can't be made from another one yet."),
    "infotext": (lambda text: not text, "Send the settings as fields, not as a text."),
    "styles": (lambda names: not any(name not in _NOTHING for name in names), "There are no styles."),
}


def request(asked: Txt2Img, engine: Engine, model: str) -> GenerationRequest:
    """The complete request, on `model` if none is named.

    Raises InvalidRequest, and HTTPException for scripts, which A1111 answers so.
    """
    for field, (means_nothing, why) in _CANNOT.items():
        value = getattr(asked, field)
        if value is not None and not means_nothing(value):
            raise InvalidRequest(f"{field} is {ascii(value)[:60]}. {why} Leave it out.", field)
    _refuse_scripts(asked)
    settings.check(asked.override_settings or {})
    model = settings.model(asked.override_settings or {}, engine.models) or model
    guided = engine.models[model].guidance_scale is not None
    return engine.request(
        {
            "prompt": asked.prompt or "",
            "negative_prompt": asked.negative_prompt,
            "model": model,
            "steps": asked.steps,
            "guidance_scale": asked.cfg_scale if guided else None,  # clients can't leave it out
            "width": asked.width,
            "height": asked.height,
            "seed": asked.seed,
            "sampler": _sampler(asked.sampler_name or asked.sampler_index, asked.scheduler),
            "count": (asked.batch_size or 1) * (asked.n_iter or 1),
        }
    )


def _refuse_scripts(asked: Txt2Img) -> None:
    if asked.script_name:
        raise HTTPException(422, f"Script '{asked.script_name[:60]}' not found. There are none.")
    for name in asked.alwayson_scripts or {}:
        raise HTTPException(422, f"always on script {name[:60]} not found. There are none.")


def _sampler(name: str | None, schedule: str | None) -> str | None:
    """The name here; None: the model's own."""
    if not name:
        if schedule and samplers.schedule(schedule) != samplers.AUTOMATIC:
            raise InvalidRequest(f"scheduler is {schedule!a}, but no sampler is named. Name it too.", "scheduler")
        return None
    found = samplers.named(name, schedule or samplers.AUTOMATIC)
    if found is None:
        if schedule and samplers.named(name):
            raise InvalidRequest(
                f"Scheduler not found: {name} has no {ascii(schedule)[:60]}. Its schedulers are: "
                f"{', '.join(samplers.schedules(name))}.",
                "scheduler",
            )
        raise InvalidRequest(
            f"Sampler not found: it is {ascii(name)[:60]}. Choose one of: {', '.join(samplers.BASES)}.", "sampler_name"
        )
    return found
