"""Any model as a teacher, by its name in config.yaml or from its folder: its nets, what it makes of captions and
pictures, and its noise levels. Loaded as the app loads it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from torch import Tensor
from torch.utils._pytree import tree_map_only

import config
from errors import ConfigError
from models import checkpoint, device
from models.families import RECIPES
from models.files import INDEX
from models.progress import Report
from models.registry import known_as, registry
from models.residency import Residency
from models.spec import ModelSpec

HALF = {"fp16": torch.float16, "bf16": torch.bfloat16}
CONFIG = Path(__file__).parents[1] / "config.yaml"


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """Captions as a U-Net takes them."""

    states: Tensor  # (n, 77, width), float32
    pooled: Tensor | None  # (n, width), float32; None: the U-Net takes none (only SDXL's does)


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """A model that others learn from."""

    spec: ModelSpec
    pipeline: Any  # the stock one, on the device, in float32
    unet: UNet2DConditionModel  # the pipeline's, of the family's class: DeciDiffusion's is the flexible one
    noise: DDPMScheduler  # noise levels and prediction type, as its scheduler's file has them
    identities: Mapping[str, str]  # of each component: equal for equal files

    @property
    def side(self) -> int:
        """Of the pictures that it was made for, in pixels."""
        return int(self.unet.config.sample_size * self.pipeline.vae_scale_factor)

    @property
    def multiple(self) -> int:
        """Pixels that a picture's side must be a multiple of, so that every halving comes out even."""
        return int(2**self.unet.num_upsamplers * self.pipeline.vae_scale_factor)

    @torch.no_grad()
    def prompts(self, captions: Sequence[str]) -> Prompts:
        """As the stock pipeline encodes them; of a longer caption the first 75 tokens count."""
        with _quiet():
            made = self.pipeline.encode_prompt(
                prompt=list(captions),
                device=self.pipeline.device,
                num_images_per_prompt=1,
                do_classifier_free_guidance=False,
            )
        return Prompts(states=made[0].float(), pooled=made[2].float() if len(made) > 2 else None)

    @torch.no_grad()
    def empty(self) -> Prompts:
        """What guidance leads away from where there is no negative prompt: (1, …). SDXL's model_index.json asks for
        zeros there; other models' is the empty caption."""
        made = self.pipeline.encode_prompt(
            prompt="", device=self.pipeline.device, num_images_per_prompt=1, do_classifier_free_guidance=True
        )
        return Prompts(states=made[1].float(), pooled=made[3].float() if len(made) > 2 else None)

    @torch.no_grad()
    def latents(self, pictures: Tensor) -> Tensor:
        """(n, 3, side, side) in [-1, 1] → (n, channels, side / 8, side / 8) of about unit variance, float32.

        The pictures too: SDXL's VAE overflows in less.
        """
        vae = self.pipeline.vae
        return scaled(vae, vae.encode(pictures.to(vae.device)).latent_dist.mode())


def scaled(vae: AutoencoderKL, raw: Tensor) -> Tensor:
    """(n, channels, height, width) as the encoder tells them → as a U-Net takes them, of about unit variance."""
    mean, std = _moments(vae, raw)
    found: Tensor = (raw - mean) / std * vae.config.scaling_factor
    return found


