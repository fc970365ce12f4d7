"""Clients that are slow, stop halfway, or speak no HTTP, at the sockets of the real web process."""

from __future__ import annotations

import json
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any

import psutil
import pytest

from tests.servers.answers import Answer
from tests.servers.site import Site
from tests.servers.upstream import Upstream

HEAD = b"HTTP/1.1\r\nhost: localhost\r\n"


def connect(site: Site) -> socket.socket:
    return socket.create_connection(("127.0.0.1", site.port), timeout=20)


def rest_of(client: socket.socket) -> bytes:
    """All that is said until the connection ends."""
    received = b""
    while piece := client.recv(65536):
        received += piece
    return received


def refusal(reply: bytes) -> tuple[int, str]:
    """The status and the code of the last reply, which has to have the API's form."""
    head, _, body = reply.partition(b"\r\n\r\n")
    lines = head.lower().splitlines()
    assert b"content-type: application/json" in lines
    assert any(line.startswith(b"x-request-id: req_") for line in lines)
    error = json.loads(body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    return int(head.split()[1]), error["code"]


def asked(site: Site, body: Any, name: str = "alice") -> bytes:
    content = json.dumps(body).encode()
    return (
        b"POST /v1/chat/completions %sauthorization: Bearer %s\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
        % (HEAD, site.person(name).api_key.encode(), len(content), content)
    )


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
    return found


# --- too slow


def test_a_head_that_never_ends(quick_site: Site) -> None:
    begun = [b"G", b"GET /v1/models", b"GET /v1/models HTTP/1.1\r\n", b"GET / %sx-a: b" % HEAD]
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(quick_site)) for _ in begun]
        for client, sent in zip(clients, begun, strict=True):
            client.sendall(sent)
        assert [refusal(rest_of(c)) for c in clients] == [(408, "request_timeout")] * 4


def test_a_head_that_trickles(quick_site: Site) -> None:
    """Each byte in time is not the whole in time."""
    with connect(quick_site) as client:
        client.settimeout(0.1)
        reply = b""
        for byte in b"GET /v1/models HTTP/1.1\r\n" + b"a" * 200:
            client.sendall(bytes([byte]))
            try:
                reply = client.recv(65536)
                break
            except TimeoutError:
                continue
        client.settimeout(20)
        assert refusal(reply + rest_of(client)) == (408, "request_timeout")


def test_a_body_that_trickles(quick_site: Site) -> None:
    with connect(quick_site) as known, connect(quick_site) as unknown:
        known.sendall(b"POST /v1/models %scontent-length: 100000\r\n\r\nabcde" % HEAD)
        unknown.sendall(b"POST /v1/models %stransfer-encoding: chunked\r\n\r\n5\r\nabcde" % HEAD)
        for client in (known, unknown):
            assert refusal(rest_of(client)) == (408, "request_timeout")


def test_a_body_that_keeps_its_pace_takes_its_time(quick_site: Site) -> None:
    head, _, body = asked(quick_site, {"model": "x" * 300_000}).partition(b"\r\n\r\n")
    with connect(quick_site) as client:
        client.sendall(head + b"\r\n\r\n")
        for start in range(0, len(body), 10_000):
            client.sendall(body[start : start + 10_000])
            time.sleep(0.1)
        reply = client.recv(65536)
        assert reply.startswith(b"HTTP/1.1 400")


def test_a_connection_without_a_request_is_closed(quick_site: Site) -> None:
    with connect(quick_site) as fresh, connect(quick_site) as kept:
        kept.sendall(b"GET /v1/models %s\r\n" % HEAD)
        assert kept.recv(65536).startswith(b"HTTP/1.1 401")
        assert rest_of(fresh) == b""
        assert rest_of(kept) == b""


def test_a_kept_connection_takes_one_request_after_the_other(quick_site: Site) -> None:
    with connect(quick_site) as client:
        for _ in range(3):
            client.sendall(b"GET /v1/models %s\r\n" % HEAD)
            assert client.recv(65536).startswith(b"HTTP/1.1 401")
            time.sleep(1.1)  # longer, in all, than a request may take


def test_a_websocket_is_not_mistaken_for_a_slow_request(quick_site: Site) -> None:
    with connect(quick_site) as client:
        client.sendall(
            b"GET /ws/nowhere/ %supgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
            % HEAD
        )
        assert b"request_timeout" not in rest_of(client)


# --- clients that go away


def statuses(site: Site, model: str) -> list[int]:
    with closing(sqlite3.connect(site.folder / "data" / "db.sqlite3")) as database:
        rows = database.execute("SELECT status FROM accounts_requestlog WHERE model = ?", [model])
        return [status for (status,) in rows]


