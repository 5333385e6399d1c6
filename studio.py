"""What one server offers, and to whom: made once at start, handed to the page and to every other door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from access.entrance import Entrance
    from comparison.runs import Runs
    from gallery.keeper import Keeper
    from generation.engine import Engine
    from generation.journal import Journal
    from measurement.runner import Runner
    from visitors.address import Network


@dataclass(frozen=True)
class Studio:
    """The engine and what is built around it."""

    engine: Engine
    keeper: Keeper | None = None  # None: nothing is saved, and there is no gallery
    runs: Runs | None = None  # None: nothing is compared
    runner: Runner | None = None  # None: no benchmark
    journal: Journal | None = None  # None: jobs under way are forgotten by a restart
    private: bool = False  # everyone sees their own pictures alone
    public: bool = False  # others than this machine come: everyone is counted
    proxies: tuple[Network, ...] = ()  # that say truly from where a request comes
    mcp: bool = False  # assistants may come in
    entrance: Entrance | None = None  # None: nobody has to say who they are
    embedded: bool = False  # the page stands in a frame of another site, as on a Space
