"""Whether a password is right, at a pace that guessing does not gain by and that the machine bears."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import math
import secrets
import sys
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from access.accounts import LONGEST, Accounts
from access.attempts import Attempts
from errors import NotLetIn, TooManyGuesses

HASHING = 2  # passwords that are looked at at a time: each takes 19 MiB and a core
WAITING = 16  # and those that wait for it
REMEMBERED = 256  # passwords that were right, as programs send theirs with every request

log = logging.getLogger(__name__)


class Passwords:
    """The passwords of `accounts`; without any, every guess is wrong."""

    def __init__(self, accounts: Accounts | None) -> None:
        self._accounts, self._addresses, self._names = accounts, Attempts(), Attempts()
        self._known: OrderedDict[bytes, str] = OrderedDict()  # proofs, by what was right there
        self._secret = secrets.token_bytes(32)
        self._pool, self._waiting = ThreadPoolExecutor(HASHING, "password"), 0

    async def proof(self, user: str, password: str, address: str) -> str:
        """What proves that the password is the user's. Raises NotLetIn, TooManyGuesses."""
        self._count(self._addresses, address)
        mark = self._mark(user, password, address)
        if proof := self._known.get(mark):  # whoever is known there is not shut out by others' guesses
            if self._accounts and self._accounts.proof(user) == proof:
                self._addresses.forgive(address)
                return proof
            del self._known[mark]
        self._count(self._names, user[:LONGEST])
        if proof := await self._verified(user, password):
            self._addresses.forgive(address)
            self._names.forgive(user, sys.maxsize)
            self._remember(mark, proof)
            return proof
        raise NotLetIn("The user name and the password don't fit.")

    def wrong_key(self, address: str) -> None:
        """Somebody there sent a key that there is not. Raises TooManyGuesses."""
        self._count(self._addresses, address)

    async def _verified(self, user: str, password: str) -> str | None:
        if self._accounts is None or len(password) > LONGEST:
            return None
        if self._waiting >= HASHING + WAITING:
            raise TooManyGuesses("Too many are logging in at this moment. Try again in a second.", 1)
        proof, self._waiting = self._accounts.proof(user), self._waiting + 1
        try:
            looked = asyncio.get_running_loop().run_in_executor(self._pool, self._accounts.verify, user, password)
            return proof if await looked else None
        finally:
            self._waiting -= 1

    def _count(self, attempts: Attempts, who: str) -> None:
        if wait := attempts.guess(who):
            seconds = math.ceil(wait)
            raise TooManyGuesses(f"That was wrong too often. Try again in {seconds} s.", seconds)

    def _mark(self, user: str, password: str, address: str) -> bytes:
        """What stands for the three in memory, from which none of them can be told."""
        told = "\0".join((user, address, password)).encode(errors="surrogatepass")
        return hmac.digest(self._secret, told, hashlib.sha256)

    def _remember(self, mark: bytes, proof: str) -> None:
        self._known[mark] = proof
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
