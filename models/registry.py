"""The models on offer, by name, and by whatever else they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from errors import ConfigError
from models.spec import ModelSpec

Registry = Mapping[str, ModelSpec]


def registry(specs: Sequence[ModelSpec], only: Sequence[str] = ()) -> Registry:
    """`specs` by name and in order; with `only`, just those names. Raises ConfigError for a name that is not there."""
    by_name = {spec.name: spec for spec in specs}
    for name in only:
        if name not in by_name:
            raise ConfigError(f"There is no model {name!r}. Choose from: {', '.join(by_name)}.")
    return MappingProxyType({name: by_name[name] for name in (only or by_name)})


def known_as(asked: str, models: Registry) -> str:
    """The name of the model of that name, else title, else hub repo, else last part of a repo, in any case.

    `asked` as it is where there is none.
    """
    for name in (_name, _title, _repo, _repo_name):
        for spec in models.values():
            if asked and name(spec).casefold() == asked.casefold():
                return spec.name
    return asked


def _name(spec: ModelSpec) -> str:
    return spec.name


def _title(spec: ModelSpec) -> str:
    return spec.title


def _repo(spec: ModelSpec) -> str:
    return "" if spec.local else spec.repo


def _repo_name(spec: ModelSpec) -> str:
    return _repo(spec).rpartition("/")[2]
