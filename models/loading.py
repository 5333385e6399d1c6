"""From a checkpoint's files to its components, and from these to a stock diffusers pipeline."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from errors import ModelUnavailable
from models import cache
from models.device import Device, out_of_memory
from models.families import RECIPES
from models.files import INDEX, Damaged, Files, elements, shapes
from models.spec import ModelSpec, Source


@dataclass(frozen=True)
class Loaded:
    """A model on the device. Whoever keeps one beyond the job keeps its memory."""

    spec: ModelSpec
    pipeline: Any  # a stock StableDiffusionPipeline or StableDiffusionXLPipeline
    device: Device  # with the precision that this model runs in
    scheduler_config: Mapping[str, Any]  # as published; build schedulers from it, never change it


def component(spec: ModelSpec, files: Files, folder: Path, named: str, device: Device) -> Any:
    """The component that `files` in the checkpoint at `folder` describe, in host memory; nets in the device's dtype.

    `named` is its class in model_index.json. Raises ModelUnavailable if its files are damaged or do not fit.
    """
    for name in files.weights:
        check_whole(files.source, folder / name)
    cls = _class(spec, files, named)
    try:
        if not files.weights:
            return cls.from_pretrained(folder / files.folder, local_files_only=True)
        net = _net(spec, files, cls, folder / files.folder, device)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, EOFError) as error:
        if out_of_memory(error):
            raise
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelUnavailable(
            f"{spec.name}: the component {files.component} cannot be built from {folder / files.folder}: {why[:300]} "
            "Its files do not belong together: use another revision or checkpoint."
        ) from error
    own_memory(net, device)
    _take_any_precision(net)
    return net.eval().requires_grad_(False)


def _class(spec: ModelSpec, files: Files, named: str) -> Any:
    from diffusers import SchedulerMixin

    cls = files.recipe.look_up(named)
    if not files.recipe.cls and not (isinstance(cls, type) and issubclass(cls, SchedulerMixin)):
        raise ModelUnavailable(
            f"{spec.name}: {INDEX} of {spec.repo} names the {files.component} {named[:60]!r}, which diffusers does not "
            "have. Only what ships with diffusers is run; use another revision or model."
        )
    return cls


def check_whole(source: Source, path: Path) -> None:
    """Raises ModelUnavailable for a damaged file, after removing it where that has it downloaded again."""
    if path.suffix != ".safetensors":
        return
    try:
        shapes(path)
    except Damaged as error:
        what = f"{source.name}: {path} is damaged: {error}."
        if source.local:
            raise ModelUnavailable(f"{what} Put a whole copy in its place.") from error
        cache.discard(path)
        raise ModelUnavailable(f"{what} It was removed; try again to download it anew.") from error


def _net(spec: ModelSpec, files: Files, cls: Any, folder: Path, device: Device) -> Any:
    import torch

    with quiet_bars():
        net, info = cls.from_pretrained(
            folder,
            variant=files.variant,
            dtype=getattr(torch, device.dtype),
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    if info["missing_keys"]:  # would be left random
        lacks = sorted(map(str, info["missing_keys"]))
        raise ValueError(f"its weights lack {len(lacks)} tensors that its config.json asks for ({lacks[0]}, …).")
    return net


def own_memory(net: Any, device: Device) -> None:
    """Move the weights out of the mapped file, into the layout that suits the device.

    Pages of a mapped file are read when first touched, dropped under pressure, and take the process down when somebody
    overwrites the file in place.
    """
    import torch

    dtype = getattr(torch, device.dtype)
    for tensor in (*net.parameters(), *net.buffers()):
        images = device.channels_last and tensor.dim() == 4
        tensor.data = tensor.data.to(
            dtype=dtype if tensor.is_floating_point() else tensor.dtype,
            memory_format=torch.channels_last if images else torch.preserve_format,
            copy=True,
        )


def _take_any_precision(net: Any) -> None:
    """A guidance scale is told in the latents' precision, float32, which a U-Net in another one would not take."""
    told = getattr(getattr(net, "time_embedding", None), "cond_proj", None)
    if told is not None:
        told.register_forward_pre_hook(lambda layer, given: (given[0].to(layer.weight.dtype),))


