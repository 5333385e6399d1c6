"""What the doctor says of Python, the packages, the device and the port."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from config import Server
from errors import ConfigError
from models.amounts import bytes_text
from models.registry import Registry
from terminal.address import free_port
from terminal.finding import Finding, fail, ok, warn

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
INSTALL = "Run `make setup`, or `python -m pip install -r requirements.txt`."
TORCH_INDEX = "https://pytorch.org/get-started/locally/"


def python() -> Finding:
    return ok("python", f"{platform.python_version()} on {platform.platform(terse=True)}, {platform.machine()}")


def packages() -> Finding:
    """Whether what requirements.txt asks for is installed, in a version that it accepts."""
    found, wrong = [], []
    for requirement in _requirements():
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        found.append(f"{requirement.name} {installed}")
        if not requirement.specifier.contains(installed, prereleases=True):
            wrong.append(f"{requirement.name} is {installed}, but {requirement.specifier} is needed")
    return fail("packages", "; ".join(wrong), INSTALL) if wrong else ok("packages", ", ".join(found))


def torch_build() -> Finding:
    """Which hardware this torch was built for, and whether there is some that it cannot use."""
    try:
        import torch
    except ImportError as error:
        return fail("torch", f"cannot be imported ({error})", INSTALL)
    built = f"CUDA {torch.version.cuda}" if torch.version.cuda else "no GPU"
    built = f"ROCm {torch.version.hip}" if torch.version.hip else built
    text = f"{torch.__version__}, built for {built}, {torch.get_num_threads()} threads"
    if shutil.which("nvidia-smi") is None or torch.cuda.is_available():
        return ok("torch", text)
    if torch.version.cuda:
        return warn("torch", f"{text}; it cannot use this machine's NVIDIA GPU", "Update the NVIDIA driver.")
    return warn("torch", f"{text}; this machine has an NVIDIA GPU", f"Install torch for CUDA: {TORCH_INDEX}")


def device(wanted: str) -> Finding:
    """What pictures are computed on, how precisely, and why."""
    try:
        from models.device import choose

        chosen = choose(wanted)
    except (ConfigError, ImportError) as error:
        return fail("device", str(error), "Choose another with `device` in config.yaml or --device.")
    return ok("device", f"{chosen.label}, {bytes_text(chosen.memory_bytes)} of memory: {chosen.reason}")


def room(models: Registry, wanted: str) -> Iterator[Finding]:
    """Which models the device has no room for, even when nothing else is on it; nothing where all fit."""
    from models.device import choose

    try:
        chosen = choose(wanted)
    except (ConfigError, ImportError):
        return  # told already
    sizes = {spec.name: chosen.memory_for(spec.parameters) for spec in models.values()}
    large = {name: size for name, size in sizes.items() if size > chosen.memory_bytes}
    if large:
        named = ", ".join(f"{name} needs about {bytes_text(size)}" for name, size in large.items())
        fits = ", ".join(name for name in sizes if name not in large) or "none"
        yield warn("room", f"{bytes_text(chosen.memory_bytes)} are too few: {named}", f"These fit: {fits}.")


def port(server: Server) -> Finding:
    """Whether `serve` could open its port."""
    try:
        free_port(server)
    except ConfigError as error:
        what, _, remedy = str(error).partition(". ")
        return warn("port", what, remedy)
    return ok("port", f"{server.host}:{server.port} is free")


def _requirements() -> Iterator[Requirement]:
    for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text:
            yield Requirement(text)
