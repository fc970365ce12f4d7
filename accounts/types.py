"""The values that accounts hands to the rest of the site."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: a person, and the key where the request came through the API."""

    user: User
    api_key: ApiKey | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key with its secret: the only moment at which the secret exists in the clear."""

    key: ApiKey
    secret: str = field(repr=False)
