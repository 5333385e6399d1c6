"""What is taken in: of which kind, how much, and in which time. Over real sockets, as nobody well-behaved sends it."""

import json
from collections.abc import Iterator

import httpx
import pytest

from guard.bodies import JSON, KINDS, MB
from guard.rules import Rules
from guard.sockets import HEAD_SECONDS
from tests.raw import Wire
from tests.serving import Served, served, two_models
from tests.test_guard import asked, refused
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE, until

CALL = "POST /gradio_api/call/generate"
SHORT = 0.05  # of the time that a deployment gives


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    deployment = two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])
    with served(deployment, tmp_path_factory.mktemp("outputs")) as there:
        yield there


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    """The same, in less time."""
    deployment = two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])
    with served(deployment, having={"rules": Rules(patience=SHORT)}) as there:
        yield there


NOT_JSON = [
    *("text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
    *("application/jsonp", "text/json", "", "application/octet-stream"),
]


@pytest.mark.parametrize("kind", NOT_JSON)
@pytest.mark.parametrize(
    "path", ["/gradio_api/call/generate", "/v1/images/generations", "/sdapi/v1/txt2img", "/nowhere"]
)
def test_doors_take_json_alone(page: Served, path: str, kind: str) -> None:
    body = b'{"data": ["a cat"]}'
    answer = asked(page, f"POST {path}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", body=body)
    assert "application/json" in refused(answer, 415, "unsupported_media_type")


def test_a_body_of_no_kind_at_all_is_none_either(page: Served) -> None:
    assert "missing" in refused(asked(page, CALL, "Content-Length: 2", body=b"{}"), 415, "unsupported_media_type")


def test_no_body_needs_no_kind(page: Served) -> None:
    assert asked(page, CALL, "Content-Length: 0").status == 422  # gradio misses its values
    assert asked(page, "POST /nowhere").status in (404, 405)


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_json(page: Served, kind: str) -> None:
    body = json.dumps({"data": ["a cat"] + [None] * 9}).encode()
    assert asked(page, CALL, f"Content-Type: {kind}", f"Content-Length: {len(body)}", body=body).status == 200


def test_what_is_compressed_is_not_taken(page: Served) -> None:
    headers = ("Content-Type: application/json", "Content-Encoding: gzip", "Content-Length: 2")
    assert "compressed" in refused(asked(page, CALL, *headers, body=b"{}"), 415, "unsupported_media_type")


@pytest.mark.parametrize("path", [path for path, kind in KINDS.items() if kind.most] + ["/v1/images/generations"])
def test_more_than_is_accepted_is_refused_before_it_is_sent(page: Served, path: str) -> None:
    kind = KINDS.get(path, JSON)
    assert kind.most is not None
    with Wire(page.url) as wire:
        answer = wire.ask(f"POST {path}", f"Content-Type: {kind.type}", f"Content-Length: {kind.most + 1}")
        message = refused(answer, 413, "request_too_large")
        assert "kB" in message if kind.most < MB else f"{kind.most // MB} MB" in message


def test_as_much_as_is_accepted_is_taken(page: Served) -> None:
    start, end = b'{"data": ["', b'"]}'
    assert JSON.most is not None
    body = start + b"x" * (JSON.most - len(start) - len(end)) + end
    answer = asked(page, CALL, "Content-Type: application/json", f"Content-Length: {len(body)}", body=body)
    assert answer.status == 200


def test_whoever_sends_all_of_it_nevertheless_gets_to_read_why_not(page: Served) -> None:
    answer = httpx.post(f"{page.url}/gradio_api/call/generate", json={"data": ["x" * 30 * MB]}, timeout=PATIENCE)
    assert answer.status_code == 413
    assert "1 MB" in answer.json()["detail"]


def test_a_body_that_does_not_say_its_length_is_counted(page: Served) -> None:
    with Wire(page.url) as wire:
        wire.send(f"{CALL} HTTP/1.1\r\nHost: {wire.host}\r\nContent-Type: application/json\r\n".encode())
        wire.send(b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(17):  # of 64 kB: one more than is accepted
            wire.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        wire.send(b"0\r\n\r\n")
        answer = wire.answer()
        assert "1 MB" in refused(answer, 413, "request_too_large")
        assert wire.over()


@pytest.mark.parametrize("length", ["-1", "x", "1_0", "9" * 19, "1, 2"])
def test_a_length_that_is_none_is_refused(page: Served, length: str) -> None:
    assert asked(page, CALL, "Content-Type: application/json", f"Content-Length: {length}").status in (400, 413)


def test_a_length_that_is_too_small_leaves_the_rest_unread(page: Served) -> None:
    with Wire(page.url) as wire:
        answer = wire.ask(
            CALL, "Content-Type: application/json", "Content-Length: 2", body=b'{}{"data": ["a cat"]}\r\n\r\n'
        )
        assert answer.status == 422
        assert wire.answer().status == 400  # what follows is no request


@pytest.mark.parametrize("sent", [b"", b'{"data": '])
def test_a_body_that_does_not_come_is_waited_for_no_longer_than_that(hasty: Served, sent: bytes) -> None:
    with Wire(hasty.url) as wire:
        answer = wire.ask(CALL, "Content-Type: application/json", "Content-Length: 100", body=sent)
        assert "seconds" in refused(answer, 408, "request_timeout")
        assert wire.over()


def test_a_trickle_is_no_better(hasty: Served) -> None:
    """Each piece comes in time, and all of them do not."""
    with Wire(hasty.url) as wire:
        wire.send(f"{CALL} HTTP/1.1\r\nHost: {wire.host}\r\nContent-Type: application/json\r\n".encode())
        wire.send(b"Transfer-Encoding: chunked\r\n\r\n")
        wire._socket.settimeout(0.1)
        while True:
            try:
                wire.send(b"1\r\nx\r\n")
                assert wire._socket.recv(12) == b"HTTP/1.1 408"
                break
            except TimeoutError:
                continue


def test_many_half_open_requests_keep_nobody_else_waiting(hasty: Served) -> None:
    wires = [Wire(hasty.url) for _ in range(100)]
    for wire in wires:
        wire.send(f"{CALL} HTTP/1.1\r\nHost: {wire.host}\r\nContent-Type: application/json\r\n".encode())
        wire.send(b"Content-Length: 100\r\n\r\n{")
    assert asked(hasty, "GET /config").status == 200
    for wire in wires:
        assert wire.answer().status == 408
        assert wire.over()
        wire.__exit__()


# Connections


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "])
def test_a_connection_on_which_nothing_is_asked_ends(hasty: Served, sent: bytes) -> None:
    with Wire(hasty.url) as wire:
        wire.send(sent)
        assert wire.over()


def test_nor_may_it_stay_after_an_answer(hasty: Served) -> None:
    with Wire(hasty.url) as wire:
        assert wire.ask("GET /robots.txt").status == 200
        wire.send(b"GET /robots.txt HTTP/1.1\r\nHost: ")
        assert wire.over()


def test_a_stream_may_take_its_time(hasty: Served) -> None:
    """A heartbeat tells its first words at once and then nothing for longer than a connection may be silent."""
    with Wire(hasty.url) as wire:
        wire.send(f"GET /gradio_api/heartbeat/abc HTTP/1.1\r\nHost: {wire.host}\r\n\r\n".encode())
        assert wire._read.readline().split()[1] == b"200"
        wire._socket.settimeout(3 * HEAD_SECONDS * SHORT)
        with pytest.raises(TimeoutError):
            wire._read.read()  # to the end, which does not come


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    deployment = two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])
    with served(deployment, having={"rules": Rules(connections=20, held=100_000)}) as there:
        yield there


def calls(page: Served) -> bool:
    body = json.dumps({"data": ["a cat" + " " * 60_000] + [None] * 9}).encode()
    answer = asked(page, CALL, "Content-Type: application/json", f"Content-Length: {len(body)}", body=body)
    assert answer.status in (200, 503)
    return answer.status == 200


def test_all_bodies_together_have_so_much_room_and_it_is_given_back(crowded: Served) -> None:
    assert [calls(crowded) for _ in range(3)] == [True] * 3
    with Wire(crowded.url) as wire:
        wire.send(f"{CALL} HTTP/1.1\r\nHost: {wire.host}\r\nContent-Type: application/json\r\n".encode())
        wire.send(b"Content-Length: 70000\r\n\r\n" + b"x" * 60_000)
        until(lambda: not calls(crowded))
    until(lambda: calls(crowded))


def test_too_many_connections_are_refused(crowded: Served) -> None:
    wires = [Wire(crowded.url) for _ in range(20)]
    with Wire(crowded.url) as late:
        assert late.ask("GET /robots.txt").status == 503
    for wire in wires:
        wire.__exit__()
    until(lambda: asked(crowded, "GET /robots.txt").status == 200)
