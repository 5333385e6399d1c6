"""The models on offer, by name."""

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
