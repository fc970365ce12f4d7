"""accounts.keys: issued, changed, revoked, and what each is good for."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import keys
from accounts.models import ApiKey, User
from accounts.types import Caller, KeyTerms
from chatsite.backend.errors import NotAuthenticated, NotPermitted

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


# --- terms

TERMS = KeyTerms(
    scopes=["chat", "models"],
    allowed_models=["gpt-*", "starter"],
    allowed_addresses=["192.0.2.0/24", "2001:db8::1"],
    expires_at=timezone.now() + timedelta(days=3),
    budget_limit=Decimal("2.5"),
    budget_unit="usd",
    budget_period="week",
    requests_per_minute=30,
    tokens_per_minute=9000,
)


def saved_terms(key: ApiKey) -> KeyTerms:
    return KeyTerms(**ApiKey.objects.values(*keys.TERMS).get(pk=key.pk))


def test_a_key_has_the_terms_that_it_was_given(alice: User) -> None:
    bound, free = keys.issue_key(alice, "a", TERMS), keys.issue_key(alice, "b")
    assert saved_terms(bound.key) == TERMS
    assert saved_terms(free.key) == KeyTerms(scopes=[], allowed_models=[], allowed_addresses=[])
    assert keys.authenticate_key(bound.secret) == Caller(alice, bound.key)


def test_a_key_is_given_other_terms(alice: User) -> None:
    issued = keys.issue_key(alice, "a")
    keys.change_key(alice, issued.key.pk, TERMS)
    assert saved_terms(issued.key) == TERMS
    caller = keys.authenticate_key(issued.secret)
    assert caller is not None
    assert caller.api_key is not None
    assert caller.api_key.scopes == ["chat", "models"]


def test_nobody_changes_another_persons_key_or_a_revoked_one(
    alice: User, bob: User, administrator: User
) -> None:
    issued = keys.issue_key(alice, "a", TERMS)
    for other in (bob, administrator):
        with pytest.raises(ApiKey.DoesNotExist):
            keys.change_key(other, issued.key.pk, KeyTerms())
    keys.revoke_key(alice, issued.key.pk)
    with pytest.raises(ApiKey.DoesNotExist):
        keys.change_key(alice, issued.key.pk, KeyTerms())
    assert saved_terms(issued.key) == TERMS


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (KeyTerms(scopes=["chat", "root"]), "There is no scope root. There are chat, completions"),
        (KeyTerms(allowed_models=["a*b"]), "In “a*b” a * may stand at the end only."),
        (KeyTerms(allowed_models=[""]), "In “” a * may stand at the end only."),
        (KeyTerms(allowed_addresses=["192.0.2.1/24"]), "“192.0.2.1/24” is no network."),
        (KeyTerms(budget_limit=Decimal(-1)), "Ensure this value is greater than or equal to 0."),
        (KeyTerms(budget_unit="eur"), "Value 'eur' is not a valid choice."),
    ],
)
def test_terms_that_no_key_can_have(alice: User, terms: KeyTerms, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        keys.issue_key(alice, "a", terms)
    [said] = refused.value.messages
    assert said.startswith(message)
    assert not ApiKey.objects.exists()


def test_a_key_ends_at_its_moment(alice: User) -> None:
    past = timezone.now() - timedelta(seconds=1)
    secret = keys.issue_key(alice, "a", KeyTerms(expires_at=past)).secret
    with pytest.raises(NotAuthenticated, match="This API key expired on"):
        keys.authenticate_key(secret)


def test_what_a_key_is_good_for(alice: User) -> None:
    caller = Caller(alice, keys.issue_key(alice, "a", TERMS).key)
    free = Caller(alice, keys.issue_key(alice, "b").key)
    models = ("gpt-5", "starter", "starter-2", "x")
    assert [keys.may_use(caller, model) for model in models] == [True, True, False, False]
    assert all(keys.may_use(each, "x") for each in (free, Caller(alice)))
    assert caller.api_key is not None
    assert free.api_key is not None
    keys.require_scope(caller.api_key, "chat")
    keys.require_scope(free.api_key, "anything")
    for address in ("192.0.2.200", "2001:db8::1", "::ffff:192.0.2.1"):
        keys.require_address(caller.api_key, address)
    for address in ("192.0.3.1", "2001:db8::2"):
        with pytest.raises(NotPermitted):
            keys.require_address(caller.api_key, address)
