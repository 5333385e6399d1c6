"""What `txt2img` takes: all fields of A1111's request, with what it means where one is left out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=20_000)]  # prompts have a limit of their own, which says more
Name = Annotated[str, Field(max_length=300)]
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Count = Annotated[int, Field(ge=1, le=1000)]
Nested = dict[str, Any]


class Txt2Img(BaseModel):
    """Whatever is not listed here is ignored, as A1111 does it. A null stands for the default."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    prompt: Text | None = Field("", description="What the picture should show.")
    negative_prompt: Text | None = Field(
        None,
        description="What it should not show; models of distilled guidance take none. Left out: the model's default.",
    )
    styles: list[Name] | None = Field(None, max_length=100, description="None are offered.")
    seed: Whole | None = Field(-1, description="Of the first picture, picture i has seed + i; -1: a random one.")
    sampler_name: Name | None = Field(
        None,
        description="As /samplers lists them, in any case, by alias, or with its schedule; left out: the model's.",
    )
    sampler_index: Name | None = Field(None, description="Used where sampler_name is left out.")
    scheduler: Name | None = Field(None, description="The schedule type, as /schedulers lists them.")
    batch_size: Count | None = Field(1, description="Times n_iter: the number of pictures.")
    n_iter: Count | None = Field(1, description="See batch_size.")
    steps: Whole | None = Field(None, description="Left out: the model's default.")
    cfg_scale: float | None = Field(
        None, description="Left out: the model's default. Ignored for a model that takes no guidance."
    )
    width: Whole | None = Field(None, description="In pixels; left out: the model's native width.")
    height: Whole | None = Field(None, description="In pixels; left out: the model's native height.")
    override_settings: Nested | None = Field(
        None,
        description="sd_model_checkpoint names the model of this request; other keys are as with /options.",
    )
    override_settings_restore_afterwards: bool | None = Field(
        True, description="False: the model named is this client's from now on, as by POST /options."
    )
    send_images: bool | None = Field(True, description="False: `images` stays empty.")
    do_not_save_samples: bool | None = Field(False, description="True: the gallery does not keep the pictures.")
    save_images: bool | None = Field(False, description="The gallery keeps pictures unless do_not_save_samples.")
    do_not_save_grid: bool | None = Field(False, description="There is never a grid.")
    force_task_id: Name | None = Field(None, description="By which /progress and /internal/progress find the job.")

    # What can't be had: refused where it would change the picture.
    enable_hr: bool | None = Field(False, description="True is refused.")
    restore_faces: bool | None = Field(None, description="True is refused.")
    tiling: bool | None = Field(None, description="True is refused.")
    subseed_strength: float | None = Field(0, description="Other than 0 is refused.")
    seed_resize_from_h: Whole | None = Field(-1, description="Over 0 is refused.")
    seed_resize_from_w: Whole | None = Field(-1, description="Over 0 is refused.")
    s_min_uncond: float | None = Field(None, description="Other than 0 is refused.")
    s_churn: float | None = Field(None, description="Other than 0 is refused.")
    s_noise: float | None = Field(None, description="Other than 1 is refused.")
    refiner_checkpoint: Name | None = Field(None, description="A model is refused.")
    firstpass_image: str | None = Field(None, description="A picture is refused.")
    infotext: str | None = Field(None, description="A text is refused; send its settings as fields.")
    script_name: Name | None = Field(None, description="There are none: a name answers 422.")
    alwayson_scripts: Nested | None = Field(None, description="There are none: a name answers 422.")

    # What has no say without the above; clients always send it.
    subseed: Whole | None = Field(-1, description="Ignored.")
    eta: float | None = Field(None, description="Ignored: samplers have their own.")
    s_tmax: float | None = Field(None, description="Ignored.")
    s_tmin: float | None = Field(None, description="Ignored.")
    denoising_strength: float | None = Field(None, description="Ignored.")
    refiner_switch_at: float | None = Field(None, description="Ignored.")
    disable_extra_networks: bool | None = Field(False, description="Ignored.")
    firstphase_width: Whole | None = Field(0, description="Ignored.")
    firstphase_height: Whole | None = Field(0, description="Ignored.")
    hr_scale: float | None = Field(2.0, description="Ignored.")
    hr_upscaler: Name | None = Field(None, description="Ignored.")
    hr_second_pass_steps: Whole | None = Field(0, description="Ignored.")
    hr_resize_x: Whole | None = Field(0, description="Ignored.")
    hr_resize_y: Whole | None = Field(0, description="Ignored.")
    hr_checkpoint_name: Name | None = Field(None, description="Ignored.")
    hr_sampler_name: Name | None = Field(None, description="Ignored.")
    hr_scheduler: Name | None = Field(None, description="Ignored.")
    hr_prompt: Text | None = Field("", description="Ignored.")
    hr_negative_prompt: Text | None = Field("", description="Ignored.")
    script_args: list[Any] | None = Field(None, description="Ignored.")
    comments: Nested | None = Field(None, description="Ignored.")
