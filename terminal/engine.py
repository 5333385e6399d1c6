"""The engine of a deployment."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from config import Config
from models.registry import registry
from safety.settings import Safeguard
from visitors.admission import Admission

if TYPE_CHECKING:
    from generation.engine import Engine


def engine_for(
    deployment: Config,
    device: str | None = None,
    only: str | None = None,
    public: bool = False,
    on_zerogpu: bool = False,
) -> Engine:
    """Not at work yet. `only` names the models to offer, as "a,b"; `public`: with the limits of visitors.

    Raises ConfigError for a name that is not there.
    """
    names = [] if only is None else [name.strip() for name in only.split(",")]
    deployment, admission = deployment.for_visitors() if public else deployment, Admission(deployment.visitors)
    engine = _kind(deployment, on_zerogpu)(
        registry(deployment.models, names),
        default_model=names[0] if names else deployment.default_model,
        device=device or deployment.device,
        resident=deployment.resident,
        warm_gb=deployment.warm_gb,
        preview=deployment.preview,
        queue=deployment.queue,
        limits=deployment.limits,
        safeguard=Safeguard.of(deployment.safety, public),
        admit=admission,
    )
    engine.listen(admission.hear)
    return engine


def _kind(deployment: Config, on_zerogpu: bool) -> Callable[..., Engine]:
    if on_zerogpu:
        from zerogpu.engine import ready  # before anything loads torch or gradio

        return partial(ready, zerogpu=deployment.zerogpu)
    from generation.engine import Engine

    return Engine
