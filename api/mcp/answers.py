"""What the tools answer beside the pictures: the recipe of each, and what it took."""

from __future__ import annotations

from typing import Any

from mcp import types
from pydantic import BaseModel, Field

from generation.request import GenerationRequest


class Recipe(BaseModel):
    """How pictures were made. The same request gives the same pictures again."""

    request: GenerationRequest = Field(description="Every setting; picture i of count has the seed seed + i.")
    seeds: list[int] = Field(description="Of the pictures, in their order.")
    seconds: float = Field(description="From the start on the device to the last picture, without waiting in line.")
    seconds_per_step: float
    device: str
    notes: list[str] = Field(description="What to know of these pictures, such as words that the model does not know.")


class Compared(BaseModel):
    """One model of a comparison."""

    model: str
    recipe: Recipe | None = Field(description="Null: there is no picture, and error says why.")
    error: str | None


class Comparison(BaseModel):
    """The pictures of one prompt, in the order of the models."""

    seed: int = Field(description="Of every picture.")
    pictures: list[Compared]


class Models(BaseModel):
    """The models on offer."""

    models: list[dict[str, Any]]


def answer(said: BaseModel, content: list[types.ContentBlock], failed: bool = False) -> types.CallToolResult:
    """`content`, and then what is `said`: for programs, and as text for clients that hand on nothing else."""
    text = types.TextContent(type="text", text=said.model_dump_json())
    return types.CallToolResult(
        content=[*content, text], structuredContent=said.model_dump(mode="json"), isError=failed
    )
