"""config.yaml → one frozen Config, read by app.py alone and handed down. An unknown key is an error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from access.settings import Access
from errors import ConfigError
from generation.samplers import SAMPLERS, choices
from generation.settings import Limits, Preview, Queue
from judging.settings import Clip
from models.families import wanted
from models.spec import Data, LatentSpace, ModelSpec, Source, Wrong
from safety.settings import Safety
from visitors.address import networks
from visitors.limits import lowered, narrowed
from visitors.settings import Allowance
from zerogpu.settings import ZeroGpu

Key = int | str  # of a YAML node: position in a list, or name in a mapping


class Server(Data):
    """Where the page is served, unless the command line says otherwise."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 7860  # 0: any free one
    hosts: tuple[str, ...] = ()  # further names that it goes by, without ports
    origins: tuple[str, ...] = ()  # other sites whose pages may use it, as scheme://host[:port]
    docs: bool = True  # whether /docs describes the doors for programs
    metrics: bool | None = None  # whether everyone is told how it fares; None: unless others than this machine come
    mcp: bool | None = None  # assistants may come in, at /mcp; None: where only this machine can
    public: bool | None = None  # others than this machine's user come; None: as host, link and Space have it
    trusted_proxies: tuple[str, ...] = ()  # addresses or networks whose X-Forwarded-For is believed

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for index, proxy in enumerate(proxies):
            try:
                networks([proxy])
            except ValueError as error:
                raise Wrong(f"{error}; name an address, or a network such as 10.0.0.0/8", index) from None
        return proxies


class Gallery(Data):
    """Where finished pictures are kept, and who sees them."""

    folder: Annotated[str, Field(min_length=1)] | None = None  # None: nothing is saved
    private: bool | None = None  # everyone sees their own pictures alone; None: wherever others than this machine come


class Comparison(Data):
    """Where comparisons are kept, and what scores their pictures."""

    folder: Annotated[str, Field(min_length=1)] | None = None  # None: there are none
    clip: Clip | None = None  # None: pictures are not scored by CLIP


class Measurement(Data):
    """Where benchmarks are kept."""

    folder: Annotated[str, Field(min_length=1)] | None = None  # None: they are shown and forgotten


class Config(Data):
    """This deployment: the models it offers and its choices."""

    device: Literal["auto", "cuda", "mps", "cpu"] = "auto"
    resident: Annotated[int, Field(ge=1)] = 1  # pipelines on the device at a time
    warm_gb: Annotated[float, Field(ge=0)] | None = None  # weights kept in host memory; None: a quarter of it
    server: Server = Server()
    access: Access = Access()
    gallery: Gallery = Gallery()
    comparison: Comparison = Comparison()
    measurement: Measurement = Measurement()
    preview: Preview = Preview()
    queue: Queue = Queue()
    limits: Limits = Limits()
    safety: Safety = Safety()
    zerogpu: ZeroGpu = ZeroGpu()
    latent_spaces: dict[str, LatentSpace] = Field(default_factory=dict)  # anchors for the models below
    visitors: Allowance = Allowance()
    models: Annotated[tuple[ModelSpec, ...], Field(min_length=1)]
    default_model: str

    @field_validator("models")
    @classmethod
    def _distinct_and_runnable(cls, models: tuple[ModelSpec, ...]) -> tuple[ModelSpec, ...]:
        names = [spec.name for spec in models]
        for index, spec in enumerate(models):
            if spec.name in names[:index]:
                raise Wrong(f"{spec.name!r} is used twice; names must be unique", index, "name")
            if spec.sampler not in SAMPLERS:
                raise Wrong(f"{spec.sampler!r} is not known; choose one of {choices()}", index, "sampler")
            for number, name in enumerate(spec.samplers or ()):
                if name not in SAMPLERS:
                    raise Wrong(f"{name!r} is not known; choose from {choices()}", index, "samplers", number)
            for name in spec.components:
                if name not in (others := [it.name for it in wanted(spec) if it.name != "scheduler"]):
                    raise Wrong(f"may come from elsewhere: {', '.join(others)}", index, "components", name)
        return models

    @model_validator(mode="after")
    def _offered(self) -> Config:
        names = [spec.name for spec in self.models]
        if self.default_model not in names:
            raise Wrong(f"{self.default_model!r} is not on offer; choose one of {', '.join(names)}", "default_model")
        for index, name in enumerate(self.zerogpu.models or ()):
            if name not in names:
                raise Wrong(f"{name!r} is not on offer; choose from {', '.join(names)}", "zerogpu", "models", index)
        return self

    def for_visitors(self) -> Config:
        """This deployment as others than this machine have it. Raises ConfigError where they could have no picture."""
        models = tuple(narrowed(spec, self.visitors) for spec in self.models)
        return self.model_copy(update={"models": models, "limits": lowered(self.limits, self.visitors)})


