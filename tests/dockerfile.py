"""What the Dockerfile says, so that tests follow the file instead of repeating it."""

import fnmatch
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def instructions(path: Path = ROOT / "Dockerfile") -> list[tuple[str, str]]:
    """Its instructions in order, each with its one logical line."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


def said(name: str) -> list[str]:
    """What all its instructions of that name say."""
    return [value for instruction, value in instructions() if instruction == name]


def variables(before: dict[str, str]) -> dict[str, str]:
    """The environment that its ENV lines make of the one `before`."""
    environ = dict(before)
    for line in said("ENV"):
        for name, value in re.findall(r"(\w+)=(\S+)", line):
            environ[name] = re.sub(r"\$(\w+)", lambda it: environ.get(it[1], ""), value)
    return environ


def command(name: str) -> list[str]:
    """The words of its one ENTRYPOINT or CMD, or of the command of its HEALTHCHECK, all in the form of a JSON list."""
    (value,) = said(name)
    words: list[str] = json.loads(value[value.index("[") :])
    return words


def context() -> Iterator[str]:
    """The files that `COPY . .` takes from a clone: all that git would push but what .dockerignore leaves out."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for name in pushed():
        parts = Path(name).parts
        if not any(fnmatch.fnmatch(part, rule) for rule in ignored for part in parts[:1]):
            yield name


def pushed() -> list[str]:
    """The files of this checkout that git knows or would add."""
    listing = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