@contextmanager
def quiet_bars() -> Iterator[None]:
    """Without the libraries' own bars per component: progress is told by our events."""
    from diffusers.utils import logging as diffusers
    from transformers.utils import logging as transformers

    shown = [it for it in (diffusers, transformers) if it.is_progress_bar_enabled()]
    for it in shown:
        it.disable_progress_bar()
    try:
        yield
    finally:
        for it in shown:
            it.enable_progress_bar()


def assemble(spec: ModelSpec, device: Device, components: Mapping[str, Any], index: Mapping[str, Any]) -> Loaded:
    """The pipeline around `components`, with the settings in model_index.json that it takes."""
    import diffusers

    recipe = RECIPES[spec.family]
    _check_guidance(spec, components["unet"].config)
    cls = getattr(diffusers, recipe.pipeline)
    taken = inspect.signature(cls.__init__).parameters
    empty = {name: None for name, it in taken.items() if it.default is inspect.Parameter.empty and name != "self"}
    settings = {name: value for name, value in index.items() if name in taken and not isinstance(value, list)}
    if "requires_safety_checker" in taken:
        settings["requires_safety_checker"] = False  # what examines pictures is safety/, for every family
    scheduler = components["scheduler"]
    pristine = scheduler.config  # immutable
    fresh = type(scheduler).from_config(pristine)  # the pipeline may correct its configuration in place
    pipeline = cls(**{**empty, **settings, **recipe.settings, **components, "scheduler": fresh})
    pipeline.set_progress_bar_config(disable=True)
    return Loaded(spec, pipeline, device, pristine)


def _check_guidance(spec: ModelSpec, unet: Mapping[str, Any]) -> None:
    width = unet.get("time_cond_proj_dim")
    found = "classifier-free" if width is None else "distilled"
    if found != spec.guidance:
        takes = "takes no guidance scale" if width is None else "takes the guidance scale as an input"
        raise ModelUnavailable(
            f"{spec.name}: guidance is {spec.guidance} in config.yaml, but its U-Net {takes} (time_cond_proj_dim is "
            f"{width}). Write `guidance: {found}`, or choose another U-Net."
        )


def bytes_of(files: Files, folder: Path, device: Device) -> int:
    """What the component takes on the device; from the headers of its files. Raises Damaged."""
    itemsize = 4 if device.dtype == "float32" else 2
    whole = [folder / name for name in files.weights if name.endswith(".safetensors")]
    return sum(elements(shapes(path)) * itemsize for path in whole)


def identity(files: Files, folder: Path, named: str, dtype: str) -> str:
    """What makes two components the same: class, precision, configuration and the bytes of all other files."""
    parts = [files.recipe.module, files.recipe.cls or named, dtype if files.weights else ""]
    for name in (*files.small, *files.weights):
        path = folder / name
        parts += [Path(name).name.replace(f".{files.variant}.", "."), _content(path)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


_UNSEEN = ("_name_or_path", "_diffusers_version", "transformers_version", "torch_dtype", "dtype", "name_or_path")


def _content(path: Path) -> str:
    """The hash of a file's bytes, or of what a configuration says apart from where and when it was saved."""
    if path.suffix == ".json" and path.name not in ("vocab.json", "tokenizer.json"):
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            said = None  # building it will say so
        if isinstance(said, dict):
            said = {key: value for key, value in said.items() if key not in _UNSEEN}
            return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    blob = path.resolve().name
    if len(blob) == 64 and set(blob) <= set("0123456789abcdef"):  # the hub's cache names large files by their sha256
        return blob
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _digest(path: Path, size: int, mtime_ns: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
