"""Complete requests for tests that develop none of them."""

from typing import Any

from generation.request import GenerationRequest

PLAIN: dict[str, Any] = {
    "prompt": "a",
    "negative_prompt": "",
    "model": "tiny",
    "steps": 4,
    "guidance_scale": None,
    "width": 64,
    "height": 64,
    "seed": 1,
    "sampler": "Euler",
    "count": 1,
}


def requested(**values: Any) -> GenerationRequest:
    """PLAIN, but for `values`. Nothing of it is checked."""
    return GenerationRequest(**PLAIN | values)
