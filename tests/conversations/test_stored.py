"""Chat completions that are stored: through the official client, over the fake provider."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import openai
import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openai.types.chat import ChatCompletion

from accounts.types import IssuedKey
from conversations import completions_store
from conversations.models import StoredCompletion
from tests.gateway import error, get, post, send, with_client
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

HELLO = [{"role": "user", "content": "Hello there"}]


@pytest.fixture(autouse=True)
def _models(fake_models: Upstream) -> Upstream:
    return fake_models


def run(key: IssuedKey, scene: Callable[[openai.AsyncOpenAI], Coroutine[Any, Any, Any]]) -> Any:
    return with_client(key.secret, scene)


def chat(key: IssuedKey, **body: Any) -> ChatCompletion:
    async def scene(client: openai.AsyncOpenAI) -> ChatCompletion:
        reply: ChatCompletion = await client.chat.completions.create(
            **{"model": "fake/echo", "messages": HELLO, "store": True, **body}
        )
        return reply

    made = run(key, scene)
    assert isinstance(made, ChatCompletion)
    return made


def listed(key: IssuedKey, **query: Any) -> list[str]:
    async def scene(client: openai.AsyncOpenAI) -> list[str]:
        return [each.id async for each in client.chat.completions.list(**query)]

    return list(run(key, scene))


def test_what_is_stored_is_read_again_as_it_was(key: IssuedKey) -> None:
    made = chat(key, metadata={"job": "7", "Größe": 'ein "x"'}, n=2)

    async def scene(client: openai.AsyncOpenAI) -> ChatCompletion:
        return await client.chat.completions.retrieve(made.id)

    again = run(key, scene)
    assert again == made
    assert again.metadata == {"job": "7", "Größe": 'ein "x"'}
    [row] = StoredCompletion.objects.all()
    assert (row.owner, row.api_key, row.model) == (key.key.owner, key.key, "fake/echo")
    assert orjson.loads(row.request)["messages"] == HELLO
    assert row.expires_at is None


def test_a_stream_is_stored_when_it_ends(key: IssuedKey) -> None:
    async def scene(client: openai.AsyncOpenAI) -> tuple[str, ChatCompletion]:
        chunks = [
            chunk
            async for chunk in await client.chat.completions.create(
                model="fake/words-3",
                messages=[{"role": "user", "content": "Hi"}],
                stream=True,
                store=True,
                metadata={"a": "b"},
            )
        ]
        return chunks[0].id, await client.chat.completions.retrieve(chunks[0].id)

    made, again = run(key, scene)
    assert again.id == made
    [choice] = again.choices
    assert (choice.message.content, choice.finish_reason) == ("one1 two2 three3", "stop")
    assert again.usage is not None
    assert (again.usage.prompt_tokens, again.usage.completion_tokens) == (1, 3)
    assert again.metadata == {"a": "b"}


def test_a_stream_that_fails_is_not_stored(key: IssuedKey) -> None:
    body = {"model": "fake/drop-3", "messages": HELLO, "stream": True, "store": True}
    assert "upstream_error" in post(key.secret, body).text
    assert not StoredCompletion.objects.exists()


def test_tool_calls_are_stored(key: IssuedKey) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    made = chat(key, model="fake/tool", tools=[tool])
    stored = get(key.secret, f"/chat/completions/{made.id}").json()
    [call] = stored["choices"][0]["message"]["tool_calls"]
    assert call == {
        "id": "call_1",
        "type": "function",
        "function": {"name": "f", "arguments": '{"n": 1}'},
    }


def test_the_list_is_read_in_pages_and_either_way(key: IssuedKey) -> None:
    ids = [chat(key).id for _ in range(3)]
    assert listed(key) == ids
    assert listed(key, order="desc") == ids[::-1]
    # The client asks for page after page.
    assert listed(key, limit=1) == ids
    assert listed(key, limit=2, order="desc") == ids[::-1]
    first = get(key.secret, "/chat/completions?limit=2").json()
    assert (first["first_id"], first["last_id"], first["has_more"]) == (ids[0], ids[1], True)
    rest = get(key.secret, f"/chat/completions?after={ids[1]}").json()
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == ([ids[2]], False)


def test_an_empty_list(key: IssuedKey) -> None:
    assert get(key.secret, "/chat/completions").json() == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


def test_the_list_is_filtered_by_model_and_metadata(key: IssuedKey) -> None:
    one = chat(key, metadata={"user": "1", "0": "zero"}).id
    two = chat(key, metadata={"user": "2", 'we"ird]': "a\\b"}, model="fake/words-3").id
    chat(key)
    assert listed(key, model="fake/words-3") == [two]
    assert listed(key, metadata={"user": "1"}) == [one]
    assert listed(key, metadata={"0": "zero"}) == [one]
    assert listed(key, metadata={"user": "2", 'we"ird]': "a\\b"}) == [two]
    assert listed(key, metadata={"user": "1", 'we"ird]': "a\\b"}) == []
    assert listed(key, metadata={"USER": "1"}) == []
    assert listed(key, metadata={"user": ""}) == []


def test_a_list_costs_the_same_however_long_it_is(key: IssuedKey) -> None:
    counts = []
    for more in (1, 2):
        for _ in range(more):
            chat(key)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert get(key.secret, "/chat/completions").status_code == 200
        counts.append(len([q for q in queries if "storedcompletion" in q["sql"]]))
    assert counts == [1, 1]


def test_its_metadata_is_changed_and_all_of_it_deleted(key: IssuedKey) -> None:
    made = chat(key, metadata={"a": "b"})

    async def scene(client: openai.AsyncOpenAI) -> Any:
        changed = await client.chat.completions.update(made.id, metadata={"c": "d"})
        return changed, await client.chat.completions.delete(made.id)

    changed, deleted = run(key, scene)
    assert changed.metadata == {"c": "d"}
    assert (deleted.id, deleted.deleted, deleted.object) == (
        made.id,
        True,
        "chat.completion.deleted",
    )
    assert not StoredCompletion.objects.exists()
    assert error(get(key.secret, f"/chat/completions/{made.id}"))[0] == 404


def test_the_messages_are_those_of_the_request(key: IssuedKey) -> None:
    parts = [{"type": "text", "text": "What"}, {"type": "text", "text": "else?"}]
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi", "name": "Ann"},
        {"role": "user", "content": parts},
    ]
    made = chat(key, messages=messages).id
    path = f"/chat/completions/{made}/messages"
    # Not by the client: its type knows of answers only, unlike OpenAI's own example.
    whole = get(key.secret, path).json()
    assert whole["data"] == [
        {
            **message,
            "id": f"{made}-{number}",
            "name": message.get("name"),
            "refusal": None,
            "content": "What\nelse?" if number == 2 else message["content"],
            "content_parts": parts if number == 2 else None,
        }
        for number, message in enumerate(messages)
    ]
    assert whole["has_more"] is False
    page = get(key.secret, f"{path}?limit=1&after={made}-0").json()
    assert ([m["id"] for m in page["data"]], page["has_more"]) == ([f"{made}-1"], True)
    last = get(key.secret, f"{path}?order=desc&limit=1").json()
    assert [m["id"] for m in last["data"]] == [f"{made}-2"]
    assert error(get(key.secret, f"{path}?after=nothing"))[0] == 404


def test_nobody_reaches_what_is_somebody_elses(key: IssuedKey, bobs_key: IssuedKey) -> None:
    made = chat(key, metadata={"a": "b"}).id
    path = f"/chat/completions/{made}"
    for method, where, body in (
        ("GET", path, None),
        ("POST", path, {"metadata": {}}),
        ("DELETE", path, None),
        ("GET", f"{path}/messages", None),
        ("GET", f"/chat/completions?after={made}", None),
    ):
        status, problem = error(send(bobs_key.secret, method, where, body))
        assert (status, problem["message"]) == (404, f"Chat completion '{made}' not found.")
    assert listed(bobs_key) == []
    assert listed(bobs_key, metadata={"a": "b"}) == []
    assert listed(key) == [made]


def test_what_was_not_to_be_stored_is_remembered_and_not_shown(key: IssuedKey) -> None:
    made = chat(key, store=False)
    [row] = StoredCompletion.objects.all()
    assert (row.id, orjson.loads(row.reply)) == (made.id, orjson.loads(made.to_json()))
    assert row.expires_at is not None
    assert timedelta(hours=23.9) < row.expires_at - timezone.now() <= timedelta(hours=24)
    assert listed(key) == []
    assert error(get(key.secret, f"/chat/completions/{made.id}"))[0] == 404


def test_nothing_is_remembered_where_the_site_says_so(key: IssuedKey, settings: Any) -> None:
    settings.FEEDBACK_HOURS = 0
    chat(key, store=False)
    chat(key, store=None)
    assert not StoredCompletion.objects.exists()
    made = chat(key).id
    assert listed(key) == [made]


def test_a_large_request_is_not_remembered_and_is_stored(key: IssuedKey) -> None:
    large = {"metadata": {}, "user": "u" * completions_store.LARGEST_REMEMBERED}
    chat(key, store=False, **large)
    assert not StoredCompletion.objects.exists()
    made = chat(key, **large).id
    assert listed(key) == [made]


def test_what_was_remembered_is_forgotten_in_time_and_what_is_stored_never(
    key: IssuedKey,
) -> None:
    kept = chat(key).id
    fresh = chat(key, store=False).id
    old = chat(key, store=False).id
    StoredCompletion.objects.filter(id=old).update(expires_at=timezone.now())
    assert completions_store.forget_completions() == 1
    assert set(StoredCompletion.objects.values_list("id", flat=True)) == {kept, fresh}


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({str(n): "" for n in range(17)}, "invalid_value"),
        ({"k" * 65: ""}, "invalid_value"),
        ({"": ""}, "invalid_value"),
        ({"k": "v" * 513}, "invalid_value"),
        ({"k": 1}, "invalid_type"),
    ],
)
def test_metadata_has_bounds(key: IssuedKey, metadata: Any, code: str) -> None:
    body = {"model": "fake/echo", "messages": HELLO, "metadata": metadata}
    status, problem = error(post(key.secret, body))
    assert (status, problem["code"]) == (400, code)
    assert problem["param"].startswith("metadata")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "order=up"])
def test_a_malformed_query_is_refused(key: IssuedKey, query: str) -> None:
    status, problem = error(get(key.secret, f"/chat/completions?{query}"))
    assert (status, problem["param"]) == (400, query.partition("=")[0])


@pytest.mark.parametrize("name", ["chatcmpl-nothing", "%00", "chatcmpl-" + "g" * 32, "é"])
def test_what_is_not_there_is_not_found(key: IssuedKey, name: str) -> None:
    assert error(get(key.secret, f"/chat/completions/{name}"))[0] == 404
    status = 400 if name == "%00" else 404
    assert error(get(key.secret, f"/chat/completions?after={name}"))[0] == status
