"""The models for programs: one endpoint."""

# No annotations from the future here: gradio reads the types of an endpoint as they stand.
from collections.abc import Callable
from typing import Any

from generation.engine import Engine
from models.told import offered


def endpoint(engine: Engine) -> Callable[[], list[dict[str, Any]]]:
    """What gradio serves as /models."""

    def models() -> list[dict[str, Any]]:
        """List the models on offer: what each is good and bad at, sizes, limits, defaults, licence, and its state.

        `name` is what /generate and /compare take. `guidance_scale` is null for a model that takes none; one whose
        `guidance` is "distilled" takes no negative prompt. `samplers` are those that it draws with, null for all;
        `words` are the only ones that it knows, null for any English. `state` is "on the device", "warm", "on disk"
        or "to download", with `download_bytes` to come.
        """
        return offered(engine.models, engine.states(), engine.default_model)

    return models
