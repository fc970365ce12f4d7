"""accounts.keys: issued, changed, revoked, and what each is good for."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import keys
from accounts.models import ApiKey, User
from accounts.types import Caller

pytestmark = pytest.mark.django_db


def test_the_secret_of_a_key_is_nowhere_but_in_the_answer(alice: User) -> None:
    issued = keys.issue_key(alice, "laptop")
    assert re.fullmatch(r"sk-[A-Za-z0-9_-]{43}", issued.secret)
    [row] = ApiKey.objects.values()
    assert row == {
        "id": issued.key.pk,
        "owner_id": alice.pk,
        "name": "laptop",
        "prefix": issued.secret[:7],
        "digest": hashlib.sha256(issued.secret.encode()).hexdigest(),
        "scopes": [],
        "allowed_models": [],
        "allowed_addresses": [],
        "expires_at": None,
        "budget_limit": None,
        "budget_unit": "usd",
        "budget_period": "month",
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "created_at": issued.key.created_at,
        "last_used_at": None,
        "revoked_at": None,
    }
    assert issued.secret not in repr(issued)
    assert keys.issue_key(alice, "laptop").secret != issued.secret


def test_a_key_stands_for_its_owner(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    issued = keys.issue_key(alice, "laptop")
    first = keys.authenticate_key(issued.secret)
    with django_assert_num_queries(1):  # the use was written a moment ago
        again = keys.authenticate_key(issued.secret)
        assert again is not None
        assert again.user.email == "alice@example.com"
    assert first == again == Caller(alice, issued.key)


def test_the_last_use_of_a_key_is_written_once_a_minute(alice: User) -> None:
    issued = keys.issue_key(alice, "laptop")
    now = timezone.now()
    keys.authenticate_key(issued.secret)
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    assert now <= first <= timezone.now()
    for ago, written in [(59, False), (61, True)]:
        before = timezone.now() - timedelta(seconds=ago)
        ApiKey.objects.update(last_used_at=before)
        keys.authenticate_key(issued.secret)
        assert (ApiKey.objects.get().last_used_at != before) is written


@pytest.mark.parametrize("secret", ["", "sk-", "sk-nobody", "sk-\u00e9\0"])
def test_an_unknown_secret_is_refused(alice: User, secret: str) -> None:
    keys.issue_key(alice, "laptop")
    assert keys.authenticate_key(secret) is None


def test_the_digest_of_a_key_is_no_key(alice: User) -> None:
    issued = keys.issue_key(alice, "laptop")
    assert keys.authenticate_key(issued.key.digest) is None


def test_a_revoked_key_is_refused_and_the_others_are_not(alice: User) -> None:
    lost, kept = keys.issue_key(alice, "lost"), keys.issue_key(alice, "kept")
    keys.revoke_key(alice, lost.key.pk)
    revoked_at = ApiKey.objects.get(name="lost").revoked_at
    keys.revoke_key(alice, lost.key.pk)
    assert revoked_at is not None
    assert ApiKey.objects.get(name="lost").revoked_at == revoked_at
    assert keys.authenticate_key(lost.secret) is None
    assert keys.authenticate_key(kept.secret) == Caller(alice, kept.key)


def test_nobody_revokes_another_persons_key(alice: User, bob: User, administrator: User) -> None:
    issued = keys.issue_key(alice, "laptop")
    for other in (bob, administrator):
        with pytest.raises(ApiKey.DoesNotExist):
            keys.revoke_key(other, issued.key.pk)
    assert keys.authenticate_key(issued.secret) is not None


def test_the_keys_of_a_locked_out_person_are_refused(alice: User) -> None:
    issued = keys.issue_key(alice, "laptop")
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert keys.authenticate_key(issued.secret) is None
