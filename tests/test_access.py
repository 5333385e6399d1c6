"""Accounts, keys and guesses: what is kept of them, what is refused, and how long a wrong one takes."""

import asyncio
import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters

import app
from access import attempts
from access.accounts import Accounts, password_hash
from access.attempts import Attempts
from access.configured import entrance
from access.credentials import Credentials, credentials
from access.keys import Keys, new_key
from access.listing import put
from access.passwords import WAITING, Passwords
from access.public import publicity
from access.sessions import LIFE, Sessions
from access.settings import Access
from errors import ConfigError, NotLetIn, TooManyGuesses

Captured = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[1]
SECRET = "love and lace"


def users(folder: Path, **passwords: str) -> Path:
    path = folder / "users.txt"
    for user, password in (passwords or {"ada": SECRET}).items():
        put(path, user, password_hash(password))
    return path


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


# The commands


def passwd(*arguments: str, line: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "app.py"), "passwd", *arguments]
    return subprocess.run(command, input=line, capture_output=True, text=True, check=False)


def test_passwd_keeps_a_hash_in_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "users.txt"
    done = passwd("ada", "--file", str(path), line=f"{SECRET}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert path.read_text().startswith("ada:$argon2id$")
    assert SECRET not in path.read_text() + done.stdout
    assert os.name != "posix" or stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Accounts(path).verify("ada", SECRET)


def test_passwd_changes_and_deletes_one_line_and_keeps_the_others(tmp_path: Path, capsys: Captured) -> None:
    path = users(tmp_path, ada=SECRET, alan="turing machine")
    path.write_text(f"# who may come in\n\n{path.read_text()}")
    put(path, "ada", password_hash("another one"))
    assert [line.partition(":")[0] for line in path.read_text().splitlines()] == [
        "# who may come in",
        "",
        "alan",
        "ada",
    ]
    known = Accounts(path)
    assert [known.verify("ada", it) for it in (SECRET, "another one")] == [False, True]
    assert app.main(["passwd", "ada", "--delete", "--file", str(path)]) == 0
    assert not known.verify("ada", "another one")  # of a server that runs
    assert known.verify("alan", "turing machine")
    assert app.main(["passwd", "ada", "--delete", "--file", str(path)]) == app.BAD_INPUT
    assert "has no account of that name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("user", "line", "said"),
    [
        ("a:b", SECRET, "The name has a colon"),
        ("a\x1bb", SECRET, "characters that can't be seen"),
        ("", SECRET, "The name is empty"),
        (" ada", SECRET, "begins or ends with a space"),
        ("x" * 65, SECRET, "The name has 65 characters"),
        ("ada", "", "The password has 0 characters. Accepted are 8 to 1024."),
        ("ada", "1234567", "The password has 7 characters"),
    ],
)
def test_passwd_refuses_with_one_line(
    user: str, line: str, said: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "stdin").open("w+") as stdin:
        stdin.write(line + "\n")
        stdin.seek(0)
        monkeypatch.setattr("sys.stdin", stdin)
        assert app.main(["passwd", user, "--file", str(tmp_path / "users.txt")]) == app.BAD_INPUT
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "users.txt").exists()


