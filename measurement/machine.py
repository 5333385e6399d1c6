"""What a benchmark runs on, as far as it can be told. Called where torch is at hand."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from measurement.record import Machine
from models.device import Device, cpu_name, host_memory_bytes

ROOT = Path(__file__).parents[1]
_DRIVER = Path("/sys/module/nvidia/version")
_PATIENCE = 10.0  # seconds for another program's answer


def look(device: Device) -> Machine:
    """This machine, seen from `device`."""
    import torch

    gpu = None if device.kind == "cpu" else device.name
    memory = host_memory_bytes()
    hardware = (platform.machine(), cpu_name(), cpus(), round(memory / 1e9), gpu)
    return Machine(
        fingerprint=hashlib.sha256(repr(hardware).encode()).hexdigest()[:16],
        system=f"{platform.system()} {platform.machine()}",
        cpu=cpu_name(),
        cpus=cpus(),
        memory_bytes=memory,
        gpu=gpu,
        gpu_memory_bytes=device.memory_bytes if gpu else None,
        driver=_driver() if device.kind == "cuda" else None,
        cuda=torch.version.cuda if device.kind == "cuda" else None,
        python=platform.python_version(),
        torch=torch.__version__,
        diffusers=version("diffusers"),
        transformers=version("transformers"),
        threads=torch.get_num_threads(),
        darkroom=_commit(),
    )


def cpus() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def busy() -> float | None:
    """Processes that want a processor, for each that there is; the average of the last minute."""
    return round(os.getloadavg()[0] / cpus(), 2) if hasattr(os, "getloadavg") else None


def _driver() -> str | None:
    try:
        return _DRIVER.read_text().strip()
    except OSError:
        return _said("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader", "--id=0")


def _commit() -> str | None:
    """Of the checkout that Darkroom runs from."""
    if not (ROOT / ".git").exists():
        return None
    commit = _said("git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD")
    changed = _said("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no")
    return commit and commit + ("+" if changed else "")


def _said(*command: str) -> str | None:
    """What the program prints; None where it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
