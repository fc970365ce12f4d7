"""accounts.request_views: a person sees and deletes their own logged requests, and no others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts import request_history
from accounts.keys import issue_key
from accounts.models import RequestLog, User
from accounts.request_history import Chosen, request_page

pytestmark = pytest.mark.django_db

LIST, DELETE_ALL = reverse("accounts:requests"), reverse("accounts:delete_requests")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def logged(owner: User | None, **fields: Any) -> RequestLog:
    given = {
        "request_id": "req_1",
        "method": "POST",
        "path": "/v1/chat/completions",
        "status": 200,
        "created_at": timezone.now(),
    }
    return RequestLog.objects.create(owner=owner, **{**given, **fields})


def shown(client: Client, query: str = "") -> list[int]:
    return [row.pk for row in client.get(LIST + query).context["page"].requests]


def test_an_empty_log_says_so(alice: User, settings: Settings) -> None:
    for kept, words in (
        ("metadata", "without what was said in it"),
        ("full", "secrets are masked"),
        ("off", "This site keeps no log of requests."),
    ):
        settings.REQUEST_LOG = kept
        page = signed_in(alice).get(LIST).text
        assert "No requests are logged." in page
        assert words in page


def test_requests_are_listed_newest_first_and_filtered(alice: User) -> None:
    key, other = issue_key(alice, "one").key, issue_key(alice, "two").key
    now = timezone.now()
    statuses = (200, 404, 499, 502)
    rows = [
        logged(
            alice,
            status=status,
            model=f"m-{status}",
            api_key=key if status == 200 else other,
            created_at=now - timedelta(seconds=number),
        ).pk
        for number, status in enumerate(statuses)
    ]
    client = signed_in(alice)
    assert shown(client) == rows
    for query, expected in (
        ("?status=ok", rows[:1]),
        ("?status=refused", rows[1:2]),
        ("?status=gone", rows[2:3]),
        ("?status=failed", rows[3:]),
        (f"?key={key.pk}", rows[:1]),
        ("?model=m-404", rows[1:2]),
        (f"?key={other.pk}&status=ok", []),
        ("?status=nonsense&key=x", rows),
        ("?before=nonsense", rows),
    ):
        assert shown(client, query) == expected, query
    assert "No requests are like that." in client.get(f"{LIST}?model=none").text


def test_the_list_has_pages_that_keep_the_filter(alice: User) -> None:
    now = timezone.now()
    rows = [
        logged(alice, model="m", created_at=now - timedelta(seconds=number // 3)).pk
        for number in range(2 * request_history.PAGE + 5)
    ]
    found, before, pages = [], "", 0
    while pages == 0 or before:
        page = request_page(alice, Chosen(model="m"), before)
        found += [row.pk for row in page.requests]
        before, pages = page.before, pages + 1
    assert (sorted(found), len(set(found)), pages) == (rows, len(rows), 3)
    older = signed_in(alice).get(f"{LIST}?model=m").context["older"]
    assert older.startswith("model=m&before=")


def test_a_request_is_shown_whole(alice: User) -> None:
    key = issue_key(alice, "laptop").key
    row = logged(
        alice,
        api_key=key,
        model="fake/echo",
        status=499,
        error_code="gone",
        overhead_ms=2.345,
        duration_ms=1234,
        request_body="<b>asked</b>",
        response_body="answered",
    )
    page = signed_in(alice).get(reverse("accounts:request", args=[row.pk])).text
    for words in (
        "&lt;b&gt;asked&lt;/b&gt;", "answered", "fake/echo", "laptop", "499 gone",
        "the client went away", "1,234 ms, 2.3 ms of them", "req_1",
    ):  # fmt: skip
        assert words in page


def test_a_person_deletes_one_and_then_all(alice: User) -> None:
    one, _ = logged(alice), logged(alice)
    strangers = logged(None)
    client = signed_in(alice)
    for url, left in (
        (reverse("accounts:delete_request", args=[one.pk]), 1),
        (DELETE_ALL, 0),
    ):
        answer = client.post(url)
        assert answer["Location"] == LIST
        assert alice.request_log.count() == left
    assert RequestLog.objects.get() == strangers


def test_bob_neither_sees_nor_deletes_alices(alice: User, bob: User, administrator: User) -> None:
    row = logged(alice, model="alices")
    key = issue_key(alice, "k").key
    for other in (bob, administrator):  # who has the administration for that
        client = signed_in(other)
        assert shown(client) == []
        assert shown(client, f"?key={key.pk}") == []
        for name in ("request", "delete_request"):
            url = reverse(f"accounts:{name}", args=[row.pk])
            answer = client.post(url) if name == "delete_request" else client.get(url)
            assert answer.status_code == 404
        client.post(DELETE_ALL)
    assert RequestLog.objects.get() == row


def test_nothing_is_deleted_by_following_a_link(alice: User) -> None:
    row = logged(alice)
    client = signed_in(alice)
    for url in (DELETE_ALL, reverse("accounts:delete_request", args=[row.pk])):
        assert client.get(url).status_code == 405
    assert RequestLog.objects.count() == 1


@pytest.mark.parametrize("url", [LIST, reverse("accounts:request", args=[1])])
def test_whoever_is_not_signed_in_is_asked_to(client: Client, url: str) -> None:
    assert client.get(url)["Location"] == f"{reverse('account_login')}?next={url}"


def test_as_many_queries_for_three_rows_as_for_one(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice)
    for owner_key in ("a", "b", "c"):
        logged(alice, api_key=issue_key(alice, owner_key).key)
        with django_assert_num_queries(4):  # session, person, keys to choose from, requests
            client.get(LIST)


# --- the administration


def test_an_administrator_searches_the_log(administrator: User, alice: User) -> None:
    logged(alice, request_id="req_wanted")
    logged(None, status=401)
    client = signed_in(administrator)
    url = reverse("admin:accounts_requestlog_changelist")
    for query, count in (("", 2), ("?q=req_wanted", 1), (f"?q={alice.email}", 1)):
        assert client.get(url + query).context["cl"].result_count == count


def test_a_price_that_cannot_be_is_refused(administrator: User) -> None:
    url = reverse("admin:accounts_modelprice_add")
    amounts = {"output_per_million": 1, "per_image": 0, "training_per_million": 0}
    client = signed_in(administrator)
    wrong = client.post(url, {"pattern": "a*b", "input_per_million": -1, **amounts})
    assert dict(wrong.context["adminform"].form.errors) == {
        "pattern": ["In “a*b” a * may stand at the end only."],
        "input_per_million": ["Ensure this value is greater than or equal to 0."],
    }
    right = client.post(url, {"pattern": "a*", "input_per_million": "0.5", **amounts})
    assert right.status_code == 302
