"""How many requests and tokens a minute: for a person, a key, a model and the whole site.

Counted by the `limits` library with a sliding window of two counters, in Redis where
settings.REDIS_URL is set, else in each process for itself. 0 means no limit everywhere.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import limits.aio.storage
import limits.aio.strategies
import limits.storage
import limits.strategies
from asgiref.sync import sync_to_async
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerMinute, WindowStats

from accounts.patterns import most_specific
from accounts.types import Caller, Exchange, Pace
from chatsite.backend.errors import RateLimited

MINUTE = 60.0


class TokensLimited(RateLimited):
    """RateLimited, of the type that OpenAI gives to tokens."""

    type = "tokens"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many a minute, counted under the name `counter`; `whose` begins the refusal."""

    amount: int
    counter: str
    whose: str


@dataclass(frozen=True, slots=True)
class TokenHold:
    """Tokens that one request has taken out of some limits before it used them."""

    tokens: int
    taken_at: float
    limits: tuple[Limit, ...]


async def admit(caller: Caller, cost: int = 1) -> None:
    """Count a request, or as many as it is worth, for its person, its key and the whole site.

    Raises RateLimited, with `retry_after` in seconds. A person has one allowance for the page and
    all keys together.
    """
    for limit in _of_caller(caller, tokens=False):
        await _count(caller, limit, cost)


async def admit_pictures(caller: Caller, count: int) -> None:
    """Count pictures that a person orders, on the page and by all keys. Raises RateLimited."""
    if amount := settings.PICTURES_PER_MINUTE:
        ok, pace = await _hit(Limit(amount, f"pictures:person:{caller.user.pk}", "You"), count)
        if not ok:
            wait = max(pace.reset, 1.0)
            raise RateLimited(
                f"You may order {amount} pictures a minute. Try again in {math.ceil(wait)} s.",
                retry_after=wait,
            )


async def take(caller: Caller, *names: str, requests: int, tokens: int) -> TokenHold | None:
    """Count requests of a model, and take the tokens that they may need out of every limit.

    Its `names` are its id, and the alias by which it was asked for. Raises RateLimited. None where
    nothing limits tokens.
    """
    of_requests, of_tokens = _of_model(*names)
    if of_requests is not None:
        await _count(caller, of_requests, requests)
    taken: list[Limit] = []
    for limit in (*_of_caller(caller, tokens=True), *filter(None, [of_tokens])):
        ok, pace = await _hit(limit, tokens)
        caller.exchange.tokens = _tighter(caller.exchange.tokens, pace)
        if not ok:
            await give_back(TokenHold(tokens, time.monotonic(), tuple(taken)), 0)
            raise _too_many_tokens(limit, pace, tokens)
        taken.append(limit)
    return TokenHold(tokens, time.monotonic(), tuple(taken)) if taken else None


async def give_back(hold: TokenHold, used: int) -> None:
    """Return what a request took and did not use, or take what it used beyond that.

    Of what is returned only the share counts that the window has surely not forgotten yet:
    more would let somebody exceed the limit in the next minute.
    """
    fresh = 1 - (time.monotonic() - hold.taken_at) / MINUTE
    surplus = math.ceil((hold.tokens - used) * fresh) if used < hold.tokens else hold.tokens - used
    if fresh > 0 and surplus:
        for limit in hold.limits:
            await _counters()[0](_item(limit), limit.counter, cost=-surplus)


async def _count(caller: Caller, limit: Limit, cost: int) -> None:
    ok, pace = await _hit(limit, cost)
    caller.exchange.requests = _tighter(caller.exchange.requests, pace)
    if not ok:
        wait = max(pace.reset, 1.0)
        raise RateLimited(
            f"{limit.whose} may send {limit.amount} requests a minute. "
            f"Try again in {math.ceil(wait)} s.",
            retry_after=wait,
        )


