"""What the families of models differ in, as data. Light: classes are looked up when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from types import MappingProxyType
from typing import Any

from models.spec import Family, ModelSpec, Source


@dataclass(frozen=True)
class Component:
    """One folder of a checkpoint: who builds it, and from which files."""

    module: str
    cls: str  # empty: the class that model_index.json names
    needs: tuple[str, ...]  # one of these files must be there
    files: tuple[str, ...] = ()  # patterns of further ones that belong to it
    weights: str = ""  # stem of its safetensors; empty: it has none

    def look_up(self, named: str) -> Any:
        """The class, imported now; `named` is what model_index.json calls it. None if there is none."""
        return getattr(import_module(self.module), self.cls or named, None)


_TOKENIZER = Component("transformers", "CLIPTokenizer", ("vocab.json", "tokenizer.json"), ("*.json", "merges.txt"))
_SCHEDULER = Component("diffusers", "", ("scheduler_config.json",))
_TEXT_ENCODER = Component("transformers", "CLIPTextModel", ("config.json",), weights="model")
_VAE = Component("diffusers", "AutoencoderKL", ("config.json",), weights="diffusion_pytorch_model")
_UNET = Component("diffusers", "UNet2DConditionModel", ("config.json",), weights="diffusion_pytorch_model")
_STABLE_DIFFUSION = {
    "tokenizer": _TOKENIZER,
    "scheduler": _SCHEDULER,
    "text_encoder": _TEXT_ENCODER,
    "vae": _VAE,
    "unet": _UNET,
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a family's checkpoint becomes a stock pipeline."""

    pipeline: str  # diffusers' class
    named: str  # what model_index.json calls it
    components: Mapping[str, Component]
    folders: Mapping[str, str] = field(default_factory=dict)  # of a component, where it is not the component's name
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the pipeline itself
    heeds_vae: bool = False  # the stock pipeline reads force_upcast, latents_mean and latents_std in the VAE's config


RECIPES: Mapping[Family, Recipe] = MappingProxyType(
    {
        Family.SD: Recipe(
            pipeline="StableDiffusionPipeline",
            named="StableDiffusionPipeline",
            components=_STABLE_DIFFUSION,
        ),
        Family.SDXL: Recipe(
            pipeline="StableDiffusionXLPipeline",
            named="StableDiffusionXLPipeline",
            components={
                **_STABLE_DIFFUSION,
                "tokenizer_2": _TOKENIZER,
                "text_encoder_2": replace(_TEXT_ENCODER, cls="CLIPTextModelWithProjection"),
            },
            settings={"add_watermarker": False},  # an optional package; it would change the pictures
            heeds_vae=True,
        ),
        Family.DECIDIFFUSION: Recipe(
            pipeline="StableDiffusionPipeline",
            named="DeciDiffusionPipeline",  # a class of the repo's own pipeline.py, which is never run
            components={
                **_STABLE_DIFFUSION,
                "unet": replace(_UNET, module="models.flexible_unet", cls="FlexibleUNet2DConditionModel"),
            },
            folders={"unet": "flexible_unet"},  # unet/ holds a stock net there that was never trained for it
        ),
    }
)


TOP = "."  # as a folder: that of the repo itself


@dataclass(frozen=True)
class Wanted:
    """A component that a model is built from, and where it is."""

    name: str
    source: Source
    folder: str  # in the source, or TOP
    component: Component


def wanted(spec: ModelSpec) -> list[Wanted]:
    """The components that `spec` is built from."""
    recipe = RECIPES[spec.family]

    def folder(name: str) -> str:
        other = spec.components.get(name)
        return other.folder if other and other.folder else recipe.folders.get(name, name)

    return [Wanted(name, spec.source_of(name), folder(name), it) for name, it in recipe.components.items()]
