"""What there is to choose from: models and samplers. Of everything else A1111 lists, there is none."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.routing import BaseRoute

from api.a1111.desk import Desk
from api.a1111.refusals import a1111_router
from generation import samplers
from models.spec import ModelSpec

_NONE = {  # lists that are empty, and what stands in them in A1111
    "/sd-vae": "VAEs apart from those of the models",
    "/sd-modules": "Modules apart from the models",
    "/latent-upscale-modes": "Upscalers of latents",
    "/loras": "LoRAs",
    "/hypernetworks": "Hypernetworks",
    "/face-restorers": "Restorers of faces",
    "/realesrgan-models": "Models that upscale",
    "/prompt-styles": "Styles",
    "/script-info": "What scripts take",
    "/extensions": "Extensions",
}


class SDModel(BaseModel):
    """A model that can be named as `sd_model_checkpoint`."""

    model_config = ConfigDict(protected_namespaces=())

    title: str = Field(description="By which it is named.")
    model_name: str = Field(description="The same.")
    hash: str | None = Field(default=None, description="Null: a model is no single file.")
    sha256: str | None = Field(default=None, description="Null, likewise.")
    filename: str = Field(description="Its repository, or its name where it ships with the server. Never a path.")
    config: str | None = Field(default=None, description="Always null.")


class Sampler(BaseModel):
    """A sampler."""

    name: str = Field(description="By which it is named.")
    aliases: list[str] = Field(description="Other names for it.")
    options: dict[str, str] = Field(description="Always empty.")


class Scheduler(BaseModel):
    """A schedule type."""

    name: str = Field(description="By which it is named.")
    label: str = Field(description="As pages show it; it may be named so, too.")
    aliases: list[str] | None = Field(default=None, description="Other names for it.")
    default_rho: float = Field(description="Of Karras' formula; -1: it has none.")
    need_inner_model: bool = Field(default=False, description="Always false.")


class Upscaler(BaseModel):
    """The one that does nothing."""

    model_config = ConfigDict(protected_namespaces=())

    name: str = Field(default="None", description="By which it is named.")
    model_name: str | None = Field(default=None, description="Always null.")
    model_path: str | None = Field(default=None, description="Always null.")
    model_url: str | None = Field(default=None, description="Always null.")
    scale: float = Field(default=4, description="Always 4.")


class Scripts(BaseModel):
    """Scripts by where they are used: there are none."""

    txt2img: list[str] = Field(default_factory=list, description="Empty.")
    img2img: list[str] = Field(default_factory=list, description="Empty.")


class Embeddings(BaseModel):
    """Embeddings: there are none."""

    loaded: dict[str, Any] = Field(default_factory=dict, description="Empty.")
    skipped: dict[str, Any] = Field(default_factory=dict, description="Empty.")


def routes(desk: Desk) -> list[BaseRoute]:
    """The routes that list."""
    router = a1111_router()

    @router.get("/sd-models", summary="The models on offer")
    async def models() -> list[SDModel]:
        return [_model(spec) for spec in desk.engine.models.values()]

    @router.get("/samplers", summary="The samplers")
    async def listed_samplers() -> list[Sampler]:
        return [Sampler(name=name, aliases=list(samplers.aliases(name)), options={}) for name in samplers.BASES]

    @router.get("/schedulers", summary="The schedule types")
    async def schedulers() -> list[Scheduler]:
        return [
            Scheduler(name=it.name, label=label, aliases=list(it.aliases) or None, default_rho=it.rho)
            for label, it in samplers.SCHEDULES.items()
        ]

    @router.get("/upscalers", summary="The upscalers: none")
    async def upscalers() -> list[Upscaler]:
        return [Upscaler()]

    @router.get("/scripts", summary="The scripts: none")
    async def scripts() -> Scripts:
        return Scripts()

    @router.get("/embeddings", summary="The embeddings: none")
    async def embeddings() -> Embeddings:
        return Embeddings()

    for path, what in _NONE.items():

        @router.get(path, response_model=list[dict[str, Any]], summary=f"{what}: none", name=path[1:])
        async def none() -> list[dict[str, Any]]:
            return []

    return list(router.routes)


def _model(spec: ModelSpec) -> SDModel:
    return SDModel(title=spec.name, model_name=spec.name, filename=spec.name if spec.local else spec.repo)
