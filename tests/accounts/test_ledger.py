"""accounts.ledger: reserved, settled, swept; what it costs and whose budget it comes out of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import keys, ledger
from accounts.models import ApiKey, ModelPrice, UsageRecord, User
from accounts.types import Caller, KeyTerms
from chatsite import processes, sql
from chatsite.backend.errors import QuotaExceeded, RateLimited
from chatsite.backend.types import Usage

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(alice: User) -> Caller:
    return Caller(alice, keys.issue_key(alice, "laptop").key)


def begin(caller: Caller, **others: Any) -> ledger.Charge:
    return ledger.begin(caller, model="gpt-x", backend="openai", **others)


def in_a_loop(function: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    return async_to_sync(function)


def row() -> dict[str, Any]:
    return dict(UsageRecord.objects.values().get())


# --- rows


def test_a_request_becomes_one_row(caller: Caller) -> None:
    conversation, before = uuid4(), timezone.now()
    charge = begin(
        caller,
        operation="responses",
        request_id="req_1",
        streamed=True,
        conversation_id=conversation,
    )

    async def use() -> None:
        await ledger.reserve(charge, caller, prompt_tokens=9, answer_tokens=90)
        await ledger.settle(
            charge,
            Usage(7, 5, cached_tokens=3, reasoning_tokens=2, exact=False),
            "stopped",
            time_to_first_token=0.08,
            images=4,
            training_tokens=6,
            flags=["hate", "violence"],
        )

    in_a_loop(use)()
    found = row()
    assert before <= found["created_at"] <= timezone.now()
    assert 0 <= found.pop("duration_ms") < 1000
    assert found == {
        "id": charge.id,
        "created_at": charge.created_at,
        "owner_id": caller.user.pk,
        "api_key_id": caller.api_key.pk if caller.api_key else None,
        "conversation_id": conversation,
        "request_id": "req_1",
        "operation": "responses",
        "model": "gpt-x",
        "backend": "openai",
        "prompt_tokens": 7,
        "completion_tokens": 5,
        "cached_tokens": 3,
        "reasoning_tokens": 2,
        "training_tokens": 6,
        "images": 4,
        "exact": False,
        "cost_nanos": 0,
        "reserved_tokens": 0,
        "reserved_nanos": 0,
        "time_to_first_token_ms": 80,
        "status": "stopped",
        "streamed": True,
        "flags": "hate,violence",
        "process": "",
        "heartbeat_at": None,
    }


def test_a_long_request_is_running_in_the_ledger_until_it_is_settled(caller: Caller) -> None:
    ModelPrice.objects.create(pattern="gpt-*", input_per_million=2, output_per_million=10)
    charge = begin(caller)

    async def use() -> dict[str, Any]:
        await ledger.reserve(charge, caller, prompt_tokens=100, answer_tokens=50)
        await asyncio.sleep(2.5 * ledger.SHORT)
        running = await UsageRecord.objects.values().aget()
        await ledger.settle(charge, Usage(90, 10), "finished")
        return dict(running)

    running = in_a_loop(use)()
    said = ("status", "prompt_tokens", "completion_tokens", "reserved_tokens", "cost_nanos",
            "reserved_nanos", "process", "exact")  # fmt: skip
    assert [running[name] for name in said] == [
        "running", 100, 0, 50, 200_000, 500_000, processes.identity(), False,
    ]  # fmt: skip
    assert running["heartbeat_at"] is not None
    settled = row()
    assert settled["id"] == running["id"]
    assert [settled[name] for name in said] == ["finished", 90, 10, 0, 280_000, 0, "", True]


def test_many_at_once_lose_nothing(caller: Caller) -> None:
    async def use(tokens: int) -> None:
        charge = begin(caller)
        await ledger.reserve(charge, caller, prompt_tokens=1)
        await ledger.settle(charge, Usage(tokens, 1), "finished")

    async def use_all() -> None:
        await asyncio.gather(*(use(tokens) for tokens in range(100)))

    in_a_loop(use_all)()
    found = UsageRecord.objects.values_list("prompt_tokens", flat=True).order_by("prompt_tokens")
    assert list(found) == list(range(100))


def test_who_is_cancelled_while_the_row_is_written_is_charged(caller: Caller) -> None:
    async def use() -> None:
        settling = asyncio.create_task(ledger.settle(begin(caller), Usage(7, 5), "stopped"))
        await asyncio.sleep(0)
        settling.cancel()
        await asyncio.gather(settling, return_exceptions=True)
        assert settling.cancelled()
        await ledger.settle(begin(caller), Usage(1, 1), "finished")

    in_a_loop(use)()
    found = UsageRecord.objects.values_list("prompt_tokens", "status").order_by("prompt_tokens")
    assert list(found) == [(1, "finished"), (7, "stopped")]


@pytest.mark.django_db(transaction=True)
def test_a_key_or_person_deleted_meanwhile_costs_nobody_else_a_row(
    caller: Caller, bob: User
) -> None:
    gone = Caller(bob)
    keyless = Caller(caller.user)

    async def use() -> None:
        charges = [begin(each) for each in (caller, gone, keyless)]
        await ApiKey.objects.all().adelete()
        await sync_to_async(bob.delete)()
        await asyncio.gather(*(ledger.settle(each, Usage(7, 5), "finished") for each in charges))

    in_a_loop(use)()
    found = [(each.owner, each.api_key, each.prompt_tokens) for each in UsageRecord.objects.all()]
    assert found == [(caller.user, None, 7)] * 2


@pytest.mark.django_db(transaction=True)
def test_a_number_that_no_database_takes_costs_nobody_else_a_row(caller: Caller) -> None:
    async def use() -> None:
        absurd, sound = begin(caller), begin(caller)
        await asyncio.gather(
            ledger.settle(absurd, Usage(2**64, 5), "finished"),
            ledger.settle(sound, Usage(7, 5), "finished"),
        )

    in_a_loop(use)()
    assert [each.prompt_tokens for each in UsageRecord.objects.all()] == [7]


def test_the_ledger_outlives_a_key(caller: Caller) -> None:
    in_a_loop(ledger.settle)(begin(caller), Usage(7, 5), "finished")
    ApiKey.objects.all().delete()
    assert (row()["owner_id"], row()["api_key_id"]) == (caller.user.pk, None)


# --- the sweep


@pytest.mark.parametrize(
    ("process", "silence", "status"),
    [
        ("here", timedelta(0), "running"),
        ("here", ledger.SILENCE, "interrupted"),
        ("elsewhere/1/1", timedelta(0), "running"),
        ("elsewhere/1/1", ledger.SILENCE, "interrupted"),
        ("dead", timedelta(0), "interrupted"),
    ],
)
def test_what_a_dead_process_left_is_charged_with_its_prompt(
    alice: User, process: str, silence: timedelta, status: str
) -> None:
    host, pid, _ = processes.identity().rsplit("/", 2)
    UsageRecord.objects.create(
        owner=alice,
        model="m",
        backend="b",
        prompt_tokens=7,
        cost_nanos=70,
        reserved_tokens=50,
        reserved_nanos=500,
        exact=False,
        status="running",
        process={"here": processes.identity(), "dead": f"{host}/{pid}/1"}.get(process, process),
        heartbeat_at=timezone.now() - silence,
    )
    assert ledger.settle_dead() == (status == "interrupted")
    found = row()
    reserved = (50, 500) if status == "running" else (0, 0)
    assert (found["status"], found["prompt_tokens"], found["cost_nanos"]) == (status, 7, 70)
    assert (found["reserved_tokens"], found["reserved_nanos"]) == reserved


# --- budgets


def spend(caller: Caller, usage: Usage, **reserved: int) -> None:
    async def use() -> None:
        charge = begin(caller)
        await ledger.reserve(charge, caller, **reserved)
        await ledger.settle(charge, usage, "finished")

    in_a_loop(use)()


def test_a_budget_of_tokens(alice: User) -> None:
    terms = KeyTerms(budget_limit=Decimal(100), budget_unit="tokens", budget_period="day")
    caller = Caller(alice, keys.issue_key(alice, "laptop", terms).key)
    spend(caller, Usage(30, 20), prompt_tokens=30, answer_tokens=70)
    with pytest.raises(QuotaExceeded) as refused:
        spend(caller, Usage(1, 1), prompt_tokens=30, answer_tokens=21)
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert refused.value.message == (
        "This API key has a budget of 100 tokens a day. 50 tokens of it are spent or held back, "
        "and this request may need 51 tokens. Give the key more on your settings page, ask for a "
        f"shorter answer, or wait until {tomorrow}."
    )
    spend(caller, Usage(30, 20), prompt_tokens=30, answer_tokens=20)
    # Without the key, and with another one, nothing stands in the way.
    spend(Caller(alice), Usage(30, 20), prompt_tokens=30, answer_tokens=200)
    spend(Caller(alice, keys.issue_key(alice, "2").key), Usage(3, 2), prompt_tokens=300)
    assert UsageRecord.objects.count() == 4


def test_a_persons_budget_of_money_holds_for_all_their_keys(alice: User, bob: User) -> None:
    ModelPrice.objects.create(pattern="gpt-x", input_per_million=1000, output_per_million=2000)
    alice.budget_limit = Decimal("0.5")
    alice.save()
    callers = [Caller(alice, keys.issue_key(alice, name).key) for name in "ab"]
    spend(callers[0], Usage(200, 50), prompt_tokens=200, answer_tokens=50)  # $0.30
    with pytest.raises(QuotaExceeded, match=r"You have a budget of \$0\.5000 a month\. \$0\.3000"):
        spend(callers[1], Usage(), prompt_tokens=201)
    spend(callers[1], Usage(200, 0), prompt_tokens=200)
    spend(Caller(bob), Usage(200, 50), prompt_tokens=2000)
    sums = [sum(each.usage.values_list("cost_nanos", flat=True)) for each in (alice, bob)]
    assert sums == [500_000_000, 300_000_000]


def test_a_budget_begins_anew_with_its_period(alice: User) -> None:
    terms = KeyTerms(budget_limit=Decimal(100), budget_unit="tokens", budget_period="week")
    caller = Caller(alice, keys.issue_key(alice, "laptop", terms).key)
    spend(caller, Usage(100, 0), prompt_tokens=100)
    with pytest.raises(QuotaExceeded):
        spend(caller, Usage(), prompt_tokens=1)
    UsageRecord.objects.update(created_at=timezone.now() - timedelta(days=7))
    spend(caller, Usage(100, 0), prompt_tokens=100)


def test_requests_at_once_cannot_spend_a_budget_twice(alice: User) -> None:
    terms = KeyTerms(budget_limit=Decimal(100), budget_unit="tokens")
    caller = Caller(alice, keys.issue_key(alice, "laptop", terms).key)

    async def use() -> None:
        charge = begin(caller)
        await ledger.reserve(charge, caller, prompt_tokens=10, answer_tokens=20)
        await asyncio.sleep(0.01)
        await ledger.settle(charge, Usage(10, 5), "finished")

    async def use_all() -> list[BaseException | None]:
        first = await asyncio.gather(*(use() for _ in range(9)), return_exceptions=True)
        # What was held back and not used can be used now: 3 x 15 are spent.
        return [*first, *await asyncio.gather(use(), return_exceptions=True)]

    results = in_a_loop(use_all)()
    assert [type(result) for result in results].count(QuotaExceeded) == 6
    assert results[-1] is None
    assert UsageRecord.objects.count() == 4


def test_what_other_processes_hold_back_counts(alice: User) -> None:
    terms = KeyTerms(budget_limit=Decimal(100), budget_unit="tokens")
    key = keys.issue_key(alice, "laptop", terms).key
    UsageRecord.objects.create(
        owner=alice,
        api_key=key,
        model="m",
        backend="b",
        prompt_tokens=10,
        reserved_tokens=60,
        status="running",
        process="elsewhere/1/1",
        heartbeat_at=timezone.now(),
    )
    with pytest.raises(QuotaExceeded):
        spend(Caller(alice, key), Usage(), prompt_tokens=31)
    spend(Caller(alice, key), Usage(30, 0), prompt_tokens=30)


def test_what_is_refused_is_not_in_the_ledger_and_gives_its_tokens_back(
    alice: User, settings: Settings
) -> None:
    settings.TOKENS_PER_MINUTE = 100
    settings.REDIS_URL = ""
    terms = KeyTerms(budget_limit=Decimal(50), budget_unit="tokens")
    caller = Caller(alice, keys.issue_key(alice, "laptop", terms).key)

    async def use() -> None:
        charge = begin(caller)
        try:
            await ledger.reserve(charge, caller, prompt_tokens=80)
        finally:
            await ledger.settle(charge, Usage(80), "failed")

    for _ in range(3):
        with pytest.raises(QuotaExceeded):
            in_a_loop(use)()
    assert not UsageRecord.objects.exists()
    spend(Caller(alice), Usage(80), prompt_tokens=80)
    with pytest.raises(RateLimited):
        spend(Caller(alice), Usage(80), prompt_tokens=80)


# --- what is saved with them


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_what_fails_beside_the_rows_costs_nobody_anything(
    alice: User, caller: Caller, broken: int, caplog: pytest.LogCaptureFixture
) -> None:
    def save(number: int) -> None:
        keys.issue_key(alice, f"beside {number}")
        if number < broken:
            with transaction.atomic():  # the test's own goes on
                sql.execute("INSERT INTO nowhere VALUES (1)")

    async def use(number: int) -> None:
        charge = begin(caller, request_id=f"req_{number}")
        await ledger.reserve(charge, caller, prompt_tokens=9)
        await ledger.settle(charge, Usage(9, number), "finished", beside=partial(save, number))

    async def together() -> None:  # they are written in one batch
        await asyncio.gather(use(0), use(1), use(2))

    in_a_loop(together)()
    rows = UsageRecord.objects.order_by("request_id").values_list("request_id", "completion_tokens")
    assert list(rows) == [("req_0", 0), ("req_1", 1), ("req_2", 2)]
    names = list(alice.api_keys.filter(name__startswith="beside").order_by("name"))
    saved = {key.name for key in names}
    assert {f"beside {number}" for number in range(broken, 3)} <= saved
    assert len(names) == len(saved)  # nothing was saved twice
    assert caplog.text.count("beside the ledger something is lost") == broken


def test_what_fails_alone_beside_a_row_costs_nobody_anything(caller: Caller) -> None:
    def save() -> None:
        with transaction.atomic():  # the test's own goes on
            sql.execute("INSERT INTO nowhere VALUES (1)")

    async def use() -> None:
        charge = begin(caller)
        await ledger.reserve(charge, caller, prompt_tokens=9)
        await ledger.settle(charge, Usage(9, 1), "finished", beside=save)

    in_a_loop(use)()
    assert row()["completion_tokens"] == 1
