"""What a client is answered: OpenAI's own records, and the seed of each picture beside them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.openai.asked import Format
from safety.settings import Kind

Seed = Annotated[int, Field(description="Makes this picture again.")]
Base64 = Annotated[str, Field(description="The file in base64.")]
Withheld = Annotated[Kind | None, Field(description="What became of it by the safety policy: this is its stand-in.")]
Seconds = Annotated[int, Field(description="Since 1970.")]


class InputTokens(BaseModel):
    image_tokens: int = 0
    text_tokens: int = 0


class Usage(BaseModel):
    """Nothing is counted in tokens here: all zeros, for programs that want the record."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    input_tokens_details: InputTokens = InputTokens()


class Described(BaseModel):
    """What a picture, or all of them, are."""

    background: Literal["opaque"] = "opaque"
    output_format: Format
    quality: Annotated[str, Field(description="As asked for.")]
    size: Annotated[str, Field(description="WIDTHxHEIGHT in pixels.")]


class Image(BaseModel):
    """One picture, as itself or as a link."""

    b64_json: Base64 | None = None
    url: Annotated[str | None, Field(description="Where it is for an hour, for whoever asked for it.")] = None
    seed: Seed
    withheld: Withheld = None


class Images(Described):
    """The pictures of one request."""

    created: Seconds
    data: list[Image]
    usage: Usage = Usage()


class Partial(Described):
    """A preview: a small JPEG of what the picture will be; `size` is the finished picture's."""

    type: Literal["image_generation.partial_image"] = "image_generation.partial_image"
    b64_json: Base64
    partial_image_index: Annotated[int, Field(ge=0, le=2, description="Which of its picture's previews.")]
    created_at: Seconds


class Completed(Described):
    """A finished picture."""

    type: Literal["image_generation.completed"] = "image_generation.completed"
    b64_json: Base64
    created_at: Seconds
    seed: Seed
    withheld: Withheld = None
    usage: Usage = Usage()


class Model(BaseModel):
    """A model on offer."""

    id: Annotated[str, Field(description="What to ask for it by.")]
    object: Literal["model"] = "model"
    created: Annotated[int, Field(description="When the server was started, in seconds since 1970.")]
    owned_by: Annotated[str, Field(description="Who published it.")]
    title: str
    repo: Annotated[str | None, Field(description="On the Hugging Face Hub; null for one that ships along.")]
    licence: Annotated[str, Field(description="Its name and address.")]
    restrictions: Annotated[str | None, Field(description="What the licence forbids to make; null: nothing.")]


class Models(BaseModel):
    """All models on offer, the default one first."""

    object: Literal["list"] = "list"
    data: list[Model]
