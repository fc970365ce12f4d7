"""The responses that are kept: read again, followed by others, deleted, expired, cut off."""

from __future__ import annotations

import time
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import openai
import orjson
import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone
from openai.types.responses import Response

from accounts.models import UsageRecord
from accounts.types import Caller, IssuedKey
from chatsite.backend.registry import get_registry
from conversations import responses
from conversations import responses_store as store
from conversations.api import first_word
from conversations.completion import Origin, complete
from conversations.models import StoredResponse
from conversations.responses_schemas import ResponseBody
from conversations.responses_store import LONGEST_STREAM, earlier_than
from conversations.tasks import tidy_responses
from tests.gateway import error, get, post, send, with_client
from tests.servers.site import Site
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db


def respond(key: IssuedKey, said: Any = "Hello there", **body: Any) -> dict[str, Any]:
    response = post(key.secret, {"model": "fake/echo", "input": said, **body}, "/responses")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def items(key: IssuedKey, response_id: str, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = get(key.secret, f"/responses/{response_id}/input_items{query}").json()
    return found


def asked(upstream: Upstream) -> Any:
    return upstream.chats[-1].json["messages"]


# --- reading again


def test_a_response_is_given_again_as_it_was(key: IssuedKey, fake_models: Upstream) -> None:
    made = respond(key, metadata={"a": "b"})

    async def scene(client: openai.AsyncOpenAI) -> Response:
        return await client.responses.retrieve(made["id"])

    assert with_client(key.secret, scene).to_dict() == made
    stored = StoredResponse.objects.get()
    assert (stored.owner, stored.api_key, stored.model, stored.status) == (
        key.key.owner,
        key.key,
        "fake/echo",
        "completed",
    )
    assert stored.expires_at - stored.created_at == pytest.approx(
        timedelta(days=30), abs=timedelta(seconds=1)
    )


def test_a_streamed_response_is_given_again_as_its_last_event_told(
    key: IssuedKey, fake_models: Upstream
) -> None:
    body = {"model": "fake/reasoning", "input": "Hi", "stream": True}
    frames = post(key.secret, body, "/responses").text.strip().split("\n\n")
    last = orjson.loads(frames[-1].partition("data: ")[2])["response"]
    assert get(key.secret, f"/responses/{last['id']}").json() == last


def test_what_is_not_to_be_stored_is_not(key: IssuedKey, fake_models: Upstream) -> None:
    made = respond(key, store=False)
    assert made["store"] is False
    assert error(get(key.secret, f"/responses/{made['id']}"))[0] == 404
    post(
        key.secret,
        {"model": "fake/echo", "input": "Hi", "store": False, "stream": True},
        "/responses",
    )
    assert not StoredResponse.objects.exists()


def test_a_response_is_not_streamed_again(key: IssuedKey, fake_models: Upstream) -> None:
    made = respond(key)
    status, problem = error(get(key.secret, f"/responses/{made['id']}?stream=true"))
    assert (status, problem["param"], problem["code"]) == (400, "stream", "unsupported_parameter")


def test_a_model_may_write_what_a_database_may_not_hold(
    key: IssuedKey, fake_models: Upstream
) -> None:
    made = respond(key, "a\x00b")
    assert get(key.secret, f"/responses/{made['id']}").json()["output"] == made["output"]


def test_nobody_elses_response_is_found(
    key: IssuedKey, bobs_key: IssuedKey, fake_models: Upstream
) -> None:
    made = respond(key)["id"]
    for method, path in (
        ("GET", f"/responses/{made}"),
        ("DELETE", f"/responses/{made}"),
        ("GET", f"/responses/{made}/input_items"),
        ("POST", f"/responses/{made}/cancel"),
    ):
        status, problem = error(send(bobs_key.secret, method, path))
        assert (status, problem["message"]) == (404, f"Response with id '{made}' not found.")
    body = {"model": "fake/echo", "input": "And?", "previous_response_id": made}
    status, problem = error(post(bobs_key.secret, body, "/responses"))
    assert (status, problem["code"]) == (400, "previous_response_not_found")
    body = {"model": "fake/echo", "input": [{"id": made.replace("resp", "msg") + "0001"}]}
    assert error(post(bobs_key.secret, body, "/responses"))[0] == 404
    assert StoredResponse.objects.filter(id=made).exists()


@pytest.mark.parametrize("name", ["resp_1", "resp_%00", "x" * 300, "resp_" + "g" * 32])
def test_ids_that_no_response_has_are_not_found(key: IssuedKey, name: str) -> None:
    assert error(get(key.secret, f"/responses/{name}"))[0] == 404


# --- input items


def test_input_items_are_listed_newest_first_and_by_pages(
    key: IssuedKey, fake_models: Upstream
) -> None:
    turns = [{"role": "user", "content": word} for word in ("one", "two", "three")]
    made = respond(key, turns)["id"]
    listed = items(key, made)
    words = [item["content"][0]["text"] for item in listed["data"]]
    assert words == ["three", "two", "one"]
    third, second, first = [item["id"] for item in listed["data"]]
    assert (listed["first_id"], listed["last_id"], listed["has_more"]) == (third, first, False)

    def ids(query: str) -> tuple[list[str], bool]:
        page = items(key, made, query)
        return [item["id"] for item in page["data"]], page["has_more"]

    assert ids("?order=asc") == ([first, second, third], False)
    assert ids("?limit=2") == ([third, second], True)
    assert ids(f"?limit=2&after={second}") == ([first], False)
    assert ids(f"?limit=1&before={first}") == ([second], True)
    assert ids(f"?after={first}") == ([], False)
    assert error(get(key.secret, f"/responses/{made}/input_items?after=msg_1"))[0] == 404


def test_the_official_client_reads_all_pages_of_items(
    key: IssuedKey, fake_models: Upstream
) -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    made = respond(
        key,
        [
            {"role": "user", "content": "Hi"},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"role": "assistant", "content": "Wait."},
            call,
            {"type": "function_call_output", "call_id": "c", "output": "42"},
        ],
    )

    async def scene(client: openai.AsyncOpenAI) -> list[tuple[str, str]]:
        listed = client.responses.input_items.list(made["id"], limit=2, order="asc")
        return [(item.type, item.id or "") async for item in listed]

    found = with_client(key.secret, scene)
    kinds = ["message", "reasoning", "message", "function_call", "function_call_output"]
    assert [kind for kind, _ in found] == kinds
    digits = made["id"].removeprefix("resp_")
    prefixes = ["msg", "rs", "msg", "fc", "fco"]
    assert [name for _, name in found] == [
        f"{prefix}_{digits}{number:04x}" for number, prefix in enumerate(prefixes)
    ]