def _too_many_tokens(limit: Limit, pace: Pace, tokens: int) -> TokensLimited:
    asked = f"{limit.whose} may use {limit.amount} tokens a minute, and this request may need "
    if tokens > limit.amount:
        return TokensLimited(f"{asked}{tokens}: it never fits. Ask for a shorter answer.")
    wait = max(pace.reset, 1.0)
    return TokensLimited(
        f"{asked}{tokens} where {pace.remaining} are left. Try again in {math.ceil(wait)} s, or "
        "ask for a shorter answer.",
        retry_after=wait,
    )


def _tighter(one: Pace | None, other: Pace) -> Pace:
    return other if one is None or other.remaining < one.remaining else one


def headers(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """What a reply says of its limits, in OpenAI's form."""
    for name, pace in (("requests", exchange.requests), ("tokens", exchange.tokens)):
        if pace is not None:
            yield f"x-ratelimit-limit-{name}", str(pace.limit)
            yield f"x-ratelimit-remaining-{name}", str(pace.remaining)
            yield f"x-ratelimit-reset-{name}", _duration(pace.reset)


def _duration(seconds: float) -> str:
    """As Go writes it: "120ms", "1s", "6m0s"."""
    if seconds < 1:
        return f"{math.ceil(1000 * seconds)}ms"
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


# --- which limits there are


def _of_caller(caller: Caller, *, tokens: bool) -> Iterator[Limit]:
    name = "tokens_per_minute" if tokens else "requests_per_minute"
    kind = "tokens" if tokens else "requests"
    if (key := caller.api_key) is not None and (amount := getattr(key, name)):
        yield Limit(amount, f"{kind}:key:{key.pk}", "This API key")
    amount = getattr(caller.user, name)
    if amount is None:
        amount = getattr(settings, name.upper())
    if amount:
        yield Limit(amount, f"{kind}:person:{caller.user.pk}", "You")
    if amount := getattr(settings, f"SITE_{name.upper()}"):
        yield Limit(amount, f"{kind}:site", "All people of this site together")


def _of_model(*names: str) -> tuple[Limit | None, Limit | None]:
    """The limits on a model's requests and tokens. Models that share a pattern share a limit."""
    pattern = most_specific(settings.MODEL_LIMITS, *names)
    if pattern is None:
        return None, None
    requests, tokens = settings.MODEL_LIMITS[pattern]
    # By the name that was asked for: what serves an alias may be a secret.
    whose = f"All who use the model '{names[-1]}' together"
    return (
        Limit(requests, f"requests:model:{pattern}", whose) if requests else None,
        Limit(tokens, f"tokens:model:{pattern}", whose) if tokens else None,
    )


# --- counting

_Hit = Callable[..., Awaitable[bool]]
_Window = Callable[[RateLimitItem, str], Awaitable[WindowStats]]


async def _hit(limit: Limit, cost: int) -> tuple[bool, Pace]:
    hit, window = _counters()
    item = _item(limit)
    ok = await hit(item, limit.counter, cost=cost)
    stats = await window(item, limit.counter)
    reset = max(stats.reset_time - time.time(), 0.0)
    return ok, Pace(limit.amount, min(int(stats.remaining), limit.amount), reset)


@lru_cache(maxsize=1024)
def _item(limit: Limit) -> RateLimitItem:
    return RateLimitItemPerMinute(limit.amount)


def _counters() -> tuple[_Hit, _Window]:
    return _shared_limiter(settings.REDIS_URL) if settings.REDIS_URL else _own_limiter()


# Both count with a sliding window of two counters a limit: remembering each request costs more
# the more people there are.


@cache
def _own_limiter() -> tuple[_Hit, _Window]:
    # The library's other storage in memory starts a thread for nearly every request.
    limiter = limits.aio.strategies.SlidingWindowCounterRateLimiter(
        limits.aio.storage.MemoryStorage()
    )
    return limiter.hit, limiter.get_window_stats


@cache
def _shared_limiter(redis_url: str) -> tuple[_Hit, _Window]:
    # Called in threads: an asynchronous connection would belong to one event loop for ever.
    limiter = limits.strategies.SlidingWindowCounterRateLimiter(
        limits.storage.storage_from_string(redis_url)
    )
    return (
        sync_to_async(limiter.hit, thread_sensitive=False),
        sync_to_async(limiter.get_window_stats, thread_sensitive=False),
    )
