"""Leaving the site: an account that its own person deletes, with everything that is theirs.

At once the person is locked out and nameless, so that their address is free again. The rest goes
bit by bit in a worker: what a killed one has left, the next one finds by the account's row, which
goes last.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts.models import ApiKey, Invitation, User
from chatsite.archives import Member
from chatsite.backend.errors import NotPermitted
from chatsite.own_data import Count, parts

ALONE = (
    "You are the only administrator here, and other people have accounts: without one, nobody "
    "could look after the site. Make somebody else an administrator first."
)
_PATIENCE = timedelta(minutes=10)
"""So long whoever was sent for may need; then it is done again, which does no harm."""


def members(user: User) -> Iterator[Member]:
    """The files of the archive of everything that is the user's."""
    for part in parts():
        yield from part.members(user.pk)


def counts(user: User) -> list[Count]:
    """What goes with the user's account, without what there is none of."""
    found = [count for part in parts() for count in part.counts(user.pk)]
    return [count for count in found if count.number]


def needed(user: User) -> bool:
    """Whether the site would be left without an administrator, but not without people."""
    others = User.objects.filter(leaving_at=None).exclude(pk=user.pk)
    if not user.is_staff or not others.exists():
        return False
    peers = others.filter(is_staff=True, is_active=True)
    # Who is no superuser could make nobody else an administrator.
    return not (peers.filter(is_superuser=True) if user.is_superuser else peers).exists()


def leave(user: User) -> None:
    """Delete the user's account: nobody can act as them from now on, and their work is stopped.

    Raises NotPermitted for the last administrator among others. The doorway has `finish` called.
    """
    with transaction.atomic():
        # Of two administrators who leave at the same moment, the second sees that the first left.
        list(User.objects.select_for_update().filter(is_staff=True).order_by("pk"))
        if needed(user):
            raise NotPermitted(ALONE)
        Invitation.objects.filter(email=user.email).delete()
        EmailAddress.objects.filter(user=user).delete()
        ApiKey.objects.filter(owner=user, revoked_at=None).update(revoked_at=timezone.now())
        user.email = f"deleted-{user.pk}@deleted.invalid"
        user.display_name = user.custom_instructions = ""
        user.is_active = user.is_staff = user.is_superuser = user.founder = False
        user.leaving_at = timezone.now()
        user.set_unusable_password()  # which ends every session
        user.save()
    for part in parts():
        part.stop(user.pk)


def finish(person_id: int) -> None:
    """Delete everything of somebody who has left, and then their account. May be done again."""
    person = User.objects.filter(pk=person_id, leaving_at__isnull=False).first()
    if person is None:
        return
    for part in parts():
        part.stop(person.pk)
    for part in parts():
        part.erase(person.pk)
    person.delete()


def unfinished() -> list[int]:
    """Whose things ought to be gone by now, but are not."""
    long_ago = timezone.now() - _PATIENCE
    left = User.objects.filter(leaving_at__lt=long_ago).order_by("leaving_at")
    return list(left.values_list("pk", flat=True))