# --- chains


def test_a_response_follows_all_before_it_but_not_their_instructions(
    key: IssuedKey, fake_models: Upstream
) -> None:
    tool = {"type": "function", "name": "f", "parameters": None}
    first = respond(key, "One?", instructions="Be brief.")
    second = respond(key, "Two?", model="fake/tool", tools=[tool], previous_response_id=first["id"])
    output = {"type": "function_call_output", "call_id": "call_1", "output": "42"}
    third = respond(key, [output], instructions="Be long.", previous_response_id=second["id"])
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"n": 1}'}}
    assert asked(fake_models) == [
        {"role": "system", "content": "Be long."},
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "One?"},
        {"role": "user", "content": "Two?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "42"},
    ]
    assert third["previous_response_id"] == second["id"]
    assert [item["type"] for item in items(key, third["id"])["data"]] == ["function_call_output"]


def test_two_responses_may_follow_the_same(key: IssuedKey, fake_models: Upstream) -> None:
    first = respond(key, "One?")["id"]
    respond(key, "Two?", previous_response_id=first)
    other = respond(key, "Three?", previous_response_id=first)["id"]
    respond(key, "Four?", previous_response_id=other)
    said = [message["content"] for message in asked(fake_models) if message["role"] == "user"]
    assert said == ["One?", "Three?", "Four?"]


@pytest.mark.parametrize("turns", [1, 3])
def test_a_chain_is_read_at_once(
    key: IssuedKey, fake_models: Upstream, turns: int, django_assert_max_num_queries: Any
) -> None:
    last = None
    for _ in range(turns):
        last = respond(key, "Hi", **({"previous_response_id": last} if last else {}))["id"]
    assert last is not None
    with django_assert_max_num_queries(2):
        assert len(earlier_than(key.key.owner, last).items) == 2 * turns


def test_a_chain_with_a_deleted_link_is_refused(key: IssuedKey, fake_models: Upstream) -> None:
    first = respond(key)["id"]
    second = respond(key, "And?", previous_response_id=first)["id"]

    async def scene(client: openai.AsyncOpenAI) -> None:
        await client.responses.delete(first)

    with_client(key.secret, scene)
    assert error(get(key.secret, f"/responses/{first}"))[0] == 404
    body = {"model": "fake/echo", "input": "So?", "previous_response_id": second}
    status, problem = error(post(key.secret, body, "/responses"))
    assert (status, problem["message"], problem["param"]) == (
        400,
        f"Previous response with id '{first}' not found.",
        "previous_response_id",
    )


def test_items_are_referred_to_by_their_ids(key: IssuedKey, fake_models: Upstream) -> None:
    made = respond(key, "One?")
    said = items(key, made["id"])["data"][0]
    referred = [{"type": "item_reference", "id": item["id"]} for item in (said, *made["output"])]
    again = respond(key, [*referred, {"role": "user", "content": "Two?"}])
    assert asked(fake_models) == [
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "One?"},
        {"role": "user", "content": "Two?"},
    ]
    assert items(key, again["id"], "?order=asc")["data"][:2] == [said, *made["output"]]