def unscaled(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    """The same back, as the decoder takes them."""
    mean, std = _moments(vae, latents)
    found: Tensor = latents / vae.config.scaling_factor * std + mean
    return found


def _moments(vae: AutoencoderKL, like: Tensor) -> tuple[Tensor, Tensor]:
    """Of each channel, (1, channels, 1, 1); 0 and 1 where its file has none."""
    mean, std = vae.config.latents_mean, vae.config.latents_std
    if mean is None or std is None:
        mean, std = [0.0], [1.0]
    return like.new_tensor(mean).view(1, -1, 1, 1), like.new_tensor(std).view(1, -1, 1, 1)


def load(named: str, wanted: str, report: Report, precision: str | None = None) -> Teacher:
    """The teacher on the device `wanted` (auto, cuda, mps, cpu), its U-Net in `precision` (fp16, bf16, else float32).

    What is not on the disk is fetched from the hub, and `report` told.

    Raises ConfigError for a name that nothing has, ModelUnavailable where its files cannot be had.
    """
    spec = find(named)
    where = replace(device.choose(wanted), dtype="float32")
    parts = checkpoint.from_files(spec, where, report)
    loaded = Residency(registry([spec]), where, warm_bytes=0).acquire(spec, report, origin=lambda *_: parts)
    return Teacher(
        spec=spec,
        pipeline=loaded.pipeline,
        unet=answering(loaded.pipeline.unet, precision),
        noise=noise_levels(loaded.scheduler_config),
        identities={it.name: it.key for it in parts.components},
    )


def answering(unet: UNet2DConditionModel, precision: str | None) -> UNet2DConditionModel:
    """The same, computing in `precision`, asked and answering in float32: it is never trained, so half is enough."""
    if precision not in HALF:
        return unet
    dtype = HALF[precision]

    def halved(_: object, args: Any, named: Any) -> Any:
        return tree_map_only(Tensor, lambda it: it.to(dtype) if it.is_floating_point() else it, (args, named))

    unet.to(dtype)
    unet.register_forward_pre_hook(halved, with_kwargs=True)
    unet.register_forward_hook(lambda _, args, answer: type(answer)(sample=answer.sample.float()))
    return unet


def beginner(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """A copy to be trained: in float32 on the same device, with the teacher's weights."""
    with unet.device:
        student: UNet2DConditionModel = type(unet).from_config(unet.config)
    student.load_state_dict(unet.state_dict())
    return student


def refuse(teacher: Teacher, method: str, *, flexible: bool = True, takes_scale: bool = True) -> None:
    """Raises ConfigError where the method cannot take a flexible U-Net, or one that guidance was distilled into."""
    if not flexible and type(teacher.unet) is not UNet2DConditionModel:
        raise ConfigError(
            f"--teacher {teacher.spec.name} has the flexible U-Net of DeciDiffusion, and {method} takes the stock one. "
            "Choose a model of the families sd or sdxl; `steps` and `decoder` take this one too."
        )
    if not takes_scale and teacher.unet.config.time_cond_proj_dim is not None:
        raise ConfigError(
            f"--teacher {teacher.spec.name} has guidance distilled into it already, and {method} needs a teacher that "
            "is guided by two passes. Choose the model that it was made from; `steps` takes this one too."
        )


def find(named: str, path: Path = CONFIG) -> ModelSpec:
    """The entry of that name, title or repo in config.yaml; or one of its family, in the folder of that name."""
    entries = config.load(path).models
    models = registry(entries)
    if spec := models.get(known_as(named, models)):
        return spec
    folder = Path(named).expanduser()
    if not (folder / INDEX).is_file():
        found = f"{folder} is a folder without {INDEX}" if folder.is_dir() else f"There is no {named!r}"
        raise ConfigError(
            f"{found}. Name a model of config.yaml ({', '.join(models)}), "
            f"or a checkpoint folder in diffusers' layout, with {INDEX} in it."
        )
    return _of_its_family(folder, entries)


def _of_its_family(folder: Path, entries: Sequence[ModelSpec]) -> ModelSpec:
    """The entry of that folder; else what is in it, described as the first entry of the same family is."""
    whole = folder.resolve()
    named = str(_said(folder / INDEX).get("_class_name"))
    for spec in sorted(entries, key=lambda spec: spec.repo != str(whole)):
        if RECIPES[spec.family].named == named:
            if spec.repo == str(whole):
                return spec
            unet = _said(folder / RECIPES[spec.family].folders.get("unet", "unet") / "config.json")
            guidance = "distilled" if unet.get("time_cond_proj_dim") else "classifier-free"
            found: dict[str, Any] = {"name": whole.name, "repo": str(whole), "revision": None, "components": {}}
            return spec.model_copy(update={**found, "guidance": guidance})
    known = sorted({RECIPES[spec.family].named for spec in entries})
    raise ConfigError(f"{folder / INDEX} names the pipeline {named!r}. What is trained is one of {', '.join(known)}.")


def _said(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error}). Put a whole copy in its place.") from error
    return found if isinstance(found, dict) else {}


def noise_levels(published: Mapping[str, Any]) -> DDPMScheduler:
    """The forward process that a scheduler's configuration tells, whichever sampler it is of."""
    known = DDPMScheduler._get_init_keys(DDPMScheduler)
    return DDPMScheduler.from_config({key: value for key, value in published.items() if key in known})


@contextmanager
def _quiet() -> Iterator[None]:
    """Without a warning for every caption that is too long."""
    before = diffusers_logging.get_verbosity()
    diffusers_logging.set_verbosity_error()
    try:
        yield
    finally:
        diffusers_logging.set_verbosity(before)
