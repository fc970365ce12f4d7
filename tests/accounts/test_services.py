"""accounts.services: signing up, profiles, invitations."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import services
from accounts.models import INVITATION_LIFETIME, Invitation, User
from chatsite.backend.errors import InvalidRequest, NotPermitted

pytestmark = pytest.mark.django_db


# --- people


def rights(user: User) -> tuple[bool, bool, bool]:
    return user.founder, user.is_staff, user.is_superuser


def test_the_first_account_is_the_administrator() -> None:
    first = services.create_user("First@example.com", "pw-1", display_name="First")
    second = services.create_user("second@example.com", "pw-2")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (rights(first), rights(second)) == ((True, True, True), (False, False, False))
    assert (first.email, first.display_name) == ("first@example.com", "First")
    assert first.check_password("pw-1")


def test_an_account_without_a_password_lets_nobody_in() -> None:
    user = services.create_user("first@example.com", None)
    assert not user.has_usable_password()


def test_after_createsuperuser_nobody_becomes_administrator_by_signing_up() -> None:
    User.objects.create_superuser("root@example.com", "pw")
    assert rights(services.sign_up("second@example.com", "pw")) == (False, False, False)


def test_an_address_is_taken_once() -> None:
    services.create_user("first@example.com", "pw")
    services.create_user("second@example.com", "pw")
    with pytest.raises(InvalidRequest) as refused:
        services.create_user("SECOND@example.com", "pw")
    assert (refused.value.param, refused.value.code) == ("email", "email_taken")
    assert User.objects.count() == 2


def test_of_first_signups_at_the_same_moment_one_is_the_administrator(
    at_once: Callable[..., list[Any]], settings: Settings
) -> None:
    settings.SIGNUP = "open"
    people = at_once(
        lambda email: services.sign_up(email, "pw"), [f"p{n}@example.com" for n in range(4)]
    )
    assert sorted(map(rights, people)) == [(False, False, False)] * 3 + [(True, True, True)]


def test_whoever_comes_while_the_first_account_is_being_saved_is_no_administrator(
    at_once: Callable[..., list[Any]],
) -> None:
    saved = Event()

    def attempt(email: str) -> User:
        if email == "second@example.com":
            saved.wait(10)
            return services.sign_up(email, "pw")
        with transaction.atomic():
            user = services.sign_up(email, "pw")
            saved.set()
            time.sleep(0.3)  # until the other is waiting for the database
            return user

    first, second = at_once(attempt, ["first@example.com", "second@example.com"])
    assert (rights(first), rights(second)) == ((True, True, True), (False, False, False))


def test_a_closed_site_lets_in_only_the_first_of_several_at_the_same_moment(
    at_once: Callable[..., list[Any]], settings: Settings
) -> None:
    settings.SIGNUP = "closed"
    results = at_once(
        lambda email: services.sign_up(email, "pw"), [f"p{n}@example.com" for n in range(4)]
    )
    assert sorted(type(result).__name__ for result in results) == ["NotPermitted"] * 3 + ["User"]


def test_one_address_signing_up_twice_at_the_same_moment_gets_one_account(
    at_once: Callable[..., list[Any]],
) -> None:
    results = at_once(lambda email: services.sign_up(email, "pw"), ["p@example.com"] * 3)
    assert sorted(type(r).__name__ for r in results) == ["InvalidRequest"] * 2 + ["User"]


@pytest.mark.parametrize("mode", ["open", "invite", "closed"])
def test_the_first_account_is_let_in_whatever_the_setting(settings: Settings, mode: str) -> None:
    settings.SIGNUP = mode
    assert (services.first_account(), services.signup_open()) == (True, True)
    assert rights(services.sign_up("first@example.com", "pw")) == (True, True, True)
    assert (services.first_account(), services.signup_open()) == (False, mode == "open")


@pytest.mark.parametrize("mode", ["invite", "closed"])
def test_a_refused_signup_leaves_no_account(
    settings: Settings, mode: str, administrator: User
) -> None:
    settings.SIGNUP = mode
    with pytest.raises(NotPermitted):
        services.sign_up("carol@example.com", "pw")
    assert not User.objects.filter(email="carol@example.com").exists()


def test_a_profile_is_saved(alice: User) -> None:
    profile = {
        "display_name": "Alice A.",
        "default_model": "gpt-x",
        "custom_instructions": "Be brief.",
        "theme": "dark",
    }
    services.update_profile(alice, **profile)
    assert User.objects.filter(pk=alice.pk).values(*profile).get() == profile


@pytest.mark.parametrize(
    "change", [{"custom_instructions": "x" * 4001}, {"theme": "pink"}, {"display_name": "x" * 101}]
)
def test_a_profile_keeps_its_bounds(alice: User, change: dict[str, str]) -> None:
    before = User.objects.values().get(pk=alice.pk)
    with pytest.raises(ValidationError) as refused:
        services.update_profile(alice, **change)
    assert list(refused.value.message_dict) == list(change)
    assert User.objects.values().get(pk=alice.pk) == before


def test_a_profile_holds_no_rights(alice: User) -> None:
    with pytest.raises(TypeError, match="is_staff"):
        services.update_profile(alice, theme="dark", is_staff="1")
    alice.refresh_from_db()
    assert (alice.is_staff, alice.theme) == (False, "system")


# --- invitations


@pytest.fixture
def invitation(settings: Settings, administrator: User) -> Invitation:
    settings.SIGNUP = "invite"
    return services.invite(administrator, "Carol@Example.com")


def test_an_invitation_lets_its_address_in_once(invitation: Invitation, alice: User) -> None:
    token = services.invitation_token(invitation)
    assert services.signup_open(token)
    carol = services.sign_up("carol@example.com", "pw", token=token)
    assert rights(carol) == (False, False, False)
    invitation.refresh_from_db()
    assert invitation.accepted_at is not None
    assert not services.signup_open(token)
    carol.delete()
    with pytest.raises(NotPermitted):
        services.sign_up("carol@example.com", "pw", token=token)


def test_an_invitation_lets_no_other_address_in(invitation: Invitation) -> None:
    with pytest.raises(NotPermitted):
        services.sign_up("mallory@example.com", "pw", token=services.invitation_token(invitation))
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


def test_an_invitation_ends(invitation: Invitation, administrator: User) -> None:
    token = services.invitation_token(invitation)
    Invitation.objects.update(created_at=timezone.now() - INVITATION_LIFETIME)
    assert services.find_invitation(token) is None
    again = services.invite(administrator, "carol@example.com")
    assert again != invitation
    services.revoke_invitation(administrator, again.pk)
    assert services.find_invitation(services.invitation_token(again)) is None


@pytest.mark.parametrize("token", ["", "1", "1:", "x:y", "1:\u0661"])
def test_a_token_must_be_the_sites_own(invitation: Invitation, token: str) -> None:
    assert services.find_invitation(token) is None


@pytest.mark.parametrize("mode", ["open", "closed"])
def test_an_invitation_counts_only_while_the_site_asks_for_one(
    invitation: Invitation, settings: Settings, mode: str
) -> None:
    settings.SIGNUP = mode
    assert services.find_invitation(services.invitation_token(invitation)) is None


def test_an_invited_address_keeps_its_invitation(
    invitation: Invitation, administrator: User
) -> None:
    assert invitation.email == "carol@example.com"
    assert services.invite(administrator, "carol@example.com") == invitation


def test_an_address_with_an_account_is_not_invited(administrator: User, alice: User) -> None:
    with pytest.raises(InvalidRequest, match="has an account"):
        services.invite(administrator, alice.email.upper())


def test_only_administrators_invite_and_revoke(invitation: Invitation, bob: User) -> None:
    with pytest.raises(NotPermitted):
        services.invite(bob, "dave@example.com")
    with pytest.raises(NotPermitted):
        services.revoke_invitation(bob, invitation.pk)
    assert list(Invitation.objects.values_list("email", "revoked_at")) == [
        ("carol@example.com", None)
    ]
