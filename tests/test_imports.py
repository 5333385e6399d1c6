"""The arrows of the design: who may know whom, and what must stay quick to import."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "diffusers", "transformers", "compel")
PAGE = ("gradio", "ui")

# What an import of the one on the left never loads.
LIGHT = {
    "config": (*HEAVY, *PAGE),
    "errors": (*HEAVY, *PAGE, "pydantic"),
    "atomic": (*HEAVY, *PAGE, "pydantic"),
    "colours": (*HEAVY, *PAGE, "pydantic"),
    "safety.prompt": (*HEAVY, *PAGE, "generation"),
    "models.registry": (*HEAVY, *PAGE, "generation"),
    "models.device": (*HEAVY, *PAGE, "generation"),
    "models.storage": (*HEAVY, *PAGE, "generation"),
    "models.residency": ("diffusers", *PAGE, "generation"),
    "generation.request": (*HEAVY, *PAGE),
    "generation.events": (*HEAVY, *PAGE),
    "generation.samplers": (*HEAVY, *PAGE),
    "generation.engine": (*HEAVY, *PAGE),
    "comparison.record": (*HEAVY, *PAGE),
    "comparison.runs": (*HEAVY, *PAGE),
    "measurement.shelf": (*HEAVY, *PAGE),
    "measurement.markdown": (*HEAVY, *PAGE),
    "terminal.benchmark": (*HEAVY, *PAGE),
    "comparison.summary": (*HEAVY, *PAGE),
    "comparison.ranking": (*HEAVY, *PAGE),
    "comparison.clip_scores": (*HEAVY, *PAGE, "scipy"),
    "judging.judge": (*HEAVY, *PAGE, "generation", "scipy"),
    "recipes.reading": (*HEAVY, *PAGE, "generation.engine"),
    "gallery.gallery": (*HEAVY, *PAGE, "generation.engine"),
    "access.entrance": (*HEAVY, *PAGE, "generation.engine"),
    "access.gate": (*HEAVY, *PAGE, "generation.engine"),
    "studio": (*HEAVY, *PAGE),
    "visitors.middleware": (*HEAVY, *PAGE, "generation.engine"),
    "guard.guard": (*HEAVY, *PAGE, "api"),
    "api.a1111.routes": (*HEAVY, *PAGE),
    "api.operation": (*HEAVY, *PAGE),
    "zerogpu.settings": (*HEAVY, *PAGE),
    "zerogpu.duration": (*HEAVY, *PAGE),
    "terminal.generate": (*HEAVY, *PAGE),
    "terminal.models": (*HEAVY, *PAGE, "generation.engine"),
    "app": (*HEAVY, *PAGE),
}
# What the files of a package on the left never import, at any time, not even within a function.
APART = {
    "models": (
        "safety",
        "comparison",
        "gallery",
        "judging",
        "measurement",
        "generation",
        "recipes",
        "ui",
        "terminal",
        "training",
        "benchmarks",
        "app",
        "config",
        "gradio",
        "zerogpu",
    ),
    "safety": (
        "comparison",
        "gallery",
        "judging",
        "measurement",
        "generation",
        "recipes",
        "ui",
        "terminal",
        "training",
        "benchmarks",
        "app",
        "config",
        "gradio",
    ),
    "generation": (
        "comparison",
        "gallery",
        "judging",
        "measurement",
        "recipes",
        "ui",
        "terminal",
        "training",
        "benchmarks",
        "app",
        "config",
        "gradio",
        "zerogpu",
    ),
    "comparison": ("measurement", "ui", "terminal", "training", "benchmarks", "app", "config", "gradio"),
    "measurement": (
        "comparison",
        "gallery",
        "judging",
        "ui",
        "terminal",
        "training",
        "benchmarks",
        "app",
        "config",
        "gradio",
    ),
    "judging": (
        "comparison",
        "gallery",
        "generation",
        "ui",
        "terminal",
        "training",
        "benchmarks",
        "app",
        "config",
        "gradio",
    ),
    "recipes": (
        "comparison",
        "gallery",
        "judging",
        "ui",
        "terminal",
        "training",
        "benchmarks",
        "app",
        "config",
        "gradio",
        "torch",
        "PIL",
    ),
    "gallery": (
        "comparison",
        "judging",
        "ui",
        "terminal",
        "training",
        "benchmarks",
        "app",
        "config",
        "gradio",
        "models",
        "torch",
    ),
    "access": (
        "comparison",
        "gallery",
        "judging",
        "measurement",
        "generation",
        "recipes",
        "api",
        "ui",
        "terminal",
        "training",
        "benchmarks",
        "app",
        "config",
        "gradio",
        "torch",
    ),
    "guard": (
        *("api", "comparison", "gallery", "generation", "judging", "measurement", "models", "recipes", "studio", "ui"),
        *("terminal", "training", "benchmarks", "app", "gradio", "torch"),
    ),
    "api": ("terminal", "training", "benchmarks", "app", "torch", "diffusers", "transformers"),
    "ui": ("api", "terminal", "training", "benchmarks", "app", "torch", "diffusers", "transformers"),
    "visitors": (
        "comparison",
        "gallery",
        "judging",
        "measurement",
        "recipes",
        "api",
        "ui",
        "terminal",
        "training",
        "benchmarks",
        "app",
        "config",
        "gradio",
        "torch",
    ),
    "terminal": ("training", "benchmarks", "app", "gradio"),
    "zerogpu": (
        "comparison",
        "gallery",
        "judging",
        "measurement",
        "api",
        "ui",
        "terminal",
        "benchmarks",
        "app",
        "config",
    ),
    "training": ("generation", "ui", "terminal", "benchmarks", "app", "gradio"),
}


@pytest.mark.parametrize("name", LIGHT)
def test_an_import_loads_nothing_heavy(name: str) -> None:
    code = f"import sys, {name}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & set(LIGHT[name]) == set()


@pytest.mark.parametrize(("package", "other"), [(package, other) for package in APART for other in APART[package]])
def test_arrows_point_one_way(package: str, other: str) -> None:
    assert [f"{path}: {name}" for path, name in imports(package) if name.split(".")[0] == other] == []


def test_nothing_imports_training() -> None:
    for package in set(APART) - {"training"} | {"benchmarks"}:
        assert "training" not in {name.split(".")[0] for _, name in imports(package)}


def imports(package: str) -> Iterator[tuple[Path, str]]:
    """Every import in the package's files, wherever it stands, as (file, module)."""
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path.relative_to(ROOT), alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path.relative_to(ROOT), node.module
