"""From what is configured to who is let in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from access.accounts import Accounts
from access.entrance import Entrance
from access.keys import ENVIRONMENT, Keys
from access.settings import Access
from errors import ConfigError
from guard.rules import SPACE

OAUTH = "OAUTH_CLIENT_ID"  # is set on a Space whose README.md begins with hf_oauth: true


def entrance(settings: Access, users: Path | None, environ: Mapping[str, str]) -> Entrance | None:
    """None where nobody has to say who they are. `users` names another file of accounts. Raises ConfigError."""
    users = users or (Path(settings.users) if settings.users else None)
    accounts = Accounts(users) if users else None
    if accounts is not None and not len(accounts):
        raise ConfigError(f"{users} names nobody. Add somebody: python app.py passwd USER --file {users}")
    keys = Keys(Path(settings.keys) if settings.keys else None, environ.get(ENVIRONMENT, ""))
    if settings.keys and not keys.names():
        raise ConfigError(f"{settings.keys} holds no key. Add one: python app.py keys add NAME --file {settings.keys}")
    hf = settings.hf and SPACE in environ
    if hf and not environ.get(OAUTH):
        raise ConfigError("access.hf is true, but this Space has no login: add `hf_oauth: true` to README.md's head.")
    if accounts is None and not keys.names() and not hf:
        return None
    return Entrance(accounts, keys, hf=hf, anonymous=settings.anonymous)
