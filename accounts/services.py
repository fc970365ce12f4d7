"""What may be done with accounts: sign up, keys, invitations, limits, the ledger."""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import cache
from typing import Literal
from uuid import UUID

import limits.aio.storage
import limits.aio.strategies
import limits.storage
import limits.strategies
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import CharField
from django.utils import timezone
from limits import RateLimitItem, RateLimitItemPerMinute, WindowStats

from accounts.models import ApiKey, Invitation, UsageRecord, User
from accounts.types import Caller, IssuedKey
from chatsite.backend.errors import InvalidRequest, NotPermitted, RateLimited
from chatsite.backend.types import Usage
from chatsite.sql import Parameter, Prepared

KEY_USE_RESOLUTION = timedelta(minutes=1)
"""A key's last use is written at most this often: an API call should cost no write."""

PROFILE_FIELDS = frozenset({"display_name", "default_model", "custom_instructions", "theme"})

# --- people


def create_user(email: str, password: str | None, *, display_name: str = "") -> User:
    """Save an account; the first one ever becomes the administrator.

    Without a password nobody can sign in with one. Raises InvalidRequest if the address is
    taken, in whatever case.
    """
    user = _new_user(email, password, display_name)
    _insert(user)
    return user


def sign_up(email: str, password: str | None, *, token: str = "") -> User:
    """Save an account for somebody who asks for one, as settings.SIGNUP has it.

    `token` is an invitation's. Raises NotPermitted where the site is closed to this address,
    InvalidRequest if the address is taken.
    """
    user = _new_user(email, password)
    with transaction.atomic():
        _insert(user)
        # Asked only now, when the database has settled who is first; a refusal undoes the insert.
        if user.founder or settings.SIGNUP == "open" or accept_invitation(token, user):
            return user
        raise NotPermitted("This site is not open for signing up with this address.")


def _new_user(email: str, password: str | None, display_name: str = "") -> User:
    # Hashing takes a good part of a second on purpose: never while the database is locked.
    return User(
        email=User.objects.normalize_email(email),
        password=make_password(password),
        display_name=display_name,
    )


@transaction.atomic
def _insert(user: User) -> None:
    if not User.objects.exists():
        user.founder = user.is_staff = user.is_superuser = True
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:  # somebody else was first, in this very moment
            user.founder = user.is_staff = user.is_superuser = False
        else:
            return
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise InvalidRequest(
            "A user with this email address already exists.", param="email", code="email_taken"
        ) from error


def signup_open(token: str = "") -> bool:
    """Whether somebody who brings this invitation's token, or none, may sign up."""
    return settings.SIGNUP == "open" or find_invitation(token) is not None or first_account()


def first_account() -> bool:
    """Whether the next account is the site's first, and so the administrator's."""
    return not User.objects.exists()


def update_profile(user: User, **fields: str) -> User:
    """Save the given profile fields: display_name, default_model, custom_instructions, theme.

    Raises django's ValidationError if one is too long or not among its choices.
    """
    if unknown := fields.keys() - PROFILE_FIELDS:
        raise TypeError(f"not a profile field: {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(user, name, value)
    user.clean_fields(exclude={field.name for field in User._meta.fields} - fields.keys())
    user.save(update_fields=list(fields))
    return user


# --- invitations

_signer = signing.Signer(salt="accounts.invitation")


def invite(user: User, email: str) -> Invitation:
    """Let an address sign up, for as long as an invitation lives.

    An address that is invited already keeps its invitation. Raises NotPermitted unless the user
    is an administrator, InvalidRequest if the address has an account.
    """
    _require_administrator(user)
    email = User.objects.normalize_email(email)
    if User.objects.filter(email=email).exists():
        raise InvalidRequest(f"{email} has an account already.", param="email", code="email_taken")
    pending = Invitation.objects.pending().filter(email=email).first()
    return pending or Invitation.objects.create(email=email, invited_by=user)


def revoke_invitation(user: User, invitation_id: int) -> None:
    """End an invitation. Raises NotPermitted, or Invitation.DoesNotExist."""
    _require_administrator(user)
    invitation = Invitation.objects.get(pk=invitation_id)
    if invitation.revoked_at is None:
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])


def invitation_token(invitation: Invitation) -> str:
    """What an invitation's link carries. Signed with the site's key, so never stored."""
    return _signer.sign(str(invitation.pk))


