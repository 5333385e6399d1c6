"""The models by whatever name a client knows them."""

from __future__ import annotations

from errors import InvalidRequest
from models.registry import Registry
from models.spec import ModelSpec


def find(asked: str, models: Registry) -> ModelSpec:
    """The model of that name, else title, else hub repo; case counts for none of them. Raises InvalidRequest."""
    wanted = asked.casefold()
    for known in (_name, _title, _repo):
        for spec in models.values():
            if known(spec).casefold() == wanted:
                return spec
    shown = ascii(asked[:60])
    raise InvalidRequest(f"The model {shown} is not on offer. Choose one of: {', '.join(models)}.", "model")


def _name(spec: ModelSpec) -> str:
    return spec.name


def _title(spec: ModelSpec) -> str:
    return spec.title


def _repo(spec: ModelSpec) -> str:
    return "" if spec.local else spec.repo
