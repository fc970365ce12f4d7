"""The values that accounts hands to the rest of the site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from accounts.models import Allowance, ApiKey, User


@dataclass(frozen=True, slots=True)
class Pace:
    """Where somebody stands in a limit of so many a minute; `reset` is in seconds from now."""

    limit: int
    remaining: int
    reset: float


@dataclass(slots=True)
class Exchange:
    """What is learnt of one request on its way, for the headers of its reply.

    The paces are the tightest of those that apply; `waited` are the seconds spent waiting for a
    model.
    """

    requests: Pace | None = None
    tokens: Pace | None = None
    waited: float = 0.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: a person, and the key where the request came through the API."""

    user: User
    api_key: ApiKey | None = None
    exchange: Exchange = field(default_factory=Exchange, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What a key may do. The names are those of ApiKey's fields; empty means no bound."""

    scopes: Sequence[str] = ()
    allowed_models: Sequence[str] = ()
    allowed_addresses: Sequence[str] = ()
    expires_at: datetime | None = None
    budget_limit: Decimal | None = None
    budget_unit: str = Allowance.Unit.USD.value
    budget_period: str = Allowance.Period.MONTH.value
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key with its secret: the only moment at which the secret exists in the clear."""

    key: ApiKey
    secret: str = field(repr=False)