def load(path: Path) -> Config:
    """The configuration in the file at `path`, with folders resolved relative to it.

    Raises ConfigError naming the key, its line, what it was and what is accepted.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = yaml.safe_load(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        lines = _lines(root) if root is not None else {}
        # Validated as JSON: strict about types, yet a YAML list may become a tuple. What looks like a date is text.
        return _resolved(Config.model_validate_json(json.dumps(values, default=str)), path.parent)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}). Name another with --config.") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}, line {line}: {error.problem}.") from error
    except ValidationError as error:
        raise ConfigError(_message(path, error, lines)) from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:  # ValueError: a date that is none, …
        raise ConfigError(f"{path} is not the YAML that we expect: {error}") from error


def _resolved(config: Config, folder: Path) -> Config:
    def below(path: str) -> str:
        return str((folder / Path(path).expanduser()).resolve())

    def absolute(source: Source) -> str:
        return below(source.repo) if source.local else source.repo

    def resolved(spec: ModelSpec) -> ModelSpec:
        space = spec.latent_space
        if decoder := space.tiny_decoder:
            space = space.model_copy(update={"taesd": absolute(decoder)})
        if space.colours:
            space = space.model_copy(update={"colours": below(space.colours)})
        others = {
            name: it.model_copy(update={"repo": absolute(spec.source_of(name))}) for name, it in spec.components.items()
        }
        return spec.model_copy(update={"repo": absolute(spec.source), "components": others, "latent_space": space})

    kept = {
        name: part.model_copy(update={"folder": part.folder and below(part.folder)})
        for name, part in (
            ("gallery", config.gallery),
            ("comparison", config.comparison),
            ("measurement", config.measurement),
            ("queue", config.queue),
        )
    }
    if clip := config.comparison.clip:
        clip = clip.model_copy(update={"repo": absolute(clip.source)})
        kept["comparison"] = kept["comparison"].model_copy(update={"clip": clip})
    files = {
        name: path and below(path) for name, path in (("users", config.access.users), ("keys", config.access.keys))
    }
    safety = config.safety
    if checker := safety.checker:
        safety = safety.model_copy(update={"checker": checker.model_copy(update={"repo": absolute(checker.source)})})
    models = tuple(resolved(spec) for spec in config.models)
    access = config.access.model_copy(update=files)
    return config.model_copy(update={"models": models, "access": access, "safety": safety, **kept})


def _lines(node: yaml.Node, at: tuple[Key, ...] = ()) -> dict[tuple[Key, ...], int]:
    """The line of every key and list item below `node`. Refuses a key that stands twice, which YAML lets pass."""
    found: dict[tuple[Key, ...], int] = {at: node.start_mark.line + 1}
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"key {key.value!r} stands twice", problem_mark=key.start_mark)
            seen.add(key.value)
            found |= _lines(value, (*at, key.value)) | {(*at, key.value): line}
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            found |= _lines(value, (*at, index))
    return found


def _message(path: Path, error: ValidationError, lines: Mapping[tuple[Key, ...], int]) -> str:
    # A mistyped key is also a missing one: what is in the file explains more than what is not.
    first = min(error.errors(include_url=False), key=lambda found: found["type"] != "extra_forbidden")
    at = (*first["loc"], *getattr(first.get("ctx", {}).get("error"), "at", ()))
    line = next((lines[at[:n]] for n in range(len(at), -1, -1) if at[:n] in lines), 1)
    return f"{path}, line {line}: {'.'.join(map(str, at)) or 'the file'}: {_what(first, at)}."


def _what(error: ErrorDetails, at: Sequence[Key]) -> str:
    """What is wrong and what is accepted instead."""
    kind, input_ = error["type"], json.dumps(error["input"])[:80]
    if kind == "extra_forbidden":
        return f"unknown key. Known keys here: {', '.join(_known(at))}"
    if kind == "missing":
        return "this key is missing"
    if kind in ("model_type", "model_attributes_type"):
        return f"keys and their values are expected here, but it is {input_}"
    if kind == "value_error":
        return error["msg"].removeprefix("Value error, ")
    return f"{error['msg']}, but it is {input_}"


def _known(at: Sequence[Key]) -> list[str]:
    """The keys that are accepted beside the unknown one at `at`."""
    here: Any = Config
    for part in at[:-1]:
        if isinstance(part, str) and part in here.model_fields:
            here = _model_in(here.model_fields[part].annotation)
    return sorted(here.model_fields)


def _model_in(annotation: Any) -> Any:
    """The Data class inside an annotation such as `tuple[ModelSpec, ...]` or `Range[float] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Data):
        return annotation
    parts = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((part for part in parts if part is not None), None)
