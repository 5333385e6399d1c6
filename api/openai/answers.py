"""What a client is answered: OpenAI's own records, and the seed of each picture beside them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.openai.asked import Format
from safety.settings import Kind

Seed = Annotated[int, Field(description="Makes this picture again.")]
Base64 = Annotated[str, Field(description="The file in base64.")]
Withheld = Annotated[Kind | None, Field(description="What became of it by the safety policy: this is its stand-in.")]
Zero = Annotated[int, Field(description="Always 0.")]
Seconds = Annotated[int, Field(description="Since 1970.")]


class InputTokens(BaseModel):
    """Of what was sent: none."""

    image_tokens: Zero = 0
    text_tokens: Zero = 0


class Usage(BaseModel):
    """Nothing is counted in tokens here: all zeros, for programs that want the record."""

    input_tokens: Zero = 0
    output_tokens: Zero = 0
    total_tokens: Zero = 0
    input_tokens_details: InputTokens = InputTokens()


class Described(BaseModel):
    """What a picture, or all of them, are."""

    background: Annotated[Literal["opaque"], Field(description="No model makes another.")] = "opaque"
    output_format: Annotated[Format, Field(description="Of the files.")]
    quality: Annotated[str, Field(description="As asked for.")]
    size: Annotated[str, Field(description="WIDTHxHEIGHT in pixels.")]


class Image(BaseModel):
    """One picture, as itself or as a link."""

    b64_json: Annotated[str | None, Field(description="The file in base64; null for a link.")] = None
    url: Annotated[str | None, Field(description="Where it is for an hour, for whoever asked for it.")] = None
    seed: Seed
    withheld: Withheld = None


class Images(Described):
    """The pictures of one request."""

    created: Seconds
    data: Annotated[list[Image], Field(description="As many as were asked for.")]
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
    object: Annotated[Literal["model"], Field(description="Always that.")] = "model"
    created: Annotated[int, Field(description="When the server was started, in seconds since 1970.")]
    owned_by: Annotated[str, Field(description="Who published it.")]
    title: Annotated[str, Field(description="As the page shows it.")]
    repo: Annotated[str | None, Field(description="On the Hugging Face Hub; null for one that ships along.")]
    licence: Annotated[str, Field(description="Its name and address.")]
    restrictions: Annotated[str | None, Field(description="What the licence forbids to make; null: nothing.")]


class Models(BaseModel):
    """All models on offer, the default one first."""

    object: Annotated[Literal["list"], Field(description="Always that.")] = "list"
    data: Annotated[list[Model], Field(description="The models.")]
