"""`python app.py passwd …` and `python app.py keys …`: who may come in."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from access import listing
from access.keys import hashed as hashed_key
from access.keys import key_hash, new_key
from config import load
from errors import ConfigError
from terminal import options
from terminal.options import OUR_CONFIG

User = Annotated[str, typer.Argument(help="The name to log in with.")]
Users = Annotated[Path | None, typer.Option("--file", help="Of accounts; else access.users of the configuration.")]
Name = Annotated[str, typer.Argument(help="What the key is called where limits and logs name it.")]
KeyFile = Annotated[Path | None, typer.Option("--file", help="Of keys; else access.keys of the configuration.")]

keys = typer.Typer(help="API keys for programs: made, listed, removed.")


def passwd(
    user: User,
    file: Users = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove the account; who is logged in is out.")] = False,
    config: options.ConfigPath = OUR_CONFIG,
) -> None:
    """Make an account, or change its password, which is asked for twice, or is the line on stdin. Kept is its hash.

    A server that runs knows it at once.
    """
    from access.accounts import password_hash

    path = file or _configured(load(config).access.users, "users")
    proof = None if delete else password_hash(_password(listing.name(user)))
    if not listing.put(path, user, proof) and delete:
        raise ConfigError(f"{path} has no account of that name. Nothing was changed.")
    print(f"{path}: {user} {'has no account any more' if delete else 'can log in'}.")


@keys.command()
def add(name: Name, file: KeyFile = None, config: options.ConfigPath = OUR_CONFIG) -> None:
    """Make a key and print it, this once: kept is its hash. Programs send it as `Authorization: Bearer KEY`."""
    path = file or _configured(load(config).access.keys, "keys")
    if path.exists() and listing.name(name) in listing.read(path, hashed_key):
        raise ConfigError(f"{path} has a key of that name. Remove it first, or choose another name.")
    key = new_key()
    listing.put(path, listing.name(name), key_hash(key))
    print(key)
    print(f"{path}: this is the key of {name}. It is not shown again.", file=sys.stderr)


@keys.command(name="list")
def list_keys(file: KeyFile = None, config: options.ConfigPath = OUR_CONFIG) -> None:
    """The names of the keys, one a line."""
    for name in sorted(listing.read(file or _configured(load(config).access.keys, "keys"), hashed_key)):
        print(name)


@keys.command()
def remove(name: Name, file: KeyFile = None, config: options.ConfigPath = OUR_CONFIG) -> None:
    """Remove a key; nobody is let in by it any more."""
    path = file or _configured(load(config).access.keys, "keys")
    if not listing.put(path, listing.name(name), None):
        raise ConfigError(f"{path} has no key of that name. Nothing was changed.")
    print(f"{path}: the key {name} is gone.")


def _configured(path: str | None, what: str) -> Path:
    if path is None:
        raise ConfigError(f"Name a file by --file, or by access.{what} in the configuration.")
    return Path(path)


def _password(user: str) -> str:
    """One line that is piped in, or what is typed twice and not shown."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(f"Password for {user}: ")
    if getpass.getpass("Again: ") != password:
        raise ConfigError("These were two different passwords. Nothing was changed.")
    return password
