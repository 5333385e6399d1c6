"""The predicted picture is right after every step of every sampler, whatever the net predicts."""

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
import torch
from torch import Tensor

from generation import samplers
from generation.estimate import Estimate
from tests import tiny_configs

_V = {"prediction_type": "v_prediction"}
CONFIGS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "sd": tiny_configs.PNDM,
        "v": tiny_configs.PNDM | _V,
        "sdxl": tiny_configs.EULER,
        "zero-snr": tiny_configs.DDIM,
        "zero-snr-scaled": tiny_configs.PNDM | _V | {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"},
    }
)


class Oracle:
    """A perfect net for a world of one picture: it says the noise, or velocity, that truly is in what it is shown."""

    def __init__(self, truth: Tensor, scheduler: Any) -> None:
        self.truth, self.kind = truth, scheduler.config.prediction_type
        signal = scheduler.alphas_cumprod.double()
        self.log_sigmas = (((1 - signal) / signal) ** 0.5).log()

    def __call__(self, shown: Tensor, timestep: Tensor) -> Tensor:
        low, part = int(timestep), float(timestep) - int(timestep)
        log = self.log_sigmas[low]
        if part:  # its last one may be infinite
            log = torch.lerp(log, self.log_sigmas[low + 1], part)
        a = (1 + (2 * log).exp()) ** -0.5
        b = (1 - a * a) ** 0.5
        noise = (shown.double() - a * self.truth) / b
        said: Tensor = noise if self.kind == "epsilon" else a * noise - b * self.truth
        return said.float()


def run(name: str, config: Mapping[str, Any], steps: int) -> tuple[Tensor, list[float]]:
    """Final latents, and how far each estimate on the way was from the truth."""
    generator = torch.Generator().manual_seed(5)
    truth = torch.randn(1, 4, 8, 8, generator=generator).double()
    scheduler = samplers.scheduler(name, config, seed=5, steps=steps)
    estimate = Estimate(scheduler, torch.float32)
    scheduler.set_timesteps(steps)
    net, x, off = Oracle(truth, scheduler), torch.randn(1, 4, 8, 8, generator=generator), []
    x = x * scheduler.init_noise_sigma
    taken = {"generator": generator} if "generator" in inspect.signature(scheduler.step).parameters else {}
    for timestep in scheduler.timesteps:
        said = net(scheduler.scale_model_input(x, timestep), timestep)
        x = scheduler.step(said, timestep, x, return_dict=False, **taken)[0]
        off.append(float((estimate.x0() - truth).abs().max()))
    return x - truth, off


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("name", samplers.SAMPLERS)
def test_every_estimate_is_the_truth(name: str, config: str) -> None:
    rest, off = run(name, CONFIGS[config], 8)
    assert max(off) < 0.03  # of about ±3; not 0 where a scheduler rounds its timesteps
    # Schedulers of the DDIM kind leave the noise of the last timestep in, and few steps are coarse.
    assert float(rest.abs().max()) < (0.15 if name in ("Default", "DDIM", "PLMS") else 0.03)


@pytest.mark.parametrize("config", ["sd", "zero-snr"])
@pytest.mark.parametrize("name", samplers.SAMPLERS)
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_few_steps_work_too(name: str, config: str, steps: int) -> None:
    rest, off = run(name, CONFIGS[config], steps)
    assert max(off) < 0.05
    assert bool(rest.isfinite().all())


@pytest.mark.parametrize("name", ["LCM", "DPM++ 2M Karras"])
def test_many_steps_work_too(name: str) -> None:
    assert max(run(name, CONFIGS["zero-snr"], 150)[1]) < 0.1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_latents_stay_precise_while_the_net_does_not(dtype: torch.dtype) -> None:
    """Sigma 4096 in half precision would be off by whole units."""
    scheduler = samplers.scheduler("Euler", CONFIGS["zero-snr"], seed=0, steps=4)
    Estimate(scheduler, dtype)
    scheduler.set_timesteps(4)
    sample = torch.full((1, 4, 8, 8), 4097.0)
    shown = scheduler.scale_model_input(sample, scheduler.timesteps[0])
    assert shown.dtype == dtype
    after = scheduler.step(torch.zeros_like(shown), scheduler.timesteps[0], sample, return_dict=False)[0]
    assert after.dtype == torch.float32


def test_with_guidance_the_first_half_of_the_batch_counts() -> None:
    scheduler = samplers.scheduler("Euler", CONFIGS["sd"], seed=0, steps=2)
    estimate = Estimate(scheduler, torch.float32)
    scheduler.set_timesteps(2)
    sample = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)) * scheduler.init_noise_sigma
    shown = scheduler.scale_model_input(torch.cat([sample, sample]), scheduler.timesteps[0])
    scheduler.step(shown[:1], scheduler.timesteps[0], sample, return_dict=False)
    assert estimate.x0().shape == sample.shape
