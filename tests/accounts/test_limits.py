"""accounts.services.check_limits: requests per person and minute, in memory and in Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from pytest_django.fixtures import Settings

from accounts import services
from accounts.models import User
from accounts.types import Caller
from chatsite.backend.errors import RateLimited
from tests.servers.redis import MISSING, redis

ALICE = Caller(User(pk=1, email="alice@example.com"))
BOB = Caller(User(pk=2, email="bob@example.com"))


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis() as url:
        yield url


@pytest.fixture(
    params=[
        "memory",
        pytest.param(
            "redis",
            marks=[pytest.mark.services, pytest.mark.skipif(bool(MISSING), reason=MISSING)],
        ),
    ]
)
def storage(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.REDIS_URL = "" if request.param == "memory" else request.getfixturevalue("redis_url")
    services._limiter(settings.REDIS_URL).storage.reset()


def passes(caller: Caller) -> bool:
    try:
        async_to_sync(services.acheck_limits)(caller)
    except RateLimited:
        return False
    return True


@pytest.mark.usefixtures("storage")
def test_each_person_has_an_allowance(settings: Settings) -> None:
    settings.REQUESTS_PER_MINUTE = 3
    assert [passes(ALICE) for _ in range(5)] == [True, True, True, False, False]
    assert passes(BOB)


@pytest.mark.usefixtures("storage")
def test_a_refusal_says_how_long_to_wait(settings: Settings) -> None:
    settings.REQUESTS_PER_MINUTE = 2
    services.check_limits(ALICE)
    services.check_limits(ALICE)
    with pytest.raises(RateLimited) as refused:
        services.check_limits(ALICE)
    error = refused.value
    assert (error.status, error.code) == (429, "rate_limit_exceeded")
    assert error.retry_after is not None
    assert 50 < error.retry_after <= 60
    assert error.message.startswith("You have sent 2 requests within a minute. Try again in ")


@pytest.mark.usefixtures("storage")
def test_both_doors_share_the_allowance(settings: Settings) -> None:
    settings.REQUESTS_PER_MINUTE = 2
    services.check_limits(ALICE)
    assert [passes(ALICE), passes(ALICE)] == [True, False]


def test_zero_is_no_limit(settings: Settings) -> None:
    settings.REQUESTS_PER_MINUTE = 0
    assert all(passes(ALICE) for _ in range(500))