def test_on_a_terminal_passwd_asks_twice_and_shows_nothing(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    path = tmp_path / "users.txt"
    ours, theirs = pty.openpty()
    command = [sys.executable, str(ROOT / "app.py"), "passwd", "ada", "--file", str(path)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as done:
        os.close(theirs)
        seen = b""
        for asked, typed in ((b"Password for ada: ", SECRET), (b"Again: ", SECRET)):
            while not seen.endswith(asked):
                seen += os.read(ours, 1024)
            os.write(ours, f"{typed}\n".encode())
        while b"can log in" not in seen:
            seen += os.read(ours, 1024)
        assert done.wait(60) == 0
    os.close(ours)
    assert SECRET.encode() not in seen
    assert Accounts(path).verify("ada", SECRET)


def test_a_key_is_shown_once_listed_by_its_name_and_removed(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "keys.txt"
    assert app.main(["keys", "add", "laptop", "--file", str(path)]) == 0
    key = capsys.readouterr().out.strip()
    assert key.startswith("darkroom-")
    assert key not in path.read_text()
    assert os.name != "posix" or stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Keys(path).name_of(key) == "laptop"
    assert app.main(["keys", "add", "laptop", "--file", str(path)]) == app.BAD_INPUT
    assert "has a key of that name" in capsys.readouterr().err
    assert app.main(["keys", "list", "--file", str(path)]) == 0
    assert capsys.readouterr().out == "laptop\n"
    known = Keys(path)
    assert app.main(["keys", "remove", "laptop", "--file", str(path)]) == 0
    assert known.name_of(key) is None
    assert app.main(["keys", "remove", "laptop", "--file", str(path)]) == app.BAD_INPUT


def test_without_a_file_the_commands_say_where_to_name_one(capsys: Captured) -> None:
    assert app.main(["keys", "list"]) == app.BAD_INPUT
    assert "--file, or by access.keys" in capsys.readouterr().err


# Files


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ada\n", "line 1 is not of the form name:hash"),
        (":secret\n", "line 1 is not of the form"),
        ("ada:secret\n", "line 1: a password stands there in plain text.*python app.py passwd"),
        ("ada:$argon2id$secret\n", "line 1: a password stands there in plain text"),
        ("# nobody\n", "names nobody"),
    ],
)
def test_a_file_that_is_none_of_accounts_is_refused_without_repeating_it(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "users.txt"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        entrance(Access(), path, {})
    assert "secret" not in str(caught.value)


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = users(tmp_path)
    path.write_text(path.read_text() * 2)
    with pytest.raises(ConfigError, match="line 2 names somebody again"):
        Accounts(path)


def test_a_file_of_keys_holds_no_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    path.write_text(f"laptop:{(key := new_key())}\n")
    with pytest.raises(ConfigError, match="line 1: this is not the hash of a key") as caught:
        Keys(path)
    assert key not in str(caught.value)


def test_a_file_that_others_may_read_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = users(tmp_path)
    path.chmod(0o644)
    Accounts(path)
    assert "may be read by others: chmod 600" in caplog.text


def test_a_file_that_is_damaged_while_serving_is_told_and_what_it_said_holds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = Accounts(path := users(tmp_path))
    path.write_text("nonsense")
    assert known.verify("ada", SECRET)
    assert "line 1 is not of the form name:hash" in caplog.text


# Keys from the environment


def test_keys_of_the_environment_open_too_and_are_not_kept() -> None:
    one, other = new_key(), new_key()
    known = Keys(None, f"laptop:{one}, bot:{other}")
    assert [known.name_of(it) for it in (one, other, new_key(), "")] == ["laptop", "bot", None, None]
    assert one not in str(vars(known))


@pytest.mark.parametrize("given", ["secret", "laptop:short", "laptop:", ":" + "k" * 40, f"a:{'k' * 40} a:{'s' * 40}"])
def test_what_the_environment_says_wrongly_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(ConfigError, match=r"DARKROOM_API_KEYS: entry [12] is refused") as caught:
        Keys(None, given)
    assert not any(part in str(caught.value) for part in ("secret", "short", "kkk", "sss"))


# Authorization


@pytest.mark.parametrize("header", [None, "", " ", "Basic", "Basic ", "Bearer ", "Basic Og==", "Basic YWRhOg=="])
def test_an_empty_header_says_nothing(header: str | None) -> None:
    assert credentials(header) is None


def test_a_header_tells_a_key_or_a_user_and_never_its_secret_in_a_log() -> None:
    basic = base64.b64encode(b"ada:love:lace").decode()
    assert credentials("bearer  abc") == Credentials("", "abc")
    assert credentials(f"Basic {basic}") == Credentials("ada", "love:lace")
    assert "love" not in repr(credentials(f"Basic {basic}"))


@pytest.mark.parametrize("header", ["Digest abc", "Basic abc%", "Basic /w==", "abc def"])
def test_another_header_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match=r"Bearer and Basic|base64"):
        credentials(header)


# Guesses


def test_some_guesses_are_free_and_then_each_waits_longer() -> None:
    clock = Clock()
    guessed = Attempts(clock)
    assert [guessed.guess("ada") for _ in range(attempts.FREE)] == [0] * attempts.FREE
    waits = []
    for _ in range(12):
        waits.append(wait := guessed.guess("ada"))
        clock.now += wait / 2
        assert guessed.guess("ada") == pytest.approx(wait / 2)  # asking in vain makes it no longer
        clock.now += wait / 2
        assert guessed.guess("ada") == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert guessed.guess("alan") == 0
    clock.now += attempts.FORGOTTEN + 1
    assert guessed.guess("ada") == 0


def test_what_is_remembered_of_guesses_is_bounded() -> None:
    guessed = Attempts(Clock())
    for number in range(attempts.MOST + 10):
        guessed.guess(str(number))
    assert len(guessed._guessed) == attempts.MOST


def proven(passwords: Passwords, *guesses: tuple[str, str, str]) -> list[str]:
    """What becomes of each guess: user, password, address."""

    async def all() -> list[str]:
        found = []
        for guess in guesses:
            try:
                await passwords.proof(*guess)
                found.append("right")
            except TooManyGuesses:
                found.append("wait")
            except NotLetIn:
                found.append("wrong")
        return found

    return asyncio.run(all())


def test_guesses_count_for_the_address_and_for_the_account(tmp_path: Path) -> None:
    known = Passwords(Accounts(users(tmp_path)))
    assert proven(known, ("ada", SECRET, "home")) == ["right"]
    assert (
        proven(known, *[("ada", str(number), f"1.1.1.{number}") for number in range(7)]) == ["wrong"] * 5 + ["wait"] * 2
    )
    assert proven(known, ("ada", SECRET, "elsewhere")) == ["wait"]  # nobody is looked at, right or wrong
    assert proven(known, ("ada", SECRET, "home")) == ["right"]  # but who is known there stays in
    assert proven(known, *[("alan", "x", "6.6.6.6")] * 7) == ["wrong"] * 5 + ["wait"] * 2
    assert proven(known, ("grace", "x", "6.6.6.6")) == ["wait"]


def test_many_guesses_at_once_are_no_more_than_one_after_another(tmp_path: Path) -> None:
    known = Passwords(Accounts(users(tmp_path)))

    async def all() -> list[object]:
        guesses = [known.proof("ada", str(number), "6.6.6.6") for number in range(50)]
        return list(await asyncio.gather(*guesses, return_exceptions=True))

    told = [type(it) for it in asyncio.run(all())]
    assert (told.count(NotLetIn), told.count(TooManyGuesses)) == (attempts.FREE, 50 - attempts.FREE)


def test_more_logins_than_the_machine_bears_are_refused(tmp_path: Path) -> None:
    known = Passwords(Accounts(users(tmp_path)))

    async def all() -> list[object]:
        guesses = [known.proof(f"user {number}", "x", f"1.1.1.{number}") for number in range(3 * WAITING)]
        return list(await asyncio.gather(*guesses, return_exceptions=True))

    told = [type(it) for it in asyncio.run(all())]
    assert set(told) == {NotLetIn, TooManyGuesses}


def test_a_name_that_there_is_not_costs_a_hash_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known, looked, verify = Accounts(users(tmp_path)), [], PasswordHasher.verify

    def seen(hasher: PasswordHasher, proof: str, password: bytes) -> bool:
        looked.append(extract_parameters(proof))
        return verify(hasher, proof, password)

    monkeypatch.setattr(PasswordHasher, "verify", seen)
    assert [known.verify(user, "x") for user in ("nobody", "ada")] == [False, False]
    assert looked[0] == looked[1]


# Sessions


def test_a_session_ends_when_it_is_ended_or_old() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    one, other = sessions.begin("ada", "proof"), sessions.begin("ada", "proof")
    assert one != other
    assert one not in str(vars(sessions))
    sessions.end(one)
    assert sessions.find(one) is None
    assert sessions.find(other) == ("ada", "proof")
    clock.now += LIFE
    assert sessions.find(other) is None
    assert sessions.find("") is None


# Public mode


@pytest.mark.parametrize(
    ("decided", "host", "share", "environ", "why"),
    [
        (None, "127.0.0.1", False, {}, None),
        (None, "::1", False, {}, None),
        (None, "localhost", False, {}, None),
        (None, "0.0.0.0", False, {}, "it listens at 0.0.0.0"),
        (None, "127.0.0.1", True, {}, "a public link leads here"),
        (None, "127.0.0.1", False, {"SPACE_ID": "me/darkroom"}, "this is a Hugging Face Space"),
        (False, "0.0.0.0", True, {}, None),
        (True, "127.0.0.1", False, {}, "server.public is true"),
    ],
)
def test_public_is_what_others_can_reach_unless_it_is_decided(
    decided: bool | None, host: str, share: bool, environ: dict[str, str], why: str | None
) -> None:
    assert publicity(decided, host, share, environ) == why


def test_without_accounts_and_keys_nobody_has_to_say_who_they_are(tmp_path: Path) -> None:
    assert entrance(Access(), None, {}) is None
    assert entrance(Access(hf=True), None, {}) is None  # which only a Space can offer
    assert entrance(Access(hf=True), None, {"SPACE_ID": "me/darkroom", "OAUTH_CLIENT_ID": "x"})
    with pytest.raises(ConfigError, match="hf_oauth: true"):
        entrance(Access(hf=True), None, {"SPACE_ID": "me/darkroom"})
    assert entrance(Access(users=str(users(tmp_path))), None, {})
    assert entrance(Access(), None, {"DARKROOM_API_KEYS": f"laptop:{new_key()}"})
