"""What one server offers, and to whom: made once at start, handed to the page and to every other door."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from errors import UnknownPicture, UnknownRun
from guard.rules import Rules
from visitors.asking import found_by, open_to

if TYPE_CHECKING:
    from starlette.middleware import Middleware

    from access.entrance import Entrance
    from api.metrics import Metrics
    from comparison.record import RunRecord
    from comparison.runs import Runs
    from gallery.entry import Entry
    from gallery.keeper import Keeper
    from generation.caller import Caller
    from generation.engine import Engine
    from generation.job import Job
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
    around: tuple[Middleware, ...] = ()  # around every door, where the engine wants to know of requests
    rules: Rules = field(default_factory=Rules)  # which hosts and other sites are answered
    metrics: Metrics | None = None  # None: nobody is told how the server fares
    documented: bool = True  # what programs can use is described at /docs

    @property
    def keyed(self) -> bool:
        """Whether whoever asks has to say who they are."""
        return self.entrance is not None

    # What somebody has the id of. What is not open to them is as unknown as what was never there.

    def job(self, id: str, caller: Caller) -> Job:
        """Raises UnknownJob."""
        job = self.engine.job(id)
        return job if open_to(caller, job.caller.owner, self.private) else self.engine.job("")

    def picture(self, id: str, caller: Caller) -> Entry:
        """Of the gallery. Raises UnknownPicture or GalleryUnavailable."""
        if self.keeper is None:
            raise UnknownPicture("There is no gallery here.")
        entry = self.keeper.gallery.find(id)
        return entry if open_to(caller, entry.name.owner, self.private) else self.keeper.gallery.find("")

    def run(self, id: str, caller: Caller) -> RunRecord:
        """A comparison. Raises UnknownRun."""
        if self.runs is None:
            raise UnknownRun("Nothing is compared here.")
        record = self.runs.record(id)
        return record if open_to(caller, record.owner, self.private) else self.runs.record("")

    def changes(self, caller: Caller, owner: str) -> bool:
        """Whether `caller` may stop or change what is of `owner`."""
        return not caller.looks and found_by(caller, self.private) in (None, owner)
