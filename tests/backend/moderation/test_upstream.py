from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chatsite.backend import errors
from chatsite.backend.clients import Server, close_clients
from chatsite.backend.moderation import CATEGORIES, OutputGuard, UpstreamModerator
from chatsite.backend.moderation.policy import CLEAN
from chatsite.backend.types import Verdict

FLAGS = dict.fromkeys(CATEGORIES, False) | {"hate": True, "hate/threatening": True}
SCORES = dict.fromkeys(CATEGORIES, 0.01) | {"hate": 0.9, "hate/threatening": 0.8}


def judgement(flags: dict[str, Any], scores: dict[str, Any], *, flagged: bool) -> bytes:
    result = {"flagged": flagged, "categories": flags, "category_scores": scores}
    return json.dumps({"id": "modr-1", "model": "m", "results": [result]}).encode()


FLAGGED = judgement(FLAGS, SCORES, flagged=True)
PASSED = judgement(dict.fromkeys(CATEGORIES, False), dict.fromkeys(CATEGORIES, 0.0), flagged=False)


class Judge(ThreadingHTTPServer):
    """A server of moderations that gives the replies it was told, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[tuple[int, bytes]] = [(200, FLAGGED)]
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.stalls = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Judge

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.path, json.loads(body)))
        status, reply = self.server.replies[0]
        if len(self.server.replies) > 1:
            del self.server.replies[0]
        if status == 0:
            self.server.stalls.wait(10)
            return
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(reply)))
        # Or the client would wait for half a second and more before it tries again.
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep quiet."""


@pytest.fixture
def judge() -> Iterator[Judge]:
    with Judge() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.stalls.set()
        server.shutdown()
        thread.join()


def ask(judge: Judge, text: str, *, timeout: float = 5.0, url: str = "") -> Verdict:
    async def check() -> Verdict:
        server = Server(url or judge.url, "sk-x", timeout)
        try:
            return await UpstreamModerator(server, model="judge-1").check(text)
        finally:
            await close_clients()

    return asyncio.run(check())


def test_the_verdict_of_the_server(judge):
    verdict = ask(judge, "Some text")

    assert verdict == Verdict(True, FLAGS, SCORES)
    assert verdict.reasons == ("hate", "hate/threatening")
    assert judge.asked == [("/v1/moderations", {"input": "Some text", "model": "judge-1"})]


def test_categories_that_a_server_does_not_know(judge):
    flags: dict[str, Any] = {"hate": False, "illicit": None, "sexual": True, "spam": True}
    judge.replies = [(200, judgement(flags, {"sexual": 1, "illicit": None}, flagged=True))]

    assert ask(judge, "Some text") == Verdict(
        True,
        dict.fromkeys(CATEGORIES, False) | {"sexual": True},
        dict.fromkeys(CATEGORIES, 0.0) | {"sexual": 1.0},
    )


def test_nothing_is_not_asked_about(judge):
    assert ask(judge, " \n") == CLEAN
    assert judge.asked == []


def test_a_hiccup_is_tried_again(judge):
    judge.replies = [(500, b"{}"), (200, PASSED)]

    assert ask(judge, "Some text") == CLEAN
    assert len(judge.asked) == 2


def failure(message: str, code: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "code": code, "param": "input"}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, failure("Too long."), errors.UpstreamFailed),
        (401, failure("Wrong key sk-x."), errors.KeyRefused),
        (404, failure("No such model."), errors.UpstreamFailed),
        (429, failure("Slow down."), errors.RateLimited),
        (429, failure("Pay.", "insufficient_quota"), errors.QuotaExceeded),
        (500, failure("Oops."), errors.UpstreamFailed),
        (503, failure("Busy."), errors.Unavailable),
        (200, b"<html>", errors.UpstreamFailed),
        (200, b'{"results": []}', errors.UpstreamFailed),
        (200, b'{"results": [{"flagged": true}]}', errors.UpstreamFailed),
        (200, b"[]", errors.UpstreamFailed),
    ],
)
def test_failures_are_told_as_the_sites_own(judge, status, body, expected):
    judge.replies = [(status, body)]

    with pytest.raises(errors.BackendError) as caught:
        ask(judge, "Some text")

    assert type(caught.value) is expected
    assert "moderation service" in caught.value.message
    assert "sk-x" not in caught.value.message


def test_a_server_that_is_not_there(judge):
    with pytest.raises(errors.Unavailable):
        ask(judge, "Some text", url="http://127.0.0.1:9/v1")


def test_a_server_that_does_not_answer(judge):
    judge.replies = [(0, b"")]

    with pytest.raises(errors.UpstreamTimeout):
        ask(judge, "Some text", timeout=0.05)


def test_a_streamed_answer_is_judged_at_the_stride(judge):
    judge.replies = [(200, PASSED), (200, FLAGGED)]

    async def answer() -> list[str]:
        guard = OutputGuard(UpstreamModerator(Server(judge.url, "sk-x", 5.0), stride=8))
        shown = [await guard.feed(part) for part in ("Well, ", "well, ", "then")]
        with pytest.raises(errors.ContentBlocked):
            await guard.finish()
        await close_clients()
        return shown

    assert asyncio.run(answer()) == ["", "Well, well, ", ""]
    assert [body["input"] for _, body in judge.asked] == ["Well, well, ", "Well, well, then"]
