"""accounts.usage_views: everybody's usage is for administrators, and nobody sees another's."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts import standing, usage
from accounts.keys import issue_key
from accounts.models import ModelPrice, UsageRecord, User
from accounts.types import KeyTerms
from chatsite.backend.registry import get_registry
from tests.accounts.ledgers import used

pytestmark = pytest.mark.django_db

MINE, SITE, UNPRICED = (reverse(f"accounts:{name}") for name in ("usage", "site_usage", "unpriced"))
CSVS = [reverse("accounts:usage_csv"), reverse("accounts:site_usage_csv")]


@pytest.fixture(autouse=True)
def two_models(settings: Settings) -> Iterator[None]:
    settings.ENGINE_ENABLED = False
    settings.BACKENDS = [
        {
            "name": "fake",
            "label": "Fake",
            "base_url": "http://127.0.0.1:9/v1",
            "api_key": "none",
            "prefix": "fake/",
            "timeout": 5.0,
            "models": ["echo", "new"],
            "context_window": None,
        }
    ]
    get_registry.cache_clear()
    yield
    get_registry.cache_clear()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def names(page: Any) -> dict[str, list[str]]:
    return {table.title: [row.part.name for row in table.rows] for table in page.context["tables"]}


def download(user: User, url: str) -> tuple[Any, list[list[str]]]:
    """The response, and the lines of its CSV."""

    async def fetch() -> tuple[Any, str]:
        client = AsyncClient()
        await client.aforce_login(user)
        response = await client.get(url)
        if not response.streaming:
            return response, ""
        parts = [part async for part in response.streaming_content]  # type: ignore[attr-defined]
        return response, b"".join(parts).decode()

    response, text = async_to_sync(fetch)()
    return response, list(csv.reader(text.splitlines()))


# --- the page


def test_a_page_without_usage_says_so(alice: User) -> None:
    page = signed_in(alice).get(MINE)
    assert "Nothing was used in these 30 days." in page.text
    assert (page.context["charts"], page.context["tables"]) == ((), [])


def test_usage_is_shown_by_day_model_key_and_operation(alice: User) -> None:
    key = issue_key(alice, "laptop").key
    now = timezone.now()
    used(alice, now, api_key=key)
    used(alice, now - timedelta(days=3), model="fake/dear", cost_nanos=5_000_000_000)
    used(alice, now - timedelta(days=8), operation="title")
    page = signed_in(alice).get(f"{MINE}?days=7")
    report = page.context["report"]
    assert (report.total.requests, report.total.tokens, report.total.dollars) == (2, 240, "$5.00")
    assert [day.used.requests for day in report.days] == [0, 0, 0, 1, 0, 0, 1]
    assert report.days[-1].date == timezone.localdate()
    assert names(page) == {
        "Models": ["fake/dear", "fake/echo"],
        "API keys": ["In the chat", "laptop"],
        "Operations": ["chat"],
    }
    shares = [row.share for row in page.context["tables"][0].rows]
    assert shares == [100.0, 0.0]
    assert [chart.id for chart in page.context["charts"]] == ["cost", "tokens", "requests"]
    for words in ("$5.00", "At most $5.00, on", "fake/dear", key.prefix):
        assert words in page.text
    assert "style=" not in page.text
    assert signed_in(alice).get(f"{MINE}?days=90").context["report"].total.requests == 3


@pytest.mark.parametrize("given", ["", "?days=", "?days=8", "?days=x"])
def test_other_numbers_of_days_are_thirty(alice: User, given: str) -> None:
    assert signed_in(alice).get(MINE + given).context["days"] == 30


def test_days_are_those_of_the_sites_clock(alice: User, settings: Settings) -> None:
    settings.TIME_ZONE = "Asia/Kathmandu"  # 5:45 ahead: its midnight is 18:15 in UTC
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    assert today.astimezone(UTC).hour == 18
    used(alice, today)
    used(alice, today - timedelta(seconds=1))
    days = usage.report(alice, 7).days
    assert [day.used.requests for day in days] == [0, 0, 0, 0, 0, 1, 1]


def test_budgets_are_shown_with_what_is_left(alice: User) -> None:
    alice.budget_limit, alice.budget_period = Decimal(2), "month"
    alice.save()
    terms = KeyTerms(budget_limit=Decimal(100), budget_unit="tokens", budget_period="day")
    key = issue_key(alice, "laptop", terms).key
    issue_key(alice, "unbounded")
    used(alice, timezone.now(), api_key=key, cost_nanos=500_000_000)
    page = signed_in(alice).get(MINE)
    assert [each.key for each in page.context["budgets"]] == [None, key]
    assert "$0.500 of $2.00 this month used, $1.50 left." in page.text
    assert "120 tokens of 100 tokens this day used, 0 tokens left." in page.text


def test_an_exhausted_budget_is_used_up_to_a_hundred_percent() -> None:
    now = datetime.now(UTC)
    assert [
        standing.Budget(limit, spent, "usd", "day", now).percent
        for limit, spent in ((3, 1), (3, 4), (0, 0))
    ] == [33.3, 100.0, 100.0]


@pytest.mark.parametrize(
    ("nanos", "words"),
    [
        (0, "$0.00"),
        (3, "$0.00000000300"),
        (1_234_000, "$0.00123"),
        (999_900_000, "$1.000"),
        (1_000_000_000, "$1.00"),
        (1_234_567_000_000, "$1,234.57"),
    ],
)
def test_money_is_written_for_people(nanos: int, words: str) -> None:
    assert usage.Used(cost_nanos=nanos).dollars == words


def test_as_many_queries_for_three_rows_as_for_one(
    administrator: User,
    alice: User,
    bob: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    ask = signed_in(administrator)
    for url in (MINE, SITE):
        counts = []
        for owner in (administrator, alice, bob):
            used(owner, timezone.now(), model=f"m-{owner.pk}", api_key=issue_key(owner, "k").key)
            with django_assert_max_num_queries(12) as queries:
                ask.get(url)
            counts.append(len(queries))
        assert len(set(counts)) == 1, counts


# --- whose it is


def test_bob_sees_nothing_of_alices(alice: User, bob: User) -> None:
    used(alice, timezone.now(), model="alices-model")
    page = signed_in(bob).get(MINE)
    assert page.context["report"].total == usage.Used()
    assert "alices-model" not in page.text
    assert usage.report(bob, 7, everybody=True).total == usage.Used()


@pytest.mark.parametrize("url", [SITE, UNPRICED, CSVS[1]])
def test_the_sites_usage_is_for_administrators(alice: User, client: Client, url: str) -> None:
    assert signed_in(alice).get(url).status_code == 404
    assert client.get(url).status_code == 302


@pytest.mark.parametrize("url", [MINE, CSVS[0]])
def test_whoever_is_not_signed_in_is_asked_to(client: Client, url: str) -> None:
    assert client.get(url)["Location"] == f"{reverse('account_login')}?next={url}"


def test_the_site_has_everybodys_and_an_administrators_own_page_has_not(
    administrator: User, alice: User
) -> None:
    used(alice, timezone.now())
    ask = signed_in(administrator)
    assert names(ask.get(SITE))["People"] == [alice.email]
    assert names(ask.get(MINE)) == {}


# --- CSV

HEAD = (
    "time,request,person,key,operation,model,backend,status,prompt_tokens,cached_tokens,"
    "completion_tokens,training_tokens,images,cost_usd,duration_ms"
)


def test_the_csv_has_a_line_for_each_request(alice: User, bob: User) -> None:
    moment = timezone.now().replace(microsecond=0)
    key = issue_key(alice, '=cmd|"a",b').key
    used(alice, moment, request_id="req_1", api_key=key, cost_nanos=1_000_000_001)
    used(alice, moment, model="@model")
    used(bob, moment)
    response, rows = download(alice, f"{CSVS[0]}?days=7")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == (
        f'attachment; filename="usage-{timezone.localdate()}.csv"'
    )
    time = moment.astimezone(UTC).isoformat()
    tokens = ["100", "40", "20", "0", "0"]
    assert rows == [
        HEAD.split(","),
        [time, "req_1", alice.email, "'=cmd|\"a\",b", "chat", "fake/echo", "fake", "finished",
         *tokens, "1.000000001", "0"],
        [time, "", alice.email, "", "chat", "'@model", "fake", "finished", *tokens,
         "0.001000000", "0"],
    ]  # fmt: skip


def test_everybodys_csv_is_long_and_streamed(
    administrator: User,
    alice: User,
    bob: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    now = timezone.now()
    UsageRecord.objects.bulk_create(
        UsageRecord(owner=owner, model="m", backend="b", status="finished", created_at=now)
        for owner in (alice, bob)
        for _ in range(2250)
    )
    with django_assert_max_num_queries(20):
        response, lines = download(administrator, CSVS[1])
    assert response.status_code == 200
    assert len(lines) == 4501
    assert {line[2] for line in lines[1:]} == {alice.email, bob.email}


# --- models without a price


def test_models_without_a_price_are_listed_with_what_they_used(
    administrator: User, alice: User
) -> None:
    ModelPrice.objects.create(pattern="fake/echo")
    ModelPrice.objects.create(pattern="paid/*")
    now = timezone.now()
    for model in ("fake/echo", "paid/one", "gone", "gone"):
        used(alice, now, model=model)
    page = signed_in(administrator).get(UNPRICED)
    assert [(part.name, part.used.requests) for part in page.context["models"]] == [
        ("gone", 2),
        ("fake/new", 0),
    ]
    assert f"{reverse('admin:accounts_modelprice_add')}?pattern=fake/new" in page.text
    assert usage.unpriced(alice, ["fake/new"]) == []
