"""What the endpoints take and give: docs/endpoints.json, which `python -m tests.endpoints` writes."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import config
from comparison.runs import Runs
from generation.engine import Engine
from models.registry import registry
from studio import Studio
from ui.layout import build

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "endpoints.json"


def documented(told: Mapping[str, Any]) -> dict[str, Any]:
    """The named endpoints, of what gradio and its client tell of them, without examples and internals."""
    return {name: _endpoint(about) for name, about in told["named_endpoints"].items()}


def _endpoint(about: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "description": about["description"],
        "parameters": {parameter["parameter_name"]: _parameter(parameter) for parameter in about["parameters"]},
        "returns": {returned["label"]: returned["python_type"]["type"] for returned in about["returns"]},
    }


def _parameter(about: Mapping[str, Any]) -> dict[str, Any]:
    default = {"default": about["parameter_default"]} if about["parameter_has_default"] else {}
    return {"type": about["python_type"]["type"], "required": not default, **default}


def main() -> None:
    deployment = config.load(ROOT / "config.yaml")
    engine = Engine(registry(deployment.models), default_model=deployment.default_model)
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(engine, Path(folder))
        told = documented(build(Studio(engine, runs=runs)).get_api_info())
        runs.close()
    DOCUMENT.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
