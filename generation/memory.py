"""The most memory that a job took."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.device import Device, host_memory_bytes

_PROCESS = Path("/proc/self")
_RESET_PEAK = "5"  # see proc_pid_clear_refs(5)


class Peak:
    """Measures from its making on: what is allocated on a CUDA device, else what is resident of this process."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._beside = 0  # bytes of other models on a CUDA device
        if device.kind == "cuda":
            self.loaded(0)
            return
        try:
            (_PROCESS / "clear_refs").write_text(_RESET_PEAK)
        except OSError:
            return  # no Linux, or not allowed: then the peak is that of the process's whole life

    def loaded(self, beside: int) -> None:
        """The model is on the device, beside `beside` bytes of others. Those, and whoever has left for it, do not count
        on a CUDA device: the peak is of this model alone.
        """
        self._beside = beside
        if self._device.kind == "cuda":
            import torch

            torch.cuda.reset_peak_memory_stats()

    def bytes(self) -> int:
        """The peak so far."""
        if self._device.kind == "cuda":
            import torch

            return int(torch.cuda.max_memory_allocated()) - self._beside
        try:
            lines = (_PROCESS / "status").read_text().splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
        except (OSError, StopIteration):
            import psutil  # type: ignore[import-untyped]  # comes with accelerate

            now = psutil.Process().memory_info()
            return int(getattr(now, "peak_wset", now.rss))


def told(device: Device | None) -> dict[str, Any]:
    """The bytes of host and GPU as AUTOMATIC1111 tells them. `device` None: what there is is not known yet."""
    import psutil

    total = host_memory_bytes()
    free = min(total, int(psutil.virtual_memory().available))
    cuda = _cuda() if device and device.kind == "cuda" else {"error": "unavailable"}
    return {"ram": {"free": free, "used": total - free, "total": total}, "cuda": cuda}


def _cuda() -> Mapping[str, Any]:
    import torch

    free, total = torch.cuda.mem_get_info()
    said = torch.cuda.memory_stats()
    kinds = ("active", "allocated", "reserved", "inactive")
    names = ("active", "allocated_bytes", "reserved_bytes", "inactive_split_bytes")  # as torch calls them
    figures = {
        kind: {"current": said[f"{name}.all.current"], "peak": said[f"{name}.all.peak"]}
        for kind, name in zip(kinds, names, strict=True)
    }
    events = {"retries": said["num_alloc_retries"], "oom": said["num_ooms"]}
    return {"system": {"free": free, "used": total - free, "total": total}, **figures, "events": events}
