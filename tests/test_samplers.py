"""The names of samplers, and what stands behind each."""

import re
from typing import Any

import pytest
import torch

from generation import samplers
from tests.published import SPECS
from tests.test_estimate import CONFIGS
from tests.tiny_configs import DDIM_FEW_STEPS

EXPECTED = {"Euler", "Euler a", "LMS", "LMS Karras", "Heun", "DPM++ 2M", "DPM++ 2M Karras", "DPM++ SDE", "DDIM", "PLMS"}
EXPECTED |= {"UniPC", "LCM"}


def test_the_ecosystems_names_are_there() -> None:
    assert samplers.SAMPLERS[0] == "Default"
    assert set(samplers.SAMPLERS) > EXPECTED


@pytest.mark.parametrize("name", samplers.SAMPLERS)
def test_every_name_is_found_however_it_is_written(name: str) -> None:
    assert samplers.named(name) == samplers.named(name.upper()) == name
    assert samplers.named(*samplers.split(name)) == name
    for alias in samplers.aliases(samplers.split(name)[0]):
        assert samplers.named(alias.upper(), samplers.split(name)[1].lower()) == name
    assert samplers.named(name, "Polyexponential") is None


def test_a_line_names_each_of_them_once() -> None:
    told = set[str]()
    for base, schedules in re.findall(r"([^,\[]+?)(?: \[(.+?)\])?(?:, |$)", samplers.choices()):
        told |= {base, *(f"{base} {schedule}" for schedule in schedules.split(" | ") if schedule)}
    assert told == set(samplers.SAMPLERS)


def test_a_schedule_that_a_sampler_has_not_is_not_made_up() -> None:
    assert samplers.named("Euler a", "Karras") is None
    assert samplers.named("LMS Karras", "Karras") == "LMS Karras"
    assert samplers.named("LMS Karras", "Automatic") == "LMS Karras"
    assert samplers.named("DPM++ 2M Karras", "Exponential") is None
    assert samplers.schedules("dpm++ 2m") == tuple(samplers.SCHEDULES)
    assert samplers.schedules("Euler a") == ("Automatic",)
    assert samplers.schedules("Restart") == ()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (("k_dpmpp_2m_ka",), "DPM++ 2M Karras"),
        (("dpm++ 2m karras",), "DPM++ 2M Karras"),
        (("DPM++ 2M SDE Exponential",), "DPM++ 2M SDE Exponential"),
        (("DPM++ 2M SDE Heun Karras", "automatic"), "DPM++ 2M SDE Heun Karras"),
        (("DDIM", "normal"), "DDIM"),
        (("Euler", "UNIFORM"), "Euler"),
        (("k_euler_ancestral", "Automatic"), "Euler a"),
        (("k_dpmpp_2m_sde_heun_exp",), "DPM++ 2M SDE Heun Exponential"),
        (("DPM++ 2M SGMUniform",), "DPM++ 2M SGM Uniform"),
        (("Euler", "sgm_uniform"), "Euler SGM Uniform"),
        (("Euler Normal",), "Euler"),
        (("Karras",), None),
        (("Restart",), None),
    ],
)
def test_other_tools_names(written: tuple[str, ...], meant: str | None) -> None:
    assert samplers.named(*written) == meant


@pytest.mark.parametrize("name", samplers.SAMPLERS)
def test_fresh_each_time_from_a_configuration_that_stays_as_it_is(name: str) -> None:
    config: dict[str, Any] = dict(CONFIGS["sd"])
    first, second = (samplers.scheduler(name, config, seed=1, steps=4) for _ in range(2))
    assert first is not second
    assert config == CONFIGS["sd"]


@pytest.mark.parametrize("name", samplers.SAMPLERS)
@pytest.mark.parametrize("config", CONFIGS)
def test_the_models_own_schedule_is_kept(name: str, config: str) -> None:
    """But for what the name itself says of it."""
    made = samplers.scheduler(name, CONFIGS[config], seed=1, steps=4).config
    chosen = samplers.SCHEDULES[samplers.split(name)[1]].options
    assert all(made[key] == value for key, value in chosen.items())
    assert made["prediction_type"] == CONFIGS[config].get("prediction_type", "epsilon")
    assert not made.get("clip_sample", False)
    for key in ("beta_schedule", "timestep_spacing"):
        if key in CONFIGS[config] and key in made and key not in chosen:
            assert made[key] == CONFIGS[config][key]


@pytest.mark.parametrize(
    ("steps", "times"),
    [(1, [999]), (2, [999, 499]), (4, [999, 749, 499, 249]), (8, [999, 874, 749, 624, 499, 374, 249, 124])],
)
def test_few_steps_are_those_that_were_distilled_and_end_at_the_picture(steps: int, times: list[int]) -> None:
    """From σ to 0 along the same points, whoever counts: DDIM, and Euler, which is DDIM in other units."""
    noise = torch.randn((1, 4, 2, 2), generator=torch.Generator().manual_seed(1))
    ends = []
    for name in SPECS["distilled"].samplers or ():
        made = samplers.scheduler(name, DDIM_FEW_STEPS, seed=1, steps=steps)
        made.set_timesteps(steps)
        assert made.timesteps.tolist() == pytest.approx(times)
        latents = noise * made.init_noise_sigma
        for time in made.timesteps:
            said = torch.sin(made.scale_model_input(latents, time))
            latents = made.step(said, time, latents, return_dict=False)[0]
        ends.append(latents)
    assert torch.equal(ends[0], ends[1])
    assert torch.allclose(ends[0], ends[2], atol=0.02)


def test_flags_of_one_sampler_do_not_reach_another() -> None:
    karras = samplers.scheduler("DPM++ 2M Karras", CONFIGS["sd"], seed=1, steps=4)
    assert karras.config.use_karras_sigmas
    assert not samplers.scheduler("DPM++ 2M", CONFIGS["sd"], seed=1, steps=4).config.use_karras_sigmas


def test_a_class_without_the_flag_gets_the_zero_snr_schedule_all_the_same() -> None:
    config = CONFIGS["zero-snr-scaled"]
    flagged = samplers.scheduler("Euler", config, seed=1, steps=4)
    for name in ("Heun", "LMS", "DPM2", "DPM++ SDE", "PLMS"):
        spelled = samplers.scheduler(name, config, seed=1, steps=4)
        assert spelled.alphas_cumprod[:-1].numpy() == pytest.approx(flagged.alphas_cumprod[:-1].numpy(), rel=2e-3)
        assert float(spelled.alphas_cumprod[-1]) < 2e-6
