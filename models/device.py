"""What the pictures are computed on and how precisely, and why. Importing this loads no torch."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from errors import ConfigError

WANTED = ("auto", "cuda", "mps", "cpu")
SMALL_PARAMETERS = 100_000_000  # nets up to here gain no time from half the bytes, so they keep all of their precision
WORKING = 1.25  # memory that a run takes, as a multiple of the weights': enough for the native size
_CPU, _MPS = "CPU", "Apple GPU"  # what their names begin with
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True)
class Device:
    """A device with the precision that is fastest among those that are right there."""

    kind: str  # "cuda", "mps" or "cpu"
    name: str  # "NVIDIA H200", "CPU AMD EPYC"
    dtype: str  # "float16", "bfloat16" or "float32"
    reason: str  # why this device and this precision
    memory_bytes: int  # in total, whoever uses it

    @property
    def label(self) -> str:
        return f"{self.name}, {self.dtype}"

    @property
    def channels_last(self) -> bool:
        """Whether convolutions run faster with the channels innermost in memory: with bfloat16 on a CPU they do."""
        return self.kind == "cpu" and self.dtype == "bfloat16"

    def suited_to(self, parameters: int) -> Device:
        """This device for a net of so many parameters: a small one runs in float32 on a CPU."""
        if self.kind != "cpu" or self.dtype == "float32" or parameters > SMALL_PARAMETERS:
            return self
        reason = f"float32 because a net of {parameters / 1e6:.0f} million parameters is no faster in {self.dtype}"
        return replace(self, dtype="float32", reason=reason)

    def memory_for(self, parameters: int) -> int:
        """About how many bytes a run of a model with so many parameters takes, its weights included."""
        itemsize = 4 if self.suited_to(parameters).dtype == "float32" else 2
        return int(parameters * itemsize * WORKING)


def choose(wanted: str) -> Device:
    """The device that is `wanted` ("auto": the fastest that is there). Raises ConfigError if it is not there."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    kind = next(kind for kind, present in there.items() if present) if wanted == "auto" else wanted
    if not there.get(kind, False):
        present = ", ".join(kind for kind, is_there in there.items() if is_there)
        raise ConfigError(
            f"Device is {wanted!r}, which {'this machine does not have' if kind in there else 'does not exist'}. "
            f"There is: {present}. Set `device: auto`, or install the torch build for your hardware."
        )
    if kind == "cuda":
        return _cuda()
    return _mps() if kind == "mps" else _cpu(asked=wanted == "cpu")


def _cuda() -> Device:
    import torch

    found = torch.cuda.get_device_properties(torch.cuda.current_device())
    reason = "a CUDA GPU is there; float16 is its fast precision, and the one that the weights are published in"
    return Device("cuda", found.name, "float16", reason, found.total_memory)


def _mps() -> Device:
    reason = "an Apple GPU is there; float16 halves what it must move"
    return Device("mps", _MPS, "float16", reason, host_memory_bytes())


def _cpu(asked: bool) -> Device:
    why = "device: cpu was asked for" if asked else "there is no GPU that this torch can use"
    if _bfloat16_instructions():
        dtype, precision = "bfloat16", "this CPU has instructions for bfloat16, about twice as fast as float32"
    else:
        dtype, precision = "float32", "this CPU has no instructions for bfloat16, and float16 is far slower"
    return Device("cpu", f"{_CPU} {cpu_name()}", dtype, f"{why}; {precision}", host_memory_bytes())


def _bfloat16_instructions() -> bool:
    """AVX512-BF16 or AMX, where bfloat16 was measured to be faster. Asks torch where it knows, else Linux."""
    import torch

    known: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    flags = set(_cpuinfo("flags").split())
    return any(known.get(flag) or flag in flags for flag in ("avx512_bf16", "amx_bf16"))


def cpu_name() -> str:
    """As its maker calls it."""
    import platform

    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _cpuinfo(key: str) -> str:
    """The first value of `key` in Linux's /proc/cpuinfo; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == key), "")


def counts_memory(label: str) -> bool:
    """Whether a peak measured on the device of that label is of its own memory, rather than of the whole process."""
    return not label.startswith((_CPU, _MPS))


def host_memory_bytes() -> int:
    """This machine's memory, or what its container may use of it."""
    import psutil  # type: ignore[import-untyped] # comes with accelerate

    total = int(psutil.virtual_memory().total)
    for path in _CGROUP_LIMITS:
        try:
            total = min(total, int(path.read_text()))
        except (OSError, ValueError):  # not there, or "max"
            continue
    return total


def out_of_memory(error: BaseException) -> bool:
    """Whether it says that host or device had too little memory."""
    torch = sys.modules.get("torch")  # not there if its import is what failed
    if isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError)):
        return True
    # On the CPU and on MPS torch raises a bare RuntimeError: only its text tells.
    return isinstance(error, RuntimeError) and any(
        told in str(error) for told in ("can't allocate memory", "not enough memory", "out of memory")
    )


def free_bytes(device: Device) -> int:
    """What can still be had of the device's memory."""
    import torch

    if device.kind == "cuda":
        unused = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
        return int(torch.cuda.mem_get_info()[0]) + unused
    if device.kind == "mps":
        return int(torch.mps.recommended_max_memory()) - int(torch.mps.driver_allocated_memory())
    import psutil

    here = device.memory_bytes - int(psutil.Process().memory_info().rss)  # of what a container may use
    return max(0, min(int(psutil.virtual_memory().available), here))
