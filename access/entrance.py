"""Who is asking: by the cookie of a login, by Hugging Face's login, or by the `Authorization` header."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from access.accounts import Accounts
from access.credentials import Credentials, credentials
from access.keys import Keys
from access.passwords import Passwords
from access.sessions import Sessions
from access.settings import Anonymous
from errors import NotLetIn, TooManyGuesses

KEY, HF = "key:", "hf:"  # how the names of keys and of Hugging Face's users begin; an account has no colon

log = logging.getLogger(__name__)


class Entrance:
    """Knows those who have an account or a key here, or have logged in with Hugging Face."""

    def __init__(
        self, accounts: Accounts | None, keys: Keys, *, hf: bool = False, anonymous: Anonymous = "nothing"
    ) -> None:
        self.accounts, self.keys, self.hf, self.anonymous = accounts, keys, hf, anonymous
        self._passwords, self._sessions = Passwords(accounts), Sessions()

    @property
    def by_password(self) -> bool:
        """Whether there is an account or a key to log in with."""
        return self.accounts is not None or bool(self.keys.names())

    async def who(self, request: Request, address: str) -> str | None:
        """The user's name; None for somebody who does not say who they are. Raises NotLetIn, TooManyGuesses."""
        if user := self._logged_in(request) or self._at_hugging_face(request):
            return user
        try:
            said = credentials(request.headers.get("authorization"))
        except ValueError as error:
            raise NotLetIn(f"The Authorization header can't be read. {error}") from None
        return (await self._proven(said, address))[0] if said else None

    async def log_in(self, said: Credentials, address: str) -> str:
        """The token of a session, for its cookie. Raises NotLetIn, TooManyGuesses."""
        name, proof = await self._proven(said, address)
        log.info("%s logged in.", name)
        return self._sessions.begin(name, proof)

    def log_out(self, request: Request) -> None:
        """End the session that the request's cookie stands for."""
        self._sessions.end(request.cookies.get(cookie(request), ""))

    def _logged_in(self, request: Request) -> str | None:
        user, proof = self._sessions.find(request.cookies.get(cookie(request), "")) or ("", None)
        return user if proof and proof == self._proof(user) else None  # who is removed is out at once

    def _at_hugging_face(self, request: Request) -> str | None:
        """By the signed cookie of gradio's own login."""
        told: Any = request.scope.get("session", {}).get("oauth_info") if self.hf else None
        if not isinstance(told, Mapping) or float(told.get("expires_at") or 0) < time.time():
            return None
        return f"{HF}{told['userinfo']['preferred_username']}"

    def _proof(self, user: str) -> str | None:
        if user.startswith(KEY):
            return self.keys.proof(user.removeprefix(KEY))
        return self.accounts.proof(user) if self.accounts else None

    async def _proven(self, said: Credentials, address: str) -> tuple[str, str]:
        """The name, and what proves it. A right key is let in at once: nobody comes by one through guessing."""
        if (named := self.keys.name_of(said.secret)) and (proof := self.keys.proof(named)):
            return KEY + named, proof
        try:
            if said.user:
                return said.user, await self._passwords.proof(said.user, said.secret, address)
            self._passwords.wrong_key(address)
            raise NotLetIn("This API key is not known here.")
        except TooManyGuesses:  # which nothing was looked at for
            raise
        except NotLetIn:
            log.warning("Somebody at %s was not let in.", address)
            raise


def cookie(request: Request) -> str:
    """The name of a session's cookie. Browsers don't tell ports apart, so several servers of a host would share it."""
    server = request.scope.get("server")
    return f"darkroom-login-{server[1] if server else 0}"