def find_invitation(token: str) -> Invitation | None:
    """The pending invitation of a token; None while the site is not open by invitation."""
    if settings.SIGNUP != "invite" or not token:
        return None
    try:
        key = _signer.unsign(token)
    except signing.BadSignature:
        return None
    return Invitation.objects.pending().filter(pk=key).first()


def accept_invitation(token: str, user: User) -> bool:
    """Use up the invitation of a token, if it is pending and for this user's address."""
    invitation = find_invitation(token)
    if invitation is None or invitation.email != user.email:
        return False
    mine = Invitation.objects.pending().filter(pk=invitation.pk)
    return mine.update(accepted_at=timezone.now()) == 1


def _require_administrator(user: User) -> None:
    if not user.is_staff:
        raise NotPermitted("Only administrators may do this.")


# --- keys


def issue_key(user: User, name: str) -> IssuedKey:
    """Make a key. Its secret is in the answer and nowhere else."""
    secret = f"sk-{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(owner=user, name=name, prefix=secret[:7], digest=_digest(secret))
    return IssuedKey(key, secret)


def revoke_key(user: User, key_id: int) -> None:
    """End one of the user's own keys. Raises ApiKey.DoesNotExist for any other."""
    key = user.api_keys.get(pk=key_id)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])


_KEY = Prepared(
    ApiKey,
    lambda: ApiKey.objects.select_related("owner").filter(
        digest=Parameter("digest", CharField()), revoked_at=None, owner__is_active=True
    ),
)


def authenticate_key(secret: str) -> Caller | None:
    """Whose key this is; None if it is unknown or revoked, or its owner is locked out.

    One query. The look-up is by digest, so its time tells nothing about the secret.
    """
    key = _KEY.first(digest=_digest(secret))
    if key is None:
        return None
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at >= KEY_USE_RESOLUTION:
        key.last_used_at = now
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return Caller(key.owner, key)


def _digest(secret: str) -> str:
    # A plain hash is enough: the secret has 256 random bits, so there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()


# --- limits

_Hit = Callable[..., Awaitable[bool]]
_Window = Callable[[RateLimitItem, str], Awaitable[WindowStats]]


async def acheck_limits(caller: Caller, cost: int = 1) -> None:
    """Count a request, or as many as it is worth.

    Raises RateLimited beyond settings.REQUESTS_PER_MINUTE (0: no limit).
    A person has one allowance for the page and all keys together; it is counted in Redis where
    settings.REDIS_URL is set, else in each process for itself. `retry_after` is in seconds.
    """
    if not settings.REQUESTS_PER_MINUTE:
        return
    hit, window = _shared_limiter(settings.REDIS_URL) if settings.REDIS_URL else _own_limiter()
    limit, person = RateLimitItemPerMinute(settings.REQUESTS_PER_MINUTE), str(caller.user.pk)
    if not await hit(limit, person, cost=cost):
        wait = max((await window(limit, person)).reset_time - time.time(), 1.0)
        raise RateLimited(
            f"You have sent {settings.REQUESTS_PER_MINUTE} requests within a minute. "
            f"Try again in {math.ceil(wait)} s.",
            retry_after=wait,
        )


# Both count with a sliding window of two counters a person: remembering each request costs more
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


# --- the ledger


def record_usage(
    caller: Caller,
    *,
    model: str,
    backend: str,
    usage: Usage,
    status: Literal["finished", "stopped", "failed", "blocked"],
    duration_ms: int,
    time_to_first_token_ms: int | None = None,
    streamed: bool = False,
    request_id: str = "",
    conversation_id: UUID | None = None,
    operation: str = "chat",
    flags: Sequence[str] = (),
) -> UsageRecord:
    """Write one request into the ledger; `flags` are the moderation categories it touched."""
    return UsageRecord.objects.create(
        owner=caller.user,
        api_key=caller.api_key,
        conversation_id=conversation_id,
        request_id=request_id,
        operation=operation,
        model=model,
        backend=backend,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cached_tokens=usage.cached_tokens,
        exact=usage.exact,
        time_to_first_token_ms=time_to_first_token_ms,
        duration_ms=duration_ms,
        status=status,
        streamed=streamed,
        flags=",".join(flags),
    )
