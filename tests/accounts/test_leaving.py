"""Deleting one's account: who may, what goes, and what nothing is left of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import keys, leaving, services, tasks
from accounts.auth import still_signed_in
from accounts.models import Invitation, RequestLog, UsageRecord, User
from chatsite.backend.errors import NotPermitted
from conversations.models import Conversation, Message, Rating
from images.models import Picture
from tests.accounts.test_own_data import asked, used
from tests.servers.people import PASSWORD

pytestmark = pytest.mark.django_db

URL = "/settings/delete/"


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, settings: Settings) -> Path:
    storages = {**settings.STORAGES}
    storages["default"] = {**storages["default"], "OPTIONS": {"location": tmp_path / "files"}}
    settings.STORAGES = storages
    settings.DATA_DIR = tmp_path
    return tmp_path / "files"


def furnish(person: User) -> None:
    """Something of everything."""
    said = Conversation.objects.create(owner=person)
    answer = Message.objects.create(conversation=said, role="assistant", text="Hello")
    Rating.objects.create(owner=person, message=answer, thumb=1)
    used(person, "tiny")
    asked(person)
    keys.issue_key(person, "laptop")
    EmailAddress.objects.create(user=person, email=person.email, primary=True)
    Picture.objects.create(
        owner=person, operation="upload", width=1, height=1, extension="png", bytes=1, sha256=""
    )


def rows() -> list[int]:
    kinds: list[Any] = [
        Conversation, Message, Rating, UsageRecord, RequestLog, EmailAddress, Picture,
    ]  # fmt: skip
    return [kind.objects.count() for kind in kinds]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# --- who has left


def test_everything_goes_and_nothing_of_anybody_elses(alice: User, bob: User) -> None:
    furnish(alice)
    furnish(bob)
    leaving.leave(alice)
    leaving.finish(alice.pk)
    assert set(User.objects.values_list("email", flat=True)) == {
        "administrator@example.com",
        "bob@example.com",
    }
    assert rows() == [1] * 7
    assert UsageRecord.objects.get().owner == bob
    leaving.finish(alice.pk)  # again, as a message that comes twice
    assert rows() == [1] * 7


def test_at_once_nobody_can_act_as_them_and_the_address_is_free(alice: User) -> None:
    page = signed_in(alice)
    secret = keys.issue_key(alice, "laptop").secret
    services.update_profile(alice, custom_instructions="I live in Ghent.")
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True)
    session = page.cookies["sessionid"].value
    leaving.leave(alice)
    assert still_signed_in(alice, session) is None
    assert page.get("/settings/").status_code == 302
    assert keys.authenticate_key(secret) is None
    row = User.objects.get(pk=alice.pk)
    assert (row.email, row.display_name, row.custom_instructions) == (
        f"deleted-{alice.pk}@deleted.invalid",
        "",
        "",
    )
    again = services.sign_up("alice@example.com", "another fine password")
    leaving.finish(alice.pk)
    assert User.objects.get(email="alice@example.com") == again


def test_a_killed_deletion_is_gone_on_with(alice: User, bob: User) -> None:
    furnish(alice)
    leaving.leave(alice)
    assert leaving.unfinished() == []  # whoever was sent for is at work
    long_ago = timezone.now() - timedelta(minutes=11)
    User.objects.filter(pk=alice.pk).update(leaving_at=long_ago)
    assert leaving.unfinished() == [alice.pk]
    Conversation.objects.filter(owner=alice).delete()  # how far the killed one had come
    tasks.finish_leaving(alice.pk)
    assert leaving.unfinished() == []
    assert rows() == [0] * 7


def test_nobody_who_has_not_left_is_deleted(alice: User) -> None:
    leaving.finish(alice.pk)
    assert User.objects.filter(pk=alice.pk).exists()


def test_the_invitation_goes_too(administrator: User, alice: User, settings: Settings) -> None:
    settings.SIGNUP = "invite"
    Invitation.objects.create(
        email=alice.email, invited_by=administrator, accepted_at=timezone.now()
    )
    leaving.leave(alice)
    assert not Invitation.objects.exists()


# --- administrators


def test_the_last_administrator_cannot_leave_others(administrator: User, alice: User) -> None:
    with pytest.raises(NotPermitted, match="Make somebody else an administrator first"):
        leaving.leave(administrator)
    assert User.objects.get(pk=administrator.pk).is_active
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert leaving.needed(administrator)  # who is no superuser could appoint nobody
    User.objects.filter(pk=alice.pk).update(is_superuser=True, is_active=False)
    assert leaving.needed(administrator)
    User.objects.filter(pk=alice.pk).update(is_active=True)
    leaving.leave(administrator)
    assert leaving.needed(User.objects.get(pk=alice.pk)) is False  # nobody else is there


def test_of_two_administrators_who_leave_at_once_one_stays(
    at_once: Callable[..., list[Any]], administrator: User, alice: User, bob: User
) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    alice.refresh_from_db()
    left = at_once(leaving.leave, [administrator, alice])
    assert [type(one) for one in left if one is not None] == [NotPermitted]
    assert User.objects.filter(is_staff=True, is_active=True).count() == 1


def test_whoever_is_alone_may_leave_and_the_next_one_is_the_first(
    administrator: User, settings: Settings
) -> None:
    settings.SIGNUP = "closed"
    leaving.leave(administrator)
    assert services.first_account()
    again = services.sign_up("administrator@example.com", "another fine password")
    assert (again.founder, again.is_superuser) == (True, True)


# --- the page


def test_the_page_says_what_goes(alice: User) -> None:
    furnish(alice)
    html = signed_in(alice).get(URL).content.decode()
    for words in (
        "1 conversation</li>",
        "1 rating</li>",
        "1 picture</li>",
        "1 API key, which stops working at once</li>",
        "Download your data",
    ):
        assert words in html
    assert "0 " not in html[html.index("What goes") : html.index("What stays")]


def test_a_wrong_password_is_told_at_its_field(alice: User) -> None:
    response = signed_in(alice).post(URL, {"password": "wrong"})
    assert response.status_code == 422
    assert response.context["form"].errors == {"password": ["This is not your password."]}
    assert b'aria-invalid="true"' in response.content
    response = signed_in(alice).post(URL, {})
    assert response.context["form"].errors == {"password": ["This field is required."]}
    assert User.objects.get(pk=alice.pk).is_active


def test_passwords_cannot_be_guessed_here(alice: User) -> None:
    page = signed_in(alice)
    statuses = [page.post(URL, {"password": str(number)}).status_code for number in range(11)]
    assert statuses == [422] * 10 + [429]
    response = page.post(URL, {"password": PASSWORD})
    assert response.status_code == 429
    assert User.objects.get(pk=alice.pk).is_active


def test_after_the_password_the_account_is_gone(
    alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    furnish(alice)
    page = signed_in(alice)
    with django_capture_on_commit_callbacks() as sent:
        response = page.post(URL, {"password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/")
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "Your account is deleted, and everything that was in it is being removed."
    ]
    assert b"Your account is deleted" in page.get("/accounts/login/").content
    assert page.get("/settings/").status_code == 302
    assert len(sent) == 1


def test_without_a_password_the_address_is_written(alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    page = signed_in(alice)
    assert b"Your account has no password" in page.get(URL).content
    response = page.post(URL, {"address": "bob@example.com"})
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "address": ["This is not the address of your account."]
    }
    response = page.post(URL, {"address": " Alice@Example.com ", "password": "x"})
    assert response["Location"] == "/accounts/login/"
    assert not User.objects.get(pk=alice.pk).is_active


def test_the_last_administrator_is_told_what_to_do(administrator: User, alice: User) -> None:
    page = signed_in(administrator)
    html = page.get(URL).content.decode()
    assert "Make somebody else an administrator first" in html
    assert 'type="password"' not in html
    response = page.post(URL, {"password": PASSWORD})
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [leaving.ALONE]
    assert User.objects.get(pk=administrator.pk).is_active


def test_nobody_else_is_deleted(alice: User, bob: User) -> None:
    signed_in(alice).post(URL, {"password": PASSWORD})
    assert User.objects.get(pk=bob.pk).is_active
    assert Client().post(URL, {"password": PASSWORD}).status_code == 302
    assert User.objects.filter(is_active=True).count() == 2
