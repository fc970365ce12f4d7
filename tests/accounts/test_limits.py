"""accounts.limits: requests and tokens a minute, in memory and in Redis."""

from __future__ import annotations

import time
from itertools import count

import pytest
from asgiref.sync import async_to_sync
from pytest_django.fixtures import Settings

from accounts import limits
from accounts.models import User
from accounts.types import Caller
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
