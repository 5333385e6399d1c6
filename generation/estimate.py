"""The predicted final latents after any step of any scheduler, from what the net was shown and what it said."""

from __future__ import annotations

import functools
from typing import Any

import torch


class Estimate:
    """Listens to one run of `scheduler`, whose latents it also keeps in float32 while the net runs in `dtype`.

    All schedulers show the net the same thing, x = a·x0 + b·noise with a² + b² = 1, and differ only in how they hold
    it in between. So x0 follows from the net's input and output whatever the solver, its order and its history.
    """

    def __init__(self, scheduler: Any, dtype: torch.dtype) -> None:
        self._scheduler, self._dtype = scheduler, dtype
        self._scale, self._step = scheduler.scale_model_input, scheduler.step
        self._calls = 0  # of the net so far
        self._index = 0  # the scheduler's, of the last one
        self._timesteps: list[float] = []
        self._seen: torch.Tensor | None = None  # x, (1, channels, h, w)
        self._said: torch.Tensor | None = None
        self._shrunk: torch.Tensor | None = None  # factor by which the scheduler scaled x; None: it holds x itself
        scheduler.scale_model_input = self._show
        # The pipeline looks at its signature for what else the scheduler's own step takes.
        scheduler.step = functools.wraps(self._step)(functools.partial(self._advance))

    def x0(self) -> torch.Tensor:
        """As of the net's last evaluation: (1, channels, h, w) in float32, on the device, not waited for."""
        assert self._seen is not None
        assert self._said is not None
        a, b = self._mix()
        kind = self._scheduler.config.prediction_type
        if kind == "v_prediction":
            return torch.sub(a * self._seen, b * self._said)
        if kind == "sample":
            return self._said
        x0: torch.Tensor = (self._seen - b * self._said) / a
        return x0

    def _show(self, sample: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        if self._seen is None and hasattr(self._scheduler, "set_begin_index"):
            # Else the scheduler looks the first timestep up in its list, which waits for the device, and finds the
            # wrong one where two are equal, as the first two of a Karras schedule can be.
            self._scheduler.set_begin_index(0)
        shown: torch.Tensor = self._scale(sample, *args, **kwargs)
        self._seen = shown[:1]  # with guidance the batch holds the same latents twice
        self._shrunk = None if shown is sample else (shown[:1] * sample[:1]).sum() / sample[:1].square().sum()
        return shown.to(self._dtype)

    def _advance(
        self, model_output: torch.Tensor, timestep: Any, sample: torch.Tensor, *args: Any, **kwargs: Any
    ) -> Any:
        self._said = model_output.float()
        self._index = getattr(self._scheduler, "step_index", None) or 0  # None before the first step
        self._calls += 1
        return self._step(self._said, timestep, sample, *args, **kwargs)

    def _mix(self) -> tuple[Any, Any]:
        """a and b of the last evaluation. Read without waiting for the device."""
        if self._shrunk is not None:  # a scheduler that holds x / a: it scales by a
            return self._shrunk, (1 - self._shrunk.square()).clamp(min=0).sqrt()
        if hasattr(self._scheduler, "sigmas"):  # holds x, and sigmas = b / a on the CPU
            sigma = float(self._scheduler.sigmas[self._index])
            a = (1 + sigma * sigma) ** -0.5
            return a, sigma * a
        if not self._timesteps:
            self._timesteps = self._scheduler.timesteps.tolist()
        signal = float(self._scheduler.alphas_cumprod[int(self._timesteps[self._calls - 1])])
        return signal**0.5, (1 - signal) ** 0.5
