"""What may be done with API keys, and what a key lets its bearer do."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict
from datetime import timedelta
from ipaddress import ip_address, ip_network

from django.db.models import CharField
from django.utils import timezone

from accounts.models import ApiKey, User
from accounts.patterns import fits
from accounts.types import Caller, IssuedKey, KeyTerms
from chatsite.backend.errors import NotAuthenticated, NotPermitted
from chatsite.sql import Parameter, Prepared

USE_RESOLUTION = timedelta(minutes=1)
"""A key's last use is written at most this often: an API call should cost no write."""
TERMS = tuple(KeyTerms.__dataclass_fields__)
_ELSEWHERE = "Change the key, or make another one, on your settings page."


def issue_key(user: User, name: str, terms: KeyTerms | None = None) -> IssuedKey:
    """Make a key. Its secret is in the answer and nowhere else.

    Raises django's ValidationError where the terms are not such as a key can have.
    """
    secret = f"sk-{secrets.token_urlsafe(32)}"
    key = ApiKey(owner=user, name=name, prefix=secret[:7], digest=_digest(secret))
    _agree(key, terms or KeyTerms())
    key.save(force_insert=True)
    return IssuedKey(key, secret)


def change_key(user: User, key_id: int, terms: KeyTerms) -> ApiKey:
    """Give one of the user's own keys other terms, from the next request on.

    Raises ApiKey.DoesNotExist for any other and for a revoked one, and django's ValidationError.
    """
    key = user.api_keys.get(pk=key_id, revoked_at=None)
    _agree(key, terms)
    key.save(update_fields=TERMS)
    return key


def revoke_key(user: User, key_id: int) -> None:
    """End one of the user's own keys. Raises ApiKey.DoesNotExist for any other."""
    key = user.api_keys.get(pk=key_id)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])


def _agree(key: ApiKey, terms: KeyTerms) -> None:
    for name, value in asdict(terms).items():
        setattr(key, name, list(value) if isinstance(value, tuple) else value)
    others = {field.name for field in ApiKey._meta.fields} - set(TERMS)
    key.clean_fields(exclude=others)


_KEY = Prepared(
    ApiKey,
    lambda: ApiKey.objects.select_related("owner").filter(
        digest=Parameter("digest", CharField()), revoked_at=None, owner__is_active=True
    ),
)


def authenticate_key(secret: str) -> Caller | None:
    """Whose key this is; None if it is unknown or revoked, or its owner is locked out.

    Raises NotAuthenticated for one that has expired. One query, in every process anew: a key that
    is revoked here is refused everywhere. The look-up is by digest, so its time tells nothing
    about the secret.
    """
    key = _KEY.first(digest=_digest(secret))
    if key is None:
        return None
    if key.expired:
        raise NotAuthenticated(
            f"This API key expired on {key.expires_at:%Y-%m-%d at %H:%M} UTC. "
            "Make a new one on your settings page."
        )
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at >= USE_RESOLUTION:
        key.last_used_at = now
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return Caller(key.owner, key)


def _digest(secret: str) -> str:
    # A plain hash is enough: the secret has 256 random bits, so there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()


# --- what a key is good for


def require_scope(key: ApiKey, scope: str) -> None:
    """Raises NotPermitted where the key is for other groups of endpoints."""
    if key.scopes and scope not in key.scopes:
        raise NotPermitted(
            f"This API key may not be used for {scope}: its scopes are {', '.join(key.scopes)}. "
            f"{_ELSEWHERE}",
            code="missing_scope",
        )


def require_address(key: ApiKey, address: str) -> None:
    """Raises NotPermitted where the key is not to be used from this IP address."""
    client = ip_address(address)
    # A socket for both families shows an IPv4 client as an IPv6 address.
    client = getattr(client, "ipv4_mapped", None) or client
    if not any(client in ip_network(network) for network in key.allowed_addresses):
        raise NotPermitted(
            f"This API key may not be used from the address {client}. {_ELSEWHERE}",
            code="address_not_allowed",
        )


def may_use(caller: Caller, *names: str) -> bool:
    """Whether the model is one that the caller's key is for; without a key every one is.

    One of its names is enough: a model has one, an alias its own and that of what it stands for.
    """
    patterns = caller.api_key.allowed_models if caller.api_key else ()
    return not patterns or any(fits(pattern, name) for pattern in patterns for name in names)


def require_model(caller: Caller, *names: str) -> None:
    """Raises NotPermitted where the caller's key is for other models. The names are as above."""
    if not may_use(caller, *names):
        raise NotPermitted(
            f"This API key may not use the model '{names[0]}'. GET /v1/models lists those that it "
            f"may use. {_ELSEWHERE}",
            param="model",
            code="model_not_allowed",
        )
