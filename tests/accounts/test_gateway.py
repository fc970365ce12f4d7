"""Keys, limits, budgets and Idempotency-Key as a client of /v1 meets them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
import redis.exceptions
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import idempotency, keys
from accounts.idempotency import Reply
from accounts.models import ApiKey, IdempotentReply, UsageRecord, User
from accounts.tasks import forget_replies
from accounts.types import KeyTerms
from chatsite import processes
from tests.gateway import error, get, post, send
from tests.servers.answers import Answer
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

BODY: dict[str, Any] = {"model": "fake/echo", "messages": [{"role": "user", "content": "Hello"}]}
STREAM = BODY | {"stream": True}


@pytest.fixture
def secret(alice: User) -> str:
    return keys.issue_key(alice, "tests").secret


def issue(user: User, **terms: Any) -> str:
    return keys.issue_key(user, "tests", KeyTerms(**terms)).secret


# --- what a key is good for


def test_a_key_for_some_endpoints(alice: User, fake_models: Upstream) -> None:
    secret = issue(alice, scopes=["models", "embeddings"])
    assert get(secret, "/models").status_code == 200
    status, problem = error(post(secret, BODY))
    assert (status, problem["type"], problem["code"]) == (403, "permission_error", "missing_scope")
    assert problem["message"] == (
        "This API key may not be used for chat: its scopes are models, embeddings. "
        "Change the key, or make another one, on your settings page."
    )
    assert fake_models.chats == []


def test_a_key_for_some_models(alice: User, fake_models: Upstream) -> None:
    secret = issue(alice, allowed_models=["fake/words-*", "fake/tool"])
    listed = [model["id"] for model in get(secret, "/models").json()["data"]]
    assert listed == ["fake/words-100", "fake/tool"]
    assert get(secret, "/models/fake/tool").json()["id"] == "fake/tool"
    assert error(get(secret, "/models/fake/echo"))[1]["code"] == "model_not_found"
    assert post(secret, BODY | {"model": "fake/words-100"}).status_code == 200
    for path, body in (
        ("/chat/completions", BODY),
        ("/chat/completions", STREAM),
        ("/embeddings", {"model": "fake/embed-x", "input": "Hello"}),
    ):
        fake_models.models = ("echo", "embed-x")
        status, problem = error(post(secret, body, path))
        assert (status, problem["code"], problem["param"]) == (403, "model_not_allowed", "model")
    assert len(fake_models.chats) == 1
    assert UsageRecord.objects.count() == 1


@pytest.mark.parametrize(
    ("networks", "status"),
    [
        (["127.0.0.1"], 200),
        (["2001:db8::/32", "127.0.0.0/8"], 200),
        (["192.0.2.0/24"], 403),
        (["::/0"], 403),
    ],
)
def test_a_key_for_some_addresses(
    alice: User, fake_models: Upstream, networks: list[str], status: int
) -> None:
    response = post(issue(alice, allowed_addresses=networks), BODY)
    assert response.status_code == status
    if status == 403:
        _, problem = error(response)
        assert problem["code"] == "address_not_allowed"
        assert problem["message"].startswith(
            "This API key may not be used from the address 127.0.0.1. Change the key"
        )


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(
    alice: User, fake_models: Upstream, settings: Settings
) -> None:
    secret = issue(alice, allowed_addresses=["192.0.2.7"])
    forged = {"x-forwarded-for": "192.0.2.7"}
    assert post(secret, BODY, **forged).status_code == 403
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert post(secret, BODY, **forged).status_code == 200
    assert post(secret, BODY, **{"x-forwarded-for": "192.0.2.7, 203.0.113.9"}).status_code == 403


def test_a_key_that_has_expired(alice: User, fake_models: Upstream) -> None:
    soon, past = timezone.now() + timedelta(minutes=1), timezone.now() - timedelta(seconds=1)
    assert post(issue(alice, expires_at=soon), BODY).status_code == 200
    status, problem = error(post(issue(alice, expires_at=past), BODY))
    assert (status, problem["code"]) == (401, "invalid_api_key")
    assert problem["message"] == (
        f"This API key expired on {past:%Y-%m-%d at %H:%M} UTC. "
        "Make a new one on your settings page."
    )


# --- limits


def paces(response: Any) -> dict[str, str]:
    return {
        name.removeprefix("x-ratelimit-"): value
        for name, value in response.headers.items()
        if name.startswith("x-ratelimit-") and "reset" not in name
    }


@pytest.mark.parametrize("body", [BODY, STREAM])
def test_replies_tell_of_the_limits(
    secret: str, fake_models: Upstream, settings: Settings, body: dict[str, Any]
) -> None:
    settings.REQUESTS_PER_MINUTE, settings.TOKENS_PER_MINUTE = 10, 9000
    response = post(secret, body | {"max_tokens": 100})
    said = paces(response)
    left = int(said.pop("remaining-tokens"))
    assert 8880 < left < 8900
    assert said == {"limit-requests": "10", "remaining-requests": "9", "limit-tokens": "9000"}
    for kind in ("requests", "tokens"):
        assert response.headers[f"x-ratelimit-reset-{kind}"].endswith("s")
    assert float(response.headers["x-chatsite-overhead-ms"]) > 0
    # What was not used has been given back: the next finds hardly less.
    again = paces(post(secret, body | {"max_tokens": 100}))
    assert left - 10 <= int(again["remaining-tokens"]) < left


def test_without_limits_replies_tell_of_none(
    secret: str, fake_models: Upstream, settings: Settings
) -> None:
    settings.REQUESTS_PER_MINUTE = 0
    response = post(secret, BODY)
    assert paces(response) == {}
    assert "x-chatsite-overhead-ms" in response.headers


def test_too_many_tokens(secret: str, fake_models: Upstream, settings: Settings) -> None:
    settings.TOKENS_PER_MINUTE = 50
    status, problem = error(refused := post(secret, BODY | {"max_tokens": 100}))
    assert (status, problem["type"], problem["code"]) == (429, "tokens", "rate_limit_exceeded")
    assert "it never fits" in problem["message"]
    assert "retry-after" not in refused.headers
    for _ in range(5):  # each takes 2 tokens and needs up to 45
        assert post(secret, BODY | {"max_tokens": 30}).status_code == 200
    ApiKey.objects.update(tokens_per_minute=20)
    status, problem = error(refused := post(secret, BODY | {"max_tokens": 30}))
    assert "This API key may use 20 tokens a minute" in problem["message"]


def test_an_exhausted_budget_is_not_tried_again(alice: User, fake_models: Upstream) -> None:
    secret = issue(alice, budget_limit=Decimal(40), budget_unit="tokens", budget_period="day")
    assert post(secret, BODY | {"max_tokens": 20}).status_code == 200
    status, problem = error(refused := post(secret, BODY | {"max_tokens": 40}))
    assert (status, problem["type"]) == (429, "insufficient_quota")
    assert problem["code"] == "insufficient_quota"
    assert refused.headers["x-should-retry"] == "false"
    assert post(secret, BODY | {"max_tokens": 20}).status_code == 200
    assert UsageRecord.objects.count() == 2


def test_a_key_has_limits_of_its_own(alice: User, fake_models: Upstream) -> None:
    secret = issue(alice, requests_per_minute=1)
    assert paces(post(secret, BODY)) == {"limit-requests": "1", "remaining-requests": "0"}
    status, problem = error(refused := post(secret, BODY))
    assert (status, problem["code"]) == (429, "rate_limit_exceeded")
    assert problem["message"].startswith("This API key may send 1 requests a minute.")
    assert float(refused.headers["retry-after"]) >= 1
    assert int(refused.headers["retry-after-ms"]) >= 1000
    assert post(issue(alice), BODY).status_code == 200


# --- Idempotency-Key


def test_the_same_request_is_done_once(secret: str, fake_models: Upstream) -> None:
    first = post(secret, BODY, **{"idempotency-key": "a"})
    again = post(secret, BODY, **{"idempotency-key": "a"})
    other = post(secret, BODY, **{"idempotency-key": "b"})
    assert first.json() == again.json() != other.json()
    replayed = [r.headers.get("idempotent-replayed") for r in (first, again, other)]
    assert replayed == [None, "true", None]
    assert first.headers["x-request-id"] != again.headers["x-request-id"]
    assert len(fake_models.chats) == UsageRecord.objects.count() == 2


def test_a_stream_is_replayed(secret: str, fake_models: Upstream) -> None:
    first = post(secret, STREAM, **{"idempotency-key": "a"})
    again = post(secret, STREAM, **{"idempotency-key": "a"})
    assert first.text == again.text
    assert first.text.endswith("data: [DONE]\n\n")
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (again.headers["idempotent-replayed"], len(fake_models.chats)) == ("true", 1)


def test_another_request_with_the_same_key_is_refused(secret: str, fake_models: Upstream) -> None:
    post(secret, BODY, **{"idempotency-key": "a"})
    for path, body in (("/chat/completions", STREAM), ("/embeddings", BODY)):
        status, problem = error(post(secret, body, path, **{"idempotency-key": "a"}))
        assert (status, problem["code"]) == (422, "idempotency_key_reused")
    status, problem = error(post(secret, BODY, **{"idempotency-key": "x" * 256}))
    assert (status, problem["type"]) == (400, "invalid_request_error")


def test_bob_is_not_given_alices_reply(secret: str, bob: User, fake_models: Upstream) -> None:
    first = post(secret, BODY, **{"idempotency-key": "a"})
    bobs = post(issue(bob), BODY, **{"idempotency-key": "a"})
    assert bobs.status_code == 200
    assert bobs.json()["id"] != first.json()["id"]
    assert "idempotent-replayed" not in bobs.headers
    assert error(post("sk-nobody", BODY, **{"idempotency-key": "a"}))[0] == 401


def test_what_failed_may_be_tried_again(secret: str, fake_models: Upstream) -> None:
    fake_models.script(Answer(status=400))
    first = post(secret, BODY, **{"idempotency-key": "a"})
    again = post(secret, BODY, **{"idempotency-key": "a"})
    assert (first.status_code, again.status_code) == (400, 200)
    assert "idempotent-replayed" not in again.headers


def test_other_methods_do_not_ask_for_it(secret: str, fake_models: Upstream) -> None:
    for _ in range(2):
        response = send(secret, "GET", "/models", **{"idempotency-key": "a"})
        assert "idempotent-replayed" not in response.headers
    assert not IdempotentReply.objects.exists()


def test_a_request_in_work_is_not_done_twice(alice: User) -> None:
    key = keys.issue_key(alice, "tests").key
    assert idempotency.claim(key, "a", "digest") is None
    with pytest.raises(idempotency.InWork) as refused:
        idempotency.claim(key, "a", "digest")
    assert (refused.value.status, refused.value.retry_after) == (409, 1.0)
    idempotency.release(key, "a")
    assert idempotency.claim(key, "a", "digest") is None
    # A process that died gives no reply any more.
    host, pid, _ = processes.identity().rsplit("/", 2)
    IdempotentReply.objects.update(process=f"{host}/{pid}/1")
    assert idempotency.claim(key, "a", "digest") is None
    with pytest.raises(idempotency.InWork):
        idempotency.claim(key, "a", "digest")


def test_of_claims_at_the_same_moment_one_is_granted(
    alice: User, at_once: Callable[..., list[Any]]
) -> None:
    key = keys.issue_key(alice, "tests").key
    found = at_once(lambda name: idempotency.claim(key, name, "digest"), ["a"] * 4)
    assert sorted(type(each).__name__ for each in found) == ["InWork"] * 3 + ["NoneType"]


def test_a_reply_is_kept_for_a_day(alice: User) -> None:
    key = keys.issue_key(alice, "tests").key
    reply = Reply(200, "application/json", b'{"a": "\xc3\xa9"}')
    for name in ("old", "new"):
        idempotency.claim(key, name, "digest")
        idempotency.keep(key, name, reply)
        assert idempotency.claim(key, name, "digest") == reply
    yesterday = timezone.now() - idempotency.LIFETIME
    IdempotentReply.objects.filter(idempotency_key="old").update(created_at=yesterday)
    assert idempotency.claim(key, "old", "other digest") is None
    IdempotentReply.objects.filter(idempotency_key="old").update(created_at=yesterday)
    assert forget_replies.name == "accounts.tasks.forget_replies"
    forget_replies()
    assert [row.idempotency_key for row in IdempotentReply.objects.all()] == ["new"]


# --- what the site itself needs is away


@pytest.mark.parametrize(
    "problem", [OperationalError("the database is locked"), redis.exceptions.ConnectionError("no")]
)
@pytest.mark.parametrize("met", ["chatsite.api.caller_for_bearer", "accounts.limits.admit"])
def test_what_is_away_for_a_moment_is_worth_another_try(
    secret: str,
    fake_models: Upstream,
    met: str,
    problem: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with mock.patch(met, side_effect=problem):
        response = post(secret, BODY)
    status, told = error(response)
    assert (status, told["code"], response.headers["retry-after"]) == (
        503,
        "service_unavailable",
        "5",
    )
    assert "Try again" in told["message"]
    [line] = [line for line in caplog.records if line.name.startswith("chatsite")]
    assert (line.levelname, line.exc_info) == ("ERROR", None)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="others call it another error")
def test_a_statement_that_is_wrong_is_a_fault_of_the_site(secret: str) -> None:
    problem = OperationalError("no such column: nonsense")
    with mock.patch("chatsite.api.caller_for_bearer", side_effect=problem):
        assert get(secret, "/models").status_code == 500
