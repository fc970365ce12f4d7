"""accounts.people and its page: for administrators, who can always be one fewer, and never none."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts import keys, leaving, people, services
from accounts.models import Invitation, User
from chatsite.backend.errors import InvalidRequest, NotPermitted

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def notes(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def listed(user: User, **asked: str) -> list[str]:
    return [person.email for person in people.people_for(user, **asked).rows]


# --- accounts


def test_everybody_is_listed_with_what_they_are(administrator: User, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(display_name="Alice A.")
    people.admit(administrator, alice.pk, active=False)
    client = signed_in(administrator)
    administrator.refresh_from_db()
    found = client.get(reverse("accounts:people")).context["people"]
    assert found == people.People(
        (
            people.Person(
                administrator.pk,
                "administrator@example.com",
                "Administrator",
                True,
                True,
                administrator.date_joined,
                administrator.last_login,
                True,
            ),
            people.Person(
                alice.pk,
                "alice@example.com",
                "Alice A.",
                False,
                False,
                alice.date_joined,
                None,
                False,
            ),
        ),
        "",
    )


def test_people_are_found_by_address_and_name_and_read_page_by_page(administrator: User) -> None:
    for number in range(people.PAGE + 1):
        name = "Grace" if number == 7 else ""
        User.objects.create_user(f"p{number:02}@example.org", display_name=name)
    first = people.people_for(administrator)
    assert (len(first.rows), first.next_after) == (people.PAGE, "p48@example.org")
    rest = people.people_for(administrator, after=first.next_after)
    assert ([one.email for one in rest.rows], rest.next_after) == (
        ["p49@example.org", "p50@example.org"],
        "",
    )
    assert listed(administrator, words=" grace ") == ["p07@example.org"]
    assert listed(administrator, words="P1") == [f"p1{n}@example.org" for n in range(10)]
    assert listed(administrator, words="\x00") == [one.email for one in first.rows]
    page = signed_in(administrator).get(reverse("accounts:people"), {"q": "nobody"})
    assert "Nobody's address or name has “nobody” in it." in page.content.decode()


def test_whoever_has_left_is_nobody_any_more(administrator: User, alice: User, bob: User) -> None:
    leaving.leave(bob)
    assert listed(administrator) == ["administrator@example.com", "alice@example.com"]
    with pytest.raises(User.DoesNotExist):
        people.admit(administrator, bob.pk, active=True)


def test_an_administrator_is_made_and_unmade(administrator: User, alice: User) -> None:
    client, url = signed_in(administrator), reverse("accounts:appoint", args=[alice.pk])
    answer = client.post(url, {"administrator": "yes"})
    assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:people"))
    assert notes(answer) == ["alice@example.com is an administrator now."]
    alice.refresh_from_db()
    assert (alice.is_staff, alice.is_superuser) == (True, True)
    mine = signed_in(alice)
    url = reverse("accounts:appoint", args=[administrator.pk])
    answer = mine.post(url, {"administrator": "no"})
    assert notes(answer) == ["administrator@example.com is no administrator any more."]
    assert client.get(reverse("accounts:people")).status_code == 404
    assert mine.get(reverse("accounts:people")).status_code == 200


def test_who_is_deactivated_is_signed_out_and_keeps_what_is_theirs(
    administrator: User, alice: User
) -> None:
    mine, key = signed_in(alice), keys.issue_key(alice, "laptop")
    url = reverse("accounts:admit", args=[alice.pk])
    answer = signed_in(administrator).post(url, {"active": "no"})
    told = "alice@example.com is deactivated: signed out, with no way to sign in."
    assert notes(answer) == [told]
    assert mine.get(reverse("accounts:keys")).status_code == 302
    assert keys.authenticate_key(key.secret) is None
    answer = signed_in(administrator).post(url, {"active": "yes"})
    assert notes(answer) == ["alice@example.com can sign in again."]
    assert signed_in(alice).get(reverse("accounts:keys")).status_code == 200
    caller = keys.authenticate_key(key.secret)
    assert caller is not None
    assert caller.user == alice


def test_nobody_does_it_to_themselves(administrator: User) -> None:
    with pytest.raises(InvalidRequest, match="take your role away"):
        people.appoint(administrator, administrator.pk, administrator=False)
    with pytest.raises(InvalidRequest, match="deactivate you"):
        people.admit(administrator, administrator.pk, active=False)
    url = reverse("accounts:appoint", args=[administrator.pk])
    answer = signed_in(administrator).post(url, {"administrator": "no"})
    assert notes(answer) == ["Another administrator has to take your role away."]
    administrator.refresh_from_db()
    assert (administrator.is_staff, administrator.is_active) == (True, True)


@pytest.mark.parametrize("name", ["accounts:appoint", "accounts:admit"])
def test_only_administrators_change_people(administrator: User, bob: User, name: str) -> None:
    with pytest.raises(NotPermitted):
        people.people_for(bob)
    url = reverse(name, args=[administrator.pk])
    asked = {"administrator": "no", "active": "no"}
    assert signed_in(bob).post(url, asked).status_code == 404
    assert signed_in(administrator).get(url).status_code == 405
    assert signed_in(administrator).post(reverse(name, args=[10**9]), asked).status_code == 404
    administrator.refresh_from_db()
    assert (administrator.is_staff, administrator.is_active) == (True, True)


def test_nobody_gives_or_takes_more_rights_than_they_have(
    administrator: User, alice: User, bob: User
) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    alice.refresh_from_db()
    made = people.appoint(alice, bob.pk, administrator=True)
    assert (made.is_staff, made.is_superuser) == (True, False)
    for change in (
        lambda: people.appoint(alice, administrator.pk, administrator=False),
        lambda: people.admit(alice, administrator.pk, active=False),
    ):
        with pytest.raises(InvalidRequest, match="more rights than you"):
            change()
    administrator.refresh_from_db()
    assert (administrator.is_superuser, administrator.is_active) == (True, True)


# --- invitations


@pytest.mark.parametrize("method", ["get", "post"])
def test_people_are_for_administrators(alice: User, administrator: User, method: str) -> None:
    url = reverse("accounts:people")
    answer = getattr(signed_in(alice), method)(url, {"email": "carol@example.com"})
    assert answer.status_code == 404
    assert not Invitation.objects.exists()
    assert signed_in(administrator).get(url).status_code == 200


def test_an_invitation_is_made_and_its_link_works(administrator: User, settings: Settings) -> None:
    settings.SIGNUP = "invite"
    client, url = signed_in(administrator), reverse("accounts:people")
    answer = client.post(url, {"email": "Carol@example.com"})
    assert (answer.status_code, answer["Location"]) == (302, url)
    assert notes(answer) == ["carol@example.com is invited: hand on the link below."]
    page = client.get(url)
    [row] = page.context["invitations"]
    assert (row.email, row.accepted_at, page.context["signup"]) == (
        "carol@example.com",
        None,
        "invite",
    )
    form = Client().get(row.url)
    assert form.templates[0].name == "account/signup.html"
    assert form.context["form"]["email"].value() == "carol@example.com"


def test_an_address_with_an_account_is_refused(administrator: User, alice: User) -> None:
    answer = signed_in(administrator).post(reverse("accounts:people"), {"email": alice.email})
    assert answer.context["form"].errors == {"email": ["alice@example.com has an account already."]}
    assert not Invitation.objects.exists()


def test_only_administrators_revoke_an_invitation(
    administrator: User, bob: User, settings: Settings
) -> None:
    settings.SIGNUP = "invite"
    invitation = services.invite(administrator, "carol@example.com")
    token = services.invitation_token(invitation)
    url = reverse("accounts:revoke_invitation", args=[invitation.pk])
    assert signed_in(bob).post(url).status_code == 404
    assert services.find_invitation(token) == invitation
    answer = signed_in(administrator).post(url)
    assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:people"))
    assert services.find_invitation(token) is None
    unknown = reverse("accounts:revoke_invitation", args=[invitation.pk + 1])
    assert signed_in(administrator).post(unknown).status_code == 404


def test_the_list_of_people_costs_the_same_for_one_and_for_three(
    administrator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client, url = signed_in(administrator), reverse("accounts:people")
    for names in ("a", "bc"):
        for name in names:
            services.invite(administrator, f"{name}@example.com")
            User.objects.create_user(f"{name}@example.org")
        with django_assert_num_queries(4):  # session, user, people, invitations
            assert client.get(url).status_code == 200
    context = client.get(url).context
    assert (len(context["invitations"]), len(context["people"].rows)) == (3, 4)
