"""Fixtures: tiny checkpoints and a local hub. Sets the environment before any library reads it.

Heavy libraries are imported by the fixtures: xdist's workers wait for the process that starts them, which runs none.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gallery.gallery import Gallery
    from models.loading import Loaded
    from tests.hub import Hub
    from tests.tiny import Checkpoints

_HOME = tempfile.mkdtemp(prefix="darkroom-tests-")
os.environ.update(
    {
        "HF_HOME": _HOME,  # nobody's own downloads, and none left behind
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",  # the local hub speaks plain HTTP
        "DIFFUSERS_DISABLE_REMOTE_CODE": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
)
for _own in ("HF_ENDPOINT", "HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
    os.environ.pop(_own, None)  # whoever runs the tests may have set them


def pytest_unconfigure() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Several times faster than many on shared cores, for nets this small."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Checkpoints:
    """`checkpoints["sdxl"]` is the folder of that tiny checkpoint, built on first use. Read-only: copy to change."""
    from tests.tiny import Checkpoints

    return Checkpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub with nothing on it: `hub.add(repo, folder)`, then let the client download from `hub.url`."""
    from huggingface_hub import close_session

    from tests.hub import Hub

    server = Hub()
    yield server
    server.close()
    close_session()  # the client keeps connections open, to a port that is gone now


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    """An empty one."""
    from gallery.gallery import Gallery

    one = Gallery(tmp_path / "gallery")
    yield one
    one.close()


@pytest.fixture(scope="session")
def tiny(checkpoints: Checkpoints) -> Callable[[str], Loaded]:
    """`tiny("sdxl")` is that checkpoint loaded on the CPU in float32."""
    from models.device import Device
    from models.registry import registry
    from models.residency import Residency
    from tests.published import from_folder

    device = Device("cpu", "CPU", "float32", "a test", 1 << 40)

    @cache
    def load(name: str) -> Loaded:
        spec = from_folder(name, checkpoints[name])
        return Residency(registry([spec]), device).acquire(spec, lambda event: None)

    return load


# Files that take longest go first, so that no core is left with one of them when the others are done.
_LONGEST = (
    "test_browser_compare.py",
    "test_fuzz.py",
    "test_compare_command.py",
    "test_stress.py",
    "test_benchmark_command.py",
    "test_browser_gallery_guarded.py",
    "test_zerogpu.py",
    "test_serving.py",
    "test_stopping.py",
    "test_browser_visitors.py",
    "test_browser_benchmark.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {name: number for number, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))
