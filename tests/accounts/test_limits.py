"""accounts.limits: requests and tokens a minute, in memory and in Redis."""

from __future__ import annotations

import time
from itertools import count

import pytest
from asgiref.sync import async_to_sync
from pytest_django.fixtures import Settings

from accounts import limits
from accounts.models import ApiKey, User
from accounts.types import Caller, Exchange, Pace
from chatsite.backend.errors import RateLimited

NUMBERS = count(1)


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.services)])
def storage(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.REDIS_URL = "" if request.param == "memory" else request.getfixturevalue("redis_url")
    # In memory a minute is the clock's; a test must not begin in one and end in the next.
    if time.time() % 60 > 58:
        time.sleep(2)


@pytest.fixture
def caller() -> Caller:
    """Somebody who has asked nothing yet."""
    return Caller(User(pk=next(NUMBERS), email="carol@example.com"))


check = async_to_sync(limits.admit)


def passes(caller: Caller) -> bool:
    try:
        check(caller)
    except RateLimited:
        return False
    return True


@pytest.mark.usefixtures("storage")
def test_each_person_has_an_allowance(settings: Settings, caller: Caller) -> None:
    settings.REQUESTS_PER_MINUTE = 3
    assert [passes(caller) for _ in range(5)] == [True, True, True, False, False]
    assert passes(Caller(User(pk=next(NUMBERS))))


@pytest.mark.usefixtures("storage")
def test_a_refusal_says_how_long_to_wait(settings: Settings, caller: Caller) -> None:
    settings.REQUESTS_PER_MINUTE = 2
    check(caller)
    check(caller)
    with pytest.raises(RateLimited) as refused:
        check(caller)
    error = refused.value
    assert (error.status, error.code) == (429, "rate_limit_exceeded")
    assert error.retry_after is not None
    assert 1 <= error.retry_after <= 60
    assert error.message.startswith("You may send 2 requests a minute. Try again in ")


@pytest.mark.parametrize("storage", ["memory"], indirect=True)
def test_whoever_waits_as_told_is_let_in(
    storage: None, settings: Settings, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REQUESTS_PER_MINUTE = 2
    check(caller)
    check(caller)
    with pytest.raises(RateLimited) as refused:
        check(caller)
    now, wait = time.time, refused.value.retry_after or 0.0
    monkeypatch.setattr(time, "time", lambda: now() + wait - 1)
    assert not passes(caller)
    monkeypatch.setattr(time, "time", lambda: now() + wait + 0.1)
    assert passes(caller)


@pytest.mark.usefixtures("storage")
def test_zero_is_no_limit(settings: Settings, caller: Caller) -> None:
    settings.REQUESTS_PER_MINUTE = 0
    assert all(passes(caller) for _ in range(200))


@pytest.mark.usefixtures("storage")
def test_a_person_may_have_another_allowance_than_the_site_gives(
    settings: Settings, caller: Caller
) -> None:
    settings.REQUESTS_PER_MINUTE = 1
    caller.user.requests_per_minute = 3
    assert [passes(caller) for _ in range(5)] == [True, True, True, False, False]
    unbound = Caller(User(pk=next(NUMBERS), requests_per_minute=0))
    assert all(passes(unbound) for _ in range(5))


@pytest.mark.usefixtures("storage")
def test_a_key_and_the_whole_site_have_limits_too(settings: Settings, caller: Caller) -> None:
    settings.REQUESTS_PER_MINUTE, settings.SITE_REQUESTS_PER_MINUTE = 0, 5
    key = Caller(caller.user, ApiKey(pk=next(NUMBERS), requests_per_minute=2))
    assert [passes(key) for _ in range(3)] == [True, True, False]
    assert [passes(caller) for _ in range(2)] == [True, True]
    somebody = Caller(User(pk=next(NUMBERS)))
    assert [passes(somebody) for _ in range(3)] == [True, False, False]
    with pytest.raises(RateLimited, match=r"^All people of this site together may send 5 requests"):
        check(somebody)


# --- tokens

take, give_back = async_to_sync(limits.take), async_to_sync(limits.give_back)


def taken(caller: Caller, tokens: int, model: str = "m") -> limits.TokenHold | None:
    try:
        return take(caller, model, requests=1, tokens=tokens)
    except RateLimited:
        return None


@pytest.mark.usefixtures("storage")
def test_tokens_are_taken_before_and_given_back_after(settings: Settings, caller: Caller) -> None:
    settings.TOKENS_PER_MINUTE = 100
    hold = taken(caller, 80)
    assert hold is not None
    assert taken(caller, 30) is None
    give_back(hold, 20)
    assert taken(caller, 79) is not None
    assert taken(caller, 10) is None
    assert taken(Caller(User(pk=next(NUMBERS))), 100) is not None


@pytest.mark.usefixtures("storage")
def test_what_a_refused_request_took_elsewhere_is_given_back(
    settings: Settings, caller: Caller
) -> None:
    settings.TOKENS_PER_MINUTE, settings.SITE_TOKENS_PER_MINUTE = 100, 120
    assert taken(Caller(User(pk=next(NUMBERS))), 50) is not None
    for _ in range(5):
        assert taken(caller, 90) is None
    assert taken(caller, 69) is not None


@pytest.mark.usefixtures("storage")
def test_more_than_was_reserved_is_taken_in_the_end(settings: Settings, caller: Caller) -> None:
    settings.TOKENS_PER_MINUTE = 100
    hold = taken(caller, 10)
    assert hold is not None
    give_back(hold, 95)
    assert taken(caller, 6) is None
    assert taken(caller, 5) is not None


@pytest.mark.usefixtures("storage")
def test_models_have_limits(settings: Settings, caller: Caller) -> None:
    model = f"big-{next(NUMBERS)}"
    settings.MODEL_LIMITS = {f"{model}*": (2, 100), f"{model}-mini": (0, 50), "*": (1000, 0)}
    with pytest.raises(RateLimited) as refused:
        take(caller, f"{model}-mini", requests=1, tokens=60)
    assert (refused.value.type, refused.value.retry_after) == ("tokens", None)
    assert "All who use the model" in refused.value.message
    assert [bool(taken(caller, 30, f"{model}-a")) for _ in range(3)] == [True, True, False]
    assert [taken(caller, 10**6, "small") for _ in range(3)] == [None] * 3
    take(caller, "small", requests=1, tokens=10**6)


def test_after_a_minute_nothing_is_given_back(
    settings: Settings, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = ""
    settings.TOKENS_PER_MINUTE = 100
    hold = taken(caller, 80)
    assert hold is not None
    moment = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: moment() + 61)
    give_back(hold, 0)
    assert taken(caller, 30) is None


# --- what replies say


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0ms"), (0.12, "120ms"), (1, "1s"), (8.2, "9s"), (59.5, "1m0s"), (360, "6m0s")],
)
def test_the_headers_are_openais(seconds: float, said: str) -> None:
    exchange = Exchange(requests=Pace(60, 59, seconds), tokens=Pace(90_000, 100, 1))
    assert dict(limits.headers(exchange)) == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": said,
        "x-ratelimit-limit-tokens": "90000",
        "x-ratelimit-remaining-tokens": "100",
        "x-ratelimit-reset-tokens": "1s",
    }
    assert dict(limits.headers(Exchange())) == {}


@pytest.mark.usefixtures("storage")
def test_the_tightest_limit_is_told(settings: Settings, caller: Caller) -> None:
    settings.REQUESTS_PER_MINUTE, settings.SITE_REQUESTS_PER_MINUTE = 5, 1000
    settings.TOKENS_PER_MINUTE, settings.SITE_TOKENS_PER_MINUTE = 5000, 1000
    check(caller)
    take(caller, "m", requests=1, tokens=10)
    pace = caller.exchange.requests
    assert pace is not None
    assert (pace.limit, pace.remaining) == (5, 4)
    tokens = caller.exchange.tokens
    assert tokens is not None
    assert tokens.limit == 1000
