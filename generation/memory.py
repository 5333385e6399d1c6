"""The most memory that a job took."""

from __future__ import annotations

from pathlib import Path

from models.device import Device

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
