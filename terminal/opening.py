"""Where Darkroom is served and to whom: decided before anything is built, and told in plain lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from access.configured import entrance
from access.entrance import Entrance
from access.public import publicity
from config import Config, Gallery, Server
from errors import ConfigError
from guard.rules import SPACE
from safety.settings import Safeguard
from terminal.address import address
from terminal.public_link import unreachable

UNGUARDED = (
    "--share opens Darkroom to everybody who has the link, and nobody has to log in. Make an account by "
    "`python app.py passwd USER --file users.txt`, then add --auth-file users.txt. Or open it on purpose: --open."
)


@dataclass(frozen=True)
class Asked:
    """What the command line says of it."""

    host: str | None = None
    port: int | None = None
    share: bool = False
    open: bool = False  # whoever has the public link may come in
    auth_file: Path | None = None


@dataclass(frozen=True)
class Opening:
    """Where, and to whom."""

    server: Server
    known: Entrance | None = None  # None: nobody has to say who they are
    share: bool = False  # by a public link, too
    unshared: str | None = None  # why there is none although it was asked for
    why: str | None = None  # others than this machine's user can come; None: they can't

    @property
    def public(self) -> bool:
        """Whether others than this machine's user can come."""
        return self.why is not None

    @property
    def mcp(self) -> bool:
        """Whether assistants may come in."""
        return not self.public if self.server.mcp is None else self.server.mcp

    @property
    def metrics(self) -> bool:
        """Whether figures are told."""
        return not self.public if self.server.metrics is None else self.server.metrics

    def private(self, kept: Gallery) -> bool:
        """Whether everyone sees their own pictures alone."""
        return self.public if kept.private is None else kept.private


def opening(deployment: Config, asked: Asked, environ: Mapping[str, str]) -> Opening:
    """What `deployment` and the command line come to. Raises ConfigError."""
    server = address(deployment.server, asked.host, asked.port, environ)
    known = entrance(deployment.access, asked.auth_file, environ)
    unguarded = known is None or known.anonymous == "generate"
    if asked.share and unguarded and not asked.open:
        raise ConfigError(UNGUARDED)
    unshared = None
    if asked.share:
        unshared = "a Space needs none" if SPACE in environ else unreachable(environ)
    share = asked.share and unshared is None
    return Opening(server, known, share, unshared, publicity(server.public, server.host, share, environ))


def banner(deployment: Config, to_whom: Opening, link: str | None) -> Iterator[str]:
    """What is printed at the start, a line each: nothing where only this machine can come."""
    if to_whom.share:
        yield f"Public link: {link}" if link else "There is no public link: Gradio's tunnel could not be opened."
    elif to_whom.unshared:
        yield f"There is no public link: {to_whom.unshared}. Darkroom is served here alone."
    if to_whom.public:
        yield f"Public mode, because {to_whom.why}:"
        yield from (f"  {subject:<10}{text}" for subject, text in told(deployment, to_whom).items())
    yield ""


def told(deployment: Config, to_whom: Opening) -> dict[str, str]:
    """What is open to whom, by what it is."""
    server, known = to_whom.server, to_whom.known
    policy = Safeguard.of(deployment.safety, to_whom.public).policy
    seen = "everyone sees their own alone" if to_whom.private(deployment.gallery) else "everybody sees all of them"
    return {
        "page": _guests(known),
        "programs": _doors(to_whom),
        "limits": _limits(deployment),
        "safety": f"policy {policy}: {SAFETY[policy]}",
        "pictures": f"{seen}; {'kept' if deployment.gallery.folder else 'not kept'}",
        "insight": f"/metrics {_switch(to_whom.metrics)}, /docs {_switch(server.docs)}",
    }


SAFETY = {
    "off": "nothing is looked at",
    "blur": "prompts and pictures are checked, what is unsafe is blurred",
    "block": "prompts and pictures are checked, what is unsafe is withheld",
}


def _guests(known: Entrance | None) -> str:
    if known is None:
        return "whoever reaches it; nobody has to log in"
    count = len(known.accounts) if known.accounts else 0
    ways = [f"{count} account{'s' * (count > 1)}"] if count else []
    ways += [f"API keys ({', '.join(names)})"] if (names := known.keys.names()) else []
    ways += ["Hugging Face"] if known.hf else []
    others = {"nothing": "", "look": "; whoever else comes may look", "generate": "; whoever else comes may as well"}
    return f"whoever logs in: {', '.join(ways)}{others[known.anonymous]}"


def _doors(to_whom: Opening) -> str:
    doors = ", ".join(["/v1", "/sdapi/v1", "/gradio_api", *(["/mcp"] if to_whom.mcp else [])])
    open_to_all = to_whom.known is None or to_whom.known.anonymous == "generate"
    return f"{doors}: {'nobody needs a key' if open_to_all else 'the same, by Bearer KEY or Basic'}"


def _limits(deployment: Config) -> str:
    one = deployment.visitors
    return (
        f"for each visitor {one.jobs} jobs at a time, {one.pictures_per_minute} pictures a minute, {one.count} a job, "
        f"{one.pixels} pixels, {one.steps} steps; {deployment.queue.size} jobs may wait in all"
    )


def _switch(on: bool) -> str:
    return "on" if on else "off"
