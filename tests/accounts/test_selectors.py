"""accounts.selectors: each person sees what is theirs."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts import keys, selectors, services
from accounts.models import INVITATION_LIFETIME, Invitation, User

pytestmark = pytest.mark.django_db


def test_a_person_sees_their_own_working_keys(alice: User, bob: User, administrator: User) -> None:
    first, second, lost = (keys.issue_key(alice, name).key for name in ("1", "2", "lost"))
    keys.revoke_key(alice, lost.pk)
    bobs = keys.issue_key(bob, "his").key
    assert list(selectors.keys_for(alice)) == [second, first]
    assert list(selectors.keys_for(bob)) == [bobs]
    assert list(selectors.keys_for(administrator)) == []


def test_administrators_see_the_invitations(alice: User, administrator: User) -> None:
    accepted, pending, revoked, expired = (
        services.invite(administrator, f"{name}@example.com") for name in ("a", "b", "c", "d")
    )
    services.revoke_invitation(administrator, revoked.pk)
    long_ago = timezone.now() - INVITATION_LIFETIME
    Invitation.objects.filter(pk=expired.pk).update(created_at=long_ago)
    Invitation.objects.filter(pk=accepted.pk).update(accepted_at=long_ago, created_at=long_ago)
    assert list(selectors.invitations_for(administrator)) == [pending, accepted]
    assert list(selectors.invitations_for(alice)) == []
