"""What a client may ask for: OpenAI's own fields, and those that diffusion servers commonly take beside them.

A field that is not listed is refused, as OpenAI refuses it: who has typed `cfg` instead of `cfg_scale` is told so.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from errors import InvalidRequest
from generation import samplers
from generation.request import MAX_SEED, RANDOM

Format = Literal["png", "jpeg", "webp"]
SIZE = r"^(auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})$"
_NAMES = {  # of what a GenerationRequest calls otherwise; of two names the usual one first
    "count": ("n",),
    "width": ("size",),
    "height": ("size",),
    "steps": ("num_inference_steps", "steps"),
    "guidance_scale": ("guidance_scale", "cfg_scale"),
}


class Asked(BaseModel):
    """The body of a request for pictures. Whatever is left out or null is the model's default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, title="ImageGeneration")

    prompt: Annotated[str, Field(max_length=32_000, description="What the picture should show.")]
    model: Annotated[str | None, Field(max_length=200, description="Its id in /v1/models, its title or hub repo.")] = (
        None
    )
    n: Annotated[int | None, Field(ge=1, le=64, description="Pictures; seeds count up from the first one's.")] = None
    size: Annotated[str | None, Field(pattern=SIZE, description="WIDTHxHEIGHT in pixels, or auto.")] = None
    response_format: Annotated[
        Literal["b64_json", "url"] | None, Field(description="The picture itself, or a link to it for an hour.")
    ] = None
    output_format: Annotated[Format | None, Field(description="Each holds the settings; png is the default.")] = None
    output_compression: Annotated[
        int | None, Field(ge=0, le=100, description="Quality of a jpeg or webp, 100 the best.")
    ] = None
    stream: Annotated[bool | None, Field(description="Answer with server-sent events.")] = None
    partial_images: Annotated[int | None, Field(ge=0, le=3, description="Previews of each picture in a stream.")] = None

    background: Annotated[Literal["auto", "opaque"] | None, Field(description="No picture is transparent.")] = None
    quality: Annotated[
        Literal["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"] | None,
        Field(description="Changes nothing: num_inference_steps does."),
    ] = None
    style: Annotated[Literal["vivid", "natural"] | None, Field(description="Changes nothing: the prompt does.")] = None
    moderation: Annotated[
        Literal["auto", "low"] | None, Field(description="Changes nothing: whoever runs the server decides.")
    ] = None
    user: Annotated[str | None, Field(max_length=512, description="Not used, not kept.")] = None
    safety_identifier: Annotated[str | None, Field(max_length=512, description="Not used, not kept.")] = None

    negative_prompt: Annotated[
        str | None,
        Field(max_length=32_000, description="What it should not show; models whose guidance is distilled take none."),
    ] = None
    num_inference_steps: Annotated[int | None, Field(ge=1, le=10_000, description="Denoising steps.")] = None
    steps: Annotated[int | None, Field(ge=1, le=10_000, description="Another name of num_inference_steps.")] = None
    guidance_scale: Annotated[float | None, Field(ge=0, le=1000, description="How closely to follow the prompt.")] = (
        None
    )
    cfg_scale: Annotated[float | None, Field(ge=0, le=1000, description="Another name of guidance_scale.")] = None
    seed: Annotated[int | None, Field(ge=RANDOM, le=MAX_SEED, description="Of the first picture; -1: any.")] = None
    sampler: Annotated[str | None, Field(max_length=100, description="As A1111 names it, or by its alias.")] = None

    @property
    def format(self) -> Format:
        return self.output_format or "png"

    def settings(self, model: str) -> dict[str, Any]:
        """What the engine makes a request of. Raises InvalidRequest for what contradicts itself."""
        self._check()
        width, height = (None, None) if self.size in (None, "auto") else map(int, str(self.size).split("x"))
        return {
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "model": model,
            "steps": self._either("steps"),
            "guidance_scale": self._either("guidance_scale"),
            "width": width,
            "height": height,
            "seed": self.seed,
            "sampler": self.sampler and (samplers.named(self.sampler) or self.sampler),
            "count": self.n,
        }

    def name(self, field: str) -> str:
        """What the client calls a field of the GenerationRequest."""
        names = _NAMES.get(field, (field,))
        return next((name for name in names if getattr(self, name, None) is not None), names[0])

    def _check(self) -> None:
        if self.format == "png" and self.output_compression not in (None, 100):
            raise InvalidRequest(
                f"Output compression is {self.output_compression}, but a PNG loses nothing. Leave it out, "
                "or ask for jpeg or webp.",
                "output_compression",
            )
        if self.stream and self.response_format == "url":
            raise InvalidRequest(
                "Response format is 'url', but a stream carries its pictures itself. Leave it out, or do not stream.",
                "response_format",
            )

    def _either(self, field: str) -> Any:
        """The value under whichever of the field's two names it came."""
        one, other = (getattr(self, name) for name in _NAMES[field])
        if one is not None and other is not None and one != other:
            raise InvalidRequest(
                f"{' and '.join(_NAMES[field])} are two names of one setting, but are {one} and {other}. Send one.",
                _NAMES[field][0],
            )
        return other if one is None else one
