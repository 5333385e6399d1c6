"""The export stage: everything as a Stable Diffusion checkpoint folder, in half precision, in files under 9 MB."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    ModelMixin,
    SchedulerMixin,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextModel, CLIPTokenizer

from models import storage
from models.families import RECIPES
from models.files import INDEX, Files
from models.spec import Family, ModelSpec
from training.base_training import NOISE
from training.predictions import V

SAMPLING: dict[str, Any] = {
    "timestep_spacing": "trailing",
    "clip_sample": False,  # DDIM and LCM: latents are not pictures in [-1, 1]
    "set_alpha_to_one": False,
    "skip_prk_steps": True,  # PNDM: as Stable Diffusion has it
    "steps_offset": 1,
}
ZERO_SNR = "rescale_betas_zero_snr"
LARGEST_FILE = "8MB"  # so that a plain push takes it


def export(
    folder: Path, net: AutoencoderKL, text: CLIPTextModel, tokens: CLIPTokenizer, unet: UNet2DConditionModel
) -> None:
    """Write the folder anew; nothing in it says how it was trained."""
    vocabulary = Path(tokens.name_or_path)
    with replaced(folder) as new:
        for name, part in {"vae": net, "text_encoder": text, "unet": unet}.items():
            part.cpu().half().save_pretrained(new / name, max_shard_size=LARGEST_FILE)
        shutil.copytree(vocabulary, new / "tokenizer")
        scheduler().save_pretrained(new / "scheduler")
        assembled(net, text, tokens, unet).save_config(new)  # model_index.json


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Where to write what then takes the folder's place as a whole: where that breaks off, what was there stays."""
    new = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(new, ignore_errors=True)
    yield new
    shutil.rmtree(folder, ignore_errors=True)
    new.replace(folder)


def assembled(
    net: AutoencoderKL, text: CLIPTextModel, tokens: CLIPTokenizer, unet: UNet2DConditionModel
) -> StableDiffusionPipeline:
    """The stock pipeline of the parts."""
    return StableDiffusionPipeline(
        vae=net,
        text_encoder=text,
        tokenizer=tokens,
        unet=unet,
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def export_student(
    folder: Path,
    teacher: ModelSpec,
    nets: Mapping[str, ModelMixin],
    sampled: SchedulerMixin | None = None,
    *,
    family: Family | None = None,
    whole: bool = False,
) -> None:
    """Write the folder of a student anew: its own nets by component, in half precision, and how it is sampled.

    What it shares with its teacher is taken from there, as the entry's `components` in config.yaml say; a `whole`
    folder holds that too, byte for byte, wherever it is from, and can be used anywhere. `sampled`, `family`: None: the
    teacher's.
    """
    origin, recipe = storage.folder(teacher.source), RECIPES[family or teacher.family]
    assert origin is not None  # the teacher was loaded from there
    changes: dict[str, Any] = {"_class_name": recipe.named}
    with replaced(folder) as new:
        shutil.copytree(origin / "scheduler", new / "scheduler")
        shutil.copyfile(origin / INDEX, new / INDEX)
        for name, net in nets.items():
            own = new / recipe.folders.get(name, name)
            net.cpu().half().save_pretrained(own, max_shard_size=LARGEST_FILE)
            rewrite(own / "config.json", lambda said: said.pop("_name_or_path", None))  # where it was trained
        if sampled is not None:
            sampled.save_pretrained(new / "scheduler")
            changes["scheduler"] = ["diffusers", type(sampled).__name__]
        rewrite(new / INDEX, lambda said: said.update(changes))
        for files, there in storage.chosen(teacher) if whole else ():
            if files.component not in (*nets, "scheduler"):
                copy(files, there, new / recipe.folders.get(files.component, files.component))


def copy(files: Files, source: Path, folder: Path) -> None:
    """A component's files byte for byte, under the default names of a variant's."""
    folder.mkdir(parents=True, exist_ok=True)
    variant = f".{files.variant}"
    for name in (*files.small, *files.weights):
        content, plain = source / name, Path(name).name.replace(variant, "")
        if plain.endswith(".index.json"):  # it names the shards
            (folder / plain).write_text(content.read_text(encoding="utf-8").replace(variant, ""), encoding="utf-8")
        else:
            shutil.copyfile(content, folder / plain)


def rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what a file of JSON says."""
    said = json.loads(path.read_text(encoding="utf-8"))
    change(said)
    path.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def scheduler() -> DPMSolverMultistepScheduler:
    """The default sampler, with what other samplers made from its configuration need to know."""
    return DPMSolverMultistepScheduler.from_config({**NOISE, **SAMPLING})


def few_step_scheduler(noise: Mapping[str, Any] = NOISE) -> DDIMScheduler:
    """For a student of step distillation, which predicts v: the steps that it was taught, the last one to the picture.

    `noise`: its teacher's scheduler settings.
    """
    levels = {key: value for key, value in noise.items() if key in NOISE or key in ("trained_betas", ZERO_SNR)}
    return DDIMScheduler.from_config({**levels, **SAMPLING, "set_alpha_to_one": True, "prediction_type": V})
