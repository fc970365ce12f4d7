"""Everybody who has an account, for administrators: found, made administrator, deactivated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import User
from accounts.services import require_administrator
from chatsite.backend.errors import InvalidRequest

PAGE = 50


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account; `seen` is when they signed in last, `oneself` who asks."""

    id: int
    email: str
    name: str
    administrator: bool
    active: bool
    joined: datetime
    seen: datetime | None
    oneself: bool


@dataclass(frozen=True, slots=True)
class People:
    """Some of them by address, and after which the next page goes on ("" at the end)."""

    rows: tuple[Person, ...]
    next_after: str


def people_for(user: User, *, words: str = "", after: str = "") -> People:
    """Those whose address or name has these words in it, or all. Raises NotPermitted.

    Whoever has deleted their account is nobody any more.
    """
    require_administrator(user)
    found = User.objects.filter(leaving_at=None).order_by("email")
    if words := words.replace("\x00", "").strip():
        found = found.filter(Q(email__icontains=words) | Q(display_name__icontains=words))
    if after := after.replace("\x00", ""):
        found = found.filter(email__gt=after)
    rows = [
        Person(
            one.pk,
            one.email,
            one.display_name,
            one.is_staff,
            one.is_active,
            one.date_joined,
            one.last_login,
            one.pk == user.pk,
        )
        for one in found[: PAGE + 1]
    ]
    return People(tuple(rows[:PAGE]), rows[PAGE - 1].email if len(rows) > PAGE else "")


def appoint(user: User, person_id: int, *, administrator: bool) -> User:
    """Make somebody an administrator, or one no more.

    Nobody gives more rights than they have. Raises NotPermitted, User.DoesNotExist, or
    InvalidRequest for a superuser where one is none, and for oneself: so there always is one.
    """
    person = _other(user, person_id, "Another administrator has to take your role away.")
    person.is_staff = administrator
    person.is_superuser = administrator and user.is_superuser
    person.save(update_fields=["is_staff", "is_superuser"])
    return person


def admit(user: User, person_id: int, *, active: bool) -> User:
    """Deactivate somebody, with their sessions and keys, or activate them. Raises as `appoint`.

    What is theirs stays.
    """
    person = _other(user, person_id, "Another administrator has to deactivate you.")
    person.is_active = active
    person.save(update_fields=["is_active"])
    return person


def _other(user: User, person_id: int, refusal: str) -> User:
    require_administrator(user)
    if person_id == user.pk:
        raise InvalidRequest(refusal)
    person = User.objects.get(pk=person_id, leaving_at=None)
    if person.is_superuser and not user.is_superuser:
        raise InvalidRequest(
            f"{person.email} has more rights than you: only another superuser can."
        )
    return person
