"""One's own data: what accounts hold of it, and the archive of all of it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import leaving, own_data, services
from accounts.keys import issue_key
from accounts.models import RequestLog, UsageRecord, User
from conversations.models import Conversation, Message
from tests.accounts.own_data import unpacked


def used(owner: User, model: str) -> UsageRecord:
    return UsageRecord.objects.create(
        owner=owner, model=model, backend="fake", prompt_tokens=3, status="finished"
    )


def asked(owner: User) -> RequestLog:
    return RequestLog.objects.create(
        owner=owner,
        request_id="req_1",
        method="POST",
        path="/v1/chat/completions",
        status=200,
        created_at=timezone.now(),
        request_body=f"by {owner.email}",
    )


@pytest.mark.django_db
def test_the_profile_keys_and_usage_are_taken_out(alice: User, bob: User) -> None:
    services.update_profile(alice, custom_instructions="Be brief.", theme="dark")
    issued = issue_key(alice, "laptop")
    for person in (alice, bob):
        used(person, "=tiny")
        asked(person)
    issue_key(bob, "bobs")
    found = unpacked(own_data.members(alice.pk))
    profile, usage, (request,) = (
        found.pop(name) for name in ("profile.json", "usage.csv", "requests.json")
    )
    assert found == {}
    (key,) = profile.pop("api_keys")
    assert (key["name"], key["prefix"]) == ("laptop", issued.key.prefix)
    assert issued.secret not in str(key)
    assert issued.key.digest not in str(key)
    assert profile == {
        "email": "alice@example.com",
        "display_name": "Alice",
        "default_model": "",
        "custom_instructions": "Be brief.",
        "theme": "dark",
        "training_opt_out": False,
        "is_staff": False,
        "date_joined": alice.date_joined.isoformat(),
        "last_login": None,
        "addresses": [],
    }
    head, line = usage.decode().splitlines()
    assert head.startswith("time,request,person,key,operation,model")
    assert ",alice@example.com,,chat,'=tiny,fake,finished,3," in line
    assert (request["path"], request["request_body"]) == (
        "/v1/chat/completions",
        "by alice@example.com",
    )


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_accounts_are_read_in_chunks(
    alice: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        used(alice, "tiny")
        asked(alice)
        issue_key(alice, str(number))
    with django_assert_num_queries(5):
        assert len(unpacked(own_data.members(alice.pk))["requests.json"]) == count


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_what_goes_is_counted_by_a_fixed_number_of_queries(
    alice: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        Conversation.objects.create(owner=alice)
        issue_key(alice, str(number))
    words = "conversation" if count == 1 else "conversations"
    with django_assert_num_queries(11):
        counted = list(map(str, leaving.counts(alice)))
    assert f"{count} {words}" in counted
    assert len(counted) == 2


@async_to_sync
async def downloaded(session: str) -> tuple[StreamingHttpResponse, bytes]:
    client = AsyncClient()
    client.cookies["sessionid"] = session
    response: Any = await client.get("/settings/your-data/")
    return response, b"".join([block async for block in response])


@pytest.mark.django_db(transaction=True)
def test_the_archive_is_sent_with_nothing_of_anybody_else(
    client: Client, alice: User, bob: User
) -> None:
    for person in (alice, bob):
        said = Conversation.objects.create(owner=person, title=f"{person.display_name}'s")
        text = f"{person.display_name} likes tea"
        Message.objects.create(conversation=said, role="user", text=text)
        used(person, "tiny")
        asked(person)
        issue_key(person, f"key of {person.display_name}")
    client.force_login(alice)
    response, content = downloaded(client.cookies["sessionid"].value)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    name = f'attachment; filename="chatsite-{timezone.localdate()}.zip"'
    assert response["Content-Disposition"] == name
    assert response["Cache-Control"] == "private, no-store"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "profile.json", "usage.csv", "requests.json", "conversations.json", "ratings.json",
            "kept_completions.json", "kept_responses.json", "files.json", "fine_tuning.json",
            "pictures.json",
        ]  # fmt: skip
        everything = b"".join(archive.read(name) for name in archive.namelist())
        (conversation,) = json.loads(archive.read("conversations.json"))
    assert conversation["messages"][0]["text"] == "Alice likes tea"
    assert b"bob" not in everything.lower()


@pytest.mark.django_db
def test_nobody_has_no_archive(client: Client) -> None:
    response = client.get("/settings/your-data/")
    assert (response.status_code, response["Location"]) == (
        302,
        "/accounts/login/?next=/settings/your-data/",
    )
