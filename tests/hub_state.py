"""What the local hub serves, what it gets wrong, and what it was asked. Knows no HTTP."""

import threading
from dataclasses import dataclass, field
from fnmatch import fnmatch

from tests.hub_repo import Repo


@dataclass
class Fault:
    """What goes wrong, for which requests (a pattern on the URL's path), and how many times."""

    path: str = "*"
    method: str = "*"
    times: int | None = None  # None: always
    status: int | None = None  # answer with this status instead
    error_code: str | None = None  # X-Error-Code of that answer
    retry_after: int | None = None  # seconds, of that answer
    cut_after: int | None = None  # close the connection after so many bytes of the body
    stall_after: int | None = None  # send no more after so many bytes of the body, and keep the connection
    truncate_to: int | None = None  # end the file after so many bytes, as if that were all
    whole: bool = False  # send all of the file, whatever part was asked for
    corrupt: bool = False  # other bytes, as many
    bytes_per_second: int | None = None

    def strikes(self, method: str, path: str) -> bool:
        """Whether it applies to this request; counts it if so."""
        if self.times == 0 or not (fnmatch(path, self.path) and fnmatch(method, self.method)):
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Request:
    """One line of the log."""

    method: str
    path: str  # of the URL, without its query
    repo: str | None
    file: str | None  # None: not a file but an API call
    range: str | None  # the Range header
    authorization: str | None
    status: int = 0
    sent: int = 0  # bytes of body


@dataclass
class State:
    """What the server serves, what it gets wrong, and what it was asked."""

    token: str = "hf_reader"  # the one that /api/whoami-v2 knows
    repos: dict[str, Repo] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