def test_a_reader_who_stops_reading_a_stream(quick_site: Site, upstream: Upstream) -> None:
    """What waits for the client is bounded, and the model is stopped for a client that is gone."""
    text = " ".join(["x" * 200_000] * 40)
    upstream.script(Answer(text, breaks="stall", after=39))
    web = psutil.Process(quick_site.pid("web"))
    before = web.memory_info().rss
    with connect(quick_site) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(asked(quick_site, {"model": "fake/markdown", "stream": True} | hello()))
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert wait_for(lambda: upstream.chats)[0].cancelled.wait(60)
        with pytest.raises(ConnectionResetError):
            rest_of(client)
    assert web.memory_info().rss - before < len(text) * 4
    wait_for(lambda: statuses(quick_site, "fake/markdown") == [499])


def hello() -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "Hello"}]}


def test_a_client_that_leaves_before_the_first_word(quick_site: Site, upstream: Upstream) -> None:
    upstream.script(Answer("a b c", breaks="stall", after=0))
    with connect(quick_site) as client:
        client.sendall(asked(quick_site, {"model": "fake/slow-400"} | hello()))
        wait_for(lambda: upstream.chats)
    assert upstream.chats[0].cancelled.wait(60)
    wait_for(lambda: statuses(quick_site, "fake/slow-400") == [499])


def test_a_client_that_leaves_in_the_middle(quick_site: Site, upstream: Upstream) -> None:
    upstream.script(Answer("Once there was a fox in a wood.", breaks="stall", after=7))
    with connect(quick_site) as client:
        client.sendall(asked(quick_site, {"model": "fake/slow-40", "stream": True} | hello()))
        received = b""
        while b'"content":"Once' not in received:
            received += client.recv(65536)
    assert upstream.chats[0].cancelled.wait(60)
    wait_for(lambda: statuses(quick_site, "fake/slow-40") == [499])


# --- what is no HTTP, or too much of it


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"nonsense\r\n\r\n", 400, "invalid_http"),
        (b"GET /v1/\xff %s\r\n" % HEAD, 400, "invalid_http"),
        (b"GET /v1/models %sno colon\r\n\r\n" % HEAD, 400, "invalid_http"),
        (b"GET /v1/models %sa\x00: b\r\n\r\n" % HEAD, 400, "invalid_http"),
        (b"POST /v1/models %scontent-length: -1\r\n\r\n" % HEAD, 400, "invalid_http"),
        (b"POST /v1/models %scontent-length: 1e3\r\n\r\n" % HEAD, 400, "invalid_http"),
        (b"POST /v1/models %scontent-length: 1\r\ncontent-length: 2\r\n\r\n" % HEAD,
         400, "invalid_http"),
        (b"POST /v1/models %stransfer-encoding: gzip\r\n\r\n" % HEAD, 400, "invalid_http"),
        (b"POST /v1/models %stransfer-encoding: chunked\r\n\r\nxyz\r\n" % HEAD,
         400, "invalid_http"),
        (b"GET /v1/%s %s\r\n" % (b"x" * 20_000, HEAD), 431, "request_too_large"),
        (b"GET /v1/models %sx-long: %s\r\n\r\n" % (HEAD, b"x" * 20_000), 431, "request_too_large"),
        (b"POST /v1/models %scontent-length: %d\r\n\r\n" % (HEAD, 33 * 1024**2),
         413, "request_too_large"),
        (b"POST /v1/files %scontent-type: multipart/form-data; boundary=x\r\n"
         b"content-length: %d\r\n\r\n" % (HEAD, 41 * 1024**2), 413, "request_too_large"),
    ],
)  # fmt: skip
def test_what_is_refused_before_it_is_read(
    quick_site: Site, sent: bytes, status: int, code: str
) -> None:
    with connect(quick_site) as client:
        client.sendall(sent)
        assert refusal(rest_of(client)) == (status, code)


def test_a_body_without_a_length_is_refused_once_it_is_too_long(quick_site: Site) -> None:
    piece = b"%x\r\n%s\r\n" % (1024**2, b"x" * 1024**2)
    with connect(quick_site) as client:
        client.sendall(b"POST /v1/chat/completions %stransfer-encoding: chunked\r\n\r\n" % HEAD)
        for _ in range(34):
            client.sendall(piece)
        assert refusal(rest_of(client)) == (413, "request_too_large")


@pytest.mark.parametrize("boundary", [b"", b"; boundary=x", b"; boundary=" + b"y" * 300])
def test_a_malformed_form_is_answered_in_json(quick_site: Site, boundary: bytes) -> None:
    with connect(quick_site) as client:
        client.sendall(
            b"POST /v1/chat/completions %scontent-type: multipart/form-data%s\r\n"
            b"content-length: 11\r\nauthorization: Bearer %s\r\nconnection: close\r\n\r\n"
            b"--x\r\nbroken\r\n" % (HEAD, boundary, quick_site.person().api_key.encode())
        )
        head, _, body = rest_of(client).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 4")
        assert b'{"error":{"message":' in body


def test_the_web_process_has_not_complained(quick_site: Site) -> None:
    """Runs last: none of the above is a fault of the site."""
    assert "Traceback" not in quick_site.output
