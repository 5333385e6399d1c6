"""What one visitor may have where others than this machine come. config.yaml declares it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from models.spec import Data, Wrong

Number = Annotated[int, Field(ge=1)]


class Allowance(Data):
    """Of one account, one API key or one address."""

    jobs: Number = 4  # waiting and running at a time
    pictures_per_minute: Number = 12
    count: Number = 4  # pictures per job
    pixels: Number = 1_048_576  # width × height of a picture
    steps: Number = 50
    prompt_characters: Number = 2000  # of the prompt, and of the negative prompt
    comparison: Number = 24  # pictures per comparison, all models together

    @model_validator(mode="after")
    def _one_job_fits_a_minute(self) -> Allowance:
        if self.count > self.pictures_per_minute:
            raise Wrong(f"{self.count} pictures of one job are more than pictures_per_minute allows", "count")
        return self
