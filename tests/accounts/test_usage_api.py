"""accounts.usage_api: OpenAI's shapes, whose usage is shown, and what is refused.

`tests.gateway` holds every reply to the official specification.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import openai
import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.keys import issue_key
from accounts.models import User
from accounts.types import IssuedKey, KeyTerms
from tests.accounts.ledgers import NOON, used
from tests.gateway import error, get, with_client

pytestmark = pytest.mark.django_db

DAY = 86400
MIDNIGHT = int(NOON.timestamp()) - DAY // 2


@pytest.fixture
def key(alice: User) -> IssuedKey:
    return issue_key(alice, "laptop")


def page(key: IssuedKey, path: str, **parameters: Any) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    reply = get(key.secret, f"{path}?{query}")
    assert reply.status_code == 200, reply.text
    body: dict[str, Any] = reply.json()
    return body


def results(body: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [bucket["results"] for bucket in body["data"]]


# --- completions


def test_usage_is_summed_up_in_buckets(alice: User, key: IssuedKey) -> None:
    used(alice)
    used(alice, NOON + timedelta(minutes=59, seconds=59), operation="responses")
    used(alice, NOON + timedelta(hours=1), operation="title", completion_tokens=5)
    used(alice, NOON - timedelta(microseconds=1), operation="embedding")
    start = int(NOON.timestamp())
    body = page(
        key,
        "/organization/usage/completions",
        start_time=start,
        end_time=start + 7200,
        bucket_width="1h",
    )
    nobody = dict.fromkeys(
        ["project_id", "user_id", "api_key_id", "model", "batch", "service_tier"]
    )
    kind = {"object": "organization.usage.completions.result", **nobody}
    audio = {"input_audio_tokens": 0, "output_audio_tokens": 0}
    assert body == {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": start,
                "end_time": start + 3600,
                "results": [
                    {
                        **kind,
                        **audio,
                        "input_tokens": 200,
                        "output_tokens": 40,
                        "input_cached_tokens": 80,
                        "input_uncached_tokens": 120,
                        "num_model_requests": 2,
                    }
                ],
            },
            {
                "object": "bucket",
                "start_time": start + 3600,
                "end_time": start + 7200,
                "results": [
                    {
                        **kind,
                        **audio,
                        "input_tokens": 100,
                        "output_tokens": 5,
                        "input_cached_tokens": 40,
                        "input_uncached_tokens": 60,
                        "num_model_requests": 1,
                    }
                ],
            },
        ],
        "has_more": False,
        "next_page": None,
    }


@pytest.mark.parametrize(
    ("kind", "operation", "amounts"),
    [
        ("embeddings", "embedding", {"input_tokens": 100, "num_model_requests": 1}),
        ("moderations", "moderation", {"input_tokens": 100, "num_model_requests": 1}),
        ("images", "image.edit", {"images": 3, "num_model_requests": 1}),
    ],
)
def test_each_kind_has_its_own_amounts(
    alice: User, key: IssuedKey, kind: str, operation: str, amounts: dict[str, int]
) -> None:
    used(alice)
    used(alice, operation=operation, images=3)
    body = page(key, f"/organization/usage/{kind}", start_time=MIDNIGHT, limit=1)
    [[result]] = results(body)
    assert result["object"] == f"organization.usage.{kind}.result"
    assert {name: result[name] for name in amounts} == amounts


def test_images_are_told_apart_by_where_they_came_from(alice: User, key: IssuedKey) -> None:
    used(alice, operation="image.generation", images=2)
    used(alice, operation="image.edit", images=1)
    path = "/organization/usage/images"
    body = page(key, path, start_time=MIDNIGHT, limit=1, group_by="source")
    assert [(r["source"], r["images"]) for r in results(body)[0]] == [
        ("image.edit", 1),
        ("image.generation", 2),
    ]
    body = page(key, path, start_time=MIDNIGHT, limit=1, sources="image.edit")
    assert [r["images"] for r in results(body)[0]] == [1]


def test_usage_is_grouped(alice: User, key: IssuedKey) -> None:
    used(alice, api_key=key.key)
    used(alice, model="fake/other")
    body = page(
        key,
        "/organization/usage/completions",
        start_time=MIDNIGHT,
        limit=1,
        group_by="model,api_key_id,user_id,project_id,batch,service_tier",
    )
    names = ("model", "api_key_id", "user_id", "project_id", "batch", "service_tier")
    same = (f"user-{alice.pk}", "proj_default", False, "default")
    assert [tuple(r[name] for name in names) for r in results(body)[0]] == [
        ("fake/echo", f"key_{key.key.pk}", *same),
        ("fake/other", None, *same),
    ]


@pytest.mark.parametrize(
    ("filters", "requests"),
    [
        ({"models": "fake/other"}, 1),
        ({"models[]": "fake/echo", "models": "fake/other"}, 2),
        ({"models": "none"}, 0),
        ({"user_ids": "user-{alice}"}, 2),
        ({"user_ids": "user-999999"}, 0),
        ({"user_ids": "somebody"}, 0),
        ({"api_key_ids": "key_{key},key_999999"}, 1),
        ({"project_ids": "proj_default"}, 2),
        ({"project_ids": "proj_other"}, 0),
        ({"batch": "false"}, 2),
        ({"batch": "true"}, 0),
    ],
)
def test_usage_is_filtered(
    alice: User, key: IssuedKey, filters: dict[str, str], requests: int
) -> None:
    used(alice, api_key=key.key)
    used(alice, model="fake/other")
    given = {n: v.format(alice=alice.pk, key=key.key.pk) for n, v in filters.items()}
    path = "/organization/usage/completions"
    [found] = results(page(key, path, start_time=MIDNIGHT, limit=1, **given))
    assert sum(r["num_model_requests"] for r in found) == requests


def test_the_first_and_the_last_bucket_end_where_what_was_asked_for_does(
    alice: User, key: IssuedKey
) -> None:
    start, end = MIDNIGHT + 3600, MIDNIGHT + DAY + 60
    for second in (start - 1, start, end - 1, end):
        used(alice, datetime.fromtimestamp(second, NOON.tzinfo))
    body = page(key, "/organization/usage/completions", start_time=start, end_time=end)
    assert [
        (b["start_time"], b["end_time"], [r["num_model_requests"] for r in b["results"]])
        for b in body["data"]
    ] == [(start, MIDNIGHT + DAY, [1]), (MIDNIGHT + DAY, end, [1])]


def test_the_official_client_turns_the_pages(alice: User, key: IssuedKey) -> None:
    for minutes in (0, 1, 2, 3, 4):
        used(alice, NOON + timedelta(minutes=minutes), completion_tokens=minutes)
    start = int(NOON.timestamp())

    async def scene(client: openai.AsyncOpenAI) -> list[tuple[int, int]]:
        found, cursor = [], None
        while True:
            given: dict[str, Any] = {} if cursor is None else {"page": cursor}
            body = await client.with_options(
                admin_api_key=key.secret
            ).admin.organization.usage.completions(
                start_time=start,
                end_time=start + 300,
                bucket_width="1m",
                group_by=["model", "user_id"],
                limit=2,
                **given,
            )
            assert body.has_more == (body.next_page is not None)
            for bucket in body.data:
                [result] = bucket.results
                assert result.object == "organization.usage.completions.result"
                found.append((bucket.start_time, result.output_tokens))
            if (cursor := body.next_page) is None:
                return found

    found = with_client(key.secret, scene)
    assert found == [(start + 60 * minute, minute) for minute in range(5)]


def test_without_an_end_the_pages_lead_to_now(alice: User, key: IssuedKey) -> None:
    now = timezone.now()
    used(alice, now)
    start = int(now.timestamp()) - 2 * DAY
    body = page(key, "/organization/usage/completions", start_time=start)
    assert len(body["data"]) == 3
    assert body["next_page"] is None
    assert [len(found) for found in results(body)] == [0, 0, 1]
    later = page(key, "/organization/usage/completions", start_time=start + 10 * DAY)
    assert later == {"object": "page", "data": [], "has_more": False, "next_page": None}


# --- costs


def test_costs_are_summed_up_by_item(alice: User, key: IssuedKey) -> None:
    used(alice, cost_nanos=1)
    used(alice, cost_nanos=2)
    used(alice, operation="image.generation", model="fake/paint", images=2, prompt_tokens=0,
         completion_tokens=0, api_key=key.key)  # fmt: skip
    whole = page(key, "/organization/costs", start_time=MIDNIGHT, end_time=MIDNIGHT + DAY)
    assert results(whole) == [
        [
            {
                "object": "organization.costs.result",
                "amount": {"value": 0.001000003, "currency": "usd"},
                "line_item": None,
                "project_id": None,
                "api_key_id": None,
                "quantity": None,
                "quantity_unit": None,
            }
        ]
    ]
    items = page(
        key,
        "/organization/costs",
        start_time=MIDNIGHT,
        limit=1,
        group_by="line_item,api_key_id,project_id",
    )
    names = ("line_item", "api_key_id", "project_id", "quantity", "quantity_unit")
    assert [(r["amount"]["value"], *(r[n] for n in names)) for r in results(items)[0]] == [
        (3e-9, "fake/echo, chat", None, "proj_default", 240, "tokens"),
        (0.001, "fake/paint, image.generation", f"key_{key.key.pk}", "proj_default", 2, "images"),
    ]


def test_the_official_client_reads_costs(alice: User, key: IssuedKey) -> None:
    used(alice)

    async def scene(client: openai.AsyncOpenAI) -> float | None:
        asking = client.with_options(admin_api_key=key.secret)
        body = await asking.admin.organization.usage.costs(start_time=MIDNIGHT, limit=180)
        result = body.data[0].results[0]
        assert result.object == "organization.costs.result"
        assert result.amount is not None
        return result.amount.value

    assert with_client(key.secret, scene) == 0.001


# --- the former shape


def test_a_day_in_the_former_shape(alice: User, key: IssuedKey, settings: Settings) -> None:
    settings.SITE_NAME = "Ours"
    for minutes in (0, 4):
        used(alice, NOON + timedelta(minutes=minutes), api_key=key.key)
    used(alice, NOON + timedelta(minutes=5), operation="embedding")
    used(alice, operation="image.generation", model="fake/paint", images=2)
    used(alice, operation="fine_tuning", model="fake/mine", training_tokens=9)
    used(alice, NOON + timedelta(hours=12))
    body = page(key, "/usage", date="2026-11-20")
    whose = {
        "organization_id": "org-site",
        "organization_name": "Ours",
        "project_id": "proj_default",
        "project_name": "Default project",
    }
    keyed = {
        "api_key_id": f"key_{key.key.pk}",
        "api_key_name": "laptop",
        "api_key_redacted": f"{key.key.prefix}...",
        "api_key_type": "user",
    }
    keyless = dict.fromkeys(keyed)
    row = {
        "aggregation_timestamp": int(NOON.timestamp()),
        "n_requests": 2,
        "operation": "completion",
        "snapshot_id": "fake/echo",
        "n_context_tokens_total": 200,
        "n_generated_tokens_total": 40,
        "n_cached_context_tokens_total": 80,
        "n_context_audio_tokens_total": 0,
        "n_generated_audio_tokens_total": 0,
        "email": alice.email,
        "request_type": "",
    }
    assert body == {
        "object": "list",
        "data": [
            {**whose, **keyed, **row},
            {
                **whose,
                **keyless,
                **row,
                "aggregation_timestamp": int(NOON.timestamp()) + 300,
                "operation": "embeddings",
                "n_requests": 1,
                "n_context_tokens_total": 100,
                "n_generated_tokens_total": 20,
                "n_cached_context_tokens_total": 40,
            },
        ],
        "ft_data": [
            {
                **whose,
                **keyless,
                "aggregation_timestamp": int(NOON.timestamp()),
                "n_requests": 1,
                "operation": "training",
                "snapshot_id": "fake/mine",
                "n_trained_tokens_total": 9,
                "email": alice.email,
            }
        ],
        "dalle_api_data": [
            {
                **whose,
                **keyless,
                "timestamp": int(NOON.timestamp()),
                "num_images": 2,
                "num_requests": 1,
                "image_size": None,
                "operation": "generation",
                "user_id": f"user-{alice.pk}",
                "model_id": "fake/paint",
            }
        ],
        "whisper_api_data": [],
        "tts_api_data": [],
        "assistant_code_interpreter_data": [],
        "retrieval_storage_data": [],
        "current_usage_usd": 0.005,
    }


def test_the_same_address_has_todays_shape_for_all_kinds(alice: User, key: IssuedKey) -> None:
    used(alice)
    used(alice, operation="moderation")
    [found] = results(page(key, "/usage", start_time=MIDNIGHT, limit=1))
    assert [r["object"] for r in found] == [
        "organization.usage.completions.result",
        "organization.usage.moderations.result",
    ]


# --- whose it is

PATHS = [
    f"/organization/usage/completions?start_time={MIDNIGHT}&limit=1",
    f"/organization/costs?start_time={MIDNIGHT}&limit=1",
    f"/usage?start_time={MIDNIGHT}&limit=1",
]


@pytest.mark.parametrize("path", PATHS)
def test_bob_sees_nothing_of_alices_and_an_administrator_all(
    alice: User, bob: User, administrator: User, path: str
) -> None:
    used(alice)
    bobs, all_of_it = issue_key(bob, "k"), issue_key(administrator, "k")
    for more in ("", f"&api_key_ids=key_{issue_key(alice, 'k').key.pk}"):
        assert results(get(bobs.secret, path + more).json()) == [[]]
    assert [len(found) for found in results(get(all_of_it.secret, path).json())] == [1]
    if "costs" not in path:
        stolen = get(bobs.secret, f"{path}&user_ids=user-{alice.pk}")
        assert results(stolen.json()) == [[]]


def test_bob_sees_no_row_of_alices_day(alice: User, bob: User, administrator: User) -> None:
    used(alice)
    empty = get(issue_key(bob, "k").secret, "/usage?date=2026-11-20").json()
    assert (empty["data"], empty["current_usage_usd"]) == ([], 0.0)
    whole = get(issue_key(administrator, "k").secret, "/usage?date=2026-11-20").json()
    assert [row["email"] for row in whole["data"]] == [alice.email]


@pytest.mark.parametrize("path", [*PATHS, "/usage?date=2026-11-20", "/usage/limits"])
def test_nobody_sees_anything(db: None, path: str) -> None:
    assert error(get("", path))[0] == 401


@pytest.mark.parametrize("path", [*PATHS, "/usage?date=2026-11-20", "/usage/limits"])
def test_as_many_queries_for_three_rows_as_for_one(
    alice: User, key: IssuedKey, path: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    get(key.secret, path)  # the key's first use is written down
    for models in (["a"], ["b", "c"]):
        for model in models:
            used(alice, model=model)
        with django_assert_max_num_queries(8) as queries:
            get(key.secret, path)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- what is refused

USAGE = f"/organization/usage/completions?start_time={MIDNIGHT}"


@pytest.mark.parametrize(
    ("path", "param", "code"),
    [
        ("/organization/usage/completions", "start_time", "missing_required_parameter"),
        ("/organization/usage/images?start_time=x", "start_time", "invalid_type"),
        ("/organization/usage/images?start_time=", "start_time", "invalid_type"),
        ("/organization/usage/images?start_time=1.5", "start_time", "invalid_type"),
        ("/organization/usage/images?start_time=-1", "start_time", "integer_below_min_value"),
        ("/organization/costs?start_time=253402300800", "start_time", "integer_above_max_value"),
        (f"{USAGE}&end_time={MIDNIGHT}", "end_time", "invalid_value"),
        (f"{USAGE}&bucket_width=2d", "bucket_width", "invalid_value"),
        (f"{USAGE}&limit=0", "limit", "integer_below_min_value"),
        (f"{USAGE}&limit=32", "limit", "integer_above_max_value"),
        (f"{USAGE}&bucket_width=1h&limit=169", "limit", "integer_above_max_value"),
        (f"{USAGE}&bucket_width=1m&limit=1441", "limit", "integer_above_max_value"),
        (f"{USAGE}&group_by=colour", "group_by", "invalid_value"),
        (f"{USAGE}&group_by=line_item", "group_by", "invalid_value"),
        (f"{USAGE}&batch=maybe", "batch", "invalid_value"),
        (f"{USAGE}&page=2", "page", "invalid_value"),
        (f"{USAGE}&page=page_{MIDNIGHT - DAY}", "page", "invalid_value"),
        (f"{USAGE}&page=page_{MIDNIGHT + 1}", "page", "invalid_value"),
        (f"{USAGE}&colour=red", "colour", "unknown_parameter"),
        (f"/organization/costs?start_time={MIDNIGHT}&limit=181", "limit",
         "integer_above_max_value"),
        (f"/organization/costs?start_time={MIDNIGHT}&bucket_width=1h", "bucket_width",
         "invalid_value"),
        (f"/organization/costs?start_time={MIDNIGHT}&group_by=model", "group_by", "invalid_value"),
        (f"/organization/costs?start_time={MIDNIGHT}&models=a", "models", "unknown_parameter"),
        ("/usage", "date", "missing_required_parameter"),
        ("/usage?date=yesterday", "date", "invalid_value"),
        ("/usage?date=2026-02-30", "date", "invalid_value"),
        ("/usage?date=1969-12-31", "date", "invalid_value"),
        ("/usage?date=9999-12-31", "date", "invalid_value"),
        ("/usage?date=2026-11-20&start_time=1", "start_time", "unknown_parameter"),
    ],
)  # fmt: skip
def test_a_parameter_that_is_wrong_is_named(
    key: IssuedKey, path: str, param: str, code: str
) -> None:
    status, said = error(get(key.secret, path))
    assert (status, said["type"], said["param"], said["code"]) == (
        400,
        "invalid_request_error",
        param,
        code,
    )


# --- limits


def test_what_is_left_is_told(alice: User, settings: Settings) -> None:
    settings.REQUESTS_PER_MINUTE, settings.TOKENS_PER_MINUTE = 60, 0
    alice.tokens_per_minute = 500
    alice.budget_limit, alice.budget_unit, alice.budget_period = Decimal(1000), "tokens", "day"
    alice.save()
    key = issue_key(
        alice,
        "k",
        KeyTerms(budget_limit=Decimal("0.5"), budget_period="month", requests_per_minute=10),
    )
    now = timezone.now()
    used(alice, now, api_key=key.key)
    used(alice, now, reserved_tokens=30, reserved_nanos=7)
    used(alice, now - timedelta(days=40), api_key=key.key)
    body = get(key.secret, "/usage/limits").json()
    person, of_key = body["person"]["budget"], body["api_key"]["budget"]
    assert 0 < person.pop("resets_at") - now.timestamp() <= DAY
    assert 0 < of_key.pop("resets_at") - now.timestamp() <= 31 * DAY
    assert body == {
        "object": "usage.limits",
        "person": {
            "id": None,
            "requests_per_minute": 60,
            "tokens_per_minute": 500,
            "budget": {
                "unit": "tokens",
                "period": "day",
                "limit": 1000,
                "used": 270,
                "remaining": 730,
            },
        },
        "api_key": {
            "id": f"key_{key.key.pk}",
            "requests_per_minute": 10,
            "tokens_per_minute": None,
            "budget": {
                "unit": "usd",
                "period": "month",
                "limit": 0.5,
                "used": 0.001,
                "remaining": 0.499,
            },
        },
    }


def test_without_a_budget_there_is_none_to_tell_of(key: IssuedKey) -> None:
    body = get(key.secret, "/usage/limits").json()
    assert (body["person"]["budget"], body["api_key"]["budget"]) == (None, None)
