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
# Whom the files of the one on the left import, at any time, even within a function or for a type: no others of ours.
KNOWS = {
    "errors": set(),
    "atomic": set(),
    "colours": set(),
    "models": {"errors"},
    "safety": {"errors", "models"},
    "judging": {"errors", "models"},
    "generation": {"atomic", "errors", "models", "safety"},
    "recipes": {"errors", "generation", "models"},
    "gallery": {"atomic", "errors", "generation", "recipes"},
    "measurement": {"atomic", "errors", "generation", "models"},
    "comparison": {"atomic", "colours", "errors", "gallery", "generation", "judging", "models", "safety"},
    "zerogpu": {"errors", "generation", "models"},
    "visitors": {"errors", "generation", "models"},
    "guard": set(),
    "access": {"atomic", "errors", "guard", "models", "visitors"},
    "config": {"access", "errors", "generation", "judging", "models", "safety", "visitors", "zerogpu"},
    "studio": {
        *("access", "comparison", "errors", "gallery", "generation", "guard", "measurement", "visitors"),
        "api",  # for the type of one field
    },
    "api": {
        *("colours", "errors", "gallery", "generation", "guard", "models", "recipes", "safety", "studio", "visitors"),
    },
    "ui": {
        *("access", "colours", "comparison", "errors", "gallery", "generation", "guard", "measurement", "models"),
        *("recipes", "safety", "studio", "visitors"),
    },
    "terminal": {
        *("access", "api", "atomic", "comparison", "config", "errors", "gallery", "generation", "guard", "judging"),
        *("measurement", "models", "recipes", "safety", "studio", "ui", "visitors", "zerogpu"),
    },
    "app": {"config", "errors", "models", "terminal", "zerogpu"},
    "training": {
        *("atomic", "benchmarks", "colours", "comparison", "config", "errors", "generation", "judging", "models"),
    },
    "benchmarks": {"app", "config", "gallery", "generation", "models", "terminal", "ui"},
}
# What of others may be imported where alone.
FROM_OTHERS = {
    "gradio": {"ui", "zerogpu"},
    "spaces": {"zerogpu"},
    "mcp": {"api"},
    "fastapi": {"api", "guard", "ui"},
    "torch": {"benchmarks", "generation", "judging", "measurement", "models", "safety", "terminal", "training"},
    "diffusers": {"benchmarks", "generation", "models", "safety", "training"},
    "transformers": {"benchmarks", "judging", "models", "safety", "training"},
    "PIL": {"api", "comparison", "gallery", "generation", "judging", "measurement", "safety", "training", "ui"},
    "datasets": {"training"},
}


@pytest.mark.parametrize("name", LIGHT)
def test_an_import_loads_nothing_heavy(name: str) -> None:
    code = f"import sys, {name}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & set(LIGHT[name]) == set()


@pytest.mark.parametrize("package", KNOWS)
def test_arrows_point_one_way(package: str) -> None:
    others = set(KNOWS) - KNOWS[package] - {package}
    assert [f"{path}: {name}" for path, name in imports(package) if name.split(".")[0] in others] == []


@pytest.mark.parametrize("library", FROM_OTHERS)
def test_a_library_is_used_where_it_belongs(library: str) -> None:
    elsewhere = set(KNOWS) - FROM_OTHERS[library]
    assert [
        f"{path}: {name}" for one in elsewhere for path, name in imports(one) if name.split(".")[0] == library
    ] == []


def test_everything_has_its_place() -> None:
    ours = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in files()}
    assert ours - {"tests"} == set(KNOWS)


def files() -> list[Path]:
    """All of ours."""
    listed = subprocess.run(("git", "ls-files", "*.py"), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines()]


def imports(package: str) -> Iterator[tuple[Path, str]]:
    """Every import in the package's files, wherever it stands, as (file, module)."""
    for path in [ROOT / f"{package}.py", *sorted((ROOT / package).rglob("*.py"))]:
        if not path.is_file():
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path.relative_to(ROOT), alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path.relative_to(ROOT), node.module