def test_an_output_is_sent_back_as_it_came(key: IssuedKey, fake_models: Upstream) -> None:
    output = respond(key, "One?", model="fake/reasoning")["output"]
    respond(key, [{"role": "user", "content": "One?"}, *output, {"role": "user", "content": "?"}])
    assert [message["content"] for message in asked(fake_models)] == ["One?", "One?", "?"]


# --- ends


def test_a_response_in_the_foreground_cannot_be_cancelled(
    key: IssuedKey, fake_models: Upstream
) -> None:
    made = respond(key)["id"]
    status, problem = error(post(key.secret, {}, f"/responses/{made}/cancel"))
    assert (status, problem["message"]) == (
        400,
        "Cannot cancel a synchronous response. Close its stream instead.",
    )


def cut_off(key: IssuedKey, *, after: int, model: str = "fake/slow-20") -> list[dict[str, Any]]:
    """The events of a stream whose client goes away after some of them."""

    @async_to_sync
    async def scene() -> list[dict[str, Any]]:
        caller = Caller(key.key.owner, key.key)
        ask = await responses.prepare(caller, ResponseBody(model=model, input="Hi"))
        origin = Origin(caller, request_id="req_1", operation="responses")
        events = complete(ask.request, origin)
        told: list[dict[str, Any]] = []
        async with aclosing(responses.frames(ask, (await first_word(events))[1], events)) as frames:
            async for frame in frames:
                told.append(orjson.loads(frame.partition(b"data: ")[2].partition(b"\n\n")[0]))
                if len(told) == after:
                    row = await StoredResponse.objects.aget()
                    assert row.status == "in_progress"
                    break
        await get_registry().aclose()
        return told

    return scene()


def test_a_stream_that_is_cut_off_leaves_what_was_said(
    key: IssuedKey, fake_models: Upstream
) -> None:
    told = cut_off(key, after=4)
    response_id = told[0]["response"]["id"]
    kept = get(key.secret, f"/responses/{response_id}").json()
    assert (kept["status"], kept["completed_at"]) == ("cancelled", None)
    [message] = kept["output"]
    assert message["status"] == "incomplete"
    assert message["content"][0]["text"].startswith("one1 ")
    assert UsageRecord.objects.get().status == "stopped"
    respond(key, "Go on.", previous_response_id=response_id)
    assert [m["role"] for m in asked(fake_models)] == ["user", "assistant", "user"]


def test_a_client_of_the_real_site_that_goes_away_leaves_what_was_said(site: Site) -> None:
    with openai.OpenAI(
        api_key=site.person("alice").api_key, base_url=f"{site.url}/v1", max_retries=0
    ) as client:
        with client.responses.create(model="fake/slow-40", input="Hi", stream=True) as events:
            for event in events:
                if event.type == "response.created":
                    response_id = event.response.id
                if event.type == "response.output_text.delta":
                    break
        until = time.monotonic() + 20
        while (kept := client.responses.retrieve(response_id)).status == "in_progress":
            assert time.monotonic() < until
            time.sleep(0.05)
        assert kept.status == "cancelled"
        assert kept.output_text.startswith("one1 ")
        client.responses.delete(response_id)
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(response_id)


def test_what_is_deleted_while_it_is_written_stays_deleted(
    key: IssuedKey, fake_models: Upstream
) -> None:
    made = respond(key)
    send(key.secret, "DELETE", f"/responses/{made['id']}")
    store.update(made)
    assert not StoredResponse.objects.exists()


def test_a_response_that_is_being_written_cannot_be_followed_yet(
    key: IssuedKey, fake_models: Upstream
) -> None:
    made = respond(key)["id"]
    StoredResponse.objects.update(status="in_progress")
    body = {"model": "fake/echo", "input": "And?", "previous_response_id": made}
    status, problem = error(post(key.secret, body, "/responses"))
    assert (status, problem["param"]) == (400, "previous_response_id")


def test_expired_chains_are_deleted_and_lost_responses_ended(
    key: IssuedKey, fake_models: Upstream
) -> None:
    now = timezone.now()
    lone, first = respond(key)["id"], respond(key)["id"]
    last = respond(key, "And?", previous_response_id=first)["id"]
    StoredResponse.objects.filter(id__in=[lone, first]).update(expires_at=now)
    lost, running = respond(key)["id"], respond(key)["id"]
    for response_id, age in ((lost, LONGEST_STREAM), (running, timedelta(minutes=1))):
        StoredResponse.objects.filter(id=response_id).update(
            status="in_progress", created_at=now - age
        )
    assert tidy_responses() == 2
    found = dict(StoredResponse.objects.values_list("id", "status"))
    assert found == {
        first: "completed",
        last: "completed",
        lost: "failed",
        running: "in_progress",
    }
    told = get(key.secret, f"/responses/{lost}").json()
    assert (told["status"], told["error"]["code"]) == ("failed", "server_error")
    StoredResponse.objects.filter(id=last).update(expires_at=now)
    assert tidy_responses() == 2
